use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(range = 0..=1, grid = 0)]
    a: f32,
    #[entity(range = 0..=1, grid = 0.5)]
    b: f32,
}

fn main() {}
