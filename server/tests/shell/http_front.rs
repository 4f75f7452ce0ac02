//! Every answer of the players' port.

use crate::running::{Running, UPGRADE, ask, ask_on, assert_status, connect, get};
use core::time::Duration;
use std::time::Instant;
use tickwire_arena::Arena;
use tickwire_server::{Config, GameOptions, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// The valid upgrade without the lines that start with `name`, and with `lines` added at its end.
fn upgrade_but(name: &str, lines: &str) -> String {
    let kept: Vec<_> =
        UPGRADE.trim_end().split("\r\n").filter(|line| !line.starts_with(&format!("{name}:"))).collect();
    format!("{}\r\n{lines}\r\n", kept.join("\r\n"))
}

#[tokio::test]
async fn a_valid_upgrade_is_answered_with_its_accept_key() {
    let server = Running::start(Config::default()).await;
    for request in
        [UPGRADE.to_owned(), upgrade_but("Connection", "Connection: keep-alive\r\nConnection: UPGRADE\r\n")]
    {
        let answer = ask(server.players, &request).await;
        assert_status(&answer, 101);
        let answer = answer.to_ascii_lowercase();
        assert!(answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
        assert!(answer.contains("sec-websocket-protocol: tickwire.v1"), "{answer}");
        assert!(answer.contains("upgrade: websocket"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn each_bad_upgrade_is_told_what_is_missing() {
    let server = Running::start(Config::default()).await;
    let cases = [
        (upgrade_but("Host", ""), 400, "Host"),
        (upgrade_but("Connection", ""), 426, "Connection: Upgrade"),
        (upgrade_but("Upgrade", ""), 426, "Upgrade: websocket"),
        (upgrade_but("Sec-WebSocket-Version", ""), 426, "Sec-WebSocket-Version: 13"),
        (
            upgrade_but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8\r\n"),
            426,
            "Sec-WebSocket-Version: 13",
        ),
        (upgrade_but("Sec-WebSocket-Key", ""), 400, "Sec-WebSocket-Key"),
        (upgrade_but("Sec-WebSocket-Key", "Sec-WebSocket-Key: short\r\n"), 400, "Sec-WebSocket-Key"),
        (upgrade_but("Sec-WebSocket-Protocol", ""), 400, "tickwire.v1"),
        (
            upgrade_but("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: tickwire.v9\r\n"),
            400,
            "tickwire.v1",
        ),
        (UPGRADE.replacen("GET", "POST", 1), 405, "GET"),
        (upgrade_but("X", "Content-Length: 4\r\n"), 400, "body"),
        (get("/play"), 426, "Connection: Upgrade"),
    ];
    for (request, status, part) in cases {
        let answer = ask(server.players, &request).await;
        assert_status(&answer, status);
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        assert!(body.contains(part), "{part:?} should be named for\n{request}in\n{answer}");
        if status == 426 {
            assert!(answer.to_ascii_lowercase().contains("\r\nupgrade: websocket\r\n"), "{answer}");
        }
        if status == 405 {
            assert!(answer.to_ascii_lowercase().contains("\r\nallow: get\r\n"), "{answer}");
        }
    }
    server.counted("handshake_failures_total{stage=\"upgrade\"} 12").await;
    server.stop().await;
}

#[tokio::test]
async fn only_who_shows_the_owners_token_learns_that_attacks_are_permitted() {
    let ask_with = |line: &str| format!("GET /attack-consent HTTP/1.1\r\nHost: a\r\n{line}\r\n");
    let token = "Tickwire-Attack-Consent: 0123456789abcdef\r\n";
    let server = Running::start(Config::default()).await;
    assert_status(&ask(server.players, &ask_with(token)).await, 404);
    server.stop().await;

    let mut config = Config::default();
    config.attack_consent = Some("0123456789abcdef".into());
    let server = Running::start(config).await;
    assert_status(&ask(server.players, &ask_with(token)).await, 200);
    let unset = ask(server.players, &ask_with("")).await;
    for line in ["Tickwire-Attack-Consent: 0123456789abcdeg\r\n", "Tickwire-Attack-Consent: 0\r\n"] {
        let refused = ask(server.players, &ask_with(line)).await;
        assert_status(&refused, 404);
        let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
        assert_eq!(body(&refused), body(&unset), "nothing tells a wrong token from no token");
    }
    server.stop().await;
}

#[tokio::test]
async fn only_permitted_pages_may_connect_once_origins_are_listed() {
    let mut config = Config::default();
    config.allowed_origins = vec!["https://play.example".into()];
    let server = Running::start(config).await;
    let from = |origin: &str| upgrade_but("Origin", &format!("Origin: {origin}\r\n"));
    let answer = ask(server.players, &from("https://evil.example")).await;
    assert_status(&answer, 403);
    assert!(answer.contains("https://evil.example") && answer.contains("allowed_origins"), "{answer}");
    assert_status(&ask(server.players, &from("https://play.example")).await, 101);
    assert_status(&ask(server.players, UPGRADE).await, 101);
    server.stop().await;
}

#[tokio::test]
async fn whatever_browsers_send_as_origin_may_be_listed() {
    let listed = ["null", "capacitor://localhost", "app://", "file://"];
    let mut config = Config::default();
    config.allowed_origins = listed.map(Into::into).into();
    let server = Running::start(config).await;
    for origin in listed {
        let answer = ask(server.players, &upgrade_but("Origin", &format!("Origin: {origin}\r\n"))).await;
        assert_status(&answer, 101);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_servers_own_page_may_connect_whatever_is_listed() {
    let mut config = Config::default();
    config.allowed_origins = vec!["https://play.example".into()];
    let server = Running::start(config).await;
    let own = |host: &str, lines: &str| upgrade_but("Host", &format!("Host: {host}\r\n{lines}"));
    let page = "Origin: https://game.example\r\n";
    assert_status(&ask(server.players, &own("game.example", page)).await, 101);
    assert_status(&ask(server.players, &own("127.0.0.1:8080", page)).await, 403);
    // Only a trusted proxy may say for which host the page was asked.
    let forwarded = format!("{page}X-Forwarded-Host: game.example\r\n");
    assert_status(&ask(server.players, &own("127.0.0.1:8080", &forwarded)).await, 403);
    server.stop().await;

    let mut config = Config::default();
    config.allowed_origins = vec!["https://play.example".into()];
    config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let server = Running::start(config).await;
    assert_status(&ask(server.players, &own("127.0.0.1:8080", &forwarded)).await, 101);
    assert_status(&ask(server.players, &own("127.0.0.1:8080", page)).await, 403);
    server.stop().await;
}

#[tokio::test]
async fn a_page_can_read_why_it_may_not_connect() {
    let mut config = Config::default();
    config.allowed_origins = vec!["https://play.example".into()];
    let server = Running::start(config).await;
    let asks = |origin: &str| get("/play").replacen("\r\n\r\n", &format!("\r\nOrigin: {origin}\r\n\r\n"), 1);
    for (origin, status, part) in [
        ("https://evil.example", 403, "--allowed-origins https://evil.example"),
        ("null", 403, "--allowed-origins null"),
        ("https://play.example", 426, "Upgrade"),
    ] {
        let answer = ask(server.players, &asks(origin)).await;
        assert_status(&answer, status);
        assert!(answer.contains(part), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("access-control-allow-origin: *\r\n"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_page_can_read_that_there_is_no_seat() {
    let mut config = Config::default();
    config.limits.connections_max = 1;
    let server = Running::start(config).await;
    let mut first = connect(server.players).await;
    assert_status(&ask_on(&mut first, UPGRADE).await, 101);
    let answer = ask(server.players, &get("/play")).await;
    assert_status(&answer, 503);
    assert!(answer.to_ascii_lowercase().contains("access-control-allow-origin: *\r\n"), "{answer}");
    drop(first);
    server.stop().await;
}

#[tokio::test]
async fn the_pages_answer_on_one_connection() {
    let server = Running::start(Config::default()).await;
    let mut socket = connect(server.players).await;
    let cases = [
        ("/healthz", 200, "alive"),
        ("/readyz", 200, "ready"),
        ("/api/rooms", 200, "{\"games\":[\"arena\"],\"rooms\":[]}"),
        ("/", 200, "default-src 'none'"),
        ("/rooms", 200, "No room is open"),
        ("/tickwire.js", 200, "text/javascript"),
        ("/nothing", 404, "/play"),
    ];
    for (path, status, part) in cases {
        let answer = ask_on(&mut socket, &get(path)).await;
        assert_status(&answer, status);
        assert!(answer.contains(part), "{path}: {answer}");
        assert!(answer.contains("x-content-type-options: nosniff"), "{path}: {answer}");
    }
    let answer = ask_on(&mut socket, &get("/healthz").replacen("GET", "DELETE", 1)).await;
    assert_status(&answer, 405);
    drop(socket);
    server.stop().await;
}

#[tokio::test]
async fn a_host_without_a_front_page_shows_what_it_hosts() {
    let server = Server::builder().game::<Arena>("duels", GameOptions::default()).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ended = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
    let mut socket = connect(address).await;
    for (path, part) in
        [("/", "Hosted here"), ("/index.html", "Hosted here"), ("/api/rooms", "{\"games\":[\"duels\"],")]
    {
        let answer = ask_on(&mut socket, &get(path)).await;
        assert_status(&answer, 200);
        assert!(answer.contains(part), "{path}: {answer}");
    }
    drop((socket, stop));
    ended.await.unwrap().unwrap();
}

/// The status line and headers of `path`, requested with additional headers.
async fn head_of(server: &Running, path: &str, more: &str) -> String {
    let request = get(path)
        .replacen("\r\n\r\n", &format!("\r\nConnection: close\r\n{more}\r\n"), 1)
        .replacen("GET", "HEAD", 1);
    ask(server.players, &request).await
}

#[tokio::test]
async fn files_of_the_page_come_with_their_kind_a_policy_and_an_etag() {
    let server = Running::start(Config::default()).await;
    let plain = head_of(&server, "/arena.wasm", "").await;
    for part in ["200 OK", "application/wasm", "'wasm-unsafe-eval'", "no-cache", "nosniff", "no-referrer"] {
        assert!(plain.contains(part), "{part} is missing in\n{plain}");
    }
    let packed = head_of(&server, "/arena.wasm", "Accept-Encoding: br, gzip\r\n").await;
    assert!(packed.contains("content-encoding: gzip"), "{packed}");
    let length = |head: &str| -> u64 {
        let line = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        line.trim().parse().unwrap()
    };
    assert!(length(&packed) < length(&plain) / 2);
    let etag = packed.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let again = format!("Accept-Encoding: gzip\r\nIf-None-Match: {etag}\r\n");
    assert_status(&head_of(&server, "/arena.wasm", &again).await, 304);
    assert_status(&head_of(&server, "/arena.wasm", "If-None-Match: \"other\"\r\n").await, 200);
    assert_status(&ask(server.players, &get("/arena.wasm").replacen("GET", "POST", 1)).await, 405);
    server.stop().await;
}

#[tokio::test]
async fn the_operators_files_go_before_those_that_are_carried_and_nothing_above_them_is_served() {
    let folder = std::env::temp_dir().join(format!("tickwire-web-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("web")).unwrap();
    std::fs::write(folder.join("secret.txt"), "secret").unwrap();
    std::fs::write(folder.join("web/index.html"), "mine").unwrap();
    let mut config = Config::default();
    config.assets = Some(folder.clone());
    let server = Running::start(config).await;
    let index = ask(server.players, &get("/")).await;
    assert!(index.ends_with("mine") && index.contains("text/html"), "{index}");
    assert_status(&ask(server.players, &get("/tickwire.js")).await, 200);
    for path in ["/../secret.txt", "/..%2fsecret.txt", "/secret.txt", "/web/index.html"] {
        let answer = ask(server.players, &get(path)).await;
        assert!(answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
    }
    server.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn what_is_no_http_is_answered_and_cut() {
    let server = Running::start(Config::default()).await;
    assert_status(&ask(server.players, "\u{1}\u{2}nonsense\r\n\r\n").await, 400);
    assert_status(
        &ask(server.players, &UPGRADE.replacen("/1.1", "/1.0", 1)).await.replacen("/1.0", "/1.1", 1),
        400,
    );
    server.stop().await;
}

#[tokio::test]
async fn a_head_beyond_its_bound_is_answered_with_431() {
    let server = Running::start(Config::default()).await;
    let with_head_of = |bytes: usize| {
        get("/healthz").replacen("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(bytes)), 1)
    };
    assert_status(&ask(server.players, &with_head_of(15_000)).await, 200);
    let answer = ask(server.players, &with_head_of(17_000)).await;
    assert_status(&answer, 431);
    assert!(answer.contains("longer than 16384 bytes"), "{answer}");
    assert_status(&ask(server.players, &with_head_of(100_000)).await, 431);
    server.stop().await;
}

#[tokio::test]
async fn a_full_server_answers_503_but_is_alive() {
    let mut config = Config::default();
    config.limits.connections_max = 1;
    let server = Running::start(config).await;
    let mut held = connect(server.players).await;
    assert_status(&ask_on(&mut held, &get("/healthz")).await, 200);
    let answer = ask_on(&mut held, &get("/readyz")).await;
    assert_status(&answer, 503);
    assert!(answer.contains("in use"), "{answer}");
    let answer = ask(server.players, UPGRADE).await;
    assert_status(&answer, 503);
    assert!(answer.contains("retry-after"), "{answer}");
    assert_status(&ask(server.players, &get("/healthz")).await, 200);
    drop(held);
    let deadline = Instant::now() + Duration::from_secs(5);
    while !ask(server.players, UPGRADE).await.starts_with("HTTP/1.1 101 ") {
        assert!(Instant::now() < deadline, "the connection was not freed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn one_address_behind_a_proxy_gets_its_share_and_no_more() {
    let mut config = Config::default();
    config.limits.connections_per_address_max = 1;
    config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let server = Running::start(config).await;
    let behind = |address: &str| upgrade_but("X", &format!("X-Forwarded-For: {address}\r\n"));
    let mut first = connect(server.players).await;
    assert_status(&ask_on(&mut first, &behind("203.0.113.5")).await, 101);
    let answer = ask(server.players, &behind("203.0.113.5")).await;
    assert_status(&answer, 429);
    assert!(answer.contains("too many connections from this address"), "{answer}");
    assert_status(&ask(server.players, &behind("203.0.113.6")).await, 101);
    drop(first);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_no_head_is_cut() {
    let server = Running::start(Config::default()).await;
    let mut silent = connect(server.players).await;
    let mut slow = connect(server.players).await;
    slow.write_all(b"GET /play HT").await.unwrap();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(8), silent.read_to_end(&mut rest)).await.expect("cut after 5 s").unwrap();
    timeout(Duration::from_secs(3), slow.read_to_end(&mut rest)).await.expect("cut after 5 s").unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_is_open_when_the_server_stops_ends() {
    let server = Running::start(Config::default()).await;
    let mut page = connect(server.players).await;
    assert_status(&ask_on(&mut page, &get("/healthz")).await, 200);
    let ended = server.begin_stop();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(2), page.read_to_end(&mut rest)).await.expect("closed").unwrap();
    timeout(Duration::from_secs(2), ended)
        .await
        .expect("it does not wait for the deadline")
        .unwrap()
        .unwrap();
}
