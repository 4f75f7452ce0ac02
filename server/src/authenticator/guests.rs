//! The authenticator of a server that has no other.

use super::{AuthRefusal, AuthRequest, Authenticator};
use tickwire_shared::game::Account;

/// Accepts everyone under the name that they ask for, and no tickets.
///
/// A host's own authenticator may ask it about clients without a ticket.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guests;

impl Authenticator for Guests {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        match &request.ticket {
            None => Ok(Account::guest(request.name.clone())),
            Some(_) => {
                Err(AuthRefusal::bad_credentials("this server accepts no tickets; connect as a guest"))
            }
        }
    }
}
