use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = -9..=9, predict = linear(speed))]
    pos: IVec2,
    #[entity(range = -9..=9)]
    speed: i8,
}

fn main() {}
