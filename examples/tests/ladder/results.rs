//! Step 12: each result is kept once, if it is signed.

#[path = "../../12-results/main.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod step;

use crate::party::step::Collector;
use crate::party::step::party::{Party, Settings};
use crate::party_door::{Folder, Host, with_tickets};
use crate::playing::listener;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use ring::hmac;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use step::receiver::routes;
use step::signature::Secrets;
use step::store::{Line, Outcome, Played, Postgres, Seat, Store};
use tickwire_client_bot::connect::{Sources, WebSocketConnect};
use tickwire_client_bot::plan::Plan;
use tickwire_client_bot::{Behaviour, FleetConfig, TicketSource, run};
use tickwire_shared::wire::control::GameName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// In memory. The second of one id is refused, as in a database.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<Played>>>);

impl Memory {
    fn kept(&self) -> Vec<Played> {
        self.0.lock().expect("no test panicked").clone()
    }
}

impl Store for Memory {
    type Error = &'static str;

    async fn keep(&self, played: &Played) -> Result<bool, Self::Error> {
        if played.room == "broken" {
            return Err("no database");
        }
        let mut kept = self.0.lock().expect("no test panicked");
        let is_new = kept.iter().all(|before| before.id != played.id);
        kept.extend(is_new.then(|| played.clone()));
        Ok(is_new)
    }

    async fn leaderboard(&self) -> Result<Vec<Line>, Self::Error> {
        Ok(Vec::new())
    }
}

async fn receiver(store: impl Store) -> SocketAddr {
    let (listener, address) = listener().await;
    let secrets: Secrets = format!("# the new one first\n{NEW}\n{OLD}\n").parse().expect("secrets");
    tokio::spawn(async { axum::serve(listener, routes(secrets, store)).await });
    address
}

/// The headers of a message that is sent at this time, s since 1970.
fn headers(secret: &str, id: &str, time_s: u64, body: &str) -> Vec<(&'static str, String)> {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("base64");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tag = hmac::sign(&key, format!("{id}.{time_s}.{body}").as_bytes());
    let signature = format!("v1,AAAA v1,{}", STANDARD.encode(tag));
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time_s.to_string()),
        ("webhook-signature", signature),
    ]
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn outcome() -> Outcome {
    let seat = |player, account: Option<&str>, team: &str, points| Seat {
        player,
        account: account.map(str::to_owned),
        name: "Ada".to_owned(),
        team: team.to_owned(),
        points,
        stayed: true,
    };
    let players = vec![seat(1, Some("u-1"), "red", 3), seat(2, None, "blue", 1)];
    Outcome { winner: Some("red".to_owned()), red: 3, blue: 1, seed: u64::MAX.to_string(), players }
}

fn ended(room: &str) -> String {
    let data = serde_json::json!({ "room": room, "game": "party", "number": 4, "result": outcome() });
    serde_json::json!({ "type": "room.ended", "timestamp": "2026-01-01T00:00:00Z", "data": data }).to_string()
}

async fn post(to: SocketAddr, id: &str, secret: &str, body: &str) -> u16 {
    let headers = headers(secret, id, now_s(), body).into_iter();
    let headers: String = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}");
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    let mut socket = TcpStream::connect(to).await.expect("it listens");
    socket.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("it answers");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[test]
