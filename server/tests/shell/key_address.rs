//! The keys of JWTs at an encrypted address: whose certificate is accepted.

#[path = "../../src/authenticator/jwt/issuer.rs"]
#[expect(dead_code, reason = "a part of the unit tests")]
mod issuer;

use crate::configuration::Temporary;
use crate::program::{Serving, program};
use crate::stub;
use issuer::Issuer;
use rustls::ServerConfig;
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Publishes a set of keys at this port of `localhost`, until it is dropped. With its certificate.
async fn publisher() -> (u16, Temporary, tokio::task::JoinSet<()>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der().try_into().unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let (acceptor, set) = (TlsAcceptor::from(Arc::new(config)), Issuer::new("k1").set());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A client that does not like the certificate hangs up.
            if let Ok(socket) = acceptor.accept(socket).await {
                stub::serve(socket, |_| stub::answer("200 OK", "Connection: close\r\n", &set)).await;
            }
        }
    });
    (port, Temporary::new("publisher-cert.pem", &made.cert.pem()), serving)
}

/// The first line of its log about the keys.
fn line_about_keys(port: u16, roots: &str) -> String {
    let url = format!("https://localhost:{port}/keys");
    let mut command = program(&["--listen", "127.0.0.1:0", "--admin", "off", "--log-level", "debug"]);
    command.args(["--auth", "jwt", "--jwt-audience", "game", "--jwt-keys", &url]).env("SSL_CERT_FILE", roots);
    let mut serving = Serving::start(command);
    let mut log = BufReader::new(serving.child.stderr.take().unwrap()).lines().map_while(Result::ok);
    log.find(|line| line.contains("keys of JWTs")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_with_a_certificate_of_the_systems_roots_is_believed_and_no_other() {
    let (port, trusted, _serving) = publisher().await;
    let line = line_about_keys(port, trusted.path());
    assert!(line.contains("the keys of JWTs are fetched"), "{line}");
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let other = Temporary::new("other-cert.pem", &other.cert.pem());
    let line = line_about_keys(port, other.path());
    assert!(line.contains("WARN") && line.contains("its certificate is not accepted"), "{line}");
}
