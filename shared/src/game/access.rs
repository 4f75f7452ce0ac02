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
    /// Only clients that name the room and show its password or an invitation; no matches.
    Invited,
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
            Self::Invited => "invited",
            Self::Locked => "locked",
        }
    }

    /// Why a client that asks to enter in this `role`, by a match or by the room's id, is refused.
    /// `has_pass`: it made the room, or showed its password or an invitation.
    #[must_use]
    pub fn refusal(self, role: Role, matched: bool, has_pass: bool) -> Option<Close> {
        match self {
            Self::Invited if !matched && !has_pass => {
                Some(Close::new(CloseCode::PassNeeded, "the room is private: an invitation is needed"))
            }
            Self::Locked if role == Role::Player => {
                let close = Close::new(CloseCode::Full, "the room is locked");
                Some(Close { advice: Advice::Stop, ..close })
            }
            Self::NoMatches | Self::Invited | Self::Locked if matched => {
                Some(Close::new(CloseCode::Full, "the room takes no matches"))
            }
            _ => None,
        }
    }
}
