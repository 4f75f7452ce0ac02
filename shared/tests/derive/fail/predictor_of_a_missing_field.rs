use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = -9..=9, predict = linear(velocity))]
    pos: IVec2,
    #[entity(range = -9..=9)]
    vel: IVec2,
}

fn main() {}
