//! `tickwire-server new`: what it writes builds, without the network, passes its own tests, and is
//! played by its bots. `browser-tests/new-game` opens its page.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

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

/// Where cargo puts what it builds, here and for the new game.
fn target() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_tickwire-server")).parent().and_then(Path::parent).unwrap()
}

/// A program of the new game. It is not run by cargo, which would build what it depends on again, with the
/// features of this one program.
fn program(name: &str) -> Command {
    Command::new(target().join("debug").join(name))
}

#[track_caller]
fn told(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Four bots of the new game play on its server.
fn play() {
    let mut server = program("game-server");
    server.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut server = Running(server.spawn().unwrap());
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let listening = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
    let url = listening.expect("the server's address");
    let flags = ["--url", &url, "--bots", "4", "--duration", "3s", "--quiet", "--report", "-"];
    let report: serde_json::Value = serde_json::from_str(&told(program("game-bots").args(flags))).unwrap();
    assert_eq!((&report["bots_joined"], &report["hash_mismatches"]), (&4.into(), &0.into()), "{report}");
    assert!(report["snapshots"].as_u64() > Some(0) && report["game"] == "coins", "{report}");
}

/// Runs cargo in the new repository, with the target folder and the profile of this workspace, so that what
/// it built need not be built again.
#[track_caller]
fn cargo(folder: &Path, words: &[&str]) {
    let mut cargo = Command::new(env!("CARGO"));
    for same in ["debug=false", "package.bincode.opt-level=2"] {
        cargo.arg("--config").arg(format!("profile.dev.{same}"));
    }
    cargo.args(words).current_dir(folder).env("CARGO_TERM_QUIET", "true");
    cargo.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", target());
    told(&mut cargo);
}

#[test]
#[cfg_attr(not(feature = "tls"), ignore = "the same with every set of features, and it takes a minute")]
fn a_new_game_builds_without_the_network_and_passes_its_tests() {
    let folder = Folder(std::env::temp_dir().join(format!("tickwire-new-{}", std::process::id())));
    let written = new_game(&folder.0);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    // So that it needs no other versions than this workspace has.
    std::fs::copy(root().join("Cargo.lock"), folder.0.join("Cargo.lock")).unwrap();
    cargo(&folder.0, &["build", "--workspace"]);
    cargo(&folder.0, &["test", "--workspace"]);
    let config = told(program("game-server").arg("--print-config"));
    assert!(config.contains("assets = ") && config.contains("[games.coins]"), "{config}");
    let elsewhere = told(program("game-server").args(["--print-config", "--assets", "."]));
    assert!(elsewhere.contains("assets = \".\""), "{elsewhere}");
    play();

    let again = new_game(&folder.0);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));
}

#[test]
fn a_wrong_argument_of_new_is_named() {
    let program = env!("CARGO_BIN_EXE_tickwire-server");
    let output = Command::new(program).args(["new", "a", "--gmae", "b"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown argument: --gmae"));
}
