use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = -9..=9, predict = linear(pos))]
    pos: IVec2,
}

fn main() {}
