//! Which tokens let somebody in, and as whom.

use super::fetched::FetchedKeys;
use super::issuer::{Issuer, claims, now_s, unsigned};
use super::*;
use crate::metrics::Metrics;
use crate::web_client::stub::{Reply, Stub, answer};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::json;
use std::sync::Mutex;
use tickwire_shared::wire::control::Name;

const SECRET: &str = "fQ2zX7bVn0sKdU4yPq9mWc1tRg6hLe8J";

fn jwt(keys: &str) -> Jwt {
    Jwt::new(keys.parse().unwrap(), "game")
}

fn request(token: &str) -> AuthRequest {
    AuthRequest::new(Name::cut("ann"), Some(token.as_bytes().to_vec()))
}

async fn ask(jwt: &Jwt, token: &str) -> Result<Account, AuthRefusal> {
    jwt.authenticate(&request(token)).await
}

/// The text of a refusal for bad credentials.
async fn refused(jwt: &Jwt, token: &str) -> String {
    match ask(jwt, token).await.unwrap_err() {
        AuthRefusal::BadCredentials(text) => text.to_string(),
        other => panic!("{other}"),
    }
}

/// Good claims, except for one.
fn but(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

/// A token with an HMAC.
fn hs256(secret: &[u8], claims: &Value) -> String {
    let signed = unsigned(&json!({ "alg": "HS256" }), claims);
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
}

#[tokio::test]
async fn the_account_is_what_the_token_says() {
    let issuer = Issuer::new("k1");
    let jwt = jwt(&issuer.set());
    let mut told = claims();
    (told["roles"], told["level"], told["iat"]) = (json!(["moderator"]), json!(7), json!(1));
    let account = ask(&jwt, &issuer.sign(&told)).await.unwrap();
    assert_eq!((account.id.as_deref(), &*account.name), (Some("u-17"), "Ada"));
    assert!(account.has_role("moderator"));
    assert_eq!(account.claims.read::<Value>().unwrap(), json!({ "level": 7 }));

    let account = ask(&jwt, &issuer.sign(&claims())).await.unwrap();
    assert_eq!(account.claims.read::<Option<Value>>(), Ok(None));
    let mut told = but("name", Value::Null);
    told["roles"] = json!("admin");
    let account = ask(&jwt, &issuer.sign(&told)).await.unwrap();
    assert_eq!((&*account.name, account.roles.len()), ("ann", 0), "the client's name; roles are an array");
    told["preferred_username"] = json!("ada_l");
    assert_eq!(&*ask(&jwt, &issuer.sign(&told)).await.unwrap().name, "ada_l");
}

#[tokio::test]
async fn a_token_may_be_shown_again_and_its_audience_may_be_one_of_several() {
    let issuer = Issuer::new("k1");
    let (jwt, token) = (jwt(&issuer.set()), issuer.sign(&but("aud", json!(["other", "game"]))));
    for _ in 0..2 {
        assert!(ask(&jwt, &token).await.is_ok());
    }
}

#[tokio::test]
async fn each_wrong_claim_is_refused_by_its_name() {
    let issuer = Issuer::new("k1");
    let jwt = jwt(&issuer.set()).issued_by("https://id.example/");
    let now = now_s();
    for (name, value, part) in [
        ("exp", json!(now - 10), "has expired"),
        ("exp", Value::Null, "has no `exp`"),
        ("exp", json!("tomorrow"), "`exp`"),
        ("nbf", json!(now + 60), "not good yet"),
        ("nbf", json!("today"), "`nbf`"),
        ("aud", json!("shop"), "another audience"),
        ("aud", json!(["shop"]), "another audience"),
        ("aud", Value::Null, "has no `aud`"),
        ("iss", json!("https://evil.example/"), "another issuer"),
        ("iss", Value::Null, "has no `iss`"),
        ("sub", Value::Null, "has no `sub`"),
        ("sub", json!(""), "`sub` does not fit"),
        ("sub", json!(7), "`sub`"),
        ("sub", json!("s".repeat(256)), "`sub` does not fit"),
        ("name", json!(7), "`name` does not fit"),
        ("roles", json!([7]), "`roles` does not fit"),
        ("roles", json!(vec!["r"; 17]), "`roles` does not fit"),
    ] {
        let mut told = but(name, value);
        if name != "iss" {
            told["iss"] = json!("https://id.example/");
        }
        let text = refused(&jwt, &issuer.sign(&told)).await;
        assert!(text.contains(part), "{told}: {text}");
    }
    let mut clocks_differ = but("exp", json!(now - 2));
    (clocks_differ["nbf"], clocks_differ["iss"]) = (json!(now + 2), json!("https://id.example/"));
    assert!(ask(&jwt, &issuer.sign(&clocks_differ)).await.is_ok());
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let issuer = Issuer::new("k1");
    let (jwt, good) = (jwt(&issuer.set()), issuer.sign(&claims()));
    let huge = issuer.sign(&but("level", json!("x".repeat(2_048))));
    let no_json = format!("{}.e30x.AA", good.split('.').next().unwrap());
    for text in ["", ".", "..", "a.b.c", "\u{e9}", &good.replace('.', ":"), &format!("{good}.x"), &huge] {
        assert!(refused(&jwt, text).await.contains("not a JWT"), "{text}");
    }
    assert!(refused(&jwt, &no_json).await.contains("signature"), "nothing is read before it is checked");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    for token in [format!("{signed}."), format!("{signed}.{}", signature.to_lowercase())] {
        refused(&jwt, &token).await;
    }
    assert!(refused(&jwt, &Issuer::new("k1").sign(&claims())).await.contains("signature is wrong"));
    assert!(refused(&jwt, &Issuer::new("k2").sign(&claims())).await.contains("`kid`"));
}

/// The classic: a token says how it is to be checked, and the server believes it.
#[tokio::test]
async fn a_token_does_not_choose_its_algorithm() {
    let issuer = Issuer::new("k1");
    let (raw_key, pem) = (URL_SAFE_NO_PAD.decode(issuer.jwk()["x"].as_str().unwrap()).unwrap(), issuer.pem());
    for keys in [issuer.set(), pem.clone()] {
        let jwt = jwt(&keys);
        for secret in [&raw_key[..], pem.as_bytes(), pem.trim().as_bytes(), keys.as_bytes()] {
            let text = refused(&jwt, &hs256(secret, &claims())).await;
            assert!(text.contains("`alg` is not that"), "{text}");
        }
        for alg in ["none", "None", "NONE", ""] {
            let token = format!("{}.", unsigned(&json!({ "alg": alg }), &claims()));
            assert!(refused(&jwt, &token).await.contains("not a JWT"), "{alg}");
        }
        for alg in ["RS256", "ES256", "HS512"] {
            let token = issuer.sign_with(&json!({ "alg": alg }), &claims());
            assert!(refused(&jwt, &token).await.contains("`alg` is not that"), "{alg}");
        }
        assert!(ask(&jwt, &issuer.sign(&claims())).await.is_ok());
    }
    let secret = jwt(SECRET);
    assert!(refused(&secret, &issuer.sign(&claims())).await.contains("`alg` is not that"));
    let critical = json!({ "alg": "EdDSA", "crit": ["b64"], "b64": false });
    refused(&jwt(&issuer.set()), &issuer.sign_with(&critical, &claims())).await;
    // A key of the token's own is not looked at.
    let own = json!({ "alg": "EdDSA", "jwk": Issuer::new("x").jwk(), "jku": "http://127.0.0.1:1/" });
    assert!(
        refused(&jwt(&issuer.set()), &Issuer::new("x").sign_with(&own, &claims())).await.contains("wrong")
    );
}

#[tokio::test]
async fn secrets_points_and_rsa_keys_check_tokens() {
    assert!(ask(&jwt(&format!("{SECRET}\n")), &hs256(SECRET.as_bytes(), &claims())).await.is_ok());
    assert!(refused(&jwt(SECRET), &hs256(b"another", &claims())).await.contains("signature is wrong"));

    // Signed once with a key that is gone; good until 2100.
    let token: String = include_str!("rs256.jwt").split_whitespace().collect();
    let rsa = jwt(include_str!("rs256.pem"));
    assert_eq!(ask(&rsa, &token).await.unwrap().id.as_deref(), Some("u-17"));
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    signature[100] ^= 1;
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    assert!(refused(&rsa, &forged).await.contains("signature is wrong"));
    let confused = hs256(include_bytes!("rs256.pem"), &claims());
    assert!(refused(&rsa, &confused).await.contains("`alg` is not that"));

    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let random = ring::rand::SystemRandom::new();
    let signs = ring::signature::EcdsaKeyPair::from_pkcs8(
        &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        &key.serialize_der(),
        &random,
    )
    .unwrap();
    let signed = unsigned(&json!({ "alg": "ES256" }), &claims());
    let signature = URL_SAFE_NO_PAD.encode(signs.sign(&random, signed.as_bytes()).unwrap());
    let point = key.public_key_raw();
    let [x, y] = [&point[1..33], &point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half));
    let set = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y }] }).to_string();
    for keys in [set, key.public_key_pem()] {
        assert!(ask(&jwt(&keys), &format!("{signed}.{signature}")).await.is_ok(), "{keys}");
    }
}

