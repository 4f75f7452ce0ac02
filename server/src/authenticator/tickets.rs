//! Accounts by tickets that a service of the host's signs.

use super::account::{Described, Unfit};
use super::{AuthRefusal, AuthRequest, Authenticator, Guests};
use crate::config::ConfigError;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tickwire_shared::game::Account;
use tickwire_shared::wire::control::Target;
use tickwire_tickets::{BadTicket, CLOCK_LEEWAY_S, Keys, Ticket};

/// Used tickets that are remembered until they expire. Beyond it, players are told to try again.
const USED_MAX: usize = 262_144;
// The protocol and the crate for services say the same.
const _: () = assert!(tickwire_tickets::TICKET_BYTES_MAX == tickwire_shared::limits::TICKET_BYTES_MAX);
/// When they are told to.
const FULL_RETRY: Duration = Duration::from_secs(5);

/// Lets in who shows a ticket that is signed with one of its keys, has not expired, was not used before, and
/// is for what the client wants to join. See `tickwire_tickets`.
#[derive(Debug)]
pub struct Tickets {
    keys: RwLock<Keys>,
    guests: bool,
    used: Used,
}

impl Tickets {
    /// Accepts tickets that are signed with one of these keys, and nobody without a ticket.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Self { keys: RwLock::new(keys), guests: false, used: Used::default() }
    }

    /// Also lets in guests, who show no ticket.
    #[must_use]
    pub const fn and_guests(mut self) -> Self {
        self.guests = true;
        self
    }

    /// Accepts tickets that are signed with one of these keys from now on, and no others.
    pub fn replace_keys(&self, keys: Keys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// The keys in a file of the configuration.
    pub(crate) fn read_keys(file: &Path) -> Result<Keys, ConfigError> {
        let wrong = |error: &dyn fmt::Display| {
            ConfigError::about(&["ticket_keys"], format!("{}: {error}", file.display()))
        };
        let text = std::fs::read_to_string(file);
        let text =
            text.map_err(|error| wrong(&format!("{error}; `ticket --new-key` prints a line for it")))?;
        text.parse().map_err(|error| wrong(&error))
    }

    /// The join for which a ticket was shown failed: the ticket may be shown again.
    pub(crate) fn give_back(&self, text: &[u8]) {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        if let Ok(ticket) = keys.verify(text, SystemTime::now()) {
            self.used
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&(ticket.expires_at_s, ticket.id));
        }
    }

    fn check(&self, text: &[u8], request: &AuthRequest, now: SystemTime) -> Result<Account, AuthRefusal> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let ticket = keys.verify(text, now).map_err(|bad| refusal(&bad))?;
        drop(keys);
        check_target(&ticket, request)?;
        let account = account_of(&ticket, request)?;
        // Last: a ticket that did not fit is not used up.
        self.used.take(&ticket, now)?;
        Ok(account)
    }
}

impl Authenticator for Tickets {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        match &request.ticket {
            Some(text) => self.check(text, request, SystemTime::now()),
            None if self.guests => Guests.authenticate(request).await,
            None => Err(AuthRefusal::TicketRequired),
        }
    }
}

fn refusal(bad: &BadTicket) -> AuthRefusal {
    AuthRefusal::bad_credentials(&bad.to_string())
}

/// Whether the ticket is for this game and room, or a room with these options.
fn check_target(ticket: &Ticket, request: &AuthRequest) -> Result<(), AuthRefusal> {
    let wrong = |what: String| Err(AuthRefusal::bad_credentials(&format!("this ticket is for {what}")));
    if let Some(game) = ticket.game.as_ref().filter(|game| ***game != *request.game) {
        return wrong(format!("the game `{game}`"));
    }
    let id = match &request.target {
        Target::Room(id) => Some(id.to_string()),
        Target::Match(_) | Target::Create(_) => None,
    };
    // As people write it, in either case.
    let named = ticket.room.as_ref().map(|room| room.to_ascii_lowercase());
    if let Some(room) = named.filter(|room| id.as_ref() != Some(room)) {
        return wrong(format!("room {room}"));
    }
    let Some(options) = &ticket.options else { return Ok(()) };
    let asked = match &request.target {
        Target::Match(asked) | Target::Create(asked) => asked,
        // Which options a room has is not known here, so a ticket for options leads to no named room.
        Target::Room(_) => return wrong("a match or a new room, not for one by its id".to_owned()),
    };
    let same = asked.iter().eq(options.iter().map(|(key, value)| (&**key, &**value)));
    if same { Ok(()) } else { wrong(format!("the options {options:?}")) }
}

fn account_of(ticket: &Ticket, request: &AuthRequest) -> Result<Account, AuthRefusal> {
    let described = Described {
        id: &ticket.account,
        name: ticket.name.as_deref(),
        roles: &ticket.roles,
        claims: ticket.claims.as_ref(),
    };
    described.account(&request.name).map_err(|unfit| {
        let what = match unfit {
            Unfit::Id => "sub",
            Unfit::Roles => "roles",
            Unfit::Claims => "claims",
        };
        AuthRefusal::bad_credentials(&format!("the ticket's `{what}` does not fit"))
    })
}

/// Tickets that somebody came in with, by their expiry, in seconds since 1970.
#[derive(Debug, Default)]
struct Used(Mutex<BTreeSet<(u64, String)>>);

