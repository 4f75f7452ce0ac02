//! Declared proxies: the PROXY protocol, and forwarded headers that are not believed.

use crate::running::{Running, UPGRADE, ask, ask_on, assert_status, connect, get};
use core::time::Duration;
use tickwire_server::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// A server that reads the PROXY protocol from this machine.
fn behind_proxy() -> Config {
    let mut config = Config::default();
    config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    config.exempt_addresses = Vec::new();
    config.proxy_protocol = true;
    config
}

/// A request of a client that the proxy names in version 1.
fn of(address: &str, request: &str) -> String {
    format!("PROXY TCP4 {address} 10.0.0.1 50000 443\r\n{request}")
}

#[tokio::test]
async fn the_client_that_the_proxy_protocol_names_has_the_limits_of_an_address() {
    let mut config = behind_proxy();
    config.limits.connections_per_address_max = 1;
    let server = Running::start(config).await;
    let mut first = connect(server.players).await;
    assert_status(&ask_on(&mut first, &of("203.0.113.5", UPGRADE)).await, 101);
    let answer = ask(server.players, &of("203.0.113.5", UPGRADE)).await;
    assert_status(&answer, 429);
    assert!(answer.contains("too many connections from this address"), "{answer}");
    assert_status(&ask(server.players, &of("203.0.113.6", UPGRADE)).await, 101);
    let listed = async {
        while !ask(server.admin, &get("/sessions")).await.contains("\"peer\":\"203.0.113.5\"") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), listed).await.expect("the session is listed under its client's address");
    drop(first);
    let mut again = connect(server.players).await;
    let freed = async {
        while !ask_on(&mut again, &of("203.0.113.5", UPGRADE)).await.starts_with("HTTP/1.1 101 ") {
            tokio::time::sleep(Duration::from_millis(10)).await;
            again = connect(server.players).await;
        }
    };
    timeout(Duration::from_secs(10), freed).await.expect("the connection is freed");
    server.stop().await;
}

#[tokio::test]
async fn version_2_and_a_proxys_own_connections_are_served() {
    let server = Running::start(behind_proxy()).await;
    for (command, family, body) in
        [(0x21, 0x11, &[203, 0, 113, 5, 10, 0, 0, 1, 195, 80, 1, 187][..]), (0x20, 0, &[])]
    {
        let mut socket = connect(server.players).await;
        socket.write_all(b"\r\n\r\n\0\r\nQUIT\n").await.unwrap();
        let length = u8::try_from(body.len()).unwrap();
        socket.write_all(&[&[command, family, 0, length], body].concat()).await.unwrap();
        assert_status(&ask_on(&mut socket, &get("/healthz")).await, 200);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_declared_proxy_without_a_header_is_cut_and_counted() {
    let server = Running::start(behind_proxy()).await;
    for bytes in [get("/"), "PROXY TCP4 here there 1 2\r\n".to_owned()] {
        let mut socket = connect(server.players).await;
        socket.write_all(bytes.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = timeout(Duration::from_secs(10), socket.read_to_end(&mut rest)).await.expect("it is cut");
        assert!(rest.is_empty(), "{rest:?}");
    }
    server.counted("handshake_failures_total{stage=\"proxy\"} 2").await;
    // A probe of whether the port is open is no failure.
    drop(connect(server.players).await);
    server.counted("connections_accepted_total 3").await;
    server.counted("tickwire_connections 0").await;
    server.counted("handshake_failures_total{stage=\"proxy\"} 2").await;
    server.stop().await;
}

#[tokio::test]
async fn a_header_from_anybody_else_is_no_http() {
    let mut config = behind_proxy();
    config.trusted_proxies = vec!["192.0.2.1".parse().unwrap()];
    let server = Running::start(config).await;
    assert_status(&ask(server.players, &of("203.0.113.5", UPGRADE)).await, 400);
    assert_status(&ask(server.players, UPGRADE).await, 101);
    server.stop().await;
}

/// The warnings of a program with these flags that gets each request three times.
#[cfg(unix)]
fn warnings(flags: &[&str], request: &str, status: u16) -> Vec<String> {
    use crate::program::{Serving, program};
    use std::io::{BufRead, BufReader};
    let mut serving =
        Serving::start(program(&[&["--listen", "127.0.0.1:0", "--admin", "off"], flags].concat()));
    let address = serving.address().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..3 {
        assert_status(&runtime.block_on(ask(address, request)), status);
    }
    let pid = rustix::process::Pid::from_child(&serving.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let log = BufReader::new(serving.child.stderr.take().unwrap());
    log.lines().map_while(Result::ok).filter(|line| line.contains("WARN")).collect()
}

#[cfg(unix)]
#[test]
fn a_proxy_that_was_not_declared_is_a_warning_once() {
    let forwarded = UPGRADE.replacen("\r\n\r\n", "\r\nX-Forwarded-For: 203.0.113.5\r\n\r\n", 1);
    let lines = warnings(&[], &forwarded, 101);
    let [line] = &lines[..] else { panic!("{lines:?}") };
    for part in ["x-forwarded-for from 127.0.0.1 is not believed", "--trusted-proxies 127.0.0.1"] {
        assert!(line.contains(part), "{line}");
    }
    assert_eq!(warnings(&["--trusted-proxies", "127.0.0.1"], &forwarded, 101), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_header_that_was_not_announced_is_a_warning_once() {
    let lines = warnings(&["--trusted-proxies", "127.0.0.1"], &of("203.0.113.5", UPGRADE), 400);
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert!(line.contains("--proxy-protocol"), "{line}");
}
