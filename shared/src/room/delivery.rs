//! How well a connection keeps up with its updates, and whether it is served at a tick.

use super::pace::Pace;
use super::unacked::Unacked;
use crate::limits::{ACK_AGE_MS_MAX, ACK_LOST_MS, QUIET_MS_MAX, VIEW_SPARE_MS, window_ticks};
use crate::tick::{Tick, TickRate};
use core::time::Duration;

/// The updates of one connection: which were sent, acknowledged and left out.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    /// The last update that was queued.
    queued: Option<Tick>,
    /// Ticks directly after the last update that went as predicted and were not sent.
    pub(super) quiet: u32,
    /// Updates that the client has not acknowledged yet.
    unacked: Unacked,
    /// The newest update that the client says it decoded.
    acked: Option<Tick>,
    /// How often it is served, adapted to how well it has kept up.
    pub(super) pace: Pace,
    /// The client sends frames only when it has something to send.
    pub(super) steady: bool,
    /// The smoothed time from an update to its acknowledgement.
    round_trip: Duration,
    /// Since when its frames have acknowledged nothing new.
    pub(super) deaf_since: Option<Tick>,
    /// The client does not read updates, and is to be closed.
    pub(super) lost: bool,
}

impl Delivery {
    pub(super) fn new(rate: TickRate) -> Self {
        Self {
            queued: None,
            quiet: 0,
            unacked: Unacked::new(rate),
            acked: None,
            pace: Pace::default(),
            steady: false,
            round_trip: Duration::ZERO,
            deaf_since: None,
            lost: false,
        }
    }

    /// Includes a round trip in the smoothed one (a quarter of the difference).
    pub(super) fn add_round_trip(&mut self, sample: Duration) {
        self.round_trip = if self.round_trip.is_zero() { sample } else { (self.round_trip * 3 + sample) / 4 };
    }

    /// How far behind its inputs' ticks the player can see the others, in 1/256 tick: the round trip, and the
    /// time that its client waits for late updates. A client that claims to see them later than that wants to
    /// hit where they were.
    pub(super) fn behind_max(&self, rate: TickRate) -> i64 {
        let behind = self.round_trip + Duration::from_millis(VIEW_SPARE_MS);
        (rate.ticks_in(behind) * 256.0) as i64
    }

    /// Records that nothing is sent for `tick`: everything went as predicted.
    pub(super) fn pass(&mut self, tick: Tick) {
        if self.queued.is_some_and(|queued| tick.since(queued) == i64::from(self.quiet) + 1) {
            self.quiet += 1;
        }
    }

    /// Whether the client must be sent something at `tick`, because it was sent nothing for
    /// [`QUIET_MS_MAX`].
    pub(super) fn is_overdue(&self, tick: Tick, rate: TickRate) -> bool {
        let silent = self.queued.map_or(i64::MAX, |queued| tick.since(queued));
        silent >= i64::from(rate.ticks_floor(Duration::from_millis(QUIET_MS_MAX)).max(1))
    }

    /// Records that the update of `tick` was sent.
    pub(super) fn sent(&mut self, tick: Tick) {
        self.queued = Some(tick);
        self.quiet = 0;
        self.unacked.sent(tick);
    }

    /// Whether the update of `tick` was sent over this connection.
    pub(super) fn was_sent(&self, tick: Tick) -> bool {
        self.unacked.was_sent(tick)
    }

    /// Whether the client has decoded the state of `tick`, or a later one.
    pub(super) fn has_decoded(&self, tick: Tick) -> bool {
        self.acked.is_some_and(|acked| acked >= tick)
    }

    /// The client has decoded the update of `tick`. `false` if it had already acknowledged it.
    pub(super) fn ack(&mut self, tick: Tick) -> bool {
        self.unacked.acked(tick);
        let new = self.acked.is_none_or(|acked| tick > acked);
        if new {
            self.acked = Some(tick);
            self.pace.heard();
        }
        new
    }

