use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship(u8, u8);

fn main() {}
