//! Addresses of services that the server asks.

use http::Uri;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Bytes of an address.
const ADDRESS_BYTES_MAX: usize = 2_048;

/// The `http` or `https` address of a service, such as `https://accounts.example.com/check`. Its text for
/// people and logs has no query, which may be a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebAddress(Uri);

impl WebAddress {
    pub(crate) const fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether what is sent there is encrypted on its way.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// Whether it is of this machine or of a closed network, as far as the address shows it.
    #[must_use]
    pub fn is_near(&self) -> bool {
        let host = self.0.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => {
                address.is_loopback() || address.is_private() || address.is_link_local()
            }
            Ok(IpAddr::V6(address)) => {
                address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
            }
            // A name without a dot is known in one network alone.
            Err(_) => {
                let host = host.to_ascii_lowercase();
                let of_a_network = [".localhost", ".local", ".internal"];
                !host.contains('.') || of_a_network.iter().any(|end| host.ends_with(end))
            }
        }
    }
}

impl FromStr for WebAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{why}; write for example https://accounts.example.com/check");
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(wrong("the address is longer than 2,048 bytes"));
        }
        let uri: Uri = text.parse().map_err(|_| wrong("this is not an http or https address"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") if cfg!(feature = "tls") => {}
            Some("https") => {
                let text = "this program was built without TLS and asks no https address; build \
                            tickwire-server with its feature `tls`";
                return Err(text.to_owned());
            }
            _ => return Err(wrong("the address has to begin with http:// or https://")),
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if uri.host().is_none_or(str::is_empty) {
            return Err(wrong("the address names no host"));
        }
        if authority.contains('@') {
            return Err(wrong("the address has a user in it, which logs would show"));
        }
        let port = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        if port.is_some_and(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(wrong("the address has an impossible port"));
        }
        if text.contains('#') {
            return Err(wrong("the address has a fragment (`#`), which no service sees"));
        }
        Ok(Self(uri))
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.scheme_str().unwrap_or_default();
        let authority = self.0.authority().map_or("", |authority| authority.as_str());
        write!(f, "{scheme}://{authority}{}", self.0.path())
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for WebAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<WebAddress> for String {
    fn from(address: WebAddress) -> String {
        address.0.to_string()
    }
}

/// Where keys are: in a file, or at an address that publishes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeySource {
    /// In this file.
    File(PathBuf),
    /// At this address, as a JSON Web Key Set.
    At(WebAddress),
}

impl FromStr for KeySource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") { text.parse().map(Self::At) } else { Ok(Self::File(text.into())) }
    }
}

impl TryFrom<String> for KeySource {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<KeySource> for String {
    fn from(source: KeySource) -> String {
        match source {
            KeySource::File(file) => file.display().to_string(),
            KeySource::At(address) => address.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<WebAddress>().unwrap_err()
    }

    #[test]
    fn what_is_no_address_of_a_service_is_told_with_an_example() {
        for (text, part) in [
            ("accounts.example", "begin with http://"),
            ("ftp://accounts.example/", "begin with http://"),
            ("/check", "begin with http://"),
            ("http:///check", "not an http"),
            ("http://ada:secret@accounts.example/", "has a user in it"),
            ("http://accounts.example:99999/", "impossible port"),
            ("http://accounts.example/#a", "fragment"),
            ("http://a b/", "not an http"),
            (&format!("http://a/{}", "a".repeat(2_048)), "longer than"),
        ] {
            let told = error(text);
            assert!(told.contains(part) && told.contains("https://accounts.example.com"), "{text}: {told}");
            assert!(!told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn people_see_no_query_and_files_have_it() {
        let address: WebAddress = "http://127.0.0.1:8082/keys?code=hunter2".parse().unwrap();
        assert_eq!(address.to_string(), "http://127.0.0.1:8082/keys");
        assert!(!format!("{address:?}").contains("hunter2"));
        assert_eq!(String::from(address), "http://127.0.0.1:8082/keys?code=hunter2");
    }

    #[test]
    fn an_address_of_this_machine_or_of_a_closed_network_is_near() {
        let is_near = |host: &str| format!("http://{host}/").parse::<WebAddress>().unwrap().is_near();
        for host in ["127.0.0.1:1", "[::1]", "10.1.2.3", "[fd00::1]:80", "localhost", "auth", "auth.internal"]
        {
            assert!(is_near(host), "{host}");
        }
        for host in ["203.0.113.9", "[2001:db8::1]", "auth.example.com", "localhost.example"] {
            assert!(!is_near(host), "{host}");
        }
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn without_tls_an_https_address_is_refused_and_the_feature_named() {
        assert!(error("https://accounts.example/").contains("its feature `tls`"));
    }

    #[cfg(feature = "tls")]
    #[test]
    fn keys_are_in_a_file_or_at_an_address() {
        let source = |text: &str| text.parse::<KeySource>();
        assert_eq!(source("/etc/jwt.pem"), Ok(KeySource::File("/etc/jwt.pem".into())));
        let address = source("https://id.example/keys").unwrap();
        assert!(matches!(&address, KeySource::At(address) if address.is_encrypted()));
        assert_eq!(String::from(address), "https://id.example/keys");
        assert!(source("file:///etc/jwt.pem").is_err());
    }
}
