//! A build without the feature `tls`.

use crate::configuration::Temporary;
use crate::program::{fail, program};

#[test]
fn a_configuration_with_a_certificate_is_refused_and_the_feature_named() {
    let text = fail(program(&["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--check-config"]), 2);
    assert!(text.contains("tls_cert: ") && text.contains("its feature `tls`"), "{text}");
    let file = Temporary::new("no-tls.toml", "\ntls_cert = \"c.pem\"\ntls_key = \"k.pem\"\n");
    let text = fail(program(&["--config", file.path()]), 2);
    assert!(text.contains("no-tls.toml:2: tls_cert: "), "{text}");
}

#[test]
fn a_service_at_an_https_address_is_refused_and_the_feature_named() {
    let url = "https://accounts.example.com/players";
    let text = fail(program(&["--auth", "http", "--auth-url", url]), 2);
    assert!(text.contains("--auth-url: ") && text.contains("its feature `tls`"), "{text}");
    let file = Temporary::new("no-tls-keys.toml", &format!("\njwt_keys = \"{url}\"\n"));
    let text = fail(program(&["--config", file.path()]), 2);
    assert!(text.contains("no-tls-keys.toml:2: ") && text.contains("its feature `tls`"), "{text}");
}
