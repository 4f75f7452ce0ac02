use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 100..=0)]
    hp: u8,
    #[entity(range = 1.0..=-1.0, grid = 16)]
    tilt: f32,
}

fn main() {}