fn only_what_a_secret_signed_within_the_last_minutes_is_taken() {
    let secrets: Secrets = format!("{NEW}\n{OLD}").parse().expect("secrets");
    let check = |sent: Vec<(&'static str, String)>, body: &str| {
        let sent = sent
            .into_iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
        secrets.check(&sent.collect::<HeaderMap>(), body.as_bytes(), SystemTime::now())
    };
    for secret in [OLD, NEW] {
        assert_eq!(check(headers(secret, "m-1", now_s(), "hi"), "hi"), Ok("m-1".to_owned()));
    }
    assert_eq!(check(headers(OLD, "m-1", now_s(), "hi"), "ho"), Err("the signature is wrong"));
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(check(headers(other, "m-1", now_s(), "hi"), "hi"), Err("the signature is wrong"));
    let late = check(headers(OLD, "m-1", now_s() - 400, "hi"), "hi");
    assert_eq!(late, Err("webhook-timestamp is not of the last minutes"));
    for missing in 0..3 {
        let mut sent = headers(OLD, "m-1", now_s(), "hi");
        sent.remove(missing);
        assert!(check(sent, "hi").is_err());
    }
    for wrong in ["", "# none", "secret", "whsec_%"] {
        assert!(wrong.parse::<Secrets>().is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_result_that_comes_twice_is_kept_once() {
    let store = Memory::default();
    let address = receiver(store.clone()).await;
    let body = ended("28t5cy4t");
    assert_eq!(post(address, "m-1", OLD, &body).await, 201);
    assert_eq!(post(address, "m-1", NEW, &body).await, 200);
    assert_eq!(post(address, "m-2", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &body).await, 401);
    assert_eq!(post(address, "m-3", OLD, "{\"type\":\"room.opened\",\"data\":{}}").await, 204);
    assert_eq!(post(address, "m-4", OLD, "{\"type\":\"room.ended\",\"data\":{}}").await, 422);
    assert_eq!(post(address, "m-5", OLD, &ended("broken")).await, 503);
    let played = Played { id: "m-1".to_owned(), room: "28t5cy4t".to_owned(), outcome: outcome() };
    assert_eq!(store.kept(), [played]);
}

/// From the bots' tickets to the store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_play_matches_whose_results_arrive() {
    let store = Memory::default();
    let receiver = receiver(store.clone()).await;
    let folder = Folder::new("party-results");
    let (mut config, keys) = with_tickets(&folder);
    config.webhook_url = Some(format!("http://{receiver}/").parse().expect("an address"));
    config.webhook_secret = Some(folder.file("secret", NEW));
    config.state = Some(folder.0.join("state"));
    config.webhook_events = vec!["room.ended".to_owned()];
    let settings = Settings { goal: 3, countdown_s: 1, ..Default::default() };
    let host = Host::start(config, settings).await;
    let url = format!("ws://{}", host.address).parse().expect("a URL");
    let connect = WebSocketConnect::new(url, host.address, Sources::default(), None).expect("without TLS");
    let plan = Plan::steady(4, Duration::from_millis(200), Duration::from_secs(60));
    let mut fleet = FleetConfig::new(GameName::new("party").expect("a name"), plan);
    fleet.tickets = TicketSource::keys(keys);
    let arrived = store.clone();
    let stop = async move {
        while arrived.kept().len() < 2 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let bots = |_: u32| Box::new(Collector) as Box<dyn Behaviour<Party>>;
    let report = run::<Party, _, _>(fleet, connect, bots, stop, |_| {}).await;
    host.stop().await;
    assert_eq!((report.cuts_not_resumed, report.outages), (0, 0), "a match that ends is no outage");
    let [Played { outcome, .. }, Played { .. }, ..] = &*store.kept() else { panic!("no two results came") };
    let mut accounts: Vec<_> = outcome.players.iter().filter_map(|row| row.account.as_deref()).collect();
    accounts.sort_unstable();
    assert_eq!(accounts, ["bot-0", "bot-1", "bot-2", "bot-3"]);
    let points: i32 = outcome.players.iter().map(|row| row.points).sum();
    assert!(points == outcome.red + outcome.blue && outcome.red.max(outcome.blue) >= 3, "{outcome:?}");
}

/// `./test` starts a database and names it, where PostgreSQL is installed.
#[tokio::test]
async fn results_in_postgresql_are_kept_once_and_make_a_leaderboard() {
    let Ok(database) = std::env::var("TEST_POSTGRES") else {
        return eprintln!("left out: no database; scripts/postgres.sh gives one");
    };
    let new = || Postgres::new(database.parse().expect("an address"));
    let (store, id) = (new(), format!("test-{}-{}", std::process::id(), now_s()));
    let account = format!("u-{id}");
    let mut outcome = outcome();
    outcome.players[0].account = Some(account.clone());
    outcome.players[0].points = 30_000;
    let played = |id: String| Played { id, room: "28t5cy4t".to_owned(), outcome: outcome.clone() };
    assert!(store.keep(&played(id.clone())).await.expect("a database"));
    assert!(!new().keep(&played(id.clone())).await.expect("a database"));
    assert!(store.keep(&played(format!("{id}-2"))).await.expect("a database"));
    let lines = timeout(Duration::from_secs(10), store.leaderboard()).await.expect("an answer");
    let line = lines.expect("a database").into_iter().find(|line| line.account == account);
    let wanted = Line { account, name: "Ada".to_owned(), points: 60_000, won: 2, played: 2 };
    assert_eq!(line, Some(wanted));
}
