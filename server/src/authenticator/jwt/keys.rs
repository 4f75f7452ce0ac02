//! The keys that JWTs are signed with, as their issuer gives them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// Keys of one issuer.
const KEYS_MAX: usize = 64;
/// A secret has at least this many bytes: as many as the signature (RFC 7518, section 3.2).
const SECRET_BYTES_MIN: usize = 32;
/// Bytes of a modulus of 2,048 bits.
const MODULUS_BYTES_MIN: usize = 256;

/// Keys that check the signatures of JWTs. Each is for one algorithm.
///
/// As text they are public keys in PEM (`BEGIN PUBLIC KEY`; RSA for RS256, P-256 for ES256, P-384 for ES384,
/// Ed25519 for EdDSA), a JSON Web Key Set (`{"keys": [...]}`, RFC 7517), or else a secret for HS256.
#[derive(Clone)]
pub struct JwtKeys(Vec<JwtKey>);

#[derive(Clone)]
pub(super) struct JwtKey {
    /// The `kid` of the tokens that it signs; `None`: of any.
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// What is wrong with a text of keys. It names no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadJwtKeys {
    /// It has a private key, which only the issuer may have.
    #[error("this is a private key, which signs tokens: give the server the public one alone")]
    Private,
    /// A PEM block is not a public key that can be used.
    #[error(
        "PEM block {block} is not a public key of RSA (2,048 bits or more), P-256, P-384 or Ed25519 \
         (`-----BEGIN PUBLIC KEY-----`)"
    )]
    Pem {
        /// Counted from 1.
        block: usize,
    },
    /// It is not a set of keys.
    #[error("line {line}: this is not a JSON Web Key Set, an object with a list `keys`")]
    Set {
        /// Counted from 1.
        line: usize,
    },
    /// No key of the set can be used.
    #[error("no key of the set is one for signatures of RSA (2,048 bits or more), P-256, P-384 or Ed25519")]
    NoneUsable,
    /// There are too many keys.
    #[error("{count} keys, where up to {KEYS_MAX} may be")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A secret can be guessed.
    #[error(
        "a secret for HS256 has to be {SECRET_BYTES_MIN} random bytes or more, such as \
         `openssl rand -base64 48`"
    )]
    Weak,
}

impl FromStr for JwtKeys {
    type Err = BadJwtKeys;

    fn from_str(text: &str) -> Result<Self, BadJwtKeys> {
        // Some editors begin a file so.
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with('{') {
            Self::from_set(text.as_bytes(), true)
        } else if text.contains("-----BEGIN") {
            Self::from_pem(text)
        } else {
            let key = DecodingKey::from_secret(strong(text.as_bytes())?).map_err(|_| BadJwtKeys::Weak)?;
            Ok(Self(vec![JwtKey { id: None, algorithm: Algorithm::HS256, key }]))
        }
    }
}

impl JwtKeys {
    /// The keys of a set that anyone can read, so secrets in it are none.
    pub(super) fn published(set: &[u8]) -> Result<Self, BadJwtKeys> {
        Self::from_set(set, false)
    }

