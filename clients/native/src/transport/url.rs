//! Where a server is.

use super::{Addresses, ConnectError};
use core::str::FromStr;
use http::Uri;
use std::net::SocketAddr;

/// Where a server listens: `ws://HOST[:PORT][/PATH]` or `wss://...`. Without a path it is `/play`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub(super) uri: Uri,
    pub(super) host: String,
    port: u16,
    tls: bool,
}

/// Not the URL of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the URL of a server: {problem}; write ws://HOST:PORT or wss://HOST:PORT")]
pub struct UrlError {
    text: String,
    problem: &'static str,
}

impl FromStr for Url {
    type Err = UrlError;
    fn from_str(text: &str) -> Result<Self, UrlError> {
        let bad = |problem| UrlError { text: text.to_owned(), problem };
        let uri: Uri = text.parse().map_err(|_| bad("it cannot be read"))?;
        let tls = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(bad("it does not start with ws:// or wss://")),
        };
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        if authority.as_str().contains('@') || uri.host().is_none_or(str::is_empty) {
            return Err(bad("it has no plain host"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = match authority.as_str().rsplit_once(':') {
            Some((_, port)) if !port.ends_with(']') => {
                port.parse().map_err(|_| bad("its port is not a number up to 65535"))?
            }
            _ if tls => 443,
            _ => 80,
        };
        let path = uri.path_and_query().map_or("", |path| path.as_str());
        let path = if path.is_empty() || path == "/" { "/play" } else { path };
        let scheme = if tls { "wss" } else { "ws" };
        let uri = format!("{scheme}://{authority}{path}").parse().map_err(|_| bad("it cannot be read"))?;
        Ok(Self { uri, host, port, tls })
    }
}

impl core::fmt::Display for Url {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.uri.fmt(f)
    }
}

impl Url {
    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The name's addresses, in the system's order.
    ///
    /// # Errors
    /// The name has no address.
    pub async fn resolve(&self) -> Result<Addresses, ConnectError> {
        let unreachable = |problem: String| ConnectError::Unreachable { address: self.to_string(), problem };
        let found = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(|error| unreachable(error.to_string()))?;
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return Err(unreachable("the name has no address".into()));
        }
        Ok(addresses.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String, u16) {
        let url: Url = text.parse().unwrap();
        (url.to_string(), url.host, url.port)
    }

    #[test]
    fn a_url_without_a_path_means_play() {
        let of = |uri: &str, host: &str, port| (uri.to_owned(), host.to_owned(), port);
        assert_eq!(read("ws://127.0.0.1:8080"), of("ws://127.0.0.1:8080/play", "127.0.0.1", 8080));
        assert_eq!(read("ws://localhost:80/"), of("ws://localhost:80/play", "localhost", 80));
        assert_eq!(read("wss://a.example/x/y?z"), of("wss://a.example/x/y?z", "a.example", 443));
        assert_eq!(read("ws://[::1]:9"), of("ws://[::1]:9/play", "::1", 9));
        assert_eq!(read("ws://[::1]"), of("ws://[::1]/play", "::1", 80));
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused() {
        for bad in ["", "127.0.0.1:8080", "http://a", "ws://", "ws://u:p@host", "ws://a:port", "ws://a:99999"]
        {
            assert!(bad.parse::<Url>().is_err(), "{bad}");
        }
    }
}
