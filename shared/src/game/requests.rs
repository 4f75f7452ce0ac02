//! What a game wants of its room: that a player goes, or that the room ends.

use crate::id::PlayerId;
use crate::limits::CLOSE_TEXT_BYTES_MAX;
use crate::wire::Text;
use core::time::Duration;

/// Requests of a game, until its step is over.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    pub(crate) kicks: Vec<Kick>,
    /// The text for everybody; the first one stays.
    pub(crate) end: Option<Text<CLOSE_TEXT_BYTES_MAX>>,
}

/// A player is to go.
#[derive(Debug)]
pub(crate) struct Kick {
    pub(crate) player: PlayerId,
    pub(crate) text: Text<CLOSE_TEXT_BYTES_MAX>,
    pub(crate) barred: Duration,
}
