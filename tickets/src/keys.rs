//! The keys that a service and its servers share.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use std::fmt;
use std::str::FromStr;

/// Keys in one file.
pub const KEYS_MAX: usize = 16;
/// Bytes of a key's id.
pub const KEY_ID_BYTES_MAX: usize = 32;
/// A secret has at least this many bytes: as many as the signature.
pub const SECRET_BYTES_MIN: usize = 32;

/// Keys by their ids: the first signs, all verify.
///
/// As text each has a line, `ID SECRET`, the secret in base64; `#` begins a comment. To change a key without
/// refusing anybody: append the new one on every server, then put it first at the service, and when the last
/// old ticket has expired, remove the old one.
#[derive(Clone)]
pub struct Keys(Vec<Key>);

#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: Vec<u8>,
}

/// What is wrong with a file of keys. It names no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// A line is not `ID SECRET`.
    #[error("line {line}: write `ID SECRET`: an id of letters, digits, `-` and `_`, and a secret in base64")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// A secret can be guessed.
    #[error(
        "line {line}: the secret has to be {SECRET_BYTES_MIN} random bytes or more; \
         `tickwire-server ticket --new-key` makes one"
    )]
    Weak {
        /// Counted from 1.
        line: usize,
    },
    /// Two keys have one id.
    #[error("line {line}: another key has this id")]
    Twice {
        /// Counted from 1.
        line: usize,
    },
    /// No key, or too many.
    #[error("{count} keys, where 1 to {KEYS_MAX} may be")]
    Count {
        /// How many there are.
        count: usize,
    },
    /// The system has no random numbers.
    #[error("this system gives no random bytes")]
    NoRandomness,
}

impl Keys {
    /// A new secret as it stands in a line: 32 random bytes.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn new_secret() -> Result<String, KeysError> {
        let mut secret = [0; SECRET_BYTES_MIN];
        getrandom::fill(&mut secret).map_err(|_| KeysError::NoRandomness)?;
        Ok(STANDARD.encode(secret))
    }

    /// The ids, the one that signs first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    pub(crate) fn first(&self) -> Option<&Key> {
        self.0.first()
    }

    pub(crate) fn of(&self, id: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl FromStr for Keys {
    type Err = KeysError;

    fn from_str(text: &str) -> Result<Self, KeysError> {
        // Some editors begin a file so.
        let text = text.trim_start_matches('\u{feff}');
        let mut keys: Vec<Key> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let (line, number) = (line.split('#').next().unwrap_or_default().trim(), at + 1);
            if line.is_empty() {
                continue;
            }
            let key = Key::from_line(line, number)?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(KeysError::Twice { line: number });
            }
            keys.push(key);
        }
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err(KeysError::Count { count: keys.len() });
        }
        Ok(Self(keys))
    }
}

impl Key {
    fn from_line(text: &str, line: usize) -> Result<Self, KeysError> {
        let mut words = text.split_whitespace();
        let (Some(id), Some(secret), None) = (words.next(), words.next(), words.next()) else {
            return Err(KeysError::Line { line });
        };
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let secret = decode(secret).filter(|_| id.len() <= KEY_ID_BYTES_MAX && id.bytes().all(is_part));
        let secret = secret.ok_or(KeysError::Line { line })?;
        if secret.len() < SECRET_BYTES_MIN || is_patterned(&secret) {
            return Err(KeysError::Weak { line });
        }
        Ok(Self { id: id.to_owned(), secret })
    }
}

/// Base64 of either alphabet, with or without padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
    engines.iter().find_map(|engine| engine.decode(text).ok())
}

/// A secret that somebody typed, such as one byte again and again, or a word. 32 random bytes have fewer than
/// 12 different ones, or only letters and digits, less than once in 10^14 times.
fn is_patterned(secret: &[u8]) -> bool {
    let mut bytes = secret.to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len() < 12 || secret.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}

/// Without the secrets.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.ids().collect::<Vec<_>>()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Result<Keys, KeysError> {
        text.parse()
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let (one, two) = (Keys::new_secret().unwrap(), Keys::new_secret().unwrap());
        let keys = keys(&format!("\u{feff}# ours\n\nnew {two}  # from today\nold {one}\n")).unwrap();
        assert_eq!(keys.ids().collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!(keys.first().unwrap().id, "new");
        assert!(keys.of("old").is_some() && keys.of("other").is_none());
        assert!(!format!("{keys:?}").contains(&two), "{keys:?}");
    }

    #[test]
    fn a_wrong_file_is_told_with_its_line() {
        let good = Keys::new_secret().unwrap();
        let error = |text: &str| keys(text).unwrap_err();
        assert_eq!(error("\nalone"), KeysError::Line { line: 2 });
        assert_eq!(error(&format!("a {good} b")), KeysError::Line { line: 1 });
        assert_eq!(error(&format!("a.b {good}")), KeysError::Line { line: 1 });
        assert_eq!(error(&format!("{} {good}", "a".repeat(33))), KeysError::Line { line: 1 });
        assert_eq!(error("a !!!"), KeysError::Line { line: 1 });
        assert_eq!(error(&format!("a {good}\na {good}")), KeysError::Twice { line: 2 });
        assert_eq!(error("# none"), KeysError::Count { count: 0 });
        let many: String = (0..17).map(|at| format!("k{at} {good}\n")).collect();
        assert_eq!(error(&many), KeysError::Count { count: 17 });
    }

    #[test]
    fn a_secret_that_somebody_typed_is_refused() {
        for secret in [
            &[7; 32][..],
            b"changemechangemechangemechangeme",
            &[1; 31],
            b"0123456789abcdef0123456789abcdef!",
        ] {
            let error = keys(&format!("a {}", STANDARD.encode(secret))).unwrap_err();
            assert_eq!(error, KeysError::Weak { line: 1 });
            assert!(error.to_string().contains("--new-key"));
        }
    }

    #[test]
    fn every_form_of_base64_is_read() {
        let secret: Vec<u8> = (200..=255).collect();
        for text in [STANDARD.encode(&secret), URL_SAFE.encode(&secret), URL_SAFE_NO_PAD.encode(&secret)] {
            assert!(keys(&format!("a {text}")).is_ok(), "{text}");
        }
    }
}
