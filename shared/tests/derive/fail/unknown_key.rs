use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(rnage = 0..=100)]
    hp: u8,
    #[entity(skip)]
    mana: u8,
}

fn main() {}
