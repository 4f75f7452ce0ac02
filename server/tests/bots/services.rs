//! A server that takes JWTs, and one that asks a service: bots show theirs, and no log has a secret.

#[path = "../../src/authenticator/jwt/issuer.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "a part of the unit tests")]
mod issuer;
#[path = "../../src/web_client/stub.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "a part of the unit tests")]
mod stub;

use crate::staged::{Stage, assert_hidden, line_of, play, text};
use crate::{assert_sound, fleet};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuer::{Issuer, now_s, unsigned};
use ring::hmac;
use serde_json::{Value, json};
use stub::{Stub, answer};
use tickwire_client_bot::{FleetConfig, TicketSource};

const BOTS: u32 = 3;

fn claims(bot: u32) -> Value {
    json!({ "sub": format!("u-{bot}"), "name": format!("Ada {bot}"), "aud": "game", "exp": now_s() + 600 })
}

/// Bots who show these, one each.
fn bots(stage: &Stage, tickets: &[String]) -> FleetConfig {
    let list = stage.file("shown", &tickets.join("\n"));
    let mut config = fleet("arena", BOTS, 1);
    config.tickets = TicketSource::command(&line_of(&list));
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_show_jwts_that_a_secret_signed() {
    let secret = "fQ2zX7bVn0sKdU4yPq9mWc1tRg6hLe8J";
    let tokens: Vec<String> = (0..BOTS)
        .map(|bot| {
            let signed = unsigned(&json!({ "alg": "HS256" }), &claims(bot));
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
        })
        .collect();
    let mut stage = Stage::new("jwt-secret");
    let keys = stage.file("secret", secret);
    let (address, log) = stage.serve(&["--auth", "jwt", "--jwt-keys", text(&keys), "--jwt-audience", "game"]);
    for _ in 0..2 {
        assert_sound(&play(bots(&stage, &tokens), &address).await, BOTS);
    }
    let guests = play(fleet("arena", BOTS, 1), &address).await;
    assert_eq!(guests.bots_failed.get("not_authenticated"), Some(&u64::from(BOTS)));
    drop(stage);
    let log = log.join().expect("the log");
    assert!(log.contains("account=\"u-2\""), "{log}");
    assert_hidden(&log, tokens.iter().map(String::as_str).chain([secret]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_show_jwts_whose_keys_are_published() {
    let (issuer, stranger) = (Issuer::new("k1"), Issuer::new("k1"));
    let set = issuer.set();
    let publisher = Stub::start(move |_| answer("200 OK", "", &set)).await;
    let mut stage = Stage::new("jwt-address");
    let keys = publisher.url("/keys?code=hunter2-hunter2");
    let (address, log) =
        stage.serve(&["--auth", "jwt,guests", "--jwt-keys", &keys, "--jwt-audience", "game"]);
    let tokens = |by: &Issuer| (0..BOTS).map(|bot| by.sign(&claims(bot))).collect::<Vec<_>>();
    let (good, forged) = (tokens(&issuer), tokens(&stranger));
    assert_sound(&play(bots(&stage, &good), &address).await, BOTS);
    assert_sound(&play(fleet("arena", BOTS, 1), &address).await, BOTS);
    let refused = play(bots(&stage, &forged), &address).await;
    assert_eq!(refused.bots_failed.get("auth_failed"), Some(&u64::from(BOTS)), "{:?}", refused.bots_failed);
    drop(stage);
    let log = log.join().expect("the log");
    assert!(log.contains("account=\"u-2\""), "{log}");
    assert_hidden(&log, good.iter().chain(&forged).map(String::as_str).chain(["hunter2-hunter2"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_come_in_as_a_service_says() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let service = Stub::start(|request| {
        let (head, body) = request.split_once("\r\n\r\n").expect("a body");
        let asked: Value = serde_json::from_str(body).expect("JSON");
        match asked["ticket"].as_str() {
            Some(ticket) if ticket.starts_with("session-") && head.contains("webhook-signature: v1,") => {
                let told = json!({ "id": ticket.replace("session-", "u-"), "name": "Ada" });
                answer("200 OK", "", &told.to_string())
            }
            _ => answer("401 Unauthorized", "", "{\"text\":\"sign in\"}"),
        }
    })
    .await;
    let mut stage = Stage::new("http-hook");
    let file = stage.file("secret", secret);
    let url = service.url("/players");
    let (address, log) = stage.serve(&["--auth", "http", "--auth-url", &url, "--auth-secret", text(&file)]);
    let tickets: Vec<String> = (0..BOTS).map(|bot| format!("session-{bot}")).collect();
    assert_sound(&play(bots(&stage, &tickets), &address).await, BOTS);
    let guests = play(fleet("arena", BOTS, 1), &address).await;
    assert_eq!(guests.bots_failed.get("auth_failed"), Some(&u64::from(BOTS)), "{:?}", guests.bots_failed);
    drop(stage);
    let log = log.join().expect("the log");
    assert!(log.contains("account=\"u-2\"") && service.seen().len() >= 6, "{log}");
    assert!(service.connections() <= 6, "connections are used again: {}", service.connections());
    assert_hidden(&log, tickets.iter().map(String::as_str).chain([secret.trim_start_matches("whsec_")]));
}
