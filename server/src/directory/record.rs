//! What a directory stores, and how it answers.

use crate::room_port::RoomPort;
use serde::{Deserialize, Serialize};
use std::fmt;
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::Text;
use tickwire_shared::wire::control::{GameName, Options};

/// Bytes of a node's name.
pub const NODE_NAME_BYTES_MAX: usize = 64;

/// The name of one server, which no other server with the same directory has.
pub type NodeName = Text<NODE_NAME_BYTES_MAX>;

/// A room as a directory knows it. It does not change while the room exists. In a store, use its serde form:
/// later versions may have more fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoomRecord {
    /// The room.
    pub room: RoomId,
    /// The name under which its game is hosted.
    pub game: GameName,
    /// The options that it was made with.
    pub options: Options,
    /// The server that hosts it.
    pub node: NodeName,
}

impl RoomRecord {
    /// The record of a room.
    #[must_use]
    pub const fn new(room: RoomId, game: GameName, options: Options, node: NodeName) -> Self {
        Self { room, game, options, node }
    }

    pub(super) fn of(room: &dyn RoomPort, node: &NodeName) -> Self {
        Self::new(room.id(), room.game().clone(), room.options().clone(), node.clone())
    }
}

/// A directory's answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// The room is entered.
    Made,
    /// The id belongs to another room.
    Taken,
}

/// A directory that cannot answer. The text is for the log; no client reads it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DirectoryError(String);

impl DirectoryError {
    /// An error with this text, such as another error.
    #[must_use]
    pub fn new(cause: impl fmt::Display) -> Self {
        Self(cause.to_string())
    }
}
