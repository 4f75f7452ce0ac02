//! The program against a real server, in a process that is frozen or killed during the run.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tickwire_arena::Arena;
use tickwire_server::{Config, GameOptions, Server};
use tokio::net::TcpListener;

/// What the server's process writes to its stdout, each on its own line.
const ADDRESS: &str = "address ";
const PLAYERS: &str = "players ";

/// Not a test: the server's process. It ends when its stdin does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the tests below start it as a process of its own"]
async fn server_process() {
    let server = Server::builder()
        .config(Config::default())
        .game::<Arena>("arena", GameOptions::default())
        .build()
        .expect("the server builds");
    let handle = server.handle();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("\n{ADDRESS}{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(server.run(listener, std::future::pending()));
    let stdin_ends = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let mut told = 0;
    while !stdin_ends.is_finished() {
        let players = handle.rooms().iter().map(|room| room.players).sum();
        if players != told {
            told = players;
            println!("{PLAYERS}{players}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The server does not end by itself.
    std::process::exit(0);
}

struct ServerProcess {
    child: Child,
    lines: BufReader<ChildStdout>,
    _stdin: Option<ChildStdin>,
    address: String,
}

impl ServerProcess {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test has a path"))
            .args(["--exact", "outage::server_process", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let stdin = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut server = Self { child, lines, _stdin: stdin, address: String::new() };
        server.address = server.told(ADDRESS);
        server
    }

    /// The rest of the next line that begins with `what`.
    fn told(&mut self, what: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).expect("stdout is read") > 0, "the server has ended");
            if let Some(rest) = line.trim().strip_prefix(what) {
                return rest.to_owned();
            }
        }
    }

    fn wait_for_players(&mut self, count: u32) {
        while self.told(PLAYERS) != count.to_string() {}
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the server's process exists");
    }

    fn bots(&self, args: &[&str]) -> Child {
        let url = format!("ws://{}", self.address);
        Command::new(env!("CARGO_BIN_EXE_tickwire-client-bot"))
            .args(["--url", &url, "--bots", "3", "--rooms", "1", "--ramp", "0s", "--quiet", "--report", "-"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts")
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may already be dead, or frozen: this ends it in either case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ended(bots: Child) -> (Output, Value) {
    let output = bots.wait_with_output().expect("it ends");
    let report = serde_json::from_slice(&output.stdout).expect("stdout is the report");
    (output, report)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_server_that_is_frozen_for_15_s_fails_the_run_unless_outages_are_allowed() {
    let mut server = ServerProcess::start();
    let strict = server.bots(&["--duration", "19s"]);
    let lenient = server.bots(&["--duration", "19s", "--allow-outages"]);
    server.wait_for_players(6);
    std::thread::sleep(Duration::from_secs(1));
    server.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(15));
    server.signal(Signal::CONT);
    let (output, report) = ended(strict);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    assert!(said(&output).contains("outage: 3 x a bot saw nothing new for 5 s"), "{}", said(&output));
    assert_eq!((&report["outages"], &report["cuts_not_resumed"]), (&3.into(), &0.into()));
    assert!(report["snapshot_gap_ms"]["max"].as_f64() > Some(14_500.0), "{}", report["snapshot_gap_ms"]);
    assert!(report["snapshot_gap_ms"]["p90"].as_f64() > Some(10_000.0), "{}", report["snapshot_gap_ms"]);
    let (output, report) = ended(lenient);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(report["outages"], 3);
}

#[test]
fn bots_that_are_told_to_stop_leave_their_rooms_and_report() {
    let mut server = ServerProcess::start();
    for signal in [Signal::INT, Signal::TERM] {
        let bots = server.bots(&["--duration", "60s"]);
        server.wait_for_players(3);
        kill_process(Pid::from_child(&bots), signal).expect("the bots' process is there");
        let stopped = Instant::now();
        server.wait_for_players(0);
        let (output, report) = ended(bots);
        assert_eq!(output.status.code(), Some(0), "{signal:?}: {}", said(&output));
        assert_eq!(report["bots_joined"], 3, "{report:#}");
        // A player whose connection is merely lost keeps its seat for 30 s.
        assert!(stopped.elapsed() < Duration::from_secs(15), "{signal:?}: after {:?}", stopped.elapsed());
    }
}

#[test]
fn a_server_that_is_frozen_when_the_run_ends_fails_it() {
    let mut server = ServerProcess::start();
    let bots = server.bots(&["--duration", "3s"]);
    server.wait_for_players(3);
    std::thread::sleep(Duration::from_secs(1));
    server.signal(Signal::STOP);
    let (output, report) = ended(bots);
    assert_eq!((output.status.code(), &report["outages"]), (Some(1), &3.into()), "{}", said(&output));
    assert!(report["snapshot_gap_ms"]["max"].as_f64() > Some(5_000.0), "{}", report["snapshot_gap_ms"]);
}

#[test]
fn a_server_that_is_killed_fails_the_run_unless_outages_are_allowed() {
    let mut server = ServerProcess::start();
    let strict = server.bots(&["--duration", "8s"]);
    let lenient = server.bots(&["--duration", "2s", "--allow-outages"]);
    server.wait_for_players(6);
    std::thread::sleep(Duration::from_millis(500));
    server.signal(Signal::KILL);
    let (output, report) = ended(strict);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    assert!(said(&output).contains("3 x a connection was lost and never"), "{}", said(&output));
    assert_eq!((&report["cuts_not_resumed"], &report["resumes"]), (&3.into(), &0.into()));
    // Up to the end of the run.
    assert!(report["snapshot_gap_ms"]["max"].as_f64() > Some(6_000.0), "{}", report["snapshot_gap_ms"]);
    let (output, report) = ended(lenient);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(report["cuts_not_resumed"], 3);
}
