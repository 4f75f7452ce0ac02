use tickwire_shared::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Input)]
enum Controls {
    #[default]
    Stay,
    Go,
}

fn main() {}
