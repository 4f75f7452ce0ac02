//! A client's state in a room.

use super::ClientGame;
use super::clock::RoomClocks;
use super::frames_in_flight::FrameTimes;
use super::input_trace::InputTraces;
use super::known_game::RoomRules;
use super::own_entity::OwnEntity;
use super::starvation::Starved;
use super::view_ticks::ViewTicks;
use crate::id::{EntityId, PlayerId, ResumeSecret, RoomId};
use crate::tick::TickRate;

/// The room that a client has joined, and its clocks and predictions there.
pub(super) struct JoinedRoom<G: ClientGame> {
    pub(super) id: RoomId,
    pub(super) player: Option<(PlayerId, EntityId)>,
    pub(super) tick_rate: TickRate,
    /// Takes the player's seat again after a cut. A spectator has none.
    pub(super) secret: Option<ResumeSecret>,
    /// Whether the client may come back after a cut: it was not kicked and did not leave.
    pub(super) may_return: bool,
    pub(super) settings: G::Settings,
    /// `None` if only the schema is known.
    pub(super) rules: Option<RoomRules<G>>,
    pub(super) clocks: RoomClocks,
    pub(super) own: OwnEntity<G::Entity>,
    pub(super) frames: FrameTimes,
    pub(super) input_traces: InputTraces,
    /// The ticks at which the player saw the others when it gave its inputs.
    pub(super) view_ticks: ViewTicks,
    pub(super) starved: Starved,
}
