use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 0..=1)]
    alive: bool,
}

fn main() {}
