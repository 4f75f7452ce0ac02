//! A member of a room: a player or spectator, and the connection that it has at the time.

use super::inputs::InputRing;
use super::reliable::EventQueue;
use crate::entity::Input;
use crate::id::{EntityId, MemberId, PlayerId, ResumeSecret, StreamId};
use crate::limits::ACK_AGE_MS_MAX;
use crate::tick::{Tick, TickRate};
use crate::wire::control::Name;
use core::time::Duration;

/// A seat in the room.
#[derive(Debug)]
pub(super) struct Member<I> {
    /// The attachment that it has, or had last.
    pub(super) id: MemberId,
    /// `None` for a spectator.
    pub(super) player: Option<Player<I>>,
    pub(super) events: EventQueue,
    /// `None` while the player is cut off.
    pub(super) link: Option<Link>,
    /// The tick at which the link was lost.
    pub(super) cut_at: Tick,
}

/// What makes a member a player.
#[derive(Debug)]
pub(super) struct Player<I> {
    pub(super) id: PlayerId,
    pub(super) entity: EntityId,
    pub(super) name: Name,
    pub(super) secret: ResumeSecret,
    /// The secret that was shown to resume. It counts until a frame proves that the client has the new one: the
    /// connection may break again before `Joined` arrives.
    pub(super) shown_secret: Option<ResumeSecret>,
    pub(super) inputs: InputRing<I>,
    /// The number of the last command that was received in order.
    pub(super) commands_received: u32,
}

impl<I: Input> Player<I> {
    /// Whether a client that shows `secret` is this player.
    pub(super) fn is_shown(&self, secret: &ResumeSecret) -> bool {
        let before = self.shown_secret.is_some_and(|before| before.matches(secret));
        self.secret.matches(secret) || before
    }

    pub(super) fn new(id: PlayerId, entity: EntityId, name: Name, secret: ResumeSecret) -> Self {
        Self { id, entity, name, secret, shown_secret: None, inputs: InputRing::new(), commands_received: 0 }
    }
}

/// What the room knows about one connection of a member.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// The last update that was queued: over an ordered transport, what the client will start from.
    pub(super) queued: Option<Tick>,
    /// The newest update that the client says it decoded.
    pub(super) acked: Option<Tick>,
    /// When the link began.
    pub(super) since: Tick,
    /// The smoothed time from an update to its acknowledgement.
    pub(super) round_trip: Duration,
    /// The newest frame since the last update.
    pub(super) arrival: Option<Arrival>,
    /// Whether a command came since the last update.
    pub(super) command_ack_due: bool,
    /// A repair that the client waits for.
    pub(super) repair: Option<(StreamId, Tick)>,
    /// When the last repair was served.
    pub(super) repaired_at: Option<Tick>,
    /// Commands since the last step.
    pub(super) commands: usize,
}

/// A frame's arrival, to be told to the client's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) stamp_ms: u16,
    pub(super) at: Duration,
    /// In 1/256 tick.
    pub(super) margin: i16,
}

impl Link {
    pub(super) fn new(since: Tick) -> Self {
        Self {
            queued: None,
            acked: None,
            since,
            round_trip: Duration::ZERO,
            arrival: None,
            command_ack_due: false,
            repair: None,
            repaired_at: None,
            commands: 0,
        }
    }

    /// Takes a round trip into the smoothed one (a quarter of the difference).
    pub(super) fn add_round_trip(&mut self, sample: Duration) {
        self.round_trip = if self.round_trip.is_zero() { sample } else { (self.round_trip * 3 + sample) / 4 };
    }

    /// How many times its allowance the client's acknowledgement is old: 0 if it keeps up.
    fn lag(&self, tick: Tick, rate: TickRate) -> u32 {
        let age = tick.since(self.acked.unwrap_or(self.since).max(self.since)).max(0) as u32;
        let allowed = Duration::from_millis(ACK_AGE_MS_MAX).max(self.round_trip * 2);
        age / rate.ticks_ceil(allowed).max(1)
    }

    /// Whether the client's acknowledgement is too old for it to be served at every tick.
    pub(super) fn lags(&self, tick: Tick, rate: TickRate) -> bool {
        self.lag(tick, rate) > 0
    }

    /// Whether the client is served at `tick`. One whose acknowledgement is older than max(250 ms, 2 round trips)
    /// is served on ticks divisible by a power of two that grows with the age, so that laggards share baselines.
    pub(super) fn is_due(&self, tick: Tick, rate: TickRate) -> bool {
        let lag = self.lag(tick, rate);
        lag == 0 || tick.0.is_multiple_of(1 << (lag.ilog2() + 1).min(6))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_acknowledges_is_due_at_every_tick_and_one_that_does_not_ever_less() {
        let rate = TickRate::DEFAULT;
        let mut link = Link::new(Tick(0));
        let due =
            |link: &Link, from: u32| (from..from + 64).filter(|&tick| link.is_due(Tick(tick), rate)).count();
        assert_eq!((0..8).filter(|&tick| link.is_due(Tick(tick), rate)).count(), 8);
        assert_eq!(due(&link, 640), 1);
        link.acked = Some(Tick(638));
        assert!(link.is_due(Tick(640), rate));
        assert!(link.is_due(Tick(645), rate));
        assert!(!link.is_due(Tick(647), rate));
    }

    #[test]
    fn a_long_round_trip_is_no_lag() {
        let mut link = Link::new(Tick(0));
        link.acked = Some(Tick(100));
        link.add_round_trip(Duration::from_millis(400));
        assert!(link.is_due(Tick(121), TickRate::DEFAULT));
    }
}
