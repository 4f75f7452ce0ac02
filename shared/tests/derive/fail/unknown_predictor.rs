use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(predict = cubic(vel))]
    hp: u8,
    #[entity(predict = "hold")]
    mana: u8,
}

fn main() {}