impl Used {
    /// Remembers a ticket. Those that have expired are forgotten: they are refused anyway.
    fn take(&self, ticket: &Ticket, now: SystemTime) -> Result<(), AuthRefusal> {
        let now_s = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while used.first().is_some_and(|(expires_at_s, _)| *expires_at_s + CLOCK_LEEWAY_S <= now_s) {
            used.pop_first();
        }
        if used.len() >= USED_MAX {
            return Err(AuthRefusal::try_later(FULL_RETRY));
        }
        if used.insert((ticket.expires_at_s, ticket.id.clone())) {
            Ok(())
        } else {
            Err(AuthRefusal::bad_credentials("this ticket was used already; a ticket is good for one join"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_shared::id::RoomId;
    use tickwire_shared::wire::Text;
    use tickwire_shared::wire::control::{GameName, Name, Options};

    fn now() -> SystemTime {
        SystemTime::now()
    }

    fn keys() -> Keys {
        format!("k {}", Keys::new_secret().unwrap()).parse().unwrap()
    }

    fn ada() -> Ticket {
        Ticket::new("u-17", "Ada", now() + Duration::from_secs(60)).unwrap()
    }

    fn request(ticket: &str, target: Target) -> AuthRequest {
        let ticket = Some(ticket.as_bytes().to_vec());
        AuthRequest { game: GameName::cut("arena"), target, ..AuthRequest::new(Name::cut("ann"), ticket) }
    }

    fn matched() -> Target {
        Target::Match(Options::none())
    }

    async fn ask(keys: &Keys, ticket: &Ticket, target: Target) -> Result<Account, AuthRefusal> {
        let text = keys.sign(ticket).unwrap();
        Tickets::new(keys.clone()).authenticate(&request(&text, target)).await
    }

    fn text(refusal: &AuthRefusal) -> String {
        refusal.to_string()
    }

    #[tokio::test]
    async fn the_account_is_what_the_ticket_says() {
        let (keys, mut ticket) = (keys(), ada());
        ticket.roles = vec!["moderator".into()];
        ticket.claims = Some(serde_json::json!({ "level": 7 }));
        let account = ask(&keys, &ticket, matched()).await.unwrap();
        assert_eq!((account.id.as_deref(), &*account.name), (Some("u-17"), "Ada"));
        assert!(account.has_role("moderator"));
        assert_eq!(account.claims.read::<serde_json::Value>().unwrap()["level"], 7);
        ticket.name = None;
        assert_eq!(&*ask(&keys, &ticket, matched()).await.unwrap().name, "ann", "as the client asks");
        ticket.roles = vec!["x".repeat(65)];
        assert!(text(&ask(&keys, &ticket, matched()).await.unwrap_err()).contains("`roles`"));
    }

    #[tokio::test]
    async fn a_ticket_is_good_once_and_one_that_did_not_fit_is_not_used_up() {
        let (keys, mut ticket) = (keys(), ada());
        ticket.game = Some("arena".into());
        let signed = keys.sign(&ticket).unwrap();
        let tickets = Tickets::new(keys);
        let mut elsewhere = request(&signed, matched());
        elsewhere.game = GameName::cut("tag");
        assert!(text(&tickets.authenticate(&elsewhere).await.unwrap_err()).contains("the game `arena`"));
        assert!(tickets.authenticate(&request(&signed, matched())).await.is_ok());
        let again = tickets.authenticate(&request(&signed, matched())).await.unwrap_err();
        assert!(matches!(again, AuthRefusal::BadCredentials(_)) && text(&again).contains("used"), "{again}");
    }

    #[tokio::test]
    async fn a_ticket_is_for_what_it_names() {
        let (keys, room) = (keys(), RoomId::from_bits(7));
        let options = |map: &str| Options::new(vec![(Text::cut("map"), Text::cut(map))]).unwrap();
        let mut of_room = ada();
        of_room.room = Some(room.to_string().to_uppercase());
        assert!(ask(&keys, &of_room, Target::Room(room)).await.is_ok());
        for target in [matched(), Target::Room(RoomId::from_bits(8)), Target::Create(Options::none())] {
            let error = ask(&keys, &of_room, target).await.unwrap_err();
            assert!(text(&error).contains(&format!("room {room}")), "{error}");
        }
        let mut of_options = ada();
        of_options.options = Some([("map".to_owned(), "duel".to_owned())].into());
        for target in [Target::Match(options("duel")), Target::Create(options("duel"))] {
            assert!(ask(&keys, &of_options, target).await.is_ok());
        }
        for target in [matched(), Target::Match(options("crossing")), Target::Room(room)] {
            assert!(ask(&keys, &of_options, target).await.is_err());
        }
    }

    #[tokio::test]
    async fn who_has_no_ticket_is_let_in_only_as_a_guest() {
        let none = AuthRequest::new(Name::cut("ann"), None);
        let tickets = Tickets::new(keys());
        assert_eq!(tickets.authenticate(&none).await, Err(AuthRefusal::TicketRequired));
        let account = tickets.and_guests().authenticate(&none).await.unwrap();
        assert_eq!((account.id, &*account.name), (None, "ann"));
    }

    #[test]
    fn used_max() {
        let used = Used::default();
        let ticket = |at: usize, expires_at_s| {
            let mut ticket = ada();
            (ticket.id, ticket.expires_at_s) = (at.to_string(), expires_at_s);
            ticket
        };
        let second = |number| UNIX_EPOCH + Duration::from_secs(number);
        for at in 0..USED_MAX {
            used.take(&ticket(at, 10), second(1)).unwrap();
        }
        assert_eq!(used.take(&ticket(0, 20), second(9)), Err(AuthRefusal::try_later(FULL_RETRY)));
        assert_eq!(used.take(&ticket(0, 20), second(10 + CLOCK_LEEWAY_S)), Ok(()), "the others have expired");
        assert_eq!(used.0.lock().unwrap().len(), 1);
    }
}
