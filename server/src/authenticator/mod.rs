//! Who may connect, and as whom: the seam for accounts.
//!
//! A host implements [`Authenticator`], or takes [`Tickets`], [`Jwt`] or [`HttpHook`]; [`Guests`] is the one
//! of a server without. It is asked once per session, when it asks to join. How it is asked is in
//! [`bounded`]: with a deadline, a bound on the questions in flight, and in a task of its own. This module
//! knows no session, no room and no game.

mod account;
mod bounded;
mod configured;
mod guests;
mod http_hook;
mod jwt;
mod refusal;
mod request;
mod tickets;

pub(crate) use bounded::BoundedAuthenticator;
pub use guests::Guests;
pub use http_hook::HttpHook;
pub use jwt::{BadJwtKeys, Jwt, JwtKeys};
pub use refusal::AuthRefusal;
pub use request::AuthRequest;
pub use tickets::Tickets;

use tickwire_shared::game::Account;

/// Decides who may connect, and as whom. Given to
/// [`ServerBuilder::authenticator`](crate::ServerBuilder::authenticator).
///
/// It is asked once for each client that asks to join, except for one that takes back its seat: that one
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

    /// The names of the headers that it reads of the upgrade request, such as `cookie`; asked once, when the
    /// server is built. A browser sends its cookies to a WebSocket whatever page opens it: check
    /// [`AuthRequest::origin`] too, or set `allowed_origins`.
    fn headers(&self) -> Vec<String> {
        Vec::new()
    }
}
