use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 0..=100, owner_only, predict = linear(vel))]
    heat: i32,
    #[entity(range = -1..=1)]
    vel: i32,
}

fn main() {}
