//! A member of a room: a player or spectator, and the connection that it has at the time.

use super::inputs::InputRing;
use super::pace::Pace;
use super::reliable::EventQueue;
use super::stats::RoomStats;
use super::view::Sight;
use crate::entity::Input;
use crate::id::{EntityId, MemberId, PlayerId, ResumeSecret, StreamId};
use crate::limits::{ACK_AGE_MS_MAX, ACK_LOST_MS, MARGIN_BAND, QUIET_MS_MAX};
use crate::tick::{Tick, TickRate};
use crate::wire::control::Name;
use crate::wire::update::InputCounts;
use core::time::Duration;
use std::collections::VecDeque;

/// How long a client may speak without acknowledging once its acknowledgement is overdue by so much that it is given up.
const LOST_SPARE: Duration = Duration::from_secs(2);
/// Updates whose acknowledgement is waited for one by one.
const UNACKED_MAX: usize = 64;

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

impl<I: Input> Member<I> {
    /// Whether something must be told at `tick` that concerns this member alone: reliable messages, inputs that were
    /// not on time, and a sign of life after [`QUIET_MS_MAX`].
    pub(super) fn has_news(&self, tick: Tick, rate: TickRate) -> bool {
        self.events.has_unsent()
            || self.player.as_ref().is_some_and(|player| player.inputs.counts != InputCounts::default())
            || self.link.as_ref().is_some_and(|link| link.has_news(tick, rate))
    }

    /// Notes that nothing is told of `tick`: all went as predicted.
    pub(super) fn pass(&mut self, tick: Tick) {
        if let Some(link) = &mut self.link {
            link.pass(tick);
        }
    }

    /// Whether `tick` is one of those on which the member is served as long as it keeps up no better.
    pub(super) fn is_paced(&self, tick: Tick) -> bool {
        self.link.as_ref().is_some_and(|link| link.pace.is_due(tick))
    }

    /// Notes that an update was due at `tick`, and was given or skipped.
    pub(super) fn note(&mut self, tick: Tick, rate: TickRate, skipped: bool, stats: &mut RoomStats) {
        let Some(link) = &mut self.link else { return };
        let before = link.pace.step();
        if link.pace.note(tick, rate, skipped) {
            let slower = link.pace.step() > before;
            *if slower { &mut stats.paced_slower } else { &mut stats.paced_faster } += 1;
        }
    }

    /// Whether the member is served at `tick`.
    pub(super) fn is_due(&self, tick: Tick, rate: TickRate) -> bool {
        self.link.as_ref().is_some_and(|link| link.is_due(tick, rate))
    }
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
    /// The last update that was queued.
    pub(super) queued: Option<Tick>,
    /// What it has of the room's streams.
    pub(super) sight: Sight,
    /// Ticks right behind the last update that went as predicted and were not told.
    pub(super) quiet: u32,
    /// Updates that the client did not acknowledge yet, oldest first.
    pub(super) unacked: VecDeque<Tick>,
    /// The newest update that the client says it decoded.
    pub(super) acked: Option<Tick>,
    /// How often it is served, by what it took so far.
    pub(super) pace: Pace,
    /// Since when it speaks though it acknowledged nothing for too long.
    lost_since: Option<Tick>,
    /// The client sends frames only when it has something to say.
    pub(super) steady: bool,
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
    /// Whether the frame had an input, so that the margin says something.
    pub(super) told: bool,
}