#[tokio::test]
async fn of_several_keys_the_one_for_the_token_counts() {
    let (first, second) = (Issuer::new("k1"), Issuer::new("k2"));
    let jwt = jwt(&[&first.pem(), include_str!("rs256.pem"), &second.pem()].concat());
    let rsa: String = include_str!("rs256.jwt").split_whitespace().collect();
    for token in [first.sign(&claims()), second.sign(&claims()), rsa] {
        assert!(ask(&jwt, &token).await.is_ok());
    }
    assert!(refused(&jwt, &Issuer::new("k1").sign(&claims())).await.contains("signature is wrong"));
    assert!(refused(&jwt, &first.sign(&but("aud", json!("shop")))).await.contains("another audience"));
}

#[test]
fn a_wrong_text_of_keys_is_told_and_no_secret_shown() {
    let error = |text: &str| text.parse::<JwtKeys>().unwrap_err();
    let set = |keys: Value| error(&json!({ "keys": keys }).to_string());
    for weak in ["", "changeme", "0123456789012345678901234567890", &"ab".repeat(40)] {
        assert_eq!(error(weak), BadJwtKeys::Weak, "{weak}");
    }
    let short = URL_SAFE_NO_PAD.encode("changeme");
    assert_eq!(set(json!([{ "kty": "oct", "k": short }])), BadJwtKeys::Weak);
    assert_eq!(error("-----BEGIN PRIVATE KEY-----\n"), BadJwtKeys::Private);
    assert_eq!(error("-----BEGIN RSA PRIVATE KEY-----\n"), BadJwtKeys::Private);
    assert_eq!(set(json!([{ "kty": "OKP", "crv": "Ed25519", "x": "a", "d": "a" }])), BadJwtKeys::Private);
    assert_eq!(error("-----BEGIN CERTIFICATE-----\n"), BadJwtKeys::Pem { block: 1 });
    let good = Issuer::new("k1").pem();
    assert_eq!(error(&format!("{good}-----BEGIN PUBLIC KEY-----\nAAAA\n")), BadJwtKeys::Pem { block: 2 });
    assert_eq!(error(include_str!("rsa1024.pem")), BadJwtKeys::Pem { block: 1 });
    assert_eq!(error("{\n\"keys\": \"hunter2\"}"), BadJwtKeys::Set { line: 2 });
    let others = json!([{ "kty": "new" }, { "kty": "RSA", "n": "AQAB", "e": "AQAB" }, 7]);
    assert_eq!(set(others), BadJwtKeys::NoneUsable);
    let mut key = Issuer::new("k1").jwk();
    key["use"] = json!("enc");
    assert_eq!(set(json!([key.clone()])), BadJwtKeys::NoneUsable);
    (key["use"], key["alg"]) = (json!("sig"), json!("HS256"));
    assert_eq!(set(json!([key])), BadJwtKeys::NoneUsable, "an algorithm of another kind of key");
    assert_eq!(set(json!(vec![Issuer::new("k1").jwk(); 65])), BadJwtKeys::TooMany { count: 65 });
    for keys in [SECRET.to_owned(), Issuer::new("k1").set()] {
        let shown = format!("{:?}", jwt(&keys));
        assert!(!shown.contains(SECRET) && shown.contains("game"), "{shown}");
    }
    assert!(jwt(SECRET).has_secret() && !jwt(&good).has_secret());
}

