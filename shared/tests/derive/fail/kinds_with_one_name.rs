use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
enum Thing {
    Ship(Ship),
    SHIP(Ship),
}

#[derive(Clone, Entity)]
struct Ship {
    hp: u8,
}

fn main() {}
