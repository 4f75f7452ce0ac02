//! When a certificate ends, for the operator's figures.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;

/// When the first certificate of a chain in PEM ends, Unix time in seconds; nothing if it cannot be told.
pub(crate) fn expiry_of(chain: &Path) -> Option<i64> {
    let certificate = CertificateDer::pem_file_iter(chain).ok()?.next()?.ok()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&certificate).ok()?;
    Some(certificate.validity().not_after.timestamp())
}
