//! wss on the players' listener.

use crate::configuration::Temporary;
use crate::program::{Serving, fail, program};
use crate::running::{Running, UPGRADE, ask_on, assert_status, connect, get};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tickwire_server::Config;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

struct Identity {
    cert: Temporary,
    key: Temporary,
    der: CertificateDer<'static>,
}

impl Identity {
    fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        Self {
            cert: Temporary::new(&format!("{name}-cert.pem"), &made.cert.pem()),
            key: Temporary::new(&format!("{name}-key.pem"), &made.signing_key.serialize_pem()),
            der: made.cert.der().clone(),
        }
    }

    async fn connect(&self, socket: TcpStream) -> TlsStream<TcpStream> {
        trusting(self.der.clone(), socket).await
    }
}

/// A connection of a client that trusts this certificate alone.
async fn trusting(cert: CertificateDer<'static>, socket: TcpStream) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(cert).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap()
}

#[tokio::test]
async fn pages_and_upgrades_work_over_tls() {
    let identity = Identity::new("works");
    let server = secure(&identity, Config::default()).await;
    let mut stream = identity.connect(connect(server.players).await).await;
    assert_status(&ask_on(&mut stream, &get("/healthz")).await, 200);
    assert_status(&ask_on(&mut stream, UPGRADE).await, 101);
    drop(stream);
    // A certificate made without a date ends with the year 4095.
    server.counted("tickwire_tls_certificate_expiry_timestamp_seconds 67090118400\n").await;

    let mut plain = connect(server.players).await;
    tokio::io::AsyncWriteExt::write_all(&mut plain, get("/").as_bytes()).await.unwrap();
    let mut rest = Vec::new();
    let _ = plain.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP"), "plain HTTP is not answered on a TLS port");
    server.counted("handshake_failures_total{stage=\"tls\"} 1").await;
    server.stop().await;
}

#[tokio::test]
async fn a_proxys_header_comes_before_the_handshake_and_its_client_is_charged() {
    let identity = Identity::new("proxied");
    let mut config = Config::default();
    config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    config.proxy_protocol = true;
    config.limits.tls_handshakes_per_address_per_min = 1;
    let server = secure(&identity, config).await;
    let passed_on = async |client: &str| {
        let mut socket = connect(server.players).await;
        let header = format!("PROXY TCP4 {client} 10.0.0.1 50000 443\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut socket, header.as_bytes()).await.unwrap();
        socket
    };
    for client in ["203.0.113.5", "203.0.113.6"] {
        let mut stream = identity.connect(passed_on(client).await).await;
        assert_status(&ask_on(&mut stream, UPGRADE).await, 101);
    }
    is_cut(passed_on("203.0.113.5").await).await;
    server.counted("connections_refused_total{reason=\"handshake_rate\"} 1").await;
    server.stop().await;
}

/// A server with TLS.
async fn secure(identity: &Identity, mut config: Config) -> Running {
    config.tls_cert = Some(identity.cert.0.clone());
    config.tls_key = Some(identity.key.0.clone());
    Running::start(config).await
}

/// Waits for the end of a connection on which nothing is sent.
async fn is_cut(mut socket: TcpStream) {
    let mut rest = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(10), socket.read_to_end(&mut rest)).await;
    // A reset is an end too.
    let _ = end.expect("the connection ends");
    assert!(rest.is_empty(), "{rest:?}");
}

#[tokio::test]
async fn handshakes_beyond_the_bound_are_cut_and_counted_and_others_may_follow() {
    let identity = Identity::new("bound");
    let mut config = Config::default();
    config.limits.tls_handshakes_max = 2;
    let server = secure(&identity, config).await;
    let silent = [connect(server.players).await, connect(server.players).await];
    server.counted("tickwire_connections 2").await;
    is_cut(connect(server.players).await).await;
    server.counted("connections_refused_total{reason=\"handshakes\"} 1").await;
    drop(silent);
    server.counted("tickwire_connections 0").await;
    let mut stream = identity.connect(connect(server.players).await).await;
    assert_status(&ask_on(&mut stream, &get("/healthz")).await, 200);
    // A connection whose handshake is over takes up no handshake permit.
    let mut second = identity.connect(connect(server.players).await).await;
    let mut third = identity.connect(connect(server.players).await).await;
    assert_status(&ask_on(&mut second, &get("/healthz")).await, 200);
    assert_status(&ask_on(&mut third, &get("/healthz")).await, 200);
    drop((stream, second, third));
    server.stop().await;
}

