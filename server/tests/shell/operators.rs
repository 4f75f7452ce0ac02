//! The operator's listener.

use crate::configuration::Temporary;
use crate::running::{Player, Running, ask, ask_on, assert_status, connect, get};
use core::time::Duration;
use std::io::Write;
use std::process::Stdio;
use tickwire_arena::{Arena, ArenaInput};
use tickwire_server::Config;
use tickwire_shared::client::Client;
use tickwire_shared::entity::Button;
use tickwire_shared::wire::control::{Options, Target};
use tickwire_shared::wire::{Advice, CloseCode};
use tokio::io::AsyncReadExt;

#[tokio::test]
async fn metrics_and_rooms_are_told() {
    let server = Running::start(Config::default()).await;
    ask(server.players, &get("/")).await;
    let answer = ask(server.admin, &get("/metrics")).await;
    assert_status(&answer, 200);
    for line in [
        "tickwire_connections_accepted_total 1",
        "tickwire_rooms 0",
        "tickwire_tick_seconds_count 0",
        "tickwire_tick_lateness_seconds_count 0",
        "tickwire_connections_max 10000",
        "tickwire_connections_per_address_max 50",
        "tickwire_rooms_max 1000",
        "tickwire_resumes_total 0",
        "tickwire_build_info{version=\"",
        "# HELP tickwire_connections_accepted_total Connections accepted.",
        "# TYPE tickwire_connections_accepted_total counter",
        "process_start_time_seconds ",
    ] {
        assert!(answer.contains(line), "{line} is missing in\n{answer}");
    }
    assert_status(&ask(server.admin, &get("/readyz")).await, 200);
    let answer = ask(server.admin, &get("/rooms")).await;
    assert!(answer.contains("{\"rooms\":[]}"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn operators_show_the_token_if_there_is_one() {
    let file = Temporary::new("admin-token", "0123456789abcdef-first\n");
    let mut config = Config::default();
    config.admin_token = Some(file.path().into());
    let server = Running::start(config).await;
    let with = |header: &str| format!("GET /rooms HTTP/1.1\r\nHost: localhost\r\n{header}\r\n");
    let bearer = |token: &str| with(&format!("Authorization: Bearer {token}\r\n"));
    let refused = ask(server.admin, &with("")).await;
    assert_status(&refused, 401);
    assert!(refused.to_ascii_lowercase().contains("www-authenticate: basic"), "{refused}");
    assert_status(&ask(server.admin, &bearer("0123456789abcdef-other")).await, 401);
    assert_status(&ask(server.admin, &bearer("0123456789abcdef-first")).await, 200);
    let password = "Authorization: Basic b3BzOjAxMjM0NTY3ODlhYmNkZWYtZmlyc3Q=\r\n";
    assert_status(&ask(server.admin, &with(password)).await, 200);
    assert_status(&ask(server.admin, &get("/readyz")).await, 200);
    std::fs::write(file.path(), "short\n").unwrap();
    assert!(server.handle.reload().unwrap_err().to_string().contains("openssl rand"));
    assert_status(&ask(server.admin, &bearer("0123456789abcdef-first")).await, 200);
    std::fs::write(file.path(), "0123456789abcdef-other\n").unwrap();
    assert_eq!(server.handle.reload().unwrap(), ["the operators' token"]);
    assert_status(&ask(server.admin, &bearer("0123456789abcdef-first")).await, 401);
    assert_status(&ask(server.admin, &bearer("0123456789abcdef-other")).await, 200);
    server.stop().await;
}

#[tokio::test]
async fn an_operator_sends_a_message_to_a_room() {
    let server = Running::start(Config::default()).await;
    let player = Player::join(&server, Target::Create(Options::none())).await;
    let room = player.client().room().unwrap();
    let post = |room: &str, body: &str| {
        let length = body.len();
        format!(
            "POST /rooms/{room}/message HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let id = room.to_string();
    assert_status(&ask(server.admin, &post(&id, "{\"title\":\"x\"}")).await, 200);
    assert_status(&ask(server.admin, &post(&id, "{")).await, 400);
    assert_status(&ask(server.admin, &post(&id, &format!("\"{}\"", "x".repeat(20_000)))).await, 400);
    assert_status(&ask(server.admin, &post("00000000", "1")).await, 404);
    assert_status(&ask(server.admin, &post("room", "1")).await, 400);
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_kicked_or_closed() {
    let server = Running::start(Config::default()).await;
    let cases = [
        ("POST /sessions/99/kick", 404, "no such session"),
        ("DELETE /sessions/99", 404, "no such session"),
        ("POST /sessions/ninety/kick", 400, "number"),
        ("POST /rooms/00000000/close", 404, "no such room"),
        ("DELETE /rooms/00000000", 404, "no such room"),
        ("POST /rooms/here/close", 400, "8 characters"),
        ("GET /profile?room=00000000", 404, "no such room"),
        ("GET /profile?room=here", 400, "8 characters"),
        ("GET /elsewhere", 404, "GET /metrics"),
    ];
    for (line, status, part) in cases {
        let answer = ask(server.admin, &format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        assert_status(&answer, status);
        assert!(answer.contains("{\"error\":") && answer.contains(part), "{line}: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_web_page_in_an_operators_browser_can_do_nothing() {
    let server = Running::start(Config::default()).await;
    let from_page =
        "POST /rooms/00000000/close HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\n\r\n";
    assert_status(&ask(server.admin, from_page).await, 403);
    let rebound = "GET /rooms HTTP/1.1\r\nHost: evil.example:8081\r\n\r\n";
    assert_status(&ask(server.admin, rebound).await, 403);
    server.stop().await;
}

fn with(path: &str, header: &str) -> String {
    get(path).replacen("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"), 1)
}

#[tokio::test]
async fn the_listener_may_have_names_that_the_operator_permits() {
    let mut config = Config::default();
    config.admin_hosts = vec!["metrics.internal".into()];
    let server = Running::start(config).await;
    let by = |name: &str| get("/metrics").replacen("127.0.0.1", name, 1);
    assert_status(&ask(server.admin, &by("metrics.internal:8081")).await, 200);
    assert_status(&ask(server.admin, &by("localhost")).await, 200);
    let refused = ask(server.admin, &by("evil.example:8081")).await;
    assert_status(&refused, 403);
    assert!(refused.contains("admin_hosts"), "{refused}");
    server.stop().await;
}

#[tokio::test]
async fn connections_that_ask_for_nothing_do_not_delay_the_next() {
    let server = Running::start(Config::default()).await;
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(connect(server.admin).await);
    }
    // A request on a kept connection, which is then idle too.
    let mut kept = connect(server.admin).await;
    assert_status(&ask_on(&mut kept, &get("/healthz")).await, 200);
    let request = get("/healthz");
    let asking = tokio::time::timeout(Duration::from_secs(3), ask(server.admin, &request));
    assert_status(&asking.await.expect("it does not wait for the others' time limit of 5 s"), 200);
    let mut rest = Vec::new();
    idle[0].read_to_end(&mut rest).await.unwrap();
    assert_status(&ask_on(&mut kept, &get("/healthz")).await, 200);
    server.stop().await;
}

#[tokio::test]
async fn metrics_come_in_the_form_that_is_asked_for() {
    let server = Running::start(Config::default()).await;
    let open = "application/openmetrics-text; version=1.0.0, text/plain; version=0.0.4; q=0.5";
    for (accept, kind, type_line) in [
        ("*/*", "text/plain; version=0.0.4", "# TYPE tickwire_rooms_made_total counter"),
        (open, "application/openmetrics-text; version=1.0.0", "# TYPE tickwire_rooms_made counter"),
    ] {
        let answer = ask(server.admin, &with("/metrics", &format!("Accept: {accept}"))).await;
        assert_status(&answer, 200);
        assert!(answer.contains(&format!("content-type: {kind}; charset=utf-8\r\n")), "{answer}");
        assert!(answer.contains(type_line) && answer.contains("\ntickwire_rooms_made_total 0\n"), "{answer}");
        assert_eq!(answer.ends_with("# EOF\n"), accept == open, "{answer}");
    }
    server.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_is_told_as_other_programs_tell_it() {
    let server = Running::start(Config::default()).await;
    let answer = ask(server.admin, &get("/metrics")).await;
    let value = |name: &str| -> f64 {
        let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} in {answer}")).parse().unwrap()
    };
    assert!(value("process_cpu_seconds_total") >= 0.0);
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"));
    assert!(value("process_open_fds") > 3.0 && value("process_open_fds") <= value("process_max_fds"));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now - value("process_start_time_seconds")).abs() < 3_600.0);
    server.stop().await;
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_the_metrics() {
    let mut promtool = std::process::Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = promtool.spawn() else {
        eprintln!("skipped: promtool is not installed (it comes with Prometheus)");
        return;
    };
    let server = Running::start(Config::default()).await;
    let player = Player::join(&server, Target::Create(Options::none())).await;
    let answer = ask(server.admin, &get("/metrics")).await;
    let (_, metrics) = answer.split_once("\r\n\r\n").unwrap();
    assert!(metrics.contains("\ntickwire_rooms 1\n"), "{metrics}");
    child.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
    drop(player);
    server.stop().await;
}

fn post(path: &str) -> String {
    get(path).replacen("GET", "POST", 1)
}

#[tokio::test]
async fn a_kicked_session_goes_and_its_neighbour_plays_on() {
    let server = Running::start(Config::default()).await;
    let ann = Player::join(&server, Target::Create(Options::none())).await;
    let room = ann.client().room().unwrap();
    let mut bob = Player::join(&server, Target::Room(room)).await;
    let listing = ask(server.admin, &get("/rooms")).await;
    assert!(
        listing.contains(&format!("\"id\":\"{room}\"")) && listing.contains("\"players\":2"),
        "{listing}"
    );
    assert!(ask(server.players, &get("/rooms")).await.contains(&room.to_string()));

    let session = ann.client().session().unwrap();
    let listing = ask(server.admin, &get("/sessions")).await;
    for part in [format!("\"id\":{session},"), format!("\"room\":\"{room}\""), "\"player\":\"ann\"".into()] {
        assert!(listing.contains(&part), "{part} is missing in {listing}");
    }
    assert!(listing.contains("\"total\":2"), "{listing}");
    assert_status(&ask(server.admin, &post(&format!("/sessions/{session}/kick"))).await, 200);
    assert_eq!(ann.closed().await.code, CloseCode::Kicked);
    assert_status(&ask(server.admin, &post(&format!("/sessions/{session}/kick"))).await, 404);
    let tick = bob.client().latest().unwrap().tick;
    bob.play_until(|client| client.latest().is_some_and(|latest| latest.tick.since(tick) > 10)).await;
    drop(bob);
    server.stop().await;
}

#[tokio::test]
async fn how_far_lag_compensation_went_is_told_for_each_player() {
    let server = Running::start(Config::default()).await;
    let mut ann = Player::join(&server, Target::Create(Options::none())).await;
    let bob = Player::join(&server, Target::Create(Options::none())).await;
    ann.hold(ArenaInput { fire: Button::after(Button::default(), true), ..ArenaInput::default() });
    // The numbers are at most a second old.
    let after =
        |ticks| move |client: &Client<Arena>| client.latest().is_some_and(|latest| latest.tick.0 > ticks);
    ann.play_until(after(90)).await;
    let answer = ask(server.admin, &get("/sessions")).await;
    let sessions: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let of = |player: &Player| {
        let id = player.client().session().unwrap().0;
        sessions["sessions"].as_array().unwrap().iter().find(|session| session["id"] == id).unwrap()["rewind"]
            .clone()
    };
    let told = of(&ann);
    let number = |name: &str| told[name].as_f64().unwrap_or_else(|| panic!("{name} in {sessions}"));
    assert!(number("steps") >= 1.0 && number("clamped") >= 0.0, "{told}");
    // The arena permits 250 ms.
    assert!(
        0.0 < number("mean_ms") && number("mean_ms") <= number("max_ms") && number("max_ms") <= 250.0,
        "{told}"
    );
    assert!(of(&bob).is_null(), "a player who does not shoot needs none: {sessions}");
    drop((ann, bob));
    server.stop().await;
}

#[tokio::test]
async fn what_bytes_are_spent_on_is_told_for_all_rooms_and_for_one() {
    let server = Running::start(Config::default()).await;
    let mut ann = Player::join(&server, Target::Create(Options::none())).await;
    let room = ann.client().room().unwrap();
    let mut bob = Player::join(&server, Target::Create(Options::none())).await;
    let sampled = async |path: &str| {
        let answer = ask(server.admin, &get(path)).await;
        assert_status(&answer, 200);
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        json["games"].clone()
    };
    // The first update of each room is sampled; it is a keyframe with its rows.
    let until = |client: &Client<Arena>| client.latest().is_some_and(|latest| latest.tick.0 > 40);
    ann.play_until(until).await;
    bob.play_until(until).await;
    let games = sampled("/profile").await;
    assert_eq!((&games[0]["game"], &games[0]["rooms"]), (&"arena".into(), &2.into()), "{games}");
    let one = sampled(&format!("/profile?room={room}")).await;
    assert_eq!(one[0]["rooms"], 1, "{one}");
    for games in [games, one] {
        let report = &games[0]["sampled"];
        let parts = report["parts"].as_array().unwrap();
        let whole: f64 = parts.iter().map(|part| part["bytes"].as_f64().unwrap()).sum();
        let bytes = report["bytes"].as_f64().unwrap();
        assert!(bytes > 0.0 && (whole - bytes).abs() < 1e-6, "{whole} of {bytes} bytes");
        let ship = report["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == "ship").unwrap();
        assert!(ship["fields"][0]["new_bytes"].as_f64().unwrap() > 0.0, "{ship}");
        assert!(games[0]["updates"].as_u64() >= report["messages"].as_u64());
    }
    drop((ann, bob));
    server.stop().await;
}

#[tokio::test]
async fn a_closed_room_ends_its_sessions_and_no_others() {
    let server = Running::start(Config::default()).await;
    let ann = Player::join(&server, Target::Create(Options::none())).await;
    let mut bob = Player::join(&server, Target::Create(Options::none())).await;
    let room = ann.client().room().unwrap();
    assert_status(&ask(server.admin, &post(&format!("/rooms/{room}/close"))).await, 200);
    assert_eq!(ann.closed().await.code, CloseCode::NoSuchRoom);
    let tick = bob.client().latest().unwrap().tick;
    bob.play_until(|client| client.latest().is_some_and(|latest| latest.tick.since(tick) > 10)).await;
    assert!(!ask(server.players, &get("/api/rooms")).await.contains(&room.to_string()));
    drop(bob);
    server.stop().await;
}

#[tokio::test]
async fn a_stop_tells_every_player_to_come_back() {
    let mut config = Config::default();
    config.limits.room_idle_ms = 60_000;
    let server = Running::start(config).await;
    let ann = Player::join(&server, Target::Create(Options::none())).await;
    let ended = server.begin_stop();
    let close = ann.closed().await;
    assert_eq!(close.code, CloseCode::GoingAway);
    assert_eq!(close.advice, CloseCode::GoingAway.advice());
    let stopped = tokio::time::timeout(core::time::Duration::from_secs(3), ended).await;
    stopped.expect("it does not wait for the deadline").unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_tells_its_players_to_come_back_one_after_the_other() {
    let server = Running::start(Config::default()).await;
    let mut players = Vec::new();
    for _ in 0..6 {
        players.push(Player::join(&server, Target::Match(Options::none())).await);
    }
    let ended = server.begin_stop();
    let mut advised = Vec::new();
    for player in players {
        let Advice::RetryAfter(ms) = player.closed().await.advice else { panic!("come back") };
        assert!((2_000..4_000).contains(&ms), "{ms}");
        advised.push(ms);
    }
    advised.sort_unstable();
    advised.dedup();
    assert!(advised.len() > 3, "together: {advised:?}");
    ended.await.unwrap().unwrap();
}
