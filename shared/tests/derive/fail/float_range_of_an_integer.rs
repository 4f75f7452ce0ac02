use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 0.0..=100.0)]
    hp: u8,
}

fn main() {}