#[tokio::test]
async fn who_has_no_token_is_let_in_only_as_a_guest() {
    let none = AuthRequest::new(Name::cut("ann"), None);
    assert_eq!(jwt(SECRET).authenticate(&none).await, Err(AuthRefusal::TicketRequired));
    let account = jwt(SECRET).and_guests().authenticate(&none).await.unwrap();
    assert_eq!((account.id, &*account.name), (None, "ann"));
    assert!(jwt(SECRET).and_guests().authenticate(&request("forged")).await.is_err());
}

#[tokio::test]
async fn replaced_keys_are_the_only_ones() {
    let (old, new) = (Issuer::new("k1"), Issuer::new("k2"));
    let jwt = jwt(&old.set());
    jwt.replace_keys(new.set().parse().unwrap());
    assert!(ask(&jwt, &new.sign(&claims())).await.is_ok());
    assert!(refused(&jwt, &old.sign(&claims())).await.contains("`kid`"));
}

/// A service that publishes keys, as the text says now.
async fn publisher() -> (Stub, Arc<Mutex<Reply>>) {
    let reply = Arc::new(Mutex::new(answer("503 Service Unavailable", "", "")));
    let now = reply.clone();
    (Stub::start(move |_| now.lock().unwrap().clone()).await, reply)
}

