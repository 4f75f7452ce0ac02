//! Who may connect, and as whom: the seam for accounts.
//!
//! A host implements [`Authenticator`]; [`Guests`] is the one of a server without. It is asked once per
//! session, after `Hello`. How it is asked is in [`bounded`]: with a deadline, a bound on the questions in
//! flight, and in a task of its own. This module knows no session, no room and no game.

mod account;
mod bounded;
mod guests;

pub use account::{ACCOUNT_ID_BYTES_MAX, Account, AccountId, AuthRefusal};
pub(crate) use bounded::BoundedAuthenticator;
pub use guests::Guests;

use std::fmt;
use std::net::IpAddr;
use tickwire_shared::wire::control::Name;

/// Decides who may connect, and as whom. Given to
/// [`ServerBuilder::authenticator`](crate::ServerBuilder::authenticator).
///
/// It is asked once for each client that sends a `Hello`, except for one that takes back its seat: that one
/// shows the room's secret instead. It runs in the host's runtime, so it may wait for a database or a
/// service, but must not block its thread: use `tokio::task::spawn_blocking` for that.
///
/// An answer that takes longer than 5 s closes the client with 1013, a panic with 1011. Either ends that one
/// session only. While 1,024 questions are in flight, further clients are closed with 1013.
///
/// ```
/// use std::collections::HashMap;
/// use tickwire_server::{Account, AuthRefusal, AuthRequest, Authenticator};
///
/// /// Accounts by their tickets.
/// struct Table(HashMap<Vec<u8>, Account>);
///
/// impl Authenticator for Table {
///     async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
///         let ticket = request.ticket.as_ref().ok_or(AuthRefusal::TicketRequired)?;
///         self.0.get(ticket).cloned().ok_or_else(|| AuthRefusal::bad_credentials("unknown ticket"))
///     }
/// }
/// ```
pub trait Authenticator: Send + Sync + 'static {
    /// The account with which the client plays.
    ///
    /// # Errors
    /// The client may not connect, or not now. It is closed as [`AuthRefusal`] says.
    fn authenticate(
        &self,
        request: &AuthRequest,
    ) -> impl Future<Output = Result<Account, AuthRefusal>> + Send;
}

/// What is known of a client that wants to connect.
///
/// Everything except the address is what the client says: only the ticket can prove anything.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthRequest {
    /// The name that the client asks for.
    pub name: Name,
    /// The ticket of its `Hello`, at most
    /// [`TICKET_BYTES_MAX`](tickwire_shared::limits::TICKET_BYTES_MAX) bytes; `None` if it comes as a guest.
    pub ticket: Option<Vec<u8>>,
    /// Its address, behind a trusted proxy the one that the proxy named. `None` for a client in this process.
    pub address: Option<IpAddr>,
    /// The `Origin` of its upgrade request: the page that it belongs to, if it is a browser.
    pub origin: Option<String>,
}

impl AuthRequest {
    /// A request from this process and without an origin, as for tests.
    #[must_use]
    pub const fn new(name: Name, ticket: Option<Vec<u8>>) -> Self {
        Self { name, ticket, address: None, origin: None }
    }
}

/// Without the ticket, which is not for logs.
impl fmt::Debug for AuthRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthRequest")
            .field("name", &self.name)
            .field("ticket_bytes", &self.ticket.as_ref().map(Vec::len))
            .field("address", &self.address)
            .field("origin", &self.origin)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_not_shown() {
        let request = AuthRequest::new(Name::cut("ada"), Some(b"hunter2".to_vec()));
        let shown = format!("{request:?}");
        assert!(shown.contains("ada") && shown.contains("Some(7)"), "{shown}");
        assert!(!shown.contains("104"), "{shown}");
    }
}
