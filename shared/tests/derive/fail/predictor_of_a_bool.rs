use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(predict = linear(speed))]
    alive: bool,
    speed: i8,
    #[entity(predict = linear(alive))]
    place: i8,
}

fn main() {}
