//! Makes the table of the files in `web` and `built`: each file as it is, and compressed where that pays off.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What people write, and the cores, which are built from Rust.
const FOLDERS: [&str; 2] = ["web", "built"];

fn main() -> io::Result<()> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    let mut table = String::from("&[\n");
    let mut number = 0;
    for folder in FOLDERS {
        let root = package.join(folder);
        let mut files = Vec::new();
        collect(&root, &mut files)?;
        files.sort();
        for file in files {
            let name = file.strip_prefix(&root).map_err(io::Error::other)?;
            let name = name.to_string_lossy().replace('\\', "/");
            let entry = entry(&name, &fs::read(&file)?, &out.join(number.to_string()))?;
            // Writing to a String does not fail.
            let _ = writeln!(table, "    {entry},");
            number += 1;
        }
    }
    table.push_str("]\n");
    fs::write(out.join("files.rs"), table)
}

/// The file's entry in the table. Its contents go to `plain`, and compressed to a file beside that.
fn entry(name: &str, bytes: &[u8], plain: &Path) -> io::Result<String> {
    let bytes = served(name, bytes);
    fs::write(plain, &bytes)?;
    let mut to = GzEncoder::new(Vec::new(), Compression::best());
    to.write_all(&bytes)?;
    let compressed = to.finish()?;
    let gzip = if compressed.len() + compressed.len() / 8 < bytes.len() {
        let packed = plain.with_extension("gz");
        fs::write(&packed, compressed)?;
        format!("Some(include_bytes!({:?}))", packed.display().to_string())
    } else {
        "None".to_owned()
    };
    let mut hash = DefaultHasher::new();
    hash.write(&bytes);
    let (hash, plain) = (hash.finish(), plain.display().to_string());
    Ok(format!("File {{ name: {name:?}, hash: {hash}, bytes: include_bytes!({plain:?}), gzip: {gzip} }}"))
}

/// Scripts are stripped of comment lines and indentation, which are a fifth of the scripts that a page loads.
fn served(name: &str, bytes: &[u8]) -> Vec<u8> {
    let Some(text) = name.ends_with(".js").then(|| str::from_utf8(bytes).ok()).flatten() else {
        return bytes.to_vec();
    };
    // A string over several lines would lose its indentation, and code after a comment would be dropped with
    // it.
    let is_odd = |line: &str| {
        let behind = line
            .strip_prefix("/*")
            .and_then(|line| line.split_once("*/"))
            .is_some_and(|(_, code)| !code.is_empty());
        behind || line.matches('`').count() % 2 == 1
    };
    if text.lines().map(str::trim).any(is_odd) {
        return bytes.to_vec();
    }
    let mut in_comment = false;
    let mut kept = String::new();
    for line in text.lines().map(str::trim) {
        let begins = line.starts_with("/*");
        let drops = in_comment || begins || line.starts_with("//") || line.is_empty();
        in_comment = (in_comment || begins) && !line.ends_with("*/");
        if !drops {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept.into_bytes()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
