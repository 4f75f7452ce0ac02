//! Webhooks as a receiver sees them: signed, sent again until they are taken, and none lost when the server
//! is killed.

#[path = "../../../shared/tests/games/club.rs"]
#[allow(dead_code)]
mod club;

use crate::program::{Serving, fail, program, serve_args};
use crate::running::{Player, Running};
use crate::stub::{Reply, Stub, answer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use club::{Club, House, Wish};
use core::time::Duration;
use ring::hmac;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tickwire_server::{Config, GameOptions, Server};
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::{Options, Target};
use tokio::time::{Instant, sleep};

const SECRETS: [&str; 2] =
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"];

/// A folder that is removed in the end, with the secrets in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tickwire-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("secrets"), format!("# the new one first\n{}\n", SECRETS.join("\n")))
            .unwrap();
        Self(folder)
    }

    fn config(&self, url: &str) -> Config {
        let mut config = Config::default();
        config.webhook_url = Some(url.parse().unwrap());
        config.webhook_secret = Some(self.0.join("secrets"));
        config.state = Some(self.0.clone());
        config
    }

    fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.join("webhooks")).unwrap().map(|file| file.unwrap().file_name());
        files.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".jsonl")).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn serve(config: Config) -> Running {
    let builder = Server::builder().config(config);
    Running::of(builder.game::<Club>("club", GameOptions::new(House::default()))).await
}

/// A received webhook.
#[derive(Clone, Debug)]
struct Hook {
    id: String,
    body: Value,
    signatures: String,
    signed: String,
}

impl Hook {
    fn of(request: &str) -> Self {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_else(|| panic!("no {name} in {head}")).to_owned()
        };
        let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
        let signed = format!("{id}.{time}.{body}");
        Self {
            id,
            body: serde_json::from_str(body).unwrap(),
            signatures: header("webhook-signature"),
            signed,
        }
    }

    /// Whether a receiver that knows only this secret accepts it.
    fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), self.signed.as_bytes());
        let wanted = format!("v1,{}", STANDARD.encode(tag));
        self.signatures.split(' ').any(|signature| signature == wanted)
    }

    fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }
}

