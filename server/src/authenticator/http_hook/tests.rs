//! The service's answers, and what becomes of players without one.

use super::*;
use crate::web_client::stub::{Reply, Stub, answer};
use tickwire_shared::wire::control::Name;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn request(ticket: Option<&str>) -> AuthRequest {
    AuthRequest::new(Name::cut("ann"), ticket.map(|ticket| ticket.as_bytes().to_vec()))
}

async fn service(reply: Reply) -> (Stub, HttpHook) {
    let stub = Stub::start(move |_| reply.clone()).await;
    let hook = HttpHook::new(stub.url("/players").parse().unwrap()).unwrap();
    (stub, hook)
}

async fn asked(reply: Reply) -> Result<Account, AuthRefusal> {
    let (_stub, hook) = service(reply).await;
    hook.authenticate(&request(Some("t1"))).await
}

/// What gives no decision: each must be refused, or let in as a guest if the operator says so.
fn undecided() -> Vec<Reply> {
    let ok = |body: &str| answer("200 OK", "", body);
    vec![
        answer("500 Internal Server Error", "", "{\"id\":\"u-17\"}"),
        answer("302 Found", "Location: /elsewhere\r\n", ""),
        answer("204 No Content", "", ""),
        answer("404 Not Found", "", ""),
        answer("503 Service Unavailable", "", ""),
        answer("429 Too Many Requests", "Retry-After: soon\r\n", ""),
        ok(""),
        ok("<html>"),
        ok("{\"name\":\"Ada\"}"),
        ok("{\"id\":17}"),
        ok("{\"id\":\"\"}"),
        ok(&format!("{{\"id\":\"{}\"}}", "u".repeat(256))),
        ok("{\"id\":\"u-17\",\"roles\":[\"\",7]}"),
        ok(&format!("{{\"id\":\"u-17\",\"claims\":\"{}\"}}", "c".repeat(9_000))),
        ok(&format!("{{\"id\":\"u-17\",\"x\":\"{}\"}}", "x".repeat(10 << 20))),
        Reply::Bytes(b"220 smtp.example ready\r\n\r\n".to_vec()),
        Reply::Cut,
    ]
}

#[tokio::test]
async fn the_account_is_what_the_service_says() {
    let body = r#"{"id":"u-17","name":"Ada","roles":["moderator"],"claims":{"level":7},"since":2019}"#;
    let (stub, hook) = service(answer("200 OK", "", body)).await;
    let account = hook.authenticate(&request(Some("t1"))).await.unwrap();
    assert_eq!((account.id.as_deref(), &*account.name), (Some("u-17"), "Ada"));
    assert!(account.has_role("moderator"));
    assert_eq!(account.claims.read::<serde_json::Value>().unwrap()["level"], 7);
    let seen = stub.seen().remove(0);
    assert!(seen.starts_with("POST /players HTTP/1.1\r\n") && seen.contains("\"ticket\":\"t1\""), "{seen}");
    assert!(!seen.contains("webhook-"), "nothing to sign with");
    let account = asked(answer("200 OK", "", "{\"id\":\"u-18\",\"claims\":null}")).await.unwrap();
    assert_eq!((account.id.as_deref(), &*account.name), (Some("u-18"), "ann"), "the name that it asks for");
}

#[tokio::test]
async fn each_refusal_of_the_service_reaches_the_player() {
    for (reply, refusal) in [
        (
            answer("401 Unauthorized", "", "{\"text\":\"sign in again\"}"),
            AuthRefusal::bad_credentials("sign in again"),
        ),
        (
            answer("401 Unauthorized", "", "<html>"),
            AuthRefusal::bad_credentials("the service does not know this ticket"),
        ),
        (answer("403 Forbidden", "", "{\"text\":\"banned\"}"), AuthRefusal::denied("banned")),
        (answer("403 Forbidden", "", ""), AuthRefusal::denied("this account may not play here")),
        (
            answer("429 Too Many Requests", "Retry-After: 7\r\n", ""),
            AuthRefusal::try_later(Duration::from_secs(7)),
        ),
        (
            answer("503 Service Unavailable", "Retry-After: 999999\r\n", ""),
            AuthRefusal::try_later(Duration::from_secs(3_600)),
        ),
    ] {
        assert_eq!(asked(reply.clone()).await, Err(refusal), "{reply:?}");
    }
}

