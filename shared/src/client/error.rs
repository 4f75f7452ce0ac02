//! Why a client ends its session by itself.

use super::EVENTS_MAX;
use crate::entity::{SchemaError, TableError};
use crate::game::BadSettings;
use crate::wire::control::GameName;
use crate::wire::{Advice, Close, CloseCode, DecodeError};

/// Why a client ends its session by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// A message from the server could not be decoded.
    #[error("a message from the server could not be decoded: {0}")]
    Decode(#[from] DecodeError),
    /// A message arrived out of order.
    #[error("a message from the server arrived out of order")]
    Unexpected,
    /// The server does not host the game.
    #[error("the server does not host the game `{0}`")]
    NoSuchGame(GameName),
    /// The two ends were built with different types.
    #[error(
        "the schema of this client is {ours:016x}, that of the server {theirs:016x}: build both from one game"
    )]
    Schema {
        /// This client's hash.
        ours: u64,
        /// The server's hash.
        theirs: u64,
    },
    /// The game's own types exceed a limit.
    #[error("the game's entities form no valid schema: {0}")]
    OwnSchema(#[from] SchemaError),
    /// The server sent no schema, or not the one that it announced.
    #[error("the server did not send the schema of `{0}`, without which this client cannot read it")]
    NoSchema(GameName),
    /// The settings could not be decoded.
    #[error("the room's settings could not be decoded: {0}")]
    Settings(DecodeError),
    /// No scene can be built from the settings.
    #[error("no scene can be built from the room's settings: {0}")]
    Scene(#[from] BadSettings),
    /// The room's table is not for this client's entities.
    #[error("the room's packets cannot be decoded: {0}")]
    Table(#[from] TableError),
    /// The driver does not take the events.
    #[error("more than {EVENTS_MAX} events wait to be taken")]
    EventsNotTaken,
}

impl ClientError {
    /// The close code and text for this error.
    #[must_use]
    pub fn close(&self) -> Close {
        let code = match self {
            Self::Decode(error) => error.close_code(),
            Self::Settings(_) | Self::Unexpected => CloseCode::DecodeError,
            Self::NoSuchGame(_)
            | Self::Schema { .. }
            | Self::NoSchema(_)
            | Self::Table(_)
            | Self::OwnSchema(SchemaError::NeedsStep { .. }) => CloseCode::Mismatch,
            Self::OwnSchema(_) | Self::Scene(_) => CloseCode::Internal,
            Self::EventsNotTaken => CloseCode::TooSlow,
        };
        let close = Close::new(code, &self.to_string());
        match self {
            // A newer client would not find it either.
            Self::NoSuchGame(_) => Close { advice: Advice::Stop, ..close },
            _ => close,
        }
    }
}