impl Link {
    pub(super) fn new() -> Self {
        Self {
            queued: None,
            sight: Sight::default(),
            quiet: 0,
            unacked: VecDeque::new(),
            acked: None,
            pace: Pace::default(),
            lost_since: None,
            steady: false,
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

    fn pass(&mut self, tick: Tick) {
        if self.queued.is_some_and(|queued| tick.since(queued) == i64::from(self.quiet) + 1) {
            self.quiet += 1;
        }
    }

    /// Whether something must be told at `tick` that concerns this connection alone.
    fn has_news(&self, tick: Tick, rate: TickRate) -> bool {
        let silent = self.queued.map_or(i64::MAX, |queued| tick.since(queued));
        silent >= i64::from(rate.ticks_floor(Duration::from_millis(QUIET_MS_MAX)).max(1))
            || self.command_ack_due
            || self.repair.is_some()
            || self.arrival.is_some_and(|arrival| arrival.told && !MARGIN_BAND.contains(&arrival.margin))
    }

    /// Notes that the update of `tick` is on its way.
    pub(super) fn sent(&mut self, tick: Tick) {
        self.queued = Some(tick);
        self.quiet = 0;
        // A client that acknowledges nothing is served ever less often, so this takes minutes.
        if self.unacked.len() < UNACKED_MAX {
            self.unacked.push_back(tick);
        }
    }

    /// The client has decoded the update of `tick`. `false` if it had told so before.
    pub(super) fn ack(&mut self, tick: Tick) -> bool {
        while self.unacked.front().is_some_and(|sent| *sent <= tick) {
            self.unacked.pop_front();
        }
        let new = self.acked.is_none_or(|acked| tick > acked);
        if new {
            self.acked = Some(tick);
            self.pace.heard();
        }
        new
    }

    /// A frame came at `tick`, its acknowledgement taken in: notes whether it is one of a client that acknowledges nothing.
    pub(super) fn spoke(&mut self, tick: Tick, rate: TickRate) {
        let lost = rate.ticks_ceil(Duration::from_millis(ACK_LOST_MS));
        let overdue = self.unacked.front().is_some_and(|oldest| tick.since(*oldest) > i64::from(lost));
        self.lost_since = overdue.then(|| self.lost_since.unwrap_or(tick));
    }

    /// Whether the client is given up: it speaks and acknowledges nothing. (One that says nothing at all is the session's
    /// affair.) After a stall it has time to read what waits.
    pub(super) fn is_lost(&self, tick: Tick, rate: TickRate) -> bool {
        let spare = i64::from(rate.ticks_ceil(LOST_SPARE));
        self.lost_since.is_some_and(|since| tick.since(since) > spare)
    }

    /// How many times its allowance the client's acknowledgement is overdue: 0 if it keeps up.
    fn lag(&self, tick: Tick, rate: TickRate) -> u32 {
        let Some(oldest) = self.unacked.front() else { return 0 };
        let mut allowed = Duration::from_millis(ACK_AGE_MS_MAX).max(self.round_trip * 2);
        if self.steady {
            allowed += Duration::from_millis(QUIET_MS_MAX);
        }
        tick.since(*oldest).max(0) as u32 / rate.ticks_ceil(allowed).max(1)
    }

    /// Whether the client is served at `tick`. One that does not acknowledge an update within max(250 ms, 2 round
    /// trips) is served on ticks divisible by a power of two that grows with that time, so that laggards share
    /// baselines.
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
        let mut link = Link::new();
        let due =
            |link: &Link, from: u32| (from..from + 64).filter(|&tick| link.is_due(Tick(tick), rate)).count();
        assert_eq!(due(&link, 640), 64, "nothing is waited for");
        link.sent(Tick(0));
        assert_eq!((0..8).filter(|&tick| link.is_due(Tick(tick), rate)).count(), 8);
        assert_eq!(due(&link, 640), 1);
        link.sent(Tick(639));
        assert!(link.ack(Tick(638)));
        assert!(link.is_due(Tick(640), rate));
        assert!(link.is_due(Tick(645), rate));
        assert!(!link.is_due(Tick(647), rate));
        link.steady = true;
        assert!(link.is_due(Tick(647), rate), "it speaks every 250 ms only");
        assert!(!link.ack(Tick(600)) && link.acked == Some(Tick(638)));
    }

    #[test]
    fn only_ticks_right_behind_the_last_update_count_as_quiet() {
        let mut link = Link::new();
        link.pass(Tick(1));
        assert_eq!(link.quiet, 0, "there is no update yet");
        link.sent(Tick(10));
        for tick in [11, 12, 14, 15] {
            link.pass(Tick(tick));
        }
        assert_eq!(link.quiet, 2, "tick 13 was left out");
        link.sent(Tick(16));
        assert_eq!(link.quiet, 0);
    }

    #[test]
    fn a_long_round_trip_is_no_lag() {
        let mut link = Link::new();
        link.sent(Tick(100));
        link.add_round_trip(Duration::from_millis(400));
        assert!(link.is_due(Tick(121), TickRate::DEFAULT));
    }
}
