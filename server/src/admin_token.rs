//! The token that opens the operator's listener.

use crate::config::ConfigError;
use crate::watched_file::{PutInUse, WatchedFile};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// Characters of a token that nobody guesses.
const CHARACTERS_MIN: usize = 16;

/// The token; it changes with its file. Clones are the same.
#[derive(Clone)]
pub(crate) struct AdminToken(Arc<RwLock<String>>);

impl AdminToken {
    /// The token in this file, and the file for when it changes.
    ///
    /// # Errors
    /// The file cannot be read, or has no token in it.
    pub(crate) fn of_file(file: &Path) -> Result<(Self, WatchedFile), ConfigError> {
        let token = Self(Arc::new(RwLock::new(read(file)?)));
        let used = token.clone();
        let watched = WatchedFile::new(file.to_owned(), "the operators' token", move |file| {
            let (text, token) = (read(file)?, used.clone());
            let put = move || *token.0.write().unwrap_or_else(PoisonError::into_inner) = text;
            Ok(Box::new(put) as PutInUse)
        });
        Ok((token, watched))
    }

    /// Whether a request shows it: as `Bearer TOKEN`, or as the password of `Basic`, which browsers ask for.
    pub(crate) fn is_shown(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = self.0.read().unwrap_or_else(PoisonError::into_inner);
        shown.and_then(token_of).is_some_and(|shown| is_equal(token.as_bytes(), shown.as_bytes()))
    }
}

/// Without the token.
impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken")
    }
}

fn read(file: &Path) -> Result<String, ConfigError> {
    let wrong = |error: &dyn fmt::Display| {
        ConfigError::about(&["admin_token"], format!("{}: {error}", file.display()))
    };
    let token = std::fs::read_to_string(file).map_err(|error| wrong(&error))?.trim().to_owned();
    if token.len() < CHARACTERS_MIN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let text = format!(
            "the token has to be {CHARACTERS_MIN} or more letters, digits and signs without spaces; \
             `openssl rand -hex 16` prints one"
        );
        return Err(wrong(&text));
    }
    Ok(token)
}

/// What an `Authorization` header shows.
fn token_of(header: &str) -> Option<String> {
    let (scheme, value) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(value.trim()).ok())??;
    String::from_utf8(pair).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

/// Compares in a time that depends on the lengths alone.
pub(crate) fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let differ = one.iter().zip(other).fold(0, |differ, (one, other)| differ | (one ^ other));
    one.len() == other.len() && std::hint::black_box(differ) == 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_equal() {
        assert!(is_equal(b"a-token-of-19-bytes", b"a-token-of-19-bytes"));
        for other in [&b""[..], b"a-token-of-19-byte", b"a-token-of-19-bytes!", b"b-token-of-19-bytes"] {
            assert!(!is_equal(b"a-token-of-19-bytes", other));
        }
    }

    #[test]
    fn a_token_is_shown_as_bearer_or_as_a_password() {
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        for (header, shown) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            (basic("ops:abc").as_str(), Some("abc")),
            (basic(":a:b").as_str(), Some("a:b")),
            (basic("abc").as_str(), None),
            ("Basic !", None),
            ("Digest abc", None),
            ("abc", None),
        ] {
            assert_eq!(token_of(header).as_deref(), shown, "{header}");
        }
    }
}
