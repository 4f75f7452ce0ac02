use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 0..=9, predict = linear)]
    a: i32,
    #[entity(range = 0..=9, predict = steer(a))]
    b: i32,
    #[entity(range = 0..=9, predict = linear(a, 2))]
    c: i32,
}

fn main() {}
