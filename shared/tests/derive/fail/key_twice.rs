use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 0..=1, range = 0..=2)]
    hp: u8,
}

fn main() {}
