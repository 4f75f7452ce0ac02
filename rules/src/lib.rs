//! Reads the files of the repository, for the rules in `tests`: rules that the compiler does not check.

#![allow(clippy::unwrap_used)]

mod names;
mod tokens;
mod uses;

use std::path::{Path, PathBuf};
pub use uses::{Use, uses};

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the repository's root, with `/`.
    pub path: String,
    /// Its contents; empty if it is not text.
    pub text: String,
}

impl File {
    /// Whether it is Rust.
    #[must_use]
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it belongs to a library or a program, not to tests.
    #[must_use]
    pub fn is_source(&self) -> bool {
        self.is_rust() && self.path.contains("/src/")
    }

    /// The lines that are not comments, with their numbers.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().filter_map(|(at, line)| {
            let code = if line.trim_start().starts_with("//") { "" } else { line };
            let code = code.split(" // ").next().unwrap_or(code);
            (!code.trim().is_empty()).then_some((at + 1, code))
        })
    }

    /// The places in the code that name `word`.
    pub fn naming<'a>(&'a self, word: &'a str) -> impl Iterator<Item = String> + 'a {
        self.code()
            .filter(move |(_, line)| line.contains(word))
            .map(move |(at, _)| format!("{}:{at} names {word}", self.path))
    }
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// All files of the repository except built ones.
///
/// # Panics
/// The repository cannot be read.
#[must_use]
pub fn repository() -> Vec<File> {
    let mut files = Vec::new();
    collect(&root(), "", &mut files);
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "not the repository's root");
    files
}

fn collect(root: &Path, inside: &str, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(root.join(inside)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.starts_with("target") || matches!(name.as_str(), ".git" | "Cargo.lock" | "node_modules") {
            continue;
        }
        let path = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        let full = root.join(&path);
        if full.is_dir() {
            collect(root, &path, files);
        } else if full.is_file() {
            // A file that is not text (a built page, a golden vector) counts as a file without lines.
            let text = std::fs::read_to_string(&full).unwrap_or_default();
            files.push(File { path, text });
        }
    }
}

/// Fails with all that was found.
///
/// # Panics
/// Something was found.
#[track_caller]
pub fn assert_none(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

impl File {
    /// A file for the test of a rule.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}
