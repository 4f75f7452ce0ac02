//! `attack`: every case against a real server, and servers that do not pass.

use crate::schema::agrees;
use crate::support::{MiniServer, socket};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_server::{AuthMode, Config, GameOptions, Server, ServerHandle};
use tokio::net::TcpListener;
use tokio::process::Command;

async fn attack(url: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickwire-client-bot"));
    command.args(["attack", url, "--seconds", "1"]).args(args);
    command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("it starts")
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn assert_ended(output: &Output, status: i32, part: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(part), "{said}");
}

/// Files that are removed when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tickwire-attack-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A line of a file of keys.
fn key() -> String {
    format!("k {}\n", tickwire_tickets::Keys::new_secret().unwrap())
}

/// A server that counts its own machine's addresses too.
struct Served {
    address: SocketAddr,
    admin: SocketAddr,
    handle: ServerHandle,
}

async fn serve(mut config: Config) -> Served {
    config.exempt_addresses = Vec::new();
    let server = Server::builder().config(config).game::<Arena>("arena", GameOptions::default());
    let server = server.build().expect("the server builds");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let served = Served {
        address: listener.local_addr().unwrap(),
        admin: admin.local_addr().unwrap(),
        handle: server.handle(),
    };
    tokio::spawn(server.with_admin(admin).run(listener, std::future::pending()));
    served
}

/// How long a witness may wait here: other tests may need the machine.
const PATIENT: [&str; 2] = ["--gap-margin-ms", "60000"];

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_case_harms_the_honest_and_the_report_is_what_its_schema_says() {
    let folder = Folder::new("all");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let keys = folder.write("keys", &key());
    let mut config = Config::default();
    config.tls_cert = Some(folder.write("cert.pem", &made.cert.pem()));
    config.tls_key = Some(folder.write("key.pem", &made.signing_key.serialize_pem()));
    config.auth = vec![AuthMode::Tickets];
    config.ticket_keys = Some(keys.clone());
    let ca = config.tls_cert.clone().unwrap();
    let served = serve(config).await;
    let url = format!("wss://localhost:{}", served.address.port());
    let files = ["--ca", ca.to_str().unwrap(), "--ticket-key", keys.to_str().unwrap(), "--json", "-"];
    let output = attack(&url, &[&files[..], &PATIENT].concat()).await;
    assert_ended(&output, 0, "19 passed, 0 failed\n");
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is the report alone");
    let schema: Value =
        serde_json::from_str(include_str!("../../../docs/attack-report.schema.json")).expect("a JSON file");
    agrees(&schema, &schema, &report, "report");
    let cases = report["cases"].as_array().unwrap();
    for case in cases {
        assert!(case["attackers"]["connections"].as_u64() > Some(0), "{case}");
        assert!(case["honest"]["witness"]["hash_checks"].as_u64() > Some(0), "{case}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_gives_back_what_an_attack_took() {
    let Served { address, admin, .. } = serve(Config::default()).await;
    let metrics = format!("http://{admin}");
    let args = ["half-open", "flood-messages", "tls-handshakes", "--metrics", &metrics];
    let output = attack(&format!("ws://{address}"), &[&args[..], &PATIENT].concat()).await;
    assert_ended(&output, 0, "2 passed, 0 failed, 1 left out\n");
    let table = said(&output);
    assert!(table.contains("left out   only for a wss:// URL"), "{table}");
    assert!(!table.contains("not measured"), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_any_ticket_fails() {
    let folder = Folder::new("tickets");
    let keys = folder.write("keys", &key());
    let address = socket::listen(MiniServer::start()).await;
    let args = ["replayed-ticket", "--ticket-key", keys.to_str().unwrap(), "--connections", "2"];
    let output = attack(&format!("ws://{address}"), &[&args[..], &PATIENT].concat()).await;
    assert_ended(&output, 1, "a ticket that was used before let a client in");
    assert_ended(&output, 1, "a forged ticket let a client in");
    assert_ended(&output, 1, "0 passed, 1 failed\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_that_lets_honest_players_in_there_is_nothing_to_attack() {
    let server = MiniServer::start();
    server.turn_away("no game `arena` is hosted here");
    let address = socket::listen(server).await;
    let output = attack(&format!("ws://{address}"), &["half-open"]).await;
    assert_ended(&output, 1, "without any attack honest players cannot play there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_before_anything_is_attacked() {
    let mut config = Config::default();
    config.attack_consent = Some("0123456789abcdef".to_owned());
    let url = format!("ws://{}", serve(config).await.address);
    let args = |token| ["half-open", "--connections", "2", "--consent", token];
    assert_ended(&attack(&url, &args("0123456789abcdeg")).await, 2, "nothing was attacked");
    let permitted = attack(&url, &[&args("0123456789abcdef")[..], &PATIENT].concat()).await;
    assert_ended(&permitted, 0, "1 passed, 0 failed\n");
}

#[tokio::test]
async fn a_server_elsewhere_is_not_attacked_without_consent_and_wrong_use_ends_with_2() {
    let output = attack("ws://192.0.2.1:8080", &["half-open"]).await;
    assert_ended(&output, 2, "--consent TOKEN");
    assert_ended(&attack("ws://127.0.0.1:9", &["no-such-case"]).await, 2, "slow-reader");
    assert_ended(&attack("http://127.0.0.1:9", &[]).await, 2, "ws://HOST:PORT");
    assert_ended(&attack("ws://127.0.0.1:9", &["--metrics", "here"]).await, 2, "--metrics");
    assert_ended(&attack("ws://127.0.0.1:9", &["--connections", "1001"]).await, 2, "1000");
    assert_ended(&attack("ws://127.0.0.1:9", &["half-open"]).await, 1, "no server answers");
}

#[tokio::test]
async fn the_cases_are_listed_without_a_server() {
    let output = Command::new(env!("CARGO_BIN_EXE_tickwire-client-bot")).args(["attack", "--list"]).output();
    let output = output.await.expect("it starts");
    assert_ended(&output, 0, "slow-reader");
    assert_eq!(said(&output).lines().count(), 19);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_ends_a_run_with_what_it_found() {
    let Served { address, handle, .. } = serve(Config::default()).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickwire-client-bot"));
    command.args(["attack", &format!("ws://{address}"), "--seconds", "600", "slow-reader", "join-storm"]);
    command.args(PATIENT).args(["--connections", "12"]).stdin(Stdio::null()).kill_on_drop(true);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let pid = rustix::process::Pid::from_raw(running.id().unwrap().cast_signed()).unwrap();
    let sessions = || {
        let metrics = handle.metrics_text();
        let line = metrics.lines().find_map(|line| line.strip_prefix("tickwire_sessions "));
        line.and_then(|count| count.parse::<u32>().ok()).unwrap()
    };
    // More than the honest alone.
    let attacked = async {
        while sessions() < 12 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), attacked).await.expect("the attack begins");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(60), running.wait_with_output()).await;
    let output = ended.expect("it ends in time").unwrap();
    assert_ended(&output, 0, "0 passed, 0 failed, 2 left out\n");
    assert_ended(&output, 0, "the run was stopped");
}
