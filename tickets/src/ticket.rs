//! What a ticket says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far the clocks of a service and a server may differ, s: a ticket is good for so much longer.
pub const CLOCK_LEEWAY_S: u64 = 5;
/// The longest text of a ticket, bytes: what a `Hello` carries.
pub const TICKET_BYTES_MAX: usize = 2048;
/// The longest time from signing to expiry that a server accepts. It remembers used tickets until then.
pub const LIFETIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Who may play, until when, and where. As JSON it is the middle part of a ticket's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Ticket {
    /// The account's id, 1 to 255 bytes.
    #[serde(rename = "sub")]
    pub account: String,
    /// The name that other players see; without one, the one that the client asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it expires, in seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at_s: u64,
    /// The ticket's own id, 1 to 64 bytes: it is good for one join.
    #[serde(rename = "jti")]
    pub id: String,
    /// The one game that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game: Option<String>,
    /// The one room that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The options that a match or a new room must have, these and no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<BTreeMap<String, String>>,
    /// What the account may do besides playing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// What else the game is to know: any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<serde_json::Value>,
}

/// Why a ticket cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// The system has no random numbers.
    #[error("this system gives no random bytes")]
    NoRandomness,
    /// It has no JSON form, or one that is too long.
    #[error("the ticket takes {bytes} bytes, the maximum is {}: shorten its claims", TICKET_BYTES_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl Ticket {
    /// A ticket for this account under this name, with an id of its own. The other fields are free to change.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn new(account: &str, name: &str, expires_at: SystemTime) -> Result<Self, TicketError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| TicketError::NoRandomness)?;
        Ok(Self {
            account: account.to_owned(),
            name: Some(name.to_owned()),
            expires_at_s: seconds(expires_at),
            id: URL_SAFE_NO_PAD.encode(id),
            game: None,
            room: None,
            options: None,
            roles: Vec::new(),
            claims: None,
        })
    }
}

/// Whole seconds since 1970; 0 before.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
