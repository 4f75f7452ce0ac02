use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    x: f64,
    count: usize,
    name: String,
    pair: (u8, u8),
    slots: [u8; 4],
    owner: PlayerId,
    target: EntityId,
    team: Option<u8>,
}

fn main() {}
