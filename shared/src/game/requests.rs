//! What a game wants of its room: that a player goes, that its host hears something, or that the room ends.

use crate::id::PlayerId;
use crate::json::Json;
use crate::limits::{CLOSE_TEXT_BYTES_MAX, REPORT_BYTES_MAX};
use crate::wire::Text;
use core::time::Duration;

/// Requests of a game, until its step is over.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    pub(crate) kicks: Vec<Kick>,
    pub(crate) graces: Vec<(PlayerId, Option<Duration>)>,
    pub(crate) reports: Vec<Report>,
    /// The first one stays.
    pub(crate) end: Option<Ending>,
}

/// What a game tells its host: a value of any serde type.
pub type Report = Json<REPORT_BYTES_MAX>;

/// The room is to end.
#[derive(Debug)]
pub(crate) struct Ending {
    /// For everybody in it.
    pub(crate) text: Text<CLOSE_TEXT_BYTES_MAX>,
    /// For the host.
    pub(crate) result: Report,
}

/// A player is to go.
#[derive(Debug)]
pub(crate) struct Kick {
    pub(crate) player: PlayerId,
    pub(crate) text: Text<CLOSE_TEXT_BYTES_MAX>,
    pub(crate) barred: Duration,
}
