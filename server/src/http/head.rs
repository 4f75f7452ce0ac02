//! The head of a request for `/play`: a valid upgrade, or an answer that says what is missing and how to fix
//! it.

use axum::http::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, HOST, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use tickwire_shared::limits::SUBPROTOCOL;

/// Bytes of a request's head. A longer one is answered with 431.
pub(crate) const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Why a request for `/play` is not an upgrade that this server accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadUpgrade {
    #[error("the method is {0}; a WebSocket handshake is a GET")]
    Method(Method),
    #[error("the request is not HTTP/1.1; a WebSocket handshake needs HTTP/1.1")]
    Version,
    #[error(
        "the request has a body; a WebSocket handshake has none (no Content-Length, no Transfer-Encoding)"
    )]
    Body,
    #[error("the Host header is missing or there are several; send it once")]
    Host,
    #[error("this is a WebSocket address; send the header `Connection: Upgrade` (a proxy must pass it on)")]
    Connection,
    #[error("this is a WebSocket address; send the header `Upgrade: websocket` (a proxy must pass it on)")]
    Upgrade,
    #[error("the Sec-WebSocket-Version header is missing or not 13; send `Sec-WebSocket-Version: 13`")]
    WebSocketVersion,
    #[error(
        "the Sec-WebSocket-Key header is missing, repeated or not 16 bytes in base64; send 16 random bytes"
    )]
    Key,
    #[error(
        "the Origin {0} may not connect here; the operator permits its pages with `allowed_origins` \
         (--allowed-origins {0})"
    )]
    Origin(String),
    #[error("the Sec-WebSocket-Protocol header does not offer `{SUBPROTOCOL}`; ask for that subprotocol")]
    Subprotocol,
}

impl BadUpgrade {
    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Connection | Self::Upgrade | Self::WebSocketVersion => StatusCode::UPGRADE_REQUIRED,
            Self::Origin(_) => StatusCode::FORBIDDEN,
            Self::Version | Self::Body | Self::Host | Self::Key | Self::Subprotocol => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    /// The headers that go with the status.
    pub(crate) fn headers(&self) -> &'static [(HeaderName, &'static str)] {
        match self.status() {
            StatusCode::METHOD_NOT_ALLOWED => &[(ALLOW, "GET")],
            StatusCode::UPGRADE_REQUIRED => {
                &[(UPGRADE, "websocket"), (CONNECTION, "Upgrade"), (SEC_WEBSOCKET_VERSION, "13")]
            }
            _ => &[],
        }
    }
}

/// The client's key if the head is a valid upgrade.
///
/// The origin is checked before everything else that a page cannot set, so that a page that asks without an
/// upgrade learns whether its origin is permitted.
pub(crate) fn check(head: &Parts, permits: impl Fn(&[u8]) -> bool) -> Result<&HeaderValue, BadUpgrade> {
    let headers = &head.headers;
    let need = |holds: bool, error: BadUpgrade| if holds { Ok(()) } else { Err(error) };
    need(head.method == Method::GET, BadUpgrade::Method(head.method.clone()))?;
    need(head.version == Version::HTTP_11, BadUpgrade::Version)?;
    let no_body = headers.get(CONTENT_LENGTH).is_none_or(|length| length == "0");
    need(no_body && !headers.contains_key(TRANSFER_ENCODING), BadUpgrade::Body)?;
    need(only(headers, &HOST).is_some_and(|host| !host.is_empty()), BadUpgrade::Host)?;
    check_origin(headers, permits)?;
    need(lists(headers, &CONNECTION, |word| word.eq_ignore_ascii_case("upgrade")), BadUpgrade::Connection)?;
    need(lists(headers, &UPGRADE, |word| word.eq_ignore_ascii_case("websocket")), BadUpgrade::Upgrade)?;
    let version = only(headers, &SEC_WEBSOCKET_VERSION);
    need(version.is_some_and(|version| version == "13"), BadUpgrade::WebSocketVersion)?;
    let key =
        only(headers, &SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes())).ok_or(BadUpgrade::Key)?;
    need(lists(headers, &SEC_WEBSOCKET_PROTOCOL, |word| word == SUBPROTOCOL), BadUpgrade::Subprotocol)?;
    Ok(key)
}

/// Bytes of a head as it was sent, except for optional spaces.
pub(crate) fn size(head: &Parts) -> usize {
    let fields = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let target = head.uri.path_and_query().map_or(1, |target| target.as_str().len());
    head.method.as_str().len() + target + " HTTP/1.1\r\n\r\n".len() + 1 + fields.sum::<usize>()
}

/// A client that is not a browser sends no origin.
fn check_origin(headers: &HeaderMap, permits: impl Fn(&[u8]) -> bool) -> Result<(), BadUpgrade> {
    match headers.get_all(ORIGIN).iter().find(|origin| !permits(origin.as_bytes())) {
        Some(origin) => {
            Err(BadUpgrade::Origin(String::from_utf8_lossy(origin.as_bytes()).chars().take(100).collect()))
        }
        None => Ok(()),
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether a list, which may span several header lines, has an item that `fits`.
fn lists(headers: &HeaderMap, name: &HeaderName, fits: impl Fn(&str) -> bool) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|word| fits(word.trim()))
}

