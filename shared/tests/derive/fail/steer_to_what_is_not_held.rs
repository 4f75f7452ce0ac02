use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(predict = steer(b, 4))]
    a: i8,
    #[entity(predict = steer(c, 4))]
    b: i8,
    c: i8,
}

fn main() {}
