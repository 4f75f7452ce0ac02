//! Whether a webhook comes from the server: its signature (<https://www.standardwebhooks.com>).

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far the clocks of sender and receiver may differ. An older message may be one that somebody kept.
const TOLERANCE: Duration = Duration::from_secs(300);

/// The secrets, of which one is enough: two while one is exchanged for the other.
#[derive(Clone)]
pub struct Secrets(Vec<hmac::Key>);

/// As in the server's file: one `whsec_...` in each line; `#` begins a comment.
impl FromStr for Secrets {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys = lines.map(|line| {
            let key = line.strip_prefix("whsec_").and_then(|secret| STANDARD.decode(secret).ok());
            key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key))
        });
        match keys.collect::<Option<Vec<_>>>() {
            Some(keys) if !keys.is_empty() => Ok(Self(keys)),
            _ => Err("each line must be `whsec_` and base64".to_owned()),
        }
    }
}

impl Secrets {
    /// The message's id, if it is signed and not too old.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Result<String, &'static str> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let id = header("webhook-id").ok_or("there is no webhook-id")?;
        let time = header("webhook-timestamp").ok_or("there is no webhook-timestamp")?;
        let shown = header("webhook-signature").ok_or("there is no webhook-signature")?;
        let sent_s: u64 = time.parse().map_err(|_| "webhook-timestamp is not a time")?;
        let now_s = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if now_s.abs_diff(sent_s) > TOLERANCE.as_secs() {
            return Err("webhook-timestamp is not of the last minutes");
        }
        let signed = [format!("{id}.{time}.").as_bytes(), body].concat();
        let tags = shown.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
        // In constant time.
        let fits = |tag: &[u8]| self.0.iter().any(|key| hmac::verify(key, &signed, tag).is_ok());
        if tags.into_iter().any(|tag| fits(&tag)) { Ok(id.to_owned()) } else { Err("the signature is wrong") }
    }
}
