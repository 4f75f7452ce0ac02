//! The command from outside: exit status, report, thresholds.

use crate::support::{MiniServer, socket};
use serde_json::Value;
use std::process::{Output, Stdio};
use tokio::process::Command;

async fn bots(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tickwire-client-bot")).args(args).output().await.expect("it starts")
}

fn status(output: &Output) -> Option<i32> {
    output.status.code()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_run_ends_with_0_and_a_report_on_stdout() {
    let url = format!("ws://{}", socket::listen(MiniServer::start()).await);
    let line = ["--url", &url, "--bots", "6", "--rooms", "2", "--duration", "1500ms", "--report", "-"];
    let output =
        bots(&[&line[..], &["--assert", "bots_joined==6", "--assert", "disconnects==0"]].concat()).await;
    assert_eq!(status(&output), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is the report alone");
    assert_eq!((&report["bots_joined"], &report["hash_mismatches"]), (&6.into(), &0.into()));
    assert!(report["snapshot_gap_ms"]["p99"].is_f64() && report["snapshots"].as_u64() > Some(100));
    assert!(text(&output.stderr).contains("6 of 6 in 2 rooms"), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_threshold_ends_with_1_and_is_named_with_its_value() {
    let url = format!("ws://{}", socket::listen(MiniServer::start()).await);
    let file = std::env::temp_dir().join(format!("tickwire-report-{}.json", std::process::id()));
    let path = file.to_str().expect("a path");
    let line = ["--url", &url, "--bots", "2", "--duration", "500ms", "--quiet", "--report", path];
    let output =
        bots(&[&line[..], &["--assert", "bots_joined>2", "--assert", "bots_joined>1"]].concat()).await;
    assert_eq!(status(&output), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("bots_joined>2: it is 2") && !said.contains("bots_joined>1"), "{said}");
    assert!(output.stdout.is_empty());
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).expect("JSON");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(report["bots_joined"], 2);
}

#[tokio::test]
async fn wrong_use_ends_with_2() {
    for args in [
        &["--assert", "no_such_value<3"][..],
        &["--bots", "0"],
        &["--url", "http://127.0.0.1"],
        &["--report", "/no/such/folder/report.json"],
        &["--stages", "1s:5", "--bots", "5"],
        &["--url", "wss://127.0.0.1:9", "--ca", "/no/such/file.pem"],
    ] {
        let output = bots(args).await;
        assert_eq!(status(&output), Some(2), "{args:?}: {}", text(&output.stderr));
        assert!(!output.stderr.is_empty());
    }
}

#[tokio::test]
async fn an_unknown_value_is_answered_in_lines_that_can_be_read() {
    let said = text(&bots(&["--assert", "no_such_value<3"]).await.stderr);
    assert!(said.contains("snapshot_gap_ms.p99") && said.contains("hash_mismatches"), "{said}");
    assert!(said.lines().all(|line| line.len() <= 120), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_that_never_come_end_the_run_with_1_and_the_servers_words() {
    let server = MiniServer::start();
    server.turn_away("no game `nope` is hosted here");
    let url = format!("ws://{}", socket::listen(server).await);
    let output = bots(&["--url", &url, "--bots", "3", "--rooms", "1", "--duration", "1500ms"]).await;
    let said = text(&output.stderr);
    assert_eq!(status(&output), Some(1), "{said}");
    assert!(said.contains("3 of 3 bots never joined a room: 3 x no_such_room (no game `nope`"), "{said}");
    let table = text(&output.stdout);
    assert!(table.contains("0 of 3 in 1 room\n") && !table.contains("snapshot"), "{table}");
    let quiet = bots(&["--url", &url, "--bots", "1", "--duration", "1s", "--quiet"]).await;
    assert_eq!(status(&quiet), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bot_too_many_ends_the_run_with_1() {
    let url = format!("ws://{}", socket::listen(MiniServer::start()).await);
    let line = ["--url", &url, "--bots", "65", "--rooms", "1", "--ramp", "200ms", "--duration", "2s"];
    let output = bots(&line).await;
    let said = text(&output.stderr);
    assert_eq!(status(&output), Some(1), "{said}");
    assert!(said.contains("1 of 65 bots never joined a room: 1 x full"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_reading_is_no_fault() {
    let url = format!("ws://{}", socket::listen(MiniServer::start()).await);
    for report in [&[][..], &["--report", "-"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tickwire-client-bot"))
            .args([&["--url", &url, "--bots", "1", "--duration", "1200ms"], report].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().await.expect("it ends");
        let said = text(&output.stderr);
        assert_eq!(status(&output), Some(0), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_ends_with_3() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let output = bots(&["--url", &format!("ws://{free}"), "--duration", "1s"]).await;
    assert_eq!(status(&output), Some(3));
    assert!(text(&output.stderr).contains("no server answers"), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_recorded_and_its_profile_shown() {
    let url = format!("ws://{}", socket::listen(MiniServer::start()).await);
    let folder = std::env::temp_dir().join(format!("tickwire-recording-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().expect("a path").to_owned();
    let (recording, table) = (path("match.twrec"), path("arena.twt"));
    let line = ["--url", &url, "--bots", "4", "--duration", "1500ms", "--quiet", "--record", &recording];
    let output = bots(&line).await;
    assert_eq!(status(&output), Some(0), "{}", text(&output.stderr));
    let shown = bots(&["profile", &recording]).await;
    assert_eq!(status(&shown), Some(0), "{}", text(&shown.stderr));
    let shown = text(&shown.stdout);
    assert!(shown.starts_with("arena: ") && shown.contains("over 1 connection in"), "{shown}");
    assert!(shown.contains("ship") && shown.contains("websocket_head"), "{shown}");
    let json = bots(&["profile", &recording, "--json"]).await;
    let digest: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert!(digest["profile"]["messages"].as_u64() > Some(10), "{digest}");
    let trained = bots(&["train", &recording, "--out", &table]).await;
    assert_eq!(status(&trained), Some(0), "{}", text(&trained.stderr));
    assert!(std::fs::read(&table).unwrap().starts_with(b"TWT1"));
    let wrong = bots(&["profile", &table]).await;
    assert_eq!(status(&wrong), Some(2));
    assert!(text(&wrong.stderr).contains("not a recording"), "{}", text(&wrong.stderr));
    std::fs::remove_dir_all(&folder).unwrap();
}
