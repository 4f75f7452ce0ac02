//! What all rooms of a game with the same settings share.

use super::{RoomError, game_schema};
use crate::coding::codec;
use crate::entity::Schema;
use crate::game::{Game, IdleLimits};
use crate::limits::SETTINGS_BYTES_MAX;
use crate::snapshot::Interest;
use crate::tick::TickRate;
use crate::wire::control::List;
use std::sync::Arc;

/// The settings of rooms, and everything that follows from them: the scene, the schema with its table, the
/// limits. It never changes. A host that makes many rooms with the same settings makes it once: it takes more
/// memory and time than the rest of a small room.
pub struct RoomPlan<G: Game> {
    pub(super) tick_rate: TickRate,
    pub(super) settings: G::Settings,
    pub(super) settings_bytes: List<u8, SETTINGS_BYTES_MAX>,
    pub(super) scene: Arc<G::Scene>,
    pub(super) schema: Schema,
    pub(super) interest: Interest,
    pub(super) players_max: u16,
    pub(super) idle_limits: IdleLimits,
}

impl<G: Game> RoomPlan<G> {
    /// The plan of rooms with these settings that step at this rate.
    ///
    /// # Errors
    /// The game's types break a bound of the protocol, or no scene can be made from its settings.
    pub fn new(settings: G::Settings, tick_rate: TickRate) -> Result<Self, RoomError> {
        Self::with_table(settings, tick_rate, G::FEATURES.table())
    }

    /// Like [`RoomPlan::new`], with a different table than the game's, or none: for training a table when the
    /// game's own table does not fit its entities.
    ///
    /// # Errors
    /// As [`RoomPlan::new`].
    pub fn with_table(
        settings: G::Settings,
        tick_rate: TickRate,
        table: Option<&[u8]>,
    ) -> Result<Self, RoomError> {
        let bytes = codec::encode(&settings).map_err(|_| RoomError::SettingsTooLarge)?;
        // A client makes its scene from what crosses the wire, so the room does the same.
        let settings: G::Settings = codec::decode_data(&bytes).map_err(|_| RoomError::SettingsUnreadable)?;
        let scene = Arc::new(G::scene(&settings, tick_rate)?);
        let schema = G::FEATURES
            .prediction
            .schema(&game_schema::<G>(), &scene, tick_rate)?
            .with_profile(G::FEATURES.profile, table)?;
        let interest = (G::FEATURES.interest.interest)(&settings);
        if let Interest::Cells(cells) = &interest {
            cells.check()?;
        }
        let (players_max, idle_limits) = (G::players_max(&settings), G::idle_limits(&settings));
        let settings_bytes = List::try_from(bytes).map_err(|_| RoomError::SettingsTooLarge)?;
        Ok(Self { tick_rate, settings, settings_bytes, scene, schema, interest, players_max, idle_limits })
    }
}

impl<G: Game> core::fmt::Debug for RoomPlan<G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RoomPlan").field("settings", &self.settings_bytes.len()).finish_non_exhaustive()
    }
}