/// 16 bytes in base64: 22 digits, the last of which has its four spare bits zero, and `==`.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match key.strip_suffix(b"==") {
        Some(digits) if digits.len() == 22 => {
            digits.iter().all(is_digit) && matches!(digits.last(), Some(b'A' | b'Q' | b'g' | b'w'))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    const GOOD: &[(&str, &str)] = &[
        ("host", "example.com"),
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "other, tickwire.v1"),
    ];

    fn head(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::get("/play");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// The good head with the header `name` replaced by `values`.
    fn with(name: &'static str, values: &[&'static str]) -> Result<(), BadUpgrade> {
        let mut headers: Vec<_> = GOOD.iter().copied().filter(|(other, _)| *other != name).collect();
        headers.extend(values.iter().map(|value| (name, *value)));
        check(&head(&headers), |origin| origin == b"https://play.example.com").map(|_| ())
    }

    #[test]
    fn a_valid_head_is_taken() {
        assert_eq!(check(&head(GOOD), |_| false).unwrap(), "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(with("connection", &["keep-alive", "upgrade"]), Ok(()), "several header lines are legal");
        assert_eq!(with("origin", &["https://play.example.com"]), Ok(()));
        assert_eq!(with("content-length", &["0"]), Ok(()));
    }

    #[test]
    fn each_missing_header_is_named() {
        let cases = [
            ("host", BadUpgrade::Host, "Host"),
            ("connection", BadUpgrade::Connection, "Connection: Upgrade"),
            ("upgrade", BadUpgrade::Upgrade, "Upgrade: websocket"),
            ("sec-websocket-version", BadUpgrade::WebSocketVersion, "Sec-WebSocket-Version: 13"),
            ("sec-websocket-key", BadUpgrade::Key, "Sec-WebSocket-Key"),
            ("sec-websocket-protocol", BadUpgrade::Subprotocol, "tickwire.v1"),
        ];
        for (name, error, part) in cases {
            assert_eq!(with(name, &[]), Err(error.clone()));
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn each_wrong_header_is_refused() {
        let cases = [
            ("host", &["a", "b"][..], BadUpgrade::Host),
            ("connection", &["close"], BadUpgrade::Connection),
            ("upgrade", &["h2c"], BadUpgrade::Upgrade),
            ("sec-websocket-version", &["8"], BadUpgrade::WebSocketVersion),
            ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZQ"], BadUpgrade::Key),
            ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZR=="], BadUpgrade::Key),
            ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="], BadUpgrade::Key),
            ("sec-websocket-protocol", &["tickwire.v2"], BadUpgrade::Subprotocol),
            ("origin", &["https://evil.example"], BadUpgrade::Origin("https://evil.example".into())),
            ("content-length", &["5"], BadUpgrade::Body),
            ("transfer-encoding", &["chunked"], BadUpgrade::Body),
        ];
        for (name, values, error) in cases {
            assert_eq!(with(name, values), Err(error), "{name}: {values:?}");
        }
    }

    #[test]
    fn a_page_that_may_not_connect_learns_it_without_an_upgrade() {
        let asks = head(&[("host", "example.com"), ("origin", "null")]);
        assert_eq!(check(&asks, |_| false), Err(BadUpgrade::Origin("null".into())));
        assert_eq!(check(&asks, |_| true), Err(BadUpgrade::Connection));
        let twice = head(&[("host", "example.com"), ("origin", "a"), ("origin", "b")]);
        assert_eq!(check(&twice, |origin| origin == b"a"), Err(BadUpgrade::Origin("b".into())));
    }

    #[test]
    fn subprotocol() {
        for offer in [&[SUBPROTOCOL][..], &["chat,tickwire.v1"], &["chat", " tickwire.v1 , x"]] {
            assert_eq!(with("sec-websocket-protocol", offer), Ok(()), "{offer:?}");
        }
        for other in ["tickwire.v", "tickwire.v10", "TICKWIRE.V1", "tickwire v1", "tickwire.v1;", ""] {
            assert_eq!(with("sec-websocket-protocol", &[other]), Err(BadUpgrade::Subprotocol), "{other:?}");
        }
        assert!(BadUpgrade::Subprotocol.to_string().contains(SUBPROTOCOL));
    }

    #[test]
    fn another_method_or_version_is_refused() {
        let mut wrong = head(GOOD);
        wrong.method = Method::POST;
        assert_eq!(check(&wrong, |_| true), Err(BadUpgrade::Method(Method::POST)));
        let mut wrong = head(GOOD);
        wrong.version = Version::HTTP_10;
        assert_eq!(check(&wrong, |_| true), Err(BadUpgrade::Version));
    }
}
