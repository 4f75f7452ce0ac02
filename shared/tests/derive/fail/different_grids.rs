use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = -64..=64, grid = 1024, predict = linear(vel))]
    pos: Vec2,
    #[entity(range = -1..=1, grid = 256)]
    vel: Vec2,
}

fn main() {}
