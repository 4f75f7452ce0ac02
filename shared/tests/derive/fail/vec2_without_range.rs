use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    pos: Vec2,
    #[entity(range = -1.0..=1.0)]
    vel: Vec2,
    heading: f32,
}

fn main() {}
