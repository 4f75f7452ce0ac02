use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(predict = linear(vel))]
    pos: i8,
    #[entity(predict = custom)]
    vel: i8,
}

fn main() {}
