use tickwire_shared::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Controls {
    #[input(predict = hold)]
    move_x: i8,
    #[input(steps = 4)]
    move_y: i8,
    aim: f32,
}

fn main() {}