    /// A frame arrived at `tick`. A client that keeps sending frames but acknowledges nothing new for too
    /// long is lost: it does not read its updates. A silent client may be asleep; the transport finds out
    /// whether its connection is alive.
    pub(super) fn on_frame(&mut self, tick: Tick, rate: TickRate, acknowledges: bool) {
        if acknowledges || self.unacked.oldest.is_none() {
            self.deaf_since = None;
        } else {
            let since = *self.deaf_since.get_or_insert(tick);
            self.lost |= tick.since(since) > i64::from(rate.ticks_ceil(Duration::from_millis(ACK_LOST_MS)));
        }
    }

    /// How many times its allowance the client's acknowledgement is overdue: 0 if it keeps up.
    fn lag(&self, tick: Tick, rate: TickRate) -> u32 {
        let Some(oldest) = self.unacked.oldest else { return 0 };
        let mut allowed = Duration::from_millis(ACK_AGE_MS_MAX).max(self.round_trip * 2);
        if self.steady {
            allowed += Duration::from_millis(QUIET_MS_MAX);
        }
        tick.since(oldest).max(0) as u32 / rate.ticks_ceil(allowed).max(1)
    }

    /// Whether the client is served at `tick`. One that does not acknowledge an update within max(250 ms, 2
    /// round trips) is served on ticks divisible by a power of two that grows with that time, so that slow
    /// clients share baselines.
    pub(super) fn is_due(&self, tick: Tick, rate: TickRate) -> bool {
        let lag = self.lag(tick, rate);
        lag == 0 || tick.0.is_multiple_of(1 << (lag.ilog2() + 1).min(window_ticks(rate).ilog2()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_acknowledges_is_due_at_every_tick_and_one_that_does_not_ever_less() {
        let rate = TickRate::DEFAULT;
        let mut delivery = Delivery::new(TickRate::DEFAULT);
        let due = |delivery: &Delivery, from: u32| {
            (from..from + 64).filter(|&tick| delivery.is_due(Tick(tick), rate)).count()
        };
        assert_eq!(due(&delivery, 640), 64, "no acknowledgement is pending");
        delivery.sent(Tick(0));
        assert_eq!((0..8).filter(|&tick| delivery.is_due(Tick(tick), rate)).count(), 8);
        assert_eq!(due(&delivery, 640), 1);
        delivery.sent(Tick(639));
        assert!(delivery.ack(Tick(638)));
        assert!(delivery.is_due(Tick(640), rate));
        assert!(delivery.is_due(Tick(645), rate));
        assert!(!delivery.is_due(Tick(647), rate));
        delivery.steady = true;
        assert!(delivery.is_due(Tick(647), rate), "it sends a frame only every 250 ms");
        assert!(!delivery.ack(Tick(600)) && delivery.acked == Some(Tick(638)));
    }

    #[test]
    fn only_ticks_right_behind_the_last_update_count_as_quiet() {
        let mut delivery = Delivery::new(TickRate::DEFAULT);
        delivery.pass(Tick(1));
        assert_eq!(delivery.quiet, 0, "there is no update yet");
        delivery.sent(Tick(10));
        for tick in [11, 12, 14, 15] {
            delivery.pass(Tick(tick));
        }
        assert_eq!(delivery.quiet, 2, "tick 13 was skipped");
        delivery.sent(Tick(16));
        assert_eq!(delivery.quiet, 0);
    }

    #[test]
    fn nobody_sees_the_others_later_than_its_way_explains() {
        let mut delivery = Delivery::new(TickRate::DEFAULT);
        assert_eq!(delivery.behind_max(TickRate::DEFAULT), 256 * 9 / 2);
        delivery.add_round_trip(Duration::from_millis(100));
        assert_eq!(delivery.behind_max(TickRate::DEFAULT), 256 * 15 / 2);
    }

    #[test]
    fn a_long_round_trip_is_no_lag() {
        let mut delivery = Delivery::new(TickRate::DEFAULT);
        delivery.sent(Tick(100));
        delivery.add_round_trip(Duration::from_millis(400));
        assert!(delivery.is_due(Tick(121), TickRate::DEFAULT));
    }
}
