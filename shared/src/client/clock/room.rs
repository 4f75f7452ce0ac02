//! The clocks of a client in a room.

use super::{ArrivalClock, Follower, InputClock, server_tick_at};
use crate::client::interpolation::FractionalTick;
use crate::tick::TickRate;
use core::time::Duration;

/// A client's clocks in a room.
pub(in crate::client) struct RoomClocks {
    rate: TickRate,
    /// When inputs are due.
    pub(in crate::client) inputs: InputClock,
    pub(in crate::client) arrivals: ArrivalClock,
    /// The tick at which the other entities are shown.
    render: Follower,
    /// The tick that the server has reached.
    server: Follower,
    /// When the last update of this connection arrived.
    pub(in crate::client) snapshot_at: Option<Duration>,
}

impl RoomClocks {
    pub(in crate::client) fn new(rate: TickRate, inputs: InputClock) -> Self {
        let arrivals = ArrivalClock::new(rate);
        let (render, server) = (Follower::default(), Follower::default());
        Self { rate, inputs, arrivals, render, server, snapshot_at: None }
    }

    /// The tick, with its fraction, at which the other entities are shown at `now`.
    pub(in crate::client) fn moment_at(&self, now: Duration) -> Option<FractionalTick> {
        self.render.tick_at(now, self.rate, self.arrivals.shown_at(now)).map(FractionalTick::of)
    }

    /// The tick, with its fraction, that the server has reached at `now`.
    pub(in crate::client) fn server_tick_at(&self, now: Duration) -> Option<f64> {
        let target = server_tick_at(now, &self.inputs, &self.arrivals);
        self.server.tick_at(now, self.rate, target)
    }

    /// When, on the client's clock, the server reached or will reach `ticks`.
    pub(in crate::client) fn time_of(&self, now: Duration, ticks: f64) -> Duration {
        let Some(server) = self.server_tick_at(now) else { return now };
        let seconds = (ticks - server) / f64::from(self.rate.hz());
        let ahead = Duration::try_from_secs_f64(seconds.abs()).unwrap_or(Duration::ZERO);
        if seconds < 0.0 { now.saturating_sub(ahead) } else { now.saturating_add(ahead) }
    }

    /// Advances the clocks to `now`.
    pub(in crate::client) fn advance(&mut self, now: Duration) {
        self.render.advance(now, self.rate, self.arrivals.shown_at(now));
        let target = server_tick_at(now, &self.inputs, &self.arrivals);
        self.server.advance(now, self.rate, target);
    }
}
