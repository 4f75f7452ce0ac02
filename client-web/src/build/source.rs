//! The hash of what a core is built from: the files of its crate and of those that are linked by path, and
//! the versions and features of all others.

use super::package::Part;
use std::path::{Path, PathBuf};
use tickwire_shared::entity::fnv1a_64;

/// Folders of a crate that do not belong to its library.
const SKIPPED: [&str; 4] = ["target", "tests", "benches", "examples"];

/// The hash, in hexadecimal. `out`, where cores are written to, is not a source.
pub(super) fn hash(parts: &[Part], out: &Path) -> Result<String, String> {
    let mut text = Vec::new();
    for part in parts {
        text.extend(part.line.as_bytes());
        text.push(b'\n');
        let Some(folder) = &part.folder else { continue };
        let mut files = Vec::new();
        collect(folder, out, &mut files)?;
        let mut files: Vec<(String, PathBuf)> =
            files.into_iter().map(|file| (name_in(folder, &file), file)).collect();
        files.sort();
        for (name, file) in files {
            let bytes = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            text.extend(format!("{name} {}\n", bytes.len()).as_bytes());
            text.extend(bytes);
        }
    }
    Ok(format!("{:016x}", fnv1a_64(&text)))
}

/// A file's path below a folder, with `/`.
fn name_in(folder: &Path, file: &Path) -> String {
    let below = file.strip_prefix(folder).unwrap_or(file);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// The files below a crate's folder, without other crates.
fn collect(folder: &Path, out: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || SKIPPED.contains(&name.as_str()) || path == out {
            continue;
        }
        if !path.is_dir() {
            files.push(path);
        } else if !path.join("Cargo.toml").exists() {
            collect(&path, out, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    impl Folder {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("tickwire-source-{}-{name}", std::process::id())))
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.0.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }

        fn hash(&self) -> String {
            let part = Part { line: "tag v1".into(), folder: Some(self.0.clone()) };
            hash(&[part], &self.0.join("assets/web")).unwrap()
        }
    }

    #[test]
    fn the_hash_follows_the_sources_and_not_the_place_tests_or_cores() {
        let (here, there) = (Folder::new("here"), Folder::new("there"));
        for folder in [&here, &there] {
            folder.write("Cargo.toml", "[package]");
            folder.write("src/lib.rs", "one");
            folder.write("maps/a.txt", "map");
        }
        let before = here.hash();
        assert_eq!(before, there.hash());
        for name in ["tests/a.rs", "assets/web/tag.wasm", ".git/HEAD", "bots/Cargo.toml", "bots/src/lib.rs"] {
            here.write(name, "another");
        }
        assert_eq!(here.hash(), before);
        here.write("maps/a.txt", "another");
        assert_ne!(here.hash(), before);
    }
}
