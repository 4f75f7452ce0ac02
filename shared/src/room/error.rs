//! Why there is no room.

use crate::entity::{SchemaError, TableError};
use crate::game::BadSettings;
use crate::limits::SETTINGS_BYTES_MAX;
use crate::snapshot::BadCells;

/// Why a room could not be created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoomError {
    /// The game's entities break a bound of the protocol.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The game's table does not fit its entities.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No scene can be made from the game's settings.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// The game divides the room in an impossible way.
    #[error(transparent)]
    Cells(#[from] BadCells),
    /// The settings do not fit into a message.
    #[error("the game's settings take more than {SETTINGS_BYTES_MAX} bytes")]
    SettingsTooLarge,
    /// No client could read the settings.
    #[error(
        "the game's settings cannot be read back from their bytes: the codec has no field names, so serde's \
         `tag`, `untagged`, `flatten` and `skip_serializing_if` do not work in them"
    )]
    SettingsUnreadable,
}