#[tokio::test]
async fn without_a_decision_nobody_comes_in() {
    for reply in undecided() {
        let (_stub, hook) = service(reply.clone()).await;
        let failures = Counter::default();
        hook.count_in(failures.clone());
        let later = AuthRefusal::try_later(UNDECIDED_RETRY);
        assert_eq!(hook.authenticate(&request(Some("t1"))).await, Err(later), "{reply:?}");
        assert_eq!(failures.get(), 1);
    }
}

#[tokio::test]
async fn an_operator_may_let_guests_in_instead() {
    for reply in undecided() {
        let (_stub, hook) = service(reply.clone()).await;
        let hook = hook.fallback(AuthFallback::Guests);
        let account = hook.authenticate(&request(Some("t1"))).await.unwrap();
        assert_eq!((account.id, &*account.name, account.roles.len()), (None, "ann", 0), "{reply:?}");
    }
    let (_stub, hook) = service(answer("401 Unauthorized", "", "")).await;
    let refused = hook.fallback(AuthFallback::Guests).authenticate(&request(Some("t1"))).await;
    assert!(matches!(refused, Err(AuthRefusal::BadCredentials(_))), "a decision is one");
}

#[tokio::test]
async fn a_service_that_stalls_is_waited_for_a_bounded_time() {
    let (_stub, mut hook) = service(Reply::Stall).await;
    hook.answer_timeout = Duration::from_millis(50);
    let later = AuthRefusal::try_later(UNDECIDED_RETRY);
    assert_eq!(hook.authenticate(&request(Some("t1"))).await, Err(later));
}

#[tokio::test]
async fn guests_come_in_without_a_question_if_they_show_nothing() {
    let (stub, hook) = service(answer("401 Unauthorized", "", "")).await;
    let hook = hook.with_headers(&["Cookie"]).and_guests();
    assert_eq!(hook.headers(), ["cookie"]);
    assert_eq!(hook.authenticate(&request(None)).await.unwrap().id, None);
    assert_eq!(stub.seen().len(), 0);
    let mut with_cookie = request(None);
    with_cookie.headers = vec![("cookie".into(), "sid=7".into())];
    for shows in [request(Some("t1")), with_cookie] {
        assert!(hook.authenticate(&shows).await.is_err());
    }
    assert!(stub.seen()[1].contains("\"headers\":{\"cookie\":[\"sid=7\"]}"), "{:?}", stub.seen());
}

#[tokio::test]
async fn a_question_is_signed_and_no_secret_shown() {
    let (stub, hook) = service(answer("200 OK", "", "{\"id\":\"u-17\"}")).await;
    let secret: SigningSecret = SECRET.parse().unwrap();
    let hook = hook.signed_with(secret.clone());
    hook.authenticate(&request(Some("t1"))).await.unwrap();
    let seen = stub.seen().remove(0);
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{name} is missing in {head}")).to_owned()
    };
    let mut again = http::Request::new(bytes::Bytes::from(body.to_owned()));
    let timestamp_s: u64 = header("webhook-timestamp").parse().unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(timestamp_s);
    secret.sign(&mut again, &header("webhook-id"), at);
    assert_eq!(again.headers()["webhook-signature"], header("webhook-signature"));
    assert!(at.elapsed().unwrap() < Duration::from_secs(60));
    let shown = format!("{hook:?}");
    assert!(shown.contains("/players") && !shown.contains("MfKQ9r8"), "{shown}");
}