    /// A set may have keys for something else, and of kinds that are not known here: they are left out
    /// (RFC 7517, section 5).
    fn from_set(set: &[u8], with_secrets: bool) -> Result<Self, BadJwtKeys> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        // The error's own text may show what is there.
        let set: Set = serde_json::from_slice(set).map_err(|error| BadJwtKeys::Set { line: error.line() })?;
        if set.keys.iter().any(|key| key.get("d").is_some()) {
            return Err(BadJwtKeys::Private);
        }
        if set.keys.len() > KEYS_MAX {
            return Err(BadJwtKeys::TooMany { count: set.keys.len() });
        }
        let mut keys = Vec::new();
        for key in set.keys {
            let Ok(jwk) = serde_json::from_value::<Jwk>(key) else { continue };
            if let AlgorithmParameters::OctetKey(secret) = &jwk.algorithm {
                if !with_secrets {
                    continue;
                }
                strong(&URL_SAFE_NO_PAD.decode(&secret.value).map_err(|_| BadJwtKeys::Weak)?)?;
            }
            keys.extend(JwtKey::of(&jwk));
        }
        if keys.is_empty() { Err(BadJwtKeys::NoneUsable) } else { Ok(Self(keys)) }
    }

    fn from_pem(text: &str) -> Result<Self, BadJwtKeys> {
        if text.contains("PRIVATE KEY-----") {
            return Err(BadJwtKeys::Private);
        }
        let blocks: Vec<_> =
            text.split("-----BEGIN").skip(1).map(|rest| format!("-----BEGIN{rest}")).collect();
        if blocks.len() > KEYS_MAX {
            return Err(BadJwtKeys::TooMany { count: blocks.len() });
        }
        let keys =
            blocks.iter().zip(1..).map(|(text, block)| JwtKey::of_pem(text).ok_or(BadJwtKeys::Pem { block }));
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// The keys by which a token may be signed that names this `kid`, or none.
    pub(super) fn candidates<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a JwtKey> {
        self.0.iter().filter(move |key| id.is_none() || key.id.is_none() || key.id.as_deref() == id)
    }

    /// Whether others must not read the text.
    pub(crate) fn has_secret(&self) -> bool {
        self.0.iter().any(|key| key.algorithm.family() == AlgorithmFamily::Hmac)
    }
}

impl JwtKey {
    /// The key with the one algorithm that it is for.
    fn of(jwk: &Jwk) -> Option<Self> {
        let common = &jwk.common;
        if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return None;
        }
        if common.key_operations.as_ref().is_some_and(|uses| !uses.contains(&KeyOperations::Verify)) {
            return None;
        }
        let usual = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::OctetKey(_) => Algorithm::HS256,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => Algorithm::ES384,
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
            _ => return None,
        };
        let algorithm = common.key_algorithm.map_or(Ok(usual), Algorithm::try_from).ok()?;
        let key = DecodingKey::from_jwk(jwk).ok()?;
        let fits = match usual.family() {
            AlgorithmFamily::Rsa => algorithm.family() == AlgorithmFamily::Rsa && has_long_modulus(jwk),
            AlgorithmFamily::Hmac => algorithm.family() == AlgorithmFamily::Hmac,
            // A curve has one algorithm.
            _ => algorithm == usual,
        };
        if !fits {
            return None;
        }
        Some(Self { id: common.key_id.clone(), algorithm, key })
    }

    fn of_pem(text: &str) -> Option<Self> {
        if !text.starts_with("-----BEGIN PUBLIC KEY-----")
            && !text.starts_with("-----BEGIN RSA PUBLIC KEY-----")
        {
            return None;
        }
        let pem = text.as_bytes();
        let (algorithm, key) = if let Ok(key) = DecodingKey::from_ed_pem(pem) {
            (Algorithm::EdDSA, key)
        } else if let Ok(key) = DecodingKey::from_ec_pem(pem) {
            // The bytes of a point: 4, x, y.
            match key.try_get_as_bytes().ok()?.len() {
                65 => (Algorithm::ES256, key),
                97 => (Algorithm::ES384, key),
                _ => return None,
            }
        } else {
            let key = DecodingKey::from_rsa_pem(pem).ok()?;
            if key.try_get_as_bytes().ok()?.len() < MODULUS_BYTES_MIN {
                return None;
            }
            (Algorithm::RS256, key)
        };
        Some(Self { id: None, algorithm, key })
    }
}

fn has_long_modulus(jwk: &Jwk) -> bool {
    let AlgorithmParameters::RSA(key) = &jwk.algorithm else { return false };
    let bytes = URL_SAFE_NO_PAD.decode(&key.n).unwrap_or_default();
    bytes.iter().skip_while(|byte| **byte == 0).count() >= MODULUS_BYTES_MIN
}

/// A secret that nobody guesses: long enough, and not one letter or word again and again.
fn strong(secret: &[u8]) -> Result<&[u8], BadJwtKeys> {
    let mut bytes = secret.to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    if secret.len() < SECRET_BYTES_MIN || bytes.len() < 8 { Err(BadJwtKeys::Weak) } else { Ok(secret) }
}

/// Without the keys.
impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.iter().map(|key| (key.id.as_deref(), key.algorithm));
        f.debug_list().entries(keys).finish()
    }
}
