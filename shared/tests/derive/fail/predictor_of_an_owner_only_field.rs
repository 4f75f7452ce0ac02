use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 0..=100, predict = linear(vel))]
    pos: i32,
    #[entity(range = -1..=1, owner_only)]
    vel: i32,
}

fn main() {}
