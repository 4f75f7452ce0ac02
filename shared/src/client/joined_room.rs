//! A client's state in a room.

use super::ClientGame;
use super::clock::{ArrivalClock, Follower, InputClock, server_tick_at};
use super::frames_in_flight::SentFrames;
use super::input_trace::LifeLines;
use super::interpolation::FractionalTick;
use super::known_game::RoomRules;
use super::predicted_spawns::PredictedSpawns;
use super::prediction::Prediction;
use super::starvation::Starved;
use super::view_ticks::ViewTicks;
use crate::id::{EntityId, PlayerId, ResumeSecret, RoomId};
use crate::snapshot::OwnTold;
use crate::tick::TickRate;
use core::time::Duration;

/// The room that a client has joined, and its clocks and predictions there.
pub(super) struct JoinedRoom<G: ClientGame> {
    pub(super) room: RoomId,
    pub(super) player: Option<(PlayerId, EntityId)>,
    pub(super) tick_rate: TickRate,
    /// Takes the player's seat again after a cut. A spectator has none.
    pub(super) secret: Option<ResumeSecret>,
    /// Whether the client may come back after a cut: it was not kicked and did not leave.
    pub(super) may_return: bool,
    pub(super) settings: G::Settings,
    /// `None` if only the schema is known.
    pub(super) rules: Option<RoomRules<G>>,
    pub(super) input_clock: InputClock,
    pub(super) arrivals: ArrivalClock,
    /// The tick at which the other entities are shown.
    pub(super) render: Follower,
    /// The tick that the server has reached.
    pub(super) server: Follower,
    pub(super) prediction: Option<Prediction<G::Entity>>,
    pub(super) predicted_spawns: PredictedSpawns,
    /// The owner-only fields of the player's own entity, as received.
    pub(super) own: OwnTold,
    /// The whole row of the player's own entity; its memory is reused.
    pub(super) own_row: Vec<i32>,
    /// When a spectator's next frame is due.
    pub(super) next_frame_at: Duration,
    /// When the last frame was made.
    pub(super) frame_at: Duration,
    pub(super) sent: SentFrames,
    pub(super) starved: Starved,
    pub(super) input_traces: LifeLines,
    pub(super) seen: ViewTicks,
    /// When the last update of this connection arrived.
    pub(super) snapshot_at: Option<Duration>,
}

impl<G: ClientGame> JoinedRoom<G> {
    /// The tick, with its fraction, at which the other entities are shown at `now`.
    pub(super) fn moment_at(&self, now: Duration) -> Option<FractionalTick> {
        self.render.tick_at(now, self.tick_rate, self.arrivals.shown_at(now)).map(FractionalTick::of)
    }

    pub(super) fn server_tick_at(&self, now: Duration) -> Option<f64> {
        let target = server_tick_at(now, &self.input_clock, &self.arrivals);
        self.server.tick_at(now, self.tick_rate, target)
    }

    /// When, on the client's clock, the server reached or will reach `ticks`.
    pub(super) fn time_of(&self, now: Duration, ticks: f64) -> Duration {
        let Some(server) = self.server_tick_at(now) else { return now };
        let seconds = (ticks - server) / f64::from(self.tick_rate.hz());
        let ahead = Duration::try_from_secs_f64(seconds.abs()).unwrap_or(Duration::ZERO);
        if seconds < 0.0 { now.saturating_sub(ahead) } else { now.saturating_add(ahead) }
    }

    /// Advances the clocks to `now`.
    pub(super) fn advance_clocks(&mut self, now: Duration) {
        self.render.advance(now, self.tick_rate, self.arrivals.shown_at(now));
        let target = server_tick_at(now, &self.input_clock, &self.arrivals);
        self.server.advance(now, self.tick_rate, target);
    }
}
