use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 0..=300)]
    hp: u8,
    #[entity(range = 0..=4_000_000_000)]
    gold: u32,
    #[entity(range = -100_000..=100_000, grid = 1024)]
    height: f32,
    #[entity(range = -2_147_483_648..=2_147_483_647)]
    seed: i32,
}

fn main() {}
