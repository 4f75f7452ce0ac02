//! What an authenticator is asked.

use std::fmt;
use std::net::IpAddr;
use tickwire_shared::wire::control::{GameName, Name, Options, Role, Target};

/// What is known of a client that wants to join.
///
/// Everything except the address is what the client says: only a ticket, a cookie or a header that a proxy
/// sets can prove anything.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthRequest {
    /// The name that the client asks for.
    pub name: Name,
    /// The ticket of its `Hello`, at most
    /// [`TICKET_BYTES_MAX`](tickwire_shared::limits::TICKET_BYTES_MAX) bytes; `None` if it comes as a guest.
    pub ticket: Option<Vec<u8>>,
    /// The game that it wants to join.
    pub game: GameName,
    /// As player or spectator.
    pub role: Role,
    /// Which room: one by its id, a match with these options, or a new one.
    pub target: Target,
    /// Its address, behind a trusted proxy the one that the proxy named. `None` for a client in this process.
    pub address: Option<IpAddr>,
    /// The `Origin` of its upgrade request: the page that it belongs to, if it is a browser.
    pub origin: Option<String>,
    /// The headers of its upgrade request that [`Authenticator::headers`](super::Authenticator::headers)
    /// names, with names in lower case; those that came several times stand here as often.
    pub headers: Vec<(String, String)>,
}

impl AuthRequest {
    /// A request for a match without options, from this process and without headers, as for tests.
    #[must_use]
    pub fn new(name: Name, ticket: Option<Vec<u8>>) -> Self {
        Self {
            name,
            ticket,
            game: GameName::cut(""),
            role: Role::Player,
            target: Target::Match(Options::none()),
            address: None,
            origin: None,
            headers: Vec::new(),
        }
    }

    /// The first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// The value of a cookie, if the authenticator reads the header `cookie`.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers.iter().filter(|(of, _)| of == "cookie");
        let mut pairs = lines.flat_map(|(_, line)| line.split(';')).filter_map(|pair| pair.split_once('='));
        pairs.find(|(of, _)| of.trim() == name).map(|(_, value)| value.trim().trim_matches('"'))
    }
}

/// Without the ticket and the headers' values, which are not for logs.
impl fmt::Debug for AuthRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthRequest")
            .field("name", &self.name)
            .field("ticket_bytes", &self.ticket.as_ref().map(Vec::len))
            .field("game", &self.game)
            .field("role", &self.role)
            .field("target", &self.target)
            .field("address", &self.address)
            .field("origin", &self.origin)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_headers(headers: &[(&str, &str)]) -> AuthRequest {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        AuthRequest { headers: headers.collect(), ..AuthRequest::new(Name::cut("ada"), None) }
    }

    #[test]
    fn no_secret_is_shown() {
        let request = AuthRequest {
            ticket: Some(b"hunter2".to_vec()),
            ..with_headers(&[("cookie", "sid=hunter3"), ("authorization", "hunter4")])
        };
        let shown = format!("{request:?}");
        assert!(shown.contains("ada") && shown.contains("Some(7)") && shown.contains("cookie"), "{shown}");
        assert!(!shown.contains("104") && !shown.contains("hunter"), "{shown}");
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let request = with_headers(&[("cookie", "a=1; sid=\"x=y\"; b"), ("cookie", "c = 3")]);
        let cookies = ["a", "sid", "b", "c", "si"].map(|name| request.cookie(name));
        assert_eq!(cookies, [Some("1"), Some("x=y"), None, Some("3"), None]);
        assert_eq!((request.header("cookie"), request.header("host")), (Some("a=1; sid=\"x=y\"; b"), None));
    }
}
