//! The program with servers that are hard to reach: names with several addresses, TLS, refusals with a text.

use crate::support::{MiniServer, socket};
use futures_util::SinkExt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Output;
use tickwire_arena::Arena;
use tickwire_server::{Config, GameOptions, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Runs the bots, which trust only the certificates of `roots`.
async fn bots(url: &str, roots: &str) -> Output {
    let args = ["--url", url, "--bots", "1", "--rooms", "1", "--duration", "1500ms"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickwire-client-bot"));
    command.args(args).env("SSL_CERT_FILE", roots).env("SSL_CERT_DIR", "/nowhere");
    command.output().await.expect("it starts")
}

#[track_caller]
fn assert_ended(output: &Output, status: i32, said: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert!(text.contains(said), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn localhost_is_found_at_either_of_its_addresses() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        // Not every machine has IPv6, or an IPv6 address for `localhost`.
        let Ok(listener) = TcpListener::bind(address).await else { continue };
        let ip = listener.local_addr().expect("it is bound").ip();
        let port = socket::serve(MiniServer::start(), listener).port();
        let mut known = tokio::net::lookup_host(("localhost", port)).await.expect("it has an address");
        if !known.any(|address| address.ip() == ip) {
            continue;
        }
        assert_ended(&bots(&format!("ws://localhost:{port}"), "").await, 0, "");
    }
}

/// A file that is removed when this is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tickwire-bots-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("the file is written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a plain path")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wss_trusts_what_the_system_trusts() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let cert = Temporary::new("cert.pem", &made.cert.pem());
    let key = Temporary::new("key.pem", &made.signing_key.serialize_pem());
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let other = Temporary::new("other.pem", &stranger.cert.pem());
    let mut config = Config::default();
    config.tls_cert = Some(cert.0.clone());
    config.tls_key = Some(key.0.clone());
    let server = Server::builder().config(config).game::<Arena>("arena", GameOptions::default()).build();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("wss://localhost:{}", listener.local_addr().expect("it is bound").port());
    tokio::spawn(server.expect("the server builds").run(listener, std::future::pending()));
    assert_ended(&bots(&url, cert.path()).await, 0, "");
    assert_ended(&bots(&url, other.path()).await, 3, "invalid peer certificate");
    assert_ended(&bots(&url, "/no/such/file").await, 2, "give --ca FILE");
}

/// Answers every request with `answer`.
async fn answering(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 4_096]).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_over_http_is_shown_without_what_a_terminal_would_obey() {
    let full = answering(
        "HTTP/1.1 503 Service Unavailable\r\n\
         content-type: text/plain; charset=utf-8\r\ncontent-length: 39\r\n\r\n\
         all connections are in use;\x1b[2J\ntry later",
    );
    let output = bots(&format!("ws://{}", full.await), "").await;
    assert_ended(&output, 3, "1 x http_503 (all connections are in use; [2J try later)");
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
    let proxy = answering(
        "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
    );
    let output = bots(&format!("ws://{}", proxy.await), "").await;
    assert_ended(&output, 3, "1 x http_502");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("<html>"));
}

/// Accepts the upgrade, and closes with a reason.
async fn close(socket: TcpStream) -> Option<()> {
    #[expect(clippy::result_large_err, reason = "the callback's type is given")]
    let callback = |_: &Request, mut response: Response| {
        response.headers_mut().insert("sec-websocket-protocol", "tickwire.v1".parse().expect("a value"));
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async(socket, callback).await.ok()?;
    let frame = CloseFrame { code: 1012.into(), reason: "closed for repairs until noon".into() };
    socket.send(Message::Close(Some(frame))).await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reason_of_a_close_frame_is_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(close(socket));
        }
    });
    assert_ended(&bots(&url, "").await, 1, "1 x closed_1012 (closed for repairs until noon)");
}