fn published(issuer: &Issuer) -> Reply {
    answer("200 OK", "Content-Type: application/json\r\n", &issuer.set())
}

fn at(stub: &Stub, refresh: Duration, retry: Duration) -> Jwt {
    let fetched = FetchedKeys::new(stub.url("/keys").parse().unwrap()).unwrap();
    Jwt::of(Source::At(Arc::new(fetched.with_periods(refresh, refresh, retry))), "game")
}

const NEVER: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn keys_come_from_an_address_and_an_unknown_kid_asks_again() {
    let (stub, reply) = publisher().await;
    let (old, new) = (Issuer::new("k1"), Issuer::new("k2"));
    let jwt = at(&stub, NEVER, Duration::ZERO);
    let metrics = Metrics::new();
    jwt.count_in(metrics.host_calls.jwt_key_fetches.clone());
    let later = AuthRefusal::try_later(NO_KEYS_RETRY);
    assert_eq!(ask(&jwt, &old.sign(&claims())).await, Err(later), "nobody is let in without keys");
    *reply.lock().unwrap() = published(&old);
    for _ in 0..3 {
        assert!(ask(&jwt, &old.sign(&claims())).await.is_ok());
    }
    assert_eq!(stub.seen().len(), 2, "asked once while it failed, once for all three");
    *reply.lock().unwrap() = published(&new);
    assert!(ask(&jwt, &new.sign(&claims())).await.is_ok());
    assert_eq!(stub.seen().len(), 3);
    assert!(refused(&jwt, &old.sign(&claims())).await.contains("`kid`"), "the issuer took its key back");
    let fetches = |result| metrics.host_calls.jwt_key_fetches.of(result).get();
    assert_eq!([crate::metrics::KeyFetch::Failed, crate::metrics::KeyFetch::Fetched].map(fetches), [1, 3]);
}