fn hooks(stub: &Stub) -> Vec<Hook> {
    stub.seen().iter().map(|request| Hook::of(request)).collect()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "not within 20 s: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// A player makes a room and ends it with this score. Returns once the player is told.
async fn a_match(server: &Running, score: u32) {
    // Boxed: clients are large.
    let playing = Box::pin(async {
        let mut player = Player::<Club>::join_game(server, "club", Target::Create(Options::none())).await;
        player.command(Wish::Close(score));
        player.closed().await
    });
    assert_eq!(playing.await.code, CloseCode::Normal);
}

#[tokio::test]
async fn a_result_is_told_signed_with_each_secret_and_only_what_is_asked_for() {
    let stub = Stub::start(|_| answer("204 No Content", "", "")).await;
    let folder = Folder::new("webhook-events");
    let mut config = folder.config(&stub.url("/hooks"));
    config.webhook_events = ["room.ended", "player.left"].map(str::to_owned).to_vec();
    let server = serve(config).await;
    a_match(&server, 42).await;
    until("both have come", || stub.seen().len() == 2).await;
    let mut hooks = hooks(&stub);
    hooks.sort_by_key(|hook| hook.body["data"]["number"].as_u64());
    assert_eq!(hooks.iter().map(Hook::kind).collect::<Vec<_>>(), ["room.ended", "player.left"]);
    assert_eq!(hooks[0].body["data"]["result"]["score"], 42);
    for secret in SECRETS {
        assert!(hooks.iter().all(|hook| hook.is_signed_with(secret)));
    }
    assert!(!hooks[0].is_signed_with("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    until("the outbox is empty", || folder.files().is_empty()).await;
    server.counted("tickwire_service_events_total{result=\"delivered\"} 2").await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_with_the_same_id() {
    let tries = AtomicUsize::new(0);
    let stub = Stub::start(move |_| match tries.fetch_add(1, Ordering::SeqCst) {
        0 => answer("500 Internal Server Error", "", ""),
        1 => Reply::Cut,
        2 => answer("302 Found", "Location: /elsewhere\r\n", ""),
        _ => answer("200 OK", "", ""),
    })
    .await;
    let folder = Folder::new("webhook-again");
    let mut config = folder.config(&stub.url("/hooks"));
    config.webhook_events = vec!["room.ended".to_owned()];
    let server = serve(config).await;
    a_match(&server, 7).await;
    until("it is taken", || folder.files().is_empty()).await;
    let hooks = hooks(&stub);
    assert!(hooks.len() >= 4 && hooks.iter().all(|hook| hook.id == hooks[0].id), "{hooks:?}");
    server.counted("tickwire_webhook_files 0").await;
    server.stop().await;
}

#[tokio::test]
async fn what_a_receiver_does_not_want_any_more_is_kept_aside() {
    let stub = Stub::start(|_| answer("410 Gone", "", "")).await;
    let folder = Folder::new("webhook-gone");
    let mut config = folder.config(&stub.url("/hooks"));
    config.webhook_events = vec!["room.ended".to_owned()];
    let server = serve(config).await;
    a_match(&server, 9).await;
    server.counted("tickwire_service_events_total{result=\"dead\"} 1").await;
    until("it is kept", || folder.files() == ["dead.jsonl"]).await;
    let dead = std::fs::read_to_string(folder.0.join("webhooks/dead.jsonl")).unwrap();
    assert!(dead.contains("\\\"score\\\":9") && dead.contains("410 Gone"), "{dead}");
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_leaves_what_was_not_taken_to_the_next() {
    let folder = Folder::new("webhook-stop");
    // Nobody listens there.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = serve(folder.config(&format!("http://{nowhere}/"))).await;
    a_match(&server, 5).await;
    server.stop().await;
    assert!(!folder.files().is_empty());
    let stub = Stub::start(|_| answer("200 OK", "", "")).await;
    let next = serve(folder.config(&stub.url("/"))).await;
    until("all have come", || folder.files().is_empty()).await;
    let mut kinds: Vec<_> = hooks(&stub).iter().map(|hook| hook.kind().to_owned()).collect();
    kinds.sort();
    assert_eq!(kinds, ["player.joined", "player.left", "room.closed", "room.ended", "room.opened"]);
    next.stop().await;
}

#[test]
fn settings_that_are_missing_are_named() {
    let folder = Folder::new("webhook-settings");
    let text = |name: &str| folder.0.join(name).to_str().unwrap().to_owned();
    let (secrets, state) = (text("secrets"), text("state"));
    let url = ["--check-config", "--webhook-url", "http://127.0.0.1:9/"];
    let with = |more: &[&str]| fail(program(&[&url[..], more].concat()), 2);
    assert!(with(&[]).contains("webhook_secret"));
    assert!(with(&["--webhook-secret", &secrets]).contains("--state FOLDER"));
    let unknown = with(&["--webhook-secret", &secrets, "--state", &state, "--webhook-events", "room.won"]);
    assert!(unknown.contains("`room.won`") && unknown.contains("room.ended"), "{unknown}");
    let alone = fail(program(&["--check-config", "--webhook-secret", &secrets]), 2);
    assert!(alone.contains("without `webhook_url`"), "{alone}");
}

const FOLDER: &str = "WEBHOOK_FOLDER";

#[test]
#[ignore = "serves; another test runs it as a program of its own and kills it"]
fn plays_matches_until_it_is_killed() {
    let Some(args) = serve_args() else { return };
    let (url, first) = (args[1].clone(), args[2].parse::<u32>().unwrap());
    let folder = std::mem::ManuallyDrop::new(Folder(std::env::var_os(FOLDER).unwrap().into()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Arc::new(serve(folder.config(&url)).await);
        println!("listening");
        let players: Vec<_> = (0..4)
            .map(|player| {
                let server = server.clone();
                tokio::spawn(async move {
                    for round in 0.. {
                        let score = first + round * 4 + player;
                        a_match(&server, score).await;
                        println!("told {score}");
                    }
                })
            })
            .collect();
        for player in players {
            player.await.unwrap();
        }
    });
}

/// Lets it play for a moment, then kills it. Returns the scores that players were told.
fn kill_after(folder: &Path, url: &str, first: u32, moment: Duration) -> Vec<u32> {
    let name = "webhooks::plays_matches_until_it_is_killed";
    let mut serving = Serving::start_test(name, &[url, &first.to_string()], |command| {
        command.env(FOLDER, folder);
    });
    std::thread::sleep(moment);
    serving.child.kill().unwrap();
    let (out, _) = serving.rest();
    let told = BufReader::new(out.as_bytes()).lines().map(Result::unwrap);
    told.filter_map(|line| line.strip_prefix("told ").map(|score| score.parse().unwrap())).collect()
}

/// 100 times with `--long`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_result_is_lost_when_the_server_is_killed() {
    let kills: u32 = if std::env::var_os("TICKWIRE_LONG").is_some() { 100 } else { 6 };
    let taken = Arc::new(Mutex::new(BTreeMap::<u64, String>::new()));
    let (kept, sick) = (taken.clone(), Arc::new(AtomicBool::new(true)));
    let (is_sick, count) = (sick.clone(), AtomicUsize::new(0));
    let stub = Stub::start(move |request| {
        // At first it takes every third, stalls or fails.
        let number = count.fetch_add(1, Ordering::SeqCst);
        match number % 3 {
            0 if is_sick.load(Ordering::SeqCst) => return answer("503 Service Unavailable", "", ""),
            1 if is_sick.load(Ordering::SeqCst) => return Reply::Cut,
            _ => (),
        }
        let hook = Hook::of(request);
        if let Some(score) = hook.body["data"]["result"]["score"].as_u64() {
            let before = kept.lock().unwrap().insert(score, hook.id.clone());
            assert!(before.is_none_or(|before| before == hook.id), "one result has one id");
        }
        answer("200 OK", "", "")
    })
    .await;
    let folder = Folder::new("webhook-kill");
    let (mut told, url) = (Vec::new(), stub.url("/"));
    for kill in 0..kills {
        let (path, url) = (folder.0.clone(), url.clone());
        let moment = Duration::from_millis(700 + u64::from(kill * 97 % 600));
        let first = kill * 10_000;
        let killed = tokio::task::spawn_blocking(move || kill_after(&path, &url, first, moment));
        told.extend(killed.await.unwrap());
    }
    assert!(told.len() >= kills as usize * 2, "matches were played: {}", told.len());
    sick.store(false, Ordering::SeqCst);
    let last = serve(folder.config(&url)).await;
    until("the rest has come", || folder.files().is_empty()).await;
    let taken = taken.lock().unwrap().clone();
    let lost: Vec<_> = told.iter().filter(|score| !taken.contains_key(&u64::from(**score))).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), told.len());
    last.stop().await;
}

/// A receiver that fails with each event of one type, such as one it does not know, gets the others.
#[tokio::test]
async fn what_is_never_taken_holds_up_nothing_else() {
    let stub = Stub::start(|request| {
        let unknown = request.contains("\"room.opened\"");
        answer(if unknown { "400 Bad Request" } else { "200 OK" }, "", "")
    })
    .await;
    let folder = Folder::new("webhook-held-up");
    let mut config = folder.config(&stub.url("/hooks"));
    config.webhook_events = ["room.opened", "room.ended"].map(str::to_owned).to_vec();
    let server = serve(config).await;
    let none = || Target::Create(Options::none());
    let mut players = Vec::new();
    // So many files that each have one event which is not taken.
    for made in 1..=40 {
        players.push(Box::pin(Player::<Club>::join_game(&server, "club", none())).await);
        until("it is stored", || folder.files().len() >= made).await;
    }
    a_match(&server, 42).await;
    let ended = || hooks(&stub).iter().any(|hook| hook.kind() == "room.ended");
    until("the result has come", ended).await;
    server.stop().await;
}
