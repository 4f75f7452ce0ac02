//! When a certificate expires, for the metrics.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;

/// When the first certificate of a PEM chain expires, as Unix time in seconds; `None` if that is unknown.
pub(crate) fn expiry_of(chain: &Path) -> Option<i64> {
    let certificate = CertificateDer::pem_file_iter(chain).ok()?.next()?.ok()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&certificate).ok()?;
    Some(certificate.validity().not_after.timestamp())
}
