//! Ranges, grids and rates may be constants of any integer type, also of the author's module.

mod rules {
    pub(super) const HP_MAX: u8 = 100;
    pub(super) const STEPS: i32 = 1024;
    pub(super) const ARENA: i32 = 64;
    pub(super) const TILT: f32 = 0.5;
}

use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = -rules::ARENA * rules::STEPS..=rules::ARENA * rules::STEPS, grid = rules::STEPS)]
    #[entity(predict = linear(vel))]
    pos: IVec2,
    #[entity(range = -rules::STEPS..=rules::STEPS, grid = rules::STEPS)]
    vel: IVec2,
    #[entity(range = 0..=rules::HP_MAX)]
    hp: u8,
    #[entity(range = -rules::TILT..=rules::TILT, grid = 1 << 8)]
    tilt: f32,
    #[entity(angle = rules::STEPS)]
    heading: u16,
}

#[test]
fn ranges_grids_and_rates_may_be_constants_of_the_authors() {
    assert_eq!(Ship::kinds()[0].fields[0].grid.max, 65_536);
}