#[tokio::test]
async fn handshakes_of_one_address_have_a_rate() {
    let identity = Identity::new("rate");
    let mut config = Config::default();
    config.limits.tls_handshakes_per_address_per_min = 3;
    config.exempt_addresses = Vec::new();
    let server = secure(&identity, config).await;
    for _ in 0..3 {
        let mut stream = identity.connect(connect(server.players).await).await;
        assert_status(&ask_on(&mut stream, &get("/healthz")).await, 200);
    }
    is_cut(connect(server.players).await).await;
    server.counted("connections_refused_total{reason=\"handshake_rate\"} 1").await;
    server.counted("connections_accepted_total 4").await;
    server.stop().await;
}

#[tokio::test]
async fn another_certificate_is_used_after_a_reload_and_nobody_is_cut() {
    let (old, new) = (Identity::new("reload-old"), Identity::new("reload-new"));
    let server = secure(&old, Config::default()).await;
    let mut before = old.connect(connect(server.players).await).await;
    std::fs::copy(new.cert.path(), old.cert.path()).unwrap();
    assert!(server.handle.reload().unwrap_err().to_string().contains("does not fit"), "the key is still old");
    let mut still = old.connect(connect(server.players).await).await;
    assert_status(&ask_on(&mut still, &get("/healthz")).await, 200);
    std::fs::copy(new.key.path(), old.key.path()).unwrap();
    assert_eq!(server.handle.reload().unwrap(), ["the certificate"]);
    let mut after = new.connect(connect(server.players).await).await;
    for stream in [&mut before, &mut after] {
        assert_status(&ask_on(stream, &get("/healthz")).await, 200);
    }
    drop((before, still, after));
    server.stop().await;
}

#[test]
fn the_ready_line_says_wss() {
    let identity = Identity::new("ready");
    let serving = Serving::start(program(&[
        "--listen",
        "127.0.0.1:0",
        "--admin",
        "off",
        "--tls-cert",
        identity.cert.path(),
        "--tls-key",
        identity.key.path(),
    ]));
    assert!(serving.ready.starts_with("listening on wss://127.0.0.1:"), "{}", serving.ready);
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_made_once_and_can_be_trusted() {
    let folder = std::env::temp_dir().join(format!("tickwire-dev-tls-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let flags = ["--listen", "127.0.0.1:0", "--admin", "off", "--dev-tls", folder.to_str().unwrap()];
    let cert = folder.join("cert.pem");
    let mut made = Vec::new();
    for _ in 0..2 {
        let serving = Serving::start(program(&flags));
        assert!(serving.ready.starts_with("listening on wss://"), "{}", serving.ready);
        let der = CertificateDer::from_pem_file(&cert).unwrap();
        let socket = TcpStream::connect(serving.address()).await.unwrap();
        let mut stream = trusting(der, socket).await;
        assert_status(&ask_on(&mut stream, &get("/healthz")).await, 200);
        made.push(std::fs::read(&cert).unwrap());
    }
    assert_eq!(made[0], made[1], "the second start takes what the first has made");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.join("key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "nobody else reads the key");
    }
    let twice = [&flags[..], &["--tls-cert", "c.pem", "--tls-key", "k.pem"]].concat();
    assert!(fail(program(&twice), 2).contains("--dev-tls"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_encrypted_key_is_told_with_the_remedy() {
    let identity = Identity::new("encrypted");
    let key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGj\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let key = Temporary::new("encrypted-locked.pem", key);
    let flags = ["--check-config", "--tls-cert", identity.cert.path(), "--tls-key", key.path()];
    let told = fail(program(&flags), 2);
    assert!(told.contains("encrypted") && told.contains("openssl pkey"), "{told}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_told() {
    let (one, other) = (Identity::new("one"), Identity::new("other"));
    let with =
        |cert: &str, key: &str| fail(program(&["--tls-cert", cert, "--tls-key", key, "--check-config"]), 2);
    assert!(with("/no/cert.pem", one.key.path()).contains("tls_cert: /no/cert.pem"));
    assert!(with(one.cert.path(), "/no/key.pem").contains("tls_key: /no/key.pem"));
    assert!(with(one.key.path(), one.key.path()).contains("has no certificate"));
    assert!(with(one.cert.path(), other.key.path()).contains("does not fit"));
    assert!(fail(program(&["--tls-cert", one.cert.path()]), 2).contains("set both or none"));
}
