use tickwire_shared::prelude::*;

#[derive(Clone, Choice)]
enum Weapon {
    Pistol { rounds: u8 },
    Shotgun,
}

#[derive(Clone, Choice)]
enum Armour {
    Light = 4,
    Heavy,
}

#[derive(Clone, Choice)]
enum Nothing {}

#[derive(Clone, Choice)]
struct Flags {
    red: bool,
}

fn main() {}
