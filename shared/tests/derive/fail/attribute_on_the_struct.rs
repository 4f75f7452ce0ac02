use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
#[entity(range = 0..=9)]
struct Ship {
    hp: u8,
}

fn main() {}
