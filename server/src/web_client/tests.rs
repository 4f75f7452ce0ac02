//! The client against small services.

use super::stub::{Reply, Stub, answer};
use super::*;
use http::StatusCode;

const LIMIT: Duration = Duration::from_secs(10);

fn address(text: &str) -> WebAddress {
    text.parse().unwrap()
}

fn client() -> WebClient {
    WebClient::new(&address("http://127.0.0.1/")).unwrap()
}

async fn asked(reply: Reply, limit: Duration) -> Result<Response<Bytes>, WebError> {
    let stub = Stub::start(move |_| reply.clone()).await;
    client().send(get(&address(&stub.url("/"))), limit).await
}

#[tokio::test]
async fn a_request_arrives_whole_and_connections_are_used_again() {
    let stub = Stub::start(|request| answer("200 OK", "x-a: b\r\n", &request.len().to_string())).await;
    let client = client();
    let mut post = post_json(&address(&stub.url("/check?a=b")), Bytes::from_static(b"{\"a\":1}"));
    post.headers_mut().insert("x-own", HeaderValue::from_static("7"));
    let answered = client.send(post, LIMIT).await.unwrap();
    assert_eq!(answered.status(), StatusCode::OK);
    assert_eq!(answered.headers()["x-a"], "b");
    let seen = stub.seen().remove(0);
    assert!(
        seen.starts_with("POST /check?a=b HTTP/1.1\r\n") && seen.ends_with("\r\n\r\n{\"a\":1}"),
        "{seen}"
    );
    for header in ["content-type: application/json", "x-own: 7", "user-agent: tickwire/"] {
        assert!(seen.contains(header), "{seen}");
    }
    assert_eq!(answered.body(), &seen.len().to_string());
    for _ in 0..3 {
        client.send(get(&address(&stub.url("/keys"))), LIMIT).await.unwrap();
    }
    assert_eq!((stub.seen().len(), stub.connections()), (4, 1));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let answered = asked(answer("302 Found", "Location: /elsewhere\r\n", ""), LIMIT).await.unwrap();
    assert_eq!(answered.status(), StatusCode::FOUND);
}

#[tokio::test]
async fn answer_bytes_max() {
    let of = |length| asked(answer("200 OK", "", &"x".repeat(length)), LIMIT);
    assert_eq!(of(ANSWER_BYTES_MAX).await.unwrap().body().len(), ANSWER_BYTES_MAX);
    assert_eq!(of(ANSWER_BYTES_MAX + 1).await.unwrap_err(), WebError::TooLong);
    // Without a length in its head.
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 10 << 20]].concat();
    assert_eq!(asked(Reply::Bytes(endless), LIMIT).await.unwrap_err(), WebError::TooLong);
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_end_is_late() {
    let limit = Duration::from_millis(50);
    assert_eq!(asked(Reply::Stall, limit).await.unwrap_err(), WebError::Late(limit));
    let half = Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec());
    assert_eq!(asked(half, limit).await.unwrap_err(), WebError::Late(limit));
}

#[tokio::test]
async fn each_failure_has_its_cause() {
    for reply in [Reply::Cut, Reply::Bytes(b"220 smtp.example ready\r\n\r\n".to_vec())] {
        let error = asked(reply, LIMIT).await.unwrap_err();
        assert!(matches!(error, WebError::Broken(_)), "{error:?}");
    }
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    assert_eq!(client().send(get(&address(&nobody)), LIMIT).await.unwrap_err(), WebError::Refused);
    // No name has a part of 64 letters, so nobody is asked for it.
    let nameless = format!("http://{}.invalid/", "a".repeat(64));
    let error = client().send(get(&address(&nameless)), LIMIT).await.unwrap_err();
    assert_eq!(error, WebError::NameNotFound);
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn a_certificate_is_checked() {
    use rustls_pki_types::PrivateKeyDer;
    use std::sync::Arc;

    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let chain = vec![made.cert.der().clone()];
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(chain.clone(), key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if let Ok(socket) = acceptor.accept(socket).await {
                stub::serve(socket, |_| answer("200 OK", "Connection: close\r\n", "safe")).await;
            }
        }
    });
    let mut roots = rustls::RootCertStore::empty();
    let stranger = WebClient::with_connector(connector::with_roots(roots.clone()).unwrap());
    roots.add(chain[0].clone()).unwrap();
    let friend = WebClient::with_connector(connector::with_roots(roots).unwrap());
    let ask = async |client: &WebClient, host: &str| {
        client.send(get(&address(&format!("https://{host}:{port}/"))), LIMIT).await
    };
    assert_eq!(ask(&friend, "localhost").await.unwrap().body(), "safe");
    for error in [ask(&stranger, "localhost").await, ask(&friend, "127.0.0.1").await] {
        let error = error.unwrap_err();
        assert!(matches!(error, WebError::Certificate(_)), "{error:?}");
    }
    serving.abort();
}
