//! Answers with finished bytes: an ETag for each form, 304 for clients that have them, gzip for clients that
//! accept it.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::io::Write;
use tickwire_shared::entity::fnv1a_64;

/// Shorter answers are not worth compressing.
const GZIP_BYTES_MIN: usize = 512;

/// Bytes in the one or two forms in which they are sent.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    kind: &'static str,
    plain: Bytes,
    gzip: Option<Bytes>,
    hash: u64,
}

impl Ready {
    /// Bytes of this media type, also compressed if they are long.
    pub(crate) fn new(kind: &'static str, bytes: Vec<u8>) -> Self {
        let gzip = if bytes.len() < GZIP_BYTES_MIN { None } else { pack(&bytes) };
        let gzip = gzip.filter(|gzip| gzip.len() < bytes.len());
        Self { kind, hash: fnv1a_64(&bytes), gzip, plain: bytes.into() }
    }

    /// A JSON document; `None` if a value has no JSON form.
    pub(crate) fn json(value: &impl Serialize) -> Option<Self> {
        Some(Self::new("application/json", serde_json::to_vec(value).ok()?))
    }

    /// Bytes that were compressed and hashed elsewhere.
    #[cfg(feature = "pages")]
    pub(super) fn from_parts(kind: &'static str, plain: Bytes, gzip: Option<Bytes>, hash: u64) -> Self {
        Self { kind, plain, gzip, hash }
    }

    /// The answer to a request with these headers.
    pub(crate) fn answer(&self, asked: &HeaderMap) -> Response {
        let gzip = self.gzip.as_ref().filter(|_| takes_gzip(asked));
        let etag = format!("\"{:016x}{}\"", self.hash, if gzip.is_some() { "-gzip" } else { "" });
        let fresh = has(asked, &etag);
        let mut response = if fresh {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Body::from(gzip.unwrap_or(&self.plain).clone()).into_response()
        };
        let headers = response.headers_mut();
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        // Clients ask again each time: a 304 is cheap, and no client shows an outdated answer.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        if gzip.is_some() && !fresh {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

fn pack(bytes: &[u8]) -> Option<Bytes> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).ok()?;
    packer.finish().ok().map(Bytes::from)
}

/// Whether the client has the version that `etag` names.
fn has(asked: &HeaderMap, etag: &str) -> bool {
    let lines = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.trim_start_matches("W/") == etag
    })
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let is_zero =
            weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).is_some_and(|q: f32| q <= 0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !is_zero
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_client_that_refuses_gzip_gets_none() {
        let takes = |line: &'static str| takes_gzip(&headers(&[(header::ACCEPT_ENCODING, line)]));
        assert!(takes("gzip") && takes("br;q=1.0, GZIP;q=0.5"));
        assert!(!takes("br") && !takes("gzip;q=0, br") && !takes(""));
    }

    #[test]
    fn who_has_the_bytes_in_the_same_form_gets_304() {
        let ready = Ready::new("text/plain", vec![b'a'; 4096]);
        let first = ready.answer(&headers(&[]));
        let etag = first.headers()[header::ETAG].clone();
        let ask = |tag: &HeaderValue, gzip: bool| {
            let mut asked =
                if gzip { headers(&[(header::ACCEPT_ENCODING, "gzip")]) } else { HeaderMap::new() };
            asked.insert(header::IF_NONE_MATCH, tag.clone());
            ready.answer(&asked)
        };
        assert_eq!(ask(&etag, false).status(), StatusCode::NOT_MODIFIED);
        let packed = ask(&etag, true);
        assert_eq!(packed.status(), StatusCode::OK, "another form");
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(ask(&packed.headers()[header::ETAG], true).status(), StatusCode::NOT_MODIFIED);
        let other = Ready::new("text/plain", vec![b'b'; 4096]);
        assert_ne!(other.answer(&headers(&[])).headers()[header::ETAG], etag);
    }
}
