//! A server program with a folder of its own, its whole log, and bots that play there.

use core::future::pending;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use tickwire_arena::Arena;
use tickwire_arena::bots::ArenaBehaviour;
use tickwire_client_bot::connect::{Sources, WebSocketConnect};
use tickwire_client_bot::report::Report;
use tickwire_client_bot::{FleetConfig, run};

/// A folder that is removed in the end, and a server that is killed.
pub(crate) struct Stage {
    folder: PathBuf,
    server: Option<Child>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Stage {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tickwire-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self { folder, server: None }
    }

    /// A file in the folder, with this text.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let file = self.folder.join(name);
        std::fs::write(&file, content).expect("a file");
        file
    }

    /// Starts the program with these flags and everything in its log. Its address, and its log in the end.
    pub(crate) fn serve(&mut self, flags: &[&str]) -> (String, JoinHandle<String>) {
        let mut server = program(&["--listen", "127.0.0.1:0", "--admin", "off", "--log-level", "trace"]);
        server.args(["--log-lines-per-kind-max", "0"]).args(flags);
        let server = self.server.insert(server.spawn().expect("it starts"));
        let mut log = server.stderr.take().expect("its log");
        let reading = std::thread::spawn(move || {
            let mut all = String::new();
            let _ = log.read_to_string(&mut all);
            all
        });
        let lines = BufReader::new(server.stdout.take().expect("its output")).lines();
        let ready = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening on ws://").map(str::to_owned));
        (ready.expect("a ready line").trim_end_matches("/play").to_owned(), reading)
    }
}

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickwire-server"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What the program prints.
pub(crate) fn printed(words: &[&str]) -> String {
    let output = program(words).output().expect("the program runs");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

pub(crate) async fn play(config: FleetConfig, address: &str) -> Report {
    let url = format!("ws://{address}").parse().expect("a URL");
    let address = address.parse::<std::net::SocketAddr>().expect("an address");
    let connect = WebSocketConnect::new(url, address, Sources::default(), None);
    let connect = connect.expect("no TLS is asked for");
    run::<Arena, _, _>(config, connect, ArenaBehaviour::Mixed, pending(), |_| {}).await
}

/// The command that prints the ticket of each bot, a line of this file.
pub(crate) fn line_of(file: &Path) -> String {
    format!("sed -n \"$((TICKWIRE_BOT + 1))p\" {}", text(file))
}

/// No part of a ticket or key, as dots divide it, is in the log.
pub(crate) fn assert_hidden<'a>(log: &str, secrets: impl IntoIterator<Item = &'a str>) {
    for secret in
        secrets.into_iter().flat_map(|secret| secret.trim().split('.')).filter(|part| part.len() > 8)
    {
        assert!(!log.contains(secret), "a secret is in the log");
    }
}
