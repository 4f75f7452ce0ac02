//! Who may connect: the interface for authentication.

use tickwire_shared::wire::control::{Credential, Name};
use tickwire_shared::wire::{Close, CloseCode};

/// Decides once per `Hello` who connects and under which name.
pub(crate) trait Authenticator: Send + Sync {
    /// The name under which the client plays.
    ///
    /// # Errors
    /// How the session is closed.
    fn authenticate(&self, credential: &Credential, asked: &Name) -> Result<Name, Close>;
}

/// Accepts everyone under the name that they ask for, and no tickets.
#[derive(Debug)]
pub(crate) struct Guests;

impl Authenticator for Guests {
    fn authenticate(&self, credential: &Credential, asked: &Name) -> Result<Name, Close> {
        match credential {
            // The room checks a secret: only the room knows it.
            Credential::Guest | Credential::Resume { .. } => Ok(asked.clone()),
            Credential::Ticket(_) => {
                Err(Close::new(CloseCode::AuthFailed, "this server accepts no tickets; connect as a guest"))
            }
        }
    }
}
