//! Why an authenticator lets nobody in.

use std::time::Duration;
use tickwire_shared::game::BadJson;
use tickwire_shared::limits::CLOSE_TEXT_BYTES_MAX;
use tickwire_shared::wire::{Advice, Close, CloseCode, Text};

/// Why a client may not connect. The texts are for the player.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthRefusal {
    /// It has no ticket and needs one: 4003, with the advice to authenticate.
    #[error("a ticket is required")]
    TicketRequired,
    /// Its ticket is wrong or has expired: 4004, with the advice to authenticate again.
    #[error("bad credentials: {0}")]
    BadCredentials(Text<CLOSE_TEXT_BYTES_MAX>),
    /// The account may not play here, whatever ticket it has: 1008, with the advice not to try again.
    #[error("denied: {0}")]
    Denied(Text<CLOSE_TEXT_BYTES_MAX>),
    /// It cannot be decided now, for example because a service is down: 1013, with the advice to try again
    /// after this time.
    #[error("not now, try again after {0:?}")]
    TryLater(Duration),
}

impl AuthRefusal {
    /// A wrong ticket. A `text` that is too long for a `Close` is cut.
    #[must_use]
    pub fn bad_credentials(text: &str) -> Self {
        Self::BadCredentials(Text::cut(text))
    }

    /// An account that may not play here. A `text` that is too long for a `Close` is cut.
    #[must_use]
    pub fn denied(text: &str) -> Self {
        Self::Denied(Text::cut(text))
    }

    /// The client is to try again after this time, which is rounded to ms.
    #[must_use]
    pub const fn try_later(after: Duration) -> Self {
        Self::TryLater(after)
    }
}

/// Claims that cannot be kept: the player is not let in.
impl From<BadJson> for AuthRefusal {
    fn from(error: BadJson) -> Self {
        Self::denied(&format!("the account's claims cannot be kept: {error}"))
    }
}

impl From<&AuthRefusal> for Close {
    fn from(refusal: &AuthRefusal) -> Self {
        match refusal {
            AuthRefusal::TicketRequired => {
                Self::new(CloseCode::NotAuthenticated, "this server takes no guests; connect with a ticket")
            }
            AuthRefusal::BadCredentials(text) => Self::new(CloseCode::AuthFailed, text),
            AuthRefusal::Denied(text) => Self::new(CloseCode::Policy, text),
            AuthRefusal::TryLater(after) => {
                let after_ms = u32::try_from(after.as_millis()).unwrap_or(u32::MAX);
                let close = Self::new(CloseCode::TryLater, "the server cannot check who you are now");
                Self { advice: Advice::RetryAfter(after_ms), ..close }
            }
        }
    }
}
