use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    gold: i32,
    #[entity(grid = 1024)]
    pos: IVec2,
}

fn main() {}
