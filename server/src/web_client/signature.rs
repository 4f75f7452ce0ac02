//! Signs what is sent to a service, so that it knows from whom it comes: the form of Standard Webhooks
//! (<https://www.standardwebhooks.com>), for which many languages have libraries.
//!
//! Three headers: `webhook-id`, `webhook-timestamp` in seconds since 1970, and `webhook-signature`:
//! `v1,` and in base64 HMAC-SHA-256 of `ID.TIMESTAMP.BODY`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use ring::hmac;
use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

const PREFIX: &str = "whsec_";
/// Bytes of a secret, as the specification has it.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that the server shares with a service: as text `whsec_` and 24 to 64 bytes in base64.
#[derive(Clone)]
pub struct SigningSecret(hmac::Key);

/// What is wrong with a secret. It does not show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSigningSecret {
    /// It is not of the form.
    #[error(
        "this is not a secret of the form `whsec_` and base64, such as `whsec_$(openssl rand -base64 32)`"
    )]
    Form,
    /// It can be guessed, or is too long for what others accept.
    #[error("the secret has to be 24 to 64 random bytes; `whsec_$(openssl rand -base64 32)` is one")]
    Length,
}

impl FromStr for SigningSecret {
    type Err = BadSigningSecret;

    fn from_str(text: &str) -> Result<Self, BadSigningSecret> {
        let secret = text.trim().strip_prefix(PREFIX).ok_or(BadSigningSecret::Form)?;
        let secret = STANDARD.decode(secret).or_else(|_| STANDARD_NO_PAD.decode(secret));
        let secret = secret.map_err(|_| BadSigningSecret::Form)?;
        if SECRET_BYTES.contains(&secret.len()) {
            Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &secret)))
        } else {
            Err(BadSigningSecret::Length)
        }
    }
}

impl SigningSecret {
    /// Signs a request, as the message `id`, which no other has.
    pub(crate) fn sign(&self, request: &mut Request<Bytes>, id: &str, now: SystemTime) {
        sign_with(std::slice::from_ref(self), request, id, now);
    }

    /// The value of `webhook-signature`.
    fn signature(&self, id: &str, timestamp_s: u64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{timestamp_s}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

/// Signs a request with each of these secrets, as the message `id`: a receiver accepts one that it knows.
pub(crate) fn sign_with(secrets: &[SigningSecret], request: &mut Request<Bytes>, id: &str, now: SystemTime) {
    let timestamp_s = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let signatures = secrets.iter().map(|secret| secret.signature(id, timestamp_s, request.body()));
    let signatures = signatures.collect::<Vec<_>>().join(" ");
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-timestamp", &timestamp_s.to_string()),
        ("webhook-signature", &signatures),
    ] {
        // All three are printable.
        if let Ok(value) = HeaderValue::from_str(value) {
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

/// Without the secret.
impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The example of the specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn a_request_is_signed_as_the_specification_says() {
        let secret: SigningSecret = format!("{SECRET}\n").parse().unwrap();
        let mut request = Request::new(Bytes::from_static(b"{\"test\": 2432232314}"));
        secret.sign(&mut request, ID, UNIX_EPOCH + Duration::from_secs(1_614_265_330));
        let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(header("webhook-id"), ID);
        assert_eq!(header("webhook-timestamp"), "1614265330");
        assert_eq!(header("webhook-signature"), SIGNATURE);
    }

    #[test]
    fn a_secret_that_is_none_is_told_and_not_shown() {
        let error = |text: &str| text.parse::<SigningSecret>().unwrap_err();
        assert_eq!(error("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), BadSigningSecret::Form);
        assert_eq!(error("whsec_!"), BadSigningSecret::Form);
        assert_eq!(error("whsec_aHVudGVyMg=="), BadSigningSecret::Length);
        assert_eq!(error(&format!("whsec_{}", STANDARD.encode([7; 65]))), BadSigningSecret::Length);
        assert_eq!(format!("{:?}", SECRET.parse::<SigningSecret>().unwrap()), "SigningSecret");
    }
}
