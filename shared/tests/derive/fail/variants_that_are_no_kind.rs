use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
enum Thing {
    Ship { hp: u8 },
    Shot(u8, u8),
    Mine,
}

fn main() {}
