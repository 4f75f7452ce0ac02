//! The program as a child process.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickwire-server"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TICKWIRE_")) {
        command.env_remove(name);
    }
    command
}

/// The variable with which [`Serving::start_test`] passes arguments to a test that serves.
pub(crate) const SERVE: &str = "SERVE_IN_TEST";

/// The command line for a test that serves; `None` if it was not started to serve.
pub(crate) fn serve_args() -> Option<Vec<String>> {
    let args = std::env::var(SERVE).ok()?;
    Some(std::iter::once("test").chain(args.split_whitespace()).map(str::to_owned).collect())
}

/// A test of this binary that serves, as a program of its own.
pub(crate) fn command_of_test(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["-q", "--exact", "--ignored", "--nocapture", name]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The answer to a request without a body, on a connection that ends with it.
pub(crate) fn answer(address: &str, path: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// Runs the program to its end. That takes less than a second; the limit is wider because a test machine may
/// be busy.
pub(crate) fn run(mut command: Command) -> Output {
    let mut child = command.spawn().unwrap();
    wait(&mut child, Duration::from_secs(5));
    child.wait_with_output().unwrap()
}

/// Runs a command that must fail with `status`, and returns its one line.
#[track_caller]
pub(crate) fn fail(command: Command, status: i32) -> String {
    let output = run(command);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert_eq!(text.lines().count(), 1, "one line, not:\n{text}");
    assert!(output.stdout.is_empty());
    text
}

/// Waits for the end of a child; kills the child if it does not end.
pub(crate) fn wait(child: &mut Child, patience: Duration) -> Duration {
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > patience {
            child.kill().unwrap();
            panic!("the program did not end within {patience:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

/// A running program; killed when dropped.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) ready: String,
    out: BufReader<std::process::ChildStdout>,
}

impl Serving {
    /// Starts the program and waits for the ready line.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        out.read_line(&mut ready).unwrap();
        Self { child, ready: ready.trim_end().to_owned(), out }
    }

    /// The same for a test of this binary that serves: its harness writes lines first.
    pub(crate) fn start_test(name: &str, args: &[&str], adapt: impl FnOnce(&mut Command)) -> Self {
        let mut command = command_of_test(name);
        command.env(SERVE, args.join(" "));
        adapt(&mut command);
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let ready = (&mut out).lines().map(Result::unwrap).find(|line| line.starts_with("listening"));
        Self { child, ready: ready.expect("a ready line"), out }
    }

    /// The address of the ready line.
    pub(crate) fn address(&self) -> &str {
        let (_, rest) = self.ready.split_once("://").expect(&self.ready);
        rest.strip_suffix("/play").expect(&self.ready)
    }

    /// What else was written to stdout, and to stderr unless that was taken. Waits for the end.
    pub(crate) fn rest(mut self) -> (String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut err).unwrap();
        }
        self.out.read_to_string(&mut out).unwrap();
        (out, err)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
