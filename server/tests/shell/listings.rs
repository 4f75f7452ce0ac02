//! Listings: made once a second, served as often as clients ask.

use crate::running::{Player, Running, ask, ask_on, assert_status, connect, get};
use core::time::Duration;
use std::time::Instant;
use tickwire_server::Config;
use tickwire_shared::wire::control::{Options, Target};

/// How often a listing was made.
fn made(server: &Running, listing: &str) -> u64 {
    let text = server.handle.metrics_text();
    let name = format!("tickwire_listings_made_total{{listing=\"{listing}\"}} ");
    let count = text.lines().find_map(|line| line.strip_prefix(&name));
    count.unwrap_or_else(|| panic!("{name} is missing in {text}")).parse().unwrap()
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let line = answer.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {answer}")).trim()
}

#[tokio::test]
async fn a_listing_is_made_once_a_second_however_many_ask() {
    let server = Running::start(Config::default()).await;
    let player = Player::join(&server, Target::Create(Options::none())).await;
    let cases = [
        (server.players, "/api/rooms", "public_rooms"),
        (server.players, "/rooms", "rooms_page"),
        (server.admin, "/rooms", "rooms"),
        (server.admin, "/sessions", "sessions"),
        (server.admin, "/profile", "profile"),
        (server.admin, "/metrics", "metrics"),
    ];
    for (address, path, listing) in cases {
        let begin = Instant::now();
        let asking: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn(async move {
                    let mut socket = connect(address).await;
                    for _ in 0..25 {
                        assert_status(&ask_on(&mut socket, &get(path)).await, 200);
                    }
                })
            })
            .collect();
        for asked in asking {
            asked.await.unwrap();
        }
        let (made, bound) = (made(&server, listing), 1 + begin.elapsed().as_secs());
        assert!((1..=bound).contains(&made), "{listing}: made {made} times for 200 requests, not {bound}");
    }
    drop(player);
    server.stop().await;
}

#[tokio::test]
async fn a_room_is_listed_within_a_second_of_its_making() {
    let server = Running::start(Config::default()).await;
    let before = ask(server.players, &get("/api/rooms")).await;
    assert!(before.contains("\"rooms\":[]}"), "{before}");
    let player = Player::join(&server, Target::Create(Options::none())).await;
    let room = player.client().room().unwrap().to_string();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for path in ["/api/rooms", "/rooms"] {
        let listing = ask(server.players, &get(path)).await;
        assert!(listing.contains(&room), "{path}: {listing}");
    }
    drop(player);
    server.stop().await;
}

#[tokio::test]
async fn who_has_a_listing_is_told_that_it_is_still_so() {
    let server = Running::start(Config::default()).await;
    for (address, path) in
        [(server.players, "/api/rooms"), (server.players, "/rooms"), (server.admin, "/rooms")]
    {
        let first = ask(address, &get(path)).await;
        assert_status(&first, 200);
        assert_eq!(header(&first, "cache-control"), "no-cache", "{path}");
        let again = |etag: &str| {
            let request = get(path).replacen("\r\n\r\n", &format!("\r\nIf-None-Match: {etag}\r\n\r\n"), 1);
            async move { ask(address, &request).await }
        };
        let same = again(header(&first, "etag")).await;
        assert_status(&same, 304);
        assert_eq!(header(&same, "etag"), header(&first, "etag"));
        assert_status(&again("\"other\"").await, 200);
    }
    let etag = |answer: &str| header(answer, "etag").to_owned();
    let empty = etag(&ask(server.players, &get("/api/rooms")).await);
    let player = Player::join(&server, Target::Create(Options::none())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_ne!(etag(&ask(server.players, &get("/api/rooms")).await), empty);
    drop(player);
    server.stop().await;
}
