use tickwire_shared::prelude::*;

#[derive(Clone, Entity)]
struct Ship<T> {
    cargo: T,
}

fn main() {}
