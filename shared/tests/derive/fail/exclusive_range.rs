use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 0..100)]
    hp: u8,
    #[entity(range = ..=100)]
    mana: u8,
    #[entity(range = 100)]
    gold: u8,
}

fn main() {}