#[tokio::test]
async fn unknown_kids_ask_at_most_once_in_a_period() {
    let (stub, reply) = publisher().await;
    let issuer = Issuer::new("k1");
    *reply.lock().unwrap() = published(&issuer);
    let jwt = at(&stub, NEVER, NEVER);
    assert!(ask(&jwt, &issuer.sign(&claims())).await.is_ok());
    for id in 0..20 {
        refused(&jwt, &Issuer::new(&format!("forged-{id}")).sign(&claims())).await;
    }
    assert_eq!(stub.seen().len(), 1);
    assert!(ask(&jwt, &issuer.sign(&claims())).await.is_ok());
}

#[tokio::test]
async fn an_old_set_stays_in_use_while_there_is_no_new_one() {
    let (stub, reply) = publisher().await;
    let (issuer, other) = (Issuer::new("k1"), Issuer::new("k2"));
    *reply.lock().unwrap() = published(&issuer);
    // Every player asks again and waits for the answer.
    let jwt = at(&stub, Duration::ZERO, Duration::ZERO);
    assert!(ask(&jwt, &issuer.sign(&claims())).await.is_ok());
    let secret = json!({ "keys": [{ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET) }] }).to_string();
    for bad in [
        answer("500 Internal Server Error", "", &other.set()),
        answer("302 Found", "Location: /other\r\n", ""),
        answer("200 OK", "", "<html>"),
        answer("200 OK", "", &STANDARD.encode([0; 300_000])),
        answer("200 OK", "", &secret),
        Reply::Cut,
    ] {
        *reply.lock().unwrap() = bad;
        assert!(ask(&jwt, &issuer.sign(&claims())).await.is_ok());
        assert!(refused(&jwt, &other.sign(&claims())).await.contains("`kid`"));
    }
    assert!(refused(&jwt, &hs256(SECRET.as_bytes(), &claims())).await.contains("`alg`"));
    *reply.lock().unwrap() = published(&other);
    assert!(ask(&jwt, &other.sign(&claims())).await.is_ok(), "it recovers");
}

#[tokio::test]
async fn players_do_not_wait_while_an_old_set_is_asked_for_again() {
    let (stub, reply) = publisher().await;
    let (old, new) = (Issuer::new("k1"), Issuer::new("k2"));
    *reply.lock().unwrap() = published(&old);
    let jwt = at(&stub, NEVER, Duration::ZERO);
    assert!(ask(&jwt, &old.sign(&claims())).await.is_ok());
    *reply.lock().unwrap() = published(&new);
    // Only the clock is moved: the service is a real one.
    tokio::time::pause();
    tokio::time::advance(NEVER + Duration::from_secs(1)).await;
    tokio::time::resume();
    assert!(ask(&jwt, &old.sign(&claims())).await.is_ok(), "with the keys that are known");
    let begun = std::time::Instant::now();
    while ask(&jwt, &old.sign(&claims())).await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the new set is used");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(ask(&jwt, &new.sign(&claims())).await.is_ok());
}

#[tokio::test]
async fn many_who_come_at_once_ask_once() {
    let (stub, reply) = publisher().await;
    let issuer = Issuer::new("k1");
    *reply.lock().unwrap() = published(&issuer);
    let jwt = Arc::new(at(&stub, NEVER, NEVER));
    let token = issuer.sign(&claims());
    let coming: Vec<_> = (0..50)
        .map(|_| {
            let (jwt, token) = (jwt.clone(), token.clone());
            tokio::spawn(async move { ask(&jwt, &token).await })
        })
        .collect();
    for come in coming {
        assert!(come.await.unwrap().is_ok());
    }
    assert_eq!(stub.seen().len(), 1);
}
