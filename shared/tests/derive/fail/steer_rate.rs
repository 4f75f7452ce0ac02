use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(predict = steer(b, 0))]
    a: i8,
    b: i8,
}

fn main() {}
