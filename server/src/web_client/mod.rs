//! Asks services of the host over HTTP: one request, one whole answer, within a deadline and a bound.
//!
//! Connections are kept and used again. Redirects are answers like others: nobody follows them. This module
//! knows no service and nothing of what is asked.

mod connector;
mod error;
mod signature;
#[cfg(test)]
pub(crate) mod stub;
#[cfg(test)]
mod tests;

pub(crate) use error::WebError;
pub(crate) use signature::sign_with;
pub use signature::{BadSigningSecret, SigningSecret};

use crate::config::{ConfigError, WebAddress};
use bytes::Bytes;
use connector::Connector;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of an answer's body.
pub(crate) const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Connections to one service that are kept while nothing is asked, and for how long.
const IDLE_MAX: usize = 32;
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Asks services. Clones share their connections.
#[derive(Clone)]
pub(crate) struct WebClient(Client<Connector, Full<Bytes>>);

impl WebClient {
    /// A client that accepts the certificates that this system accepts.
    ///
    /// # Errors
    /// The system has no root certificates.
    pub(crate) fn new(for_address: &WebAddress) -> Result<Self, ConfigError> {
        Ok(Self::with_connector(connector::of_system(for_address)?))
    }

    fn with_connector(connector: Connector) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_MAX)
            .http1_max_buf_size(HEAD_BYTES_MAX);
        Self(builder.build(connector))
    }

    /// The whole answer to `request`, if it is there within `limit`. Needs a runtime.
    ///
    /// # Errors
    /// There is no whole answer, and why.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        limit: Duration,
    ) -> Result<Response<Bytes>, WebError> {
        let whole = async {
            let answer =
                self.0.request(request.map(Full::new)).await.map_err(|error| WebError::of(&error))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| WebError::of(&*error))?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        // Boxed: it is large, and a part of larger ones.
        timeout(limit, Box::pin(whole)).await.unwrap_or(Err(WebError::Late(limit)))
    }
}

impl fmt::Debug for WebClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebClient")
    }
}

/// A request for what is at `address`.
pub(crate) fn get(address: &WebAddress) -> Request<Bytes> {
    request(Method::GET, address, Bytes::new())
}

/// A request that hands this JSON to `address`.
pub(crate) fn post_json(address: &WebAddress, json: Bytes) -> Request<Bytes> {
    let mut request = request(Method::POST, address, json);
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request
}

fn request(method: Method, address: &WebAddress, body: Bytes) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = address.uri().clone();
    let agent = concat!("tickwire/", env!("CARGO_PKG_VERSION"));
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(agent));
    request
}
