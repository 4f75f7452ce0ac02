//! Writes `assets/wire/vectors.txt` and `assets/wire/arena.txt`. Run it after a change to the protocol or the
//! arena, and look at what it changed.

#[path = "../tests/wire/golden/vectors.rs"]
mod vectors;

fn main() -> std::io::Result<()> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/wire");
    std::fs::write(folder.join("vectors.txt"), vectors::text())?;
    std::fs::write(folder.join("arena.txt"), vectors::arena_schema())
}
