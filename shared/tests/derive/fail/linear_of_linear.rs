use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(predict = linear(b))]
    a: i8,
    #[entity(predict = linear(c))]
    b: i8,
    c: i8,
}

fn main() {}
