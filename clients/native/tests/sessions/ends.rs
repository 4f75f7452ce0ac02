//! Why a connection is refused or ends.

use crate::support::{GameServer, ended, joined};
use std::path::PathBuf;
use tickwire_arena::Arena;
use tickwire_client_native::transport::ConnectError;
use tickwire_client_native::{Cause, Config, End, StartError, connect};
use tickwire_server::Config as ServerConfig;
use tickwire_shared::wire::CloseCode;
use tokio::net::TcpListener;

async fn end_of(url: &str, config: Config) -> End {
    let mut connection = connect::<Arena>(url, config).expect("it starts");
    ended(&mut connection).await
}

#[tokio::test]
async fn what_is_no_url_starts_nothing() {
    let started = connect::<Arena>("http://127.0.0.1", Config::player("arena", "ada"));
    assert!(matches!(started, Err(StartError::Url(_))), "{started:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_does_not_exist_ends_it_with_the_servers_text() {
    let server = GameServer::start().await;
    let config = Config::player("arena", "ada").in_room("aaaaaaaa".parse().expect("an id"));
    let End::Failed(Cause::Closed(close)) = end_of(&server.url(), config).await else {
        panic!("it was closed");
    };
    assert_eq!(close.code, CloseCode::NoSuchRoom);
    assert!(!close.text.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_game_that_is_not_hosted_ends_it() {
    let server = GameServer::start().await;
    let end = end_of(&server.url(), Config::player("chess", "ada")).await;
    assert!(end.to_string().contains("chess"), "{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_over_http_ends_it_with_its_text() {
    let server = GameServer::start().await;
    let end = end_of(&format!("{}/elsewhere", server.url()), Config::player("arena", "ada")).await;
    let End::Failed(Cause::Connect(ConnectError::Http { status: 404, text, .. })) = &end else {
        panic!("{end:?}");
    };
    assert!(!text.is_empty());
}

/// A certificate for `localhost` and its key, in files that are removed in the end.
struct Certificate {
    cert: PathBuf,
    key: PathBuf,
}

impl Certificate {
    fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let file = |kind: &str, text: String| {
            let name = format!("tickwire-native-{}-{name}-{kind}.pem", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, text).expect("the file is written");
            path
        };
        Self { cert: file("cert", made.cert.pem()), key: file("key", made.signing_key.serialize_pem()) }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = (std::fs::remove_file(&self.cert), std::fs::remove_file(&self.key));
    }
}

#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_only_a_trusted_server_is_joined() {
    let (own, other) = (Certificate::new("own"), Certificate::new("other"));
    let mut config = ServerConfig::default();
    config.tls_cert = Some(own.cert.clone());
    config.tls_key = Some(own.key.clone());
    let server = GameServer::start_at(([127, 0, 0, 1], 0).into(), config).await;
    let url = format!("wss://localhost:{}", server.address.port());
    let trusting = |ca: PathBuf| {
        let mut config = Config::player("arena", "ada");
        config.ca = Some(ca);
        config
    };
    let mut connection = connect::<Arena>(&url, trusting(own.cert.clone())).expect("it starts");
    joined(&mut connection).await;
    let end = end_of(&url, trusting(other.cert.clone())).await;
    assert!(matches!(end, End::Failed(Cause::Connect(ConnectError::Tls(_)))), "{end:?}");
    let started = connect::<Arena>(&url, trusting("/no/such/file".into()));
    assert!(matches!(started, Err(StartError::Tls(_))), "{started:?}");
}

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn without_tls_wss_starts_nothing() {
    let started = connect::<Arena>("wss://localhost", Config::player("arena", "ada"));
    assert!(matches!(started, Err(StartError::Tls(_))), "{started:?}");
}

#[tokio::test]
async fn a_program_may_leave_before_its_server_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}", silent.local_addr().expect("it is bound"));
    let mut connection = connect::<Arena>(&url, Config::player("arena", "ada")).expect("it starts");
    let (_answered, _) = silent.accept().await.expect("it connects");
    connection.leave();
    assert_eq!(ended(&mut connection).await, End::Left);
}
