use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(angle = 1024)]
    heading: u8,
    #[entity(angle = 1024)]
    pos: IVec2,
    #[entity(angle = 1024, range = 0..=9)]
    aim: u16,
}

fn main() {}
