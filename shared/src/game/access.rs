//! Who may enter a room.

use crate::wire::control::Role;
use crate::wire::{Advice, Close, CloseCode};

/// Who may enter a room now: see [`Stage::set_access`](crate::game::Stage::set_access).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Anyone, while there are free seats.
    #[default]
    Open,
    /// Only clients that name the room: matchmaking leads elsewhere.
    NoMatches,
    /// No more players, and no matches. Spectators may still enter, and disconnected players may return.
    Locked,
}

impl Access {
    /// The name in listings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::NoMatches => "no_matches",
            Self::Locked => "locked",
        }
    }

    /// Why a client that asks to enter in this `role`, by a match or by the room's id, is refused.
    #[must_use]
    pub fn refusal(self, role: Role, matched: bool) -> Option<Close> {
        match self {
            Self::Locked if role == Role::Player => {
                let close = Close::new(CloseCode::Full, "the room is locked");
                Some(Close { advice: Advice::Stop, ..close })
            }
            Self::NoMatches | Self::Locked if matched => {
                Some(Close::new(CloseCode::Full, "the room takes no matches"))
            }
            _ => None,
        }
    }
}
