//! The command's arguments.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the command says about itself.
pub const USAGE: &str = "\
Builds the core of a game for web pages.

  --out DIR      writes into DIR (default: `assets/web` in the workspace, for a server that is
                 started with `--assets assets`)
  --check        writes nothing: checks that the files are built from these sources
  --small-std    on Debian: builds the standard library for size too, 5 % smaller, also where the
                 installed compiler has the target
  --help

TICKWIRE_WASM_TOOLCHAIN names the folder of a compiler that was unpacked before (default:
wasm-toolchain in the target folder). Exit status: 0 all is well, 1 it is not, 2 wrong arguments,
3 there is no compiler for wasm32-unknown-unknown.";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    /// The folder of the cores.
    pub(super) out: Option<PathBuf>,
    pub(super) check: bool,
    /// Whether Debian's compiler comes first.
    pub(super) small_std: bool,
}

impl Arguments {
    /// `None` asks for help.
    pub(super) fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Option<Self>, String> {
        let mut parsed = Self::default();
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--check") => parsed.check = true,
                Some("--small-std") => parsed.small_std = true,
                Some("--out") => parsed.out = Some(words.next().ok_or("--out needs a folder")?.into()),
                Some("--help" | "-h") => return Ok(None),
                _ => return Err(format!("unknown argument: {}", word.display())),
            }
        }
        Ok(Some(parsed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Option<Arguments>, String> {
        Arguments::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn a_folder_and_a_check_are_taken_and_others_are_named() {
        let expected = Arguments { out: Some("a b".into()), check: true, small_std: false };
        assert_eq!(parse(&["--out", "a b", "--check"]), Ok(Some(expected)));
        assert_eq!(parse(&["--check", "--help"]), Ok(None));
        assert_eq!(parse(&["--out"]), Err("--out needs a folder".into()));
        assert_eq!(parse(&["--chek"]), Err("unknown argument: --chek".into()));
    }
}
