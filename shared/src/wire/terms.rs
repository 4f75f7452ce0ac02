//! On which terms a client joins: what it brings, what opens the room to it, which room a match may choose.

use super::Text;
use super::options::{List, OptionText};
use crate::json::Json;
use crate::limits::{INVITATION_BYTES_MAX, MATCH_RANGES_MAX, PARAMETERS_BYTES_MAX, PASSWORD_BYTES_MAX};
use core::fmt;
use serde::{Deserialize, Serialize};

/// What a client tells the game about itself, such as a team, a character or a party: a value of a type that
/// the game reads.
pub type Parameters = Json<PARAMETERS_BYTES_MAX>;

/// A signed text that opens a room to those who show it.
pub type Invitation = Text<INVITATION_BYTES_MAX>;

/// On which terms a client joins. By default: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JoinTerms {
    /// What the game gets as [`Joining::parameters`](crate::game::Joining::parameters).
    pub parameters: Parameters,
    /// What opens a room that not everybody may enter. For a new room: what will open it.
    pub pass: Pass,
    /// Places that the room holds for others, who come with an invitation of this player, for
    /// [`PLACES_HELD_MS`](crate::limits::PLACES_HELD_MS). A room without as many free places refuses.
    pub places: u8,
    /// Which room a match chooses.
    pub matching: Matching,
}

/// What opens a room that not everybody may enter.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Pass {
    /// Nothing.
    #[default]
    None,
    /// The password with which the room was made.
    Password(Text<PASSWORD_BYTES_MAX>),
    /// An invitation of a player in the room.
    Invitation(Invitation),
}

/// Without the secret.
impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Password(_) => "Password",
            Self::Invitation(_) => "Invitation",
        })
    }
}

/// Which of the rooms with equal options a match chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Matching {
    /// Only rooms whose listing has these numbers.
    pub ranges: List<Range, MATCH_RANGES_MAX>,
    /// Which of them it tries first.
    pub order: MatchOrder,
    /// No new room is made if there is none.
    pub existing_only: bool,
}

/// A number that a room's listing must have: among its options or its metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The option's or the metadata's key. A room without it, or with something else than a whole number,
    /// does not fit.
    pub key: OptionText,
    /// The smallest value that fits.
    pub from: i64,
    /// The largest value that fits.
    pub to: i64,
}

/// Which room a match tries first. Rooms that are equal in it go by the number of their players.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum MatchOrder {
    /// The one with the most players, so that rooms fill one after the other.
    #[default]
    Fullest,
    /// The one with the fewest players.
    Emptiest,
    /// The one that was made last.
    Newest,
    /// The one with the smallest number under this key of its options or metadata; those without come last.
    Lowest(OptionText),
    /// The one with the largest number under this key; those without come last.
    Highest(OptionText),
}

impl Range {
    /// Whether a listing with this number fits.
    #[must_use]
    pub fn contains(&self, value: i64) -> bool {
        (self.from..=self.to).contains(&value)
    }
}

/// A player asks for an invitation to its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// How many may enter with it, at least 1.
    pub uses: u16,
    /// How long it is valid, s. A server shortens what is too long.
    pub valid_s: u32,
}
