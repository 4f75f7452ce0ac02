use tickwire_shared::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Pad {
    #[input(owner_only)]
    fire: Button,
}

fn main() {}
