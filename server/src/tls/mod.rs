//! TLS on the players' listener: a PEM certificate and key, rustls with ring. `tls_off.rs` replaces this in a
//! build without the feature `tls`.

mod certificate;
mod handshakes;

pub(crate) use certificate::expiry_of;
pub(crate) use handshakes::{HandshakePermit, Handshakes};

use crate::config::ConfigError;
use core::time::Duration;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a client has for the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Turns sockets into TLS streams. Clones share the certificate.
#[derive(Clone)]
pub(crate) struct Tls(Arc<RwLock<TlsAcceptor>>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Reads the certificate chain and its key.
    ///
    /// # Errors
    /// A file that cannot be read or has nothing of its kind, or a key that does not fit the certificate.
    pub(crate) fn from_files(cert: &Path, key: &Path) -> Result<Self, ConfigError> {
        let wrong = |name: &str, path: &Path, what: &dyn fmt::Display| {
            ConfigError::new(format!("{name}: {}: {what}; give a PEM file", path.display()))
        };
        let chain = CertificateDer::pem_file_iter(cert)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong("tls_cert", cert, &error))?;
        if chain.is_empty() {
            return Err(wrong("tls_cert", cert, &"has no certificate"));
        }
        if std::fs::read_to_string(key).is_ok_and(|text| text.contains("ENCRYPTED")) {
            let text = "it is encrypted, and a server that starts by itself has nobody to ask for the \
                        password; write it without one (`openssl pkey -in FILE -out NEW`), readable by the \
                        server alone";
            return Err(ConfigError::new(format!("tls_key: {}: {text}", key.display())));
        }
        let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong("tls_key", key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, private))
            .map_err(|error| {
                ConfigError::new(format!(
                    "tls_key: {} does not fit {}: {error}",
                    key.display(),
                    cert.display()
                ))
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(RwLock::new(TlsAcceptor::from(Arc::new(config))))))
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uses another certificate from now on. Connections that are open keep theirs.
    pub(crate) fn replace_by(&self, new: &Self) {
        let new = new.acceptor();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// The handshake.
    ///
    /// # Errors
    /// It failed or took too long; the text is for the log.
    pub(crate) async fn accept(&self, socket: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        match timeout(HANDSHAKE_TIMEOUT, self.acceptor().accept(socket)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(format!("TLS handshake failed: {error}")),
            Err(_) => Err(format!("no TLS handshake within {} s", HANDSHAKE_TIMEOUT.as_secs())),
        }
    }
}
