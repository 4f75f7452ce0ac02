//! What bots receive, in a file: to see where the bytes went, and to train tables on real matches.
//!
//! ```text
//! line     JSON: {"format": "tickwire-recording", "version": 1,
//!                 "game": NAME, "schema_hash": HEX, "kinds": [KIND, ...]}
//! records, until the end of the file; numbers are little-endian:
//!   u32    connection, numbered from 0 in the order of their start
//!   u32    milliseconds since the recording began
//!   u32    length
//!   bytes  the message, as received
//! ```
//! `kinds` are those of the game's schema. Profile, table, settings and everything else are in the recorded
//! `Joined`, so a recording can be decoded without the game, unless the game predicts fields with its own
//! step. The resume secret in it is blanked.

mod reader;
mod recorder;

pub use reader::{BadRecording, Digest, Recording};
pub use recorder::{RecordConnect, RecordLink, Recorder, RecorderConfig};

use serde::{Deserialize, Serialize};
use tickwire_shared::entity::Kind;
use tickwire_shared::game::Game;
use tickwire_shared::room::{game_schema, game_schema_hash};
use tickwire_shared::wire::control::GameName;

const FORMAT: &str = "tickwire-recording";
const VERSION: u32 = 1;
const RECORD_HEAD_BYTES: usize = 12;

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    format: String,
    version: u32,
    /// The name under which the game was hosted.
    pub game: String,
    /// The hash that a client sends in `Join`, in hexadecimal.
    pub schema_hash: String,
    /// The kinds of the game's entities.
    pub kinds: Vec<Kind>,
}

impl Header {
    /// The header of game `G`, hosted as `game`.
    #[must_use]
    pub fn of<G: Game>(game: &GameName) -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            game: game.to_string(),
            schema_hash: format!("{:016x}", game_schema_hash::<G>()),
            kinds: game_schema::<G>().kinds,
        }
    }
}

#[cfg(test)]
mod tests;
