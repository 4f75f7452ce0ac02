//! `tickwire-server new`: what it writes builds, without the network, and passes its own tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder that ends with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn new_game(folder: &Path) -> Output {
    let program = env!("CARGO_BIN_EXE_tickwire-server");
    Command::new(program).arg("new").arg(folder).args(["--game", "coins"]).output().unwrap()
}

/// Runs cargo in the new repository, with the target folder and the profile of this workspace, so that what
/// it built need not be built again.
#[track_caller]
fn cargo(folder: &Path, words: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    for same in [r#"debug="line-tables-only""#, "package.bincode.opt-level=2"] {
        cargo.arg("--config").arg(format!("profile.dev.{same}"));
    }
    cargo.args(words).current_dir(folder).env("CARGO_TERM_QUIET", "true");
    let target = Path::new(env!("CARGO_BIN_EXE_tickwire-server")).parent().and_then(Path::parent).unwrap();
    cargo.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", target);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "cargo {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[cfg_attr(not(feature = "tls"), ignore = "the same with every set of features, and it takes a minute")]
fn a_new_game_builds_without_the_network_and_passes_its_tests() {
    let folder = Folder(std::env::temp_dir().join(format!("tickwire-new-{}", std::process::id())));
    let written = new_game(&folder.0);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    // So that it needs no other versions than this workspace has.
    std::fs::copy(root().join("Cargo.lock"), folder.0.join("Cargo.lock")).unwrap();
    cargo(&folder.0, &["check", "--workspace", "--all-targets"]);
    cargo(&folder.0, &["test", "--workspace"]);
    let config = cargo(&folder.0, &["run", "--", "--print-config"]);
    assert!(config.contains("assets = ") && config.contains("[games.coins]"), "{config}");
    let elsewhere = cargo(&folder.0, &["run", "--", "--print-config", "--assets", "game"]);
    assert!(elsewhere.contains("assets = \"game\""), "{elsewhere}");

    let again = new_game(&folder.0);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
}

#[test]
fn a_wrong_argument_of_new_is_named() {
    let program = env!("CARGO_BIN_EXE_tickwire-server");
    let output = Command::new(program).args(["new", "a", "--gmae", "b"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown argument: --gmae"));
}
