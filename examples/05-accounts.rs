//! Step 5: accounts of your own. A player shows a ticket, and an authenticator finds the account that it
//! belongs to. `docs/hosting-a-game.md` says what a ticket can be.
//!
//!     cargo run --release -p tickwire-examples --example 05-accounts
//!
//! It hosts the arena. Guests may play too, under names that no account has.

use std::collections::HashMap;
use std::process::ExitCode;
use tickwire_arena::Arena;
use tickwire_server::{Account, AccountId, AuthRefusal, AuthRequest, Authenticator, GameOptions, cli};
use tickwire_shared::wire::control::Name;

fn main() -> ExitCode {
    cli::run(|server| {
        let server = server.authenticator(Users::default()).front_page("arena.html");
        server.game::<Arena>("arena", GameOptions::default())
    })
}

/// A row of the table.
struct User {
    account: Account,
    banned: bool,
}

/// The users by their tickets: here a table in memory, elsewhere a database or a service.
pub struct Users(HashMap<&'static [u8], User>);

impl Default for Users {
    fn default() -> Self {
        let user =
            |id, name, banned| User { account: Account::new(AccountId::cut(id), Name::cut(name)), banned };
        Self(HashMap::from([
            // A real ticket cannot be guessed: 16 random bytes, for example.
            (&b"ticket of ada"[..], user("u-1", "Ada", false)),
            (b"ticket of bob", user("u-2", "Bob", false)),
            (b"ticket of eve", user("u-3", "Eve", true)),
        ]))
    }
}

impl Users {
    /// Whose ticket it is. A database would be asked here, with `.await`.
    async fn find(&self, ticket: &[u8]) -> Option<&User> {
        self.0.get(ticket)
    }
}

impl Authenticator for Users {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        let Some(ticket) = &request.ticket else {
            return Ok(Account::guest(Name::cut(&format!("~{}", request.name))));
        };
        match self.find(ticket).await {
            Some(user) if user.banned => Err(AuthRefusal::denied("this account is banned")),
            Some(user) => Ok(user.account.clone()),
            None => Err(AuthRefusal::bad_credentials("nobody has this ticket; sign in again")),
        }
    }
}
