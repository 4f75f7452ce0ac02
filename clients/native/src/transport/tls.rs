//! TLS for clients: trusted certificates, and a stream with or without TLS.

use super::{ConnectError, TlsError, Url};
use core::pin::Pin;
use core::task::{Context, Poll};
use rustls::RootCertStore;
use rustls_pki_types::ServerName;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The certificates that a TLS connection trusts.
#[derive(Clone)]
pub struct TlsRoots(TlsConnector);

impl core::fmt::Debug for TlsRoots {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TlsRoots")
    }
}

impl TlsRoots {
    /// The roots for a connection to `url`: the certificates of `ca`, a PEM file, or else those that the
    /// system trusts. `None` without TLS.
    ///
    /// # Errors
    /// There are no certificates.
    pub fn for_url(url: &Url, ca: Option<&Path>) -> Result<Option<Self>, TlsError> {
        match ca {
            _ if !url.is_tls() => Ok(None),
            Some(ca) => Self::from_pem_file(ca).map(Some),
            None => Self::of_system().map(Some),
        }
    }

    /// The certificates of a PEM file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn from_pem_file(path: &Path) -> Result<Self, TlsError> {
        use rustls_pki_types::{CertificateDer, pem::PemObject};
        let fault = |problem: &dyn core::fmt::Display| TlsError::File(path.to_owned(), problem.to_string());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fault(&error))? {
            roots.add(certificate.map_err(|error| fault(&error))?).map_err(|error| fault(&error))?;
        }
        if roots.is_empty() {
            return Err(fault(&"it contains no certificate"));
        }
        Self::of(roots)
    }

    /// The certificates that this system trusts; on Linux, `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    ///
    /// # Errors
    /// There are none.
    pub fn of_system() -> Result<Self, TlsError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let faults = found.errors.iter().map(|error| format!(" ({error})")).collect::<String>();
            return Err(TlsError::NoneTrusted(faults));
        }
        Self::of(roots)
    }

    fn of(roots: RootCertStore) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Library(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

/// What a TLS connection to one server needs: the roots, and the name that its certificate must have.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    roots: TlsRoots,
    name: ServerName<'static>,
}

impl Tls {
    /// TLS to `host`.
    ///
    /// # Errors
    /// No certificate can be for such a host.
    pub(super) fn new(roots: TlsRoots, host: &str) -> Result<Self, ConnectError> {
        let name =
            ServerName::try_from(host.to_owned()).map_err(|error| ConnectError::Tls(error.to_string()))?;
        Ok(Self { roots, name })
    }

    /// The TLS handshake.
    ///
    /// # Errors
    /// The certificate is not trusted, or the connection ended.
    pub(super) async fn over(&self, tcp: TcpStream) -> Result<MaybeTls, ConnectError> {
        match self.roots.0.connect(self.name.clone(), tcp).await {
            Ok(stream) => Ok(MaybeTls::Tls(Box::new(stream))),
            // The kind of all errors of the TLS library itself: the two ends do not agree.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(ConnectError::Tls(error.to_string()))
            }
            Err(error) => Err(ConnectError::Handshake(error.to_string())),
        }
    }
}

/// A stream with or without TLS.
#[derive(Debug)]
pub(super) enum MaybeTls {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

/// A stream without TLS.
pub(super) fn unencrypted(tcp: TcpStream) -> MaybeTls {
    MaybeTls::Plain(tcp)
}

impl AsyncRead for MaybeTls {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for MaybeTls {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
