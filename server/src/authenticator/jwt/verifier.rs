//! Checks signatures with ring, for the crate `jsonwebtoken`, which leaves its cryptography to the program.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use ring::{error::Unspecified, hmac};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Lets `jsonwebtoken` check signatures. The crate has one cryptography per process: if the program chose
/// one, that one stays.
pub(super) fn install() {
    if CryptoProvider::try_get_default().is_none() {
        // Another thread may have been faster.
        let _ = RING.install_default();
    }
}

/// A server signs no tokens.
fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    let check = match algorithm {
        Algorithm::HS256 => Check::Mac(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?)),
        Algorithm::HS384 => Check::Mac(hmac::Key::new(hmac::HMAC_SHA384, key.try_get_as_bytes()?)),
        Algorithm::HS512 => Check::Mac(hmac::Key::new(hmac::HMAC_SHA512, key.try_get_as_bytes()?)),
        Algorithm::EdDSA => Check::Point(&ED25519, key.try_get_as_bytes()?.to_vec()),
        Algorithm::ES256 => Check::Point(&ECDSA_P256_SHA256_FIXED, key.try_get_as_bytes()?.to_vec()),
        Algorithm::ES384 => Check::Point(&ECDSA_P384_SHA384_FIXED, key.try_get_as_bytes()?.to_vec()),
        Algorithm::RS256 => Check::Rsa(&RSA_PKCS1_2048_8192_SHA256, key.kind().clone()),
        Algorithm::RS384 => Check::Rsa(&RSA_PKCS1_2048_8192_SHA384, key.kind().clone()),
        Algorithm::RS512 => Check::Rsa(&RSA_PKCS1_2048_8192_SHA512, key.kind().clone()),
        Algorithm::PS256 => Check::Rsa(&RSA_PSS_2048_8192_SHA256, key.kind().clone()),
        Algorithm::PS384 => Check::Rsa(&RSA_PSS_2048_8192_SHA384, key.kind().clone()),
        Algorithm::PS512 => Check::Rsa(&RSA_PSS_2048_8192_SHA512, key.kind().clone()),
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    };
    Ok(Box::new(RingVerifier { algorithm: *algorithm, check }))
}

struct RingVerifier {
    algorithm: Algorithm,
    check: Check,
}

enum Check {
    Mac(hmac::Key),
    /// A key on a curve, as bytes.
    Point(&'static dyn VerificationAlgorithm, Vec<u8>),
    Rsa(&'static RsaParameters, DecodingKeyKind),
}

impl Check {
    fn holds(&self, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        match self {
            Self::Mac(key) => hmac::verify(key, message, signature),
            Self::Point(algorithm, key) => UnparsedPublicKey::new(*algorithm, key).verify(message, signature),
            Self::Rsa(parameters, DecodingKeyKind::SecretOrDer(der)) => {
                UnparsedPublicKey::new(*parameters, der).verify(message, signature)
            }
            Self::Rsa(parameters, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
        }
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.check.holds(message, signature).map_err(|Unspecified| signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
