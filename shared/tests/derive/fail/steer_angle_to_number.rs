use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship {
    #[entity(angle = 1024, predict = steer(aim, 4))]
    heading: u16,
    #[entity(range = 0..=1023, grid = 1024)]
    aim: u16,
}

fn main() {}
