//! Connections to services: TCP, and with the feature `tls` also TLS by rustls with ring.

use crate::config::{ConfigError, WebAddress};
use hyper_util::client::legacy::connect::HttpConnector;

#[cfg(not(feature = "tls"))]
pub(super) type Connector = HttpConnector;
#[cfg(feature = "tls")]
pub(super) type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp
}

/// Connections to plain addresses alone: no configuration has others.
#[cfg(not(feature = "tls"))]
pub(super) fn of_system(_: &WebAddress) -> Result<Connector, ConfigError> {
    Ok(tcp())
}

/// Connections to services whose certificates this system accepts.
///
/// # Errors
/// The address is an encrypted one, and the system has no root certificates.
#[cfg(feature = "tls")]
pub(super) fn of_system(for_address: &WebAddress) -> Result<Connector, ConfigError> {
    let mut roots = rustls::RootCertStore::empty();
    if for_address.is_encrypted() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(ConfigError::new(format!(
                "this system has no root certificates to check that of {for_address}: install them (the \
                 package `ca-certificates`)"
            )));
        }
    }
    with_roots(roots)
}

/// Connections to services whose certificates lead to one of these.
#[cfg(feature = "tls")]
pub(super) fn with_roots(roots: rustls::RootCertStore) -> Result<Connector, ConfigError> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::new(format!("TLS to services: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = tcp();
    tcp.enforce_http(false);
    let builder = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls);
    Ok(builder.https_or_http().enable_http1().wrap_connector(tcp))
}
