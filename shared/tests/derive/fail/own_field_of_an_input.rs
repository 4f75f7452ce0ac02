use tickwire_shared::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Pad {
    #[input(own)]
    fire: Button,
}

fn main() {}
