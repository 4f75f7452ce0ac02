//! Writes `assets/wire/vectors.txt`: run it after a change of the protocol, and look at what it changed.

#[path = "../tests/golden/vectors.rs"]
mod vectors;

fn main() -> std::io::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/wire/vectors.txt");
    std::fs::write(path, vectors::text())
}
