//! Builds the page to play on, `assets/web`, into the program: each file as it is, and compressed where that
//! pays off.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../assets/web");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    println!("cargo::rerun-if-changed={}", root.display());
    let root = root.canonicalize()?;
    let mut files = Vec::new();
    if env::var_os("CARGO_FEATURE_PAGES").is_some() {
        collect(&root, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let name = file.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        let bytes = served(&name, fs::read(file)?);
        let plain = out.join(format!("web.{number}"));
        fs::write(&plain, &bytes)?;
        let packed = out.join(format!("web.{number}.gz"));
        let mut to = GzEncoder::new(Vec::new(), Compression::best());
        to.write_all(&bytes)?;
        let compressed = to.finish()?;
        let pays = compressed.len() + compressed.len() / 8 < bytes.len();
        let second = if pays {
            fs::write(&packed, compressed)?;
            format!("Some(include_bytes!({:?}))", packed.display().to_string())
        } else {
            "None".to_owned()
        };
        let file = plain.display().to_string();
        let mut hash = DefaultHasher::new();
        hash.write(&bytes);
        let hash = hash.finish();
        // Writing to a String does not fail.
        let _ = writeln!(
            table,
            "    Carried {{ name: {name:?}, hash: {hash}, bytes: include_bytes!({file:?}), gzip: {second} }},"
        );
    }
    table.push_str("]\n");
    fs::write(out.join("web.rs"), table)
}

/// Scripts are stripped of comment lines and indentation, which are a fifth of the scripts that a page loads.
fn served(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    let Some(text) = name.ends_with(".js").then(|| str::from_utf8(&bytes).ok()).flatten() else {
        return bytes;
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
        return bytes;
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
