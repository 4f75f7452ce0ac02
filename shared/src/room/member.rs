//! A member of a room: a player or spectator, and its current connection.

use super::event::Hold;
use super::idle::Activity;
use super::inputs::InputRing;
use super::pace::Pace;
use super::reliable::EventQueue;
use super::reports::Repaired;
use super::stats::RoomStats;
use super::view::ClientView;
use crate::entity::{Input, OnGrid};
use crate::game::LeaveReason;
use crate::hitbox::Rewinds;
use crate::id::{EntityId, MemberId, PlayerId, ResumeSecret, StreamId};
use crate::limits::{
    ACK_AGE_MS_MAX, ACK_LOST_MS, MARGIN_MIN, MARGIN_MS_MAX, QUIET_MS_MAX, VIEW_SPARE_MS, window_ticks,
};
use crate::snapshot::{OwnTold, Reach};
use crate::tick::{Tick, TickRate};
use crate::wire::control::Name;
use crate::wire::update::InputCounts;
use core::time::Duration;

/// A seat in the room.
#[derive(Debug)]
pub(super) struct Member<I> {
    /// Its current or last attachment.
    pub(super) id: MemberId,
    /// `None` for a spectator.
    pub(super) player: Option<Player<I>>,
    /// The player, with its entity, whose view a spectator requests.
    pub(super) follows: Option<(PlayerId, EntityId)>,
    /// The reach of its last view.
    pub(super) reach: Reach,
    pub(super) events: EventQueue,
    /// `None` while the player is disconnected.
    pub(super) link: Option<MemberConnection>,
    /// The tick at which the connection was lost.
    pub(super) cut_at: Tick,
    /// How the seat is held while there is no connection.
    pub(super) hold: Hold,
    /// It has left, and is removed as soon as the game has its last commands.
    pub(super) leaves: Option<LeaveReason>,
    pub(super) activity: Activity,
}

/// The part of a member that only players have.
#[derive(Debug)]
pub(super) struct Player<I> {
    pub(super) id: PlayerId,
    /// The entity that it controls, or [`EntityId::NONE`].
    pub(super) entity: EntityId,
    pub(super) name: Name,
    pub(super) secret: ResumeSecret,
    /// The secret that was presented to resume. It stays valid until a frame proves that the client has the
    /// new one: the connection may break again before `Joined` arrives.
    pub(super) shown_secret: Option<ResumeSecret>,
    pub(super) inputs: InputRing<I>,
    /// The number of the last command that was received in order.
    pub(super) commands_received: u32,
    /// The rewinds that the game used for it.
    pub(super) rewinds: Rewinds,
    /// The newest input that it sent; `None` if it never sent one.
    pub(super) seen_input: Option<OnGrid<I>>,
}

impl<I: Input> Member<I> {
    /// Whether it is disconnected and its seat is available to others when the room is full.
    pub(super) fn gives_way(&self) -> bool {
        self.link.is_none() && self.hold != Hold::Firm
    }

    /// Whether something that concerns this member alone must be sent at `tick`: reliable messages, inputs
    /// that were not on time, and a heartbeat after [`QUIET_MS_MAX`].
    pub(super) fn has_news(&self, tick: Tick, rate: TickRate) -> bool {
        self.events.has_unsent()
            || self.player.as_ref().is_some_and(|player| player.inputs.counts != InputCounts::default())
            || self.link.as_ref().is_some_and(|link| link.has_news(tick, rate) || self.has_other_entity(link))
    }

    fn has_other_entity(&self, link: &MemberConnection) -> bool {
        self.player.as_ref().is_some_and(|player| player.entity != link.controls)
    }

    /// The room skips `ticks`. The member did not cause it, so its countdowns do not advance.
    pub(super) fn skip(&mut self, ticks: u32) {
        let ticks = i64::from(ticks);
        self.cut_at = self.cut_at.offset(ticks);
        if let Some(deaf_since) = self.link.as_mut().and_then(|link| link.deaf_since.as_mut()) {
            *deaf_since = deaf_since.offset(ticks);
        }
    }

    /// Records that nothing is sent for `tick`: everything went as predicted.
    pub(super) fn pass(&mut self, tick: Tick) {
        if let Some(link) = &mut self.link {
            link.pass(tick);
        }
    }

    /// Whether `tick` is one of those on which the member is served while it does not keep up.
    pub(super) fn is_due_by_pace(&self, tick: Tick) -> bool {
        self.link.as_ref().is_some_and(|link| link.pace.is_due(tick))
    }

    /// Records that an update was due at `tick`, and was sent or skipped.
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
    /// Whether a client that presents `secret` is this player.
    pub(super) fn is_shown(&self, secret: &ResumeSecret) -> bool {
        let before = self.shown_secret.is_some_and(|before| before.matches(secret));
        self.secret.matches(secret) || before
    }

    pub(super) fn new(
        id: PlayerId,
        entity: EntityId,
        name: Name,
        secret: ResumeSecret,
        rate: TickRate,
    ) -> Self {
        Self {
            id,
            entity,
            name,
            secret,
            shown_secret: None,
            inputs: InputRing::new(rate),
            commands_received: 0,
            rewinds: Rewinds::default(),
            seen_input: None,
        }
    }
}

/// The room's state for one connection of a member.
#[derive(Clone, Debug)]
pub(super) struct MemberConnection {
    /// The last update that was queued.
    pub(super) queued: Option<Tick>,
    /// What the client has of the room's streams.
    pub(super) view: ClientView,
    /// The entity that its player controls, as last sent to the client.
    pub(super) controls: EntityId,
    /// The owner-only fields that the client was sent.
    pub(super) own: OwnTold,
    /// Ticks directly after the last update that went as predicted and were not sent.
    pub(super) quiet: u32,
    /// Updates that the client has not acknowledged yet.
    unacked: Unacked,
    /// The newest update that the client says it decoded.
    pub(super) acked: Option<Tick>,
    /// How often it is served, adapted to how well it has kept up.
    pub(super) pace: Pace,
    /// The client sends frames only when it has something to send.
    pub(super) steady: bool,
    /// The smoothed time from an update to its acknowledgement.
    pub(super) round_trip: Duration,
    /// The newest frame since the last update whose arrival was timed.
    pub(super) arrival: Option<Arrival>,
    /// Whether a command came since the last update.
    pub(super) command_ack_due: bool,
    /// A repair that the client is waiting for.
    pub(super) repair: Option<(StreamId, Tick)>,
    /// When the last repair was served.
    pub(super) repaired_at: Option<Tick>,
    /// The state of the last repair, until the client reports what differed.
    pub(super) repaired: Option<Box<Repaired>>,
    /// Since when its frames have acknowledged nothing new.
    deaf_since: Option<Tick>,
    /// The client does not read updates, and is to be closed.
    pub(super) lost: bool,
}

/// A frame's arrival, which the client's clock needs to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) stamp_ms: u16,
    pub(super) at: Duration,
    /// In 1/256 tick.
    pub(super) margin: i16,
    /// Whether the frame had an input, so that the margin means something.
    pub(super) told: bool,
}

/// The updates that were sent, and the oldest one that waits for its acknowledgement. It is stored in the
/// member itself, because it is read in each tick. It covers [`window_ticks`] in 64 bits, so at high rates a
/// bit stands for several ticks, called a grain.
#[derive(Clone, Copy, Debug)]
struct Unacked {
    /// The first update over this connection.
    first: Option<Tick>,
    oldest: Option<Tick>,
    newest: Tick,
    /// Bit n: an update was sent n grains before that of `newest`. If the oldest unacknowledged update is
    /// older than that, then once an older one is acknowledged, the oldest known here counts.
    sent: u64,
    grain_ticks: u32,
}

impl Unacked {
    fn new(rate: TickRate) -> Self {
        let grain_ticks = window_ticks(rate).div_ceil(u64::BITS);
        Self { first: None, oldest: None, newest: Tick(0), sent: 0, grain_ticks }
    }

    fn grain(&self, tick: Tick) -> u32 {
        tick.0 / self.grain_ticks
    }

    fn sent(&mut self, tick: Tick) {
        let passed = self.grain(tick).saturating_sub(self.grain(self.newest));
        self.sent = self.sent.checked_shl(passed).unwrap_or(0) | 1;
        self.newest = tick;
        self.first.get_or_insert(tick);
        self.oldest.get_or_insert(tick);
    }

    /// Whether the update of `tick` was sent. For ticks before the last 64 grains it returns `true` if they
    /// are not before the first update.
    fn was_sent(&self, tick: Tick) -> bool {
        if tick > self.newest || self.first.is_none_or(|first| tick < first) {
            return false;
        }
        let before = self.grain(self.newest) - self.grain(tick);
        self.sent.checked_shr(before).is_none_or(|sent| sent & 1 != 0)
    }

    fn acked(&mut self, tick: Tick) {
        if self.oldest.is_none_or(|oldest| oldest > tick) {
            return;
        }
        if tick >= self.newest {
            self.oldest = None;
            return;
        }
        // Other ticks of the same grain may still wait.
        let later = self.grain(self.newest) - self.grain(tick) + u32::from(self.grain_ticks > 1);
        let unacked = self.sent & 1_u64.checked_shl(later).map_or(u64::MAX, |bit| bit - 1);
        let oldest = |bit: u32| Tick((self.grain(self.newest) - bit) * self.grain_ticks).max(tick.next());
        self.oldest = unacked.checked_ilog2().map(oldest);
    }
}

/// Whether a margin need not be reported at once.
fn is_usual(margin: i16, rate: TickRate) -> bool {
    let most = rate.ticks_covering(MARGIN_MS_MAX).max(8) * 256;
    margin >= MARGIN_MIN && i64::from(margin) <= i64::from(most)
}

impl MemberConnection {
    pub(super) fn new(rate: TickRate) -> Self {
        Self {
            queued: None,
            view: ClientView::default(),
            controls: EntityId::NONE,
            own: OwnTold::default(),
            quiet: 0,
            unacked: Unacked::new(rate),
            acked: None,
            pace: Pace::default(),
            steady: false,
            round_trip: Duration::ZERO,
            arrival: None,
            command_ack_due: false,
            repair: None,
            repaired_at: None,
            repaired: None,
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

    fn pass(&mut self, tick: Tick) {
        if self.queued.is_some_and(|queued| tick.since(queued) == i64::from(self.quiet) + 1) {
            self.quiet += 1;
        }
    }

    /// Whether something that concerns this connection alone must be sent at `tick`.
    fn has_news(&self, tick: Tick, rate: TickRate) -> bool {
        let silent = self.queued.map_or(i64::MAX, |queued| tick.since(queued));
        silent >= i64::from(rate.ticks_floor(Duration::from_millis(QUIET_MS_MAX)).max(1))
            || self.command_ack_due
            || self.repair.is_some()
            || self.arrival.is_some_and(|arrival| arrival.told && !is_usual(arrival.margin, rate))
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
        let mut link = MemberConnection::new(TickRate::DEFAULT);
        let due = |link: &MemberConnection, from: u32| {
            (from..from + 64).filter(|&tick| link.is_due(Tick(tick), rate)).count()
        };
        assert_eq!(due(&link, 640), 64, "no acknowledgement is pending");
        link.sent(Tick(0));
        assert_eq!((0..8).filter(|&tick| link.is_due(Tick(tick), rate)).count(), 8);
        assert_eq!(due(&link, 640), 1);
        link.sent(Tick(639));
        assert!(link.ack(Tick(638)));
        assert!(link.is_due(Tick(640), rate));
        assert!(link.is_due(Tick(645), rate));
        assert!(!link.is_due(Tick(647), rate));
        link.steady = true;
        assert!(link.is_due(Tick(647), rate), "it sends a frame only every 250 ms");
        assert!(!link.ack(Tick(600)) && link.acked == Some(Tick(638)));
    }

    #[test]
    fn the_oldest_update_without_an_acknowledgement_is_known() {
        let mut unacked = Unacked::new(TickRate::DEFAULT);
        for tick in [10, 11, 14, 60] {
            unacked.sent(Tick(tick));
        }
        let mut oldest_after = |ack| {
            unacked.acked(Tick(ack));
            unacked.oldest
        };
        assert_eq!(oldest_after(9), Some(Tick(10)));
        assert_eq!(oldest_after(10), Some(Tick(11)));
        assert_eq!(oldest_after(12), Some(Tick(14)));
        assert_eq!(oldest_after(60), None);
        // A client that acknowledges nothing, then an update of long ago.
        for tick in (100..1000).step_by(9) {
            unacked.sent(Tick(tick));
        }
        assert_eq!(unacked.oldest, Some(Tick(100)));
        unacked.acked(Tick(200));
        assert_eq!(unacked.oldest, Some(Tick(991 - 63)));
        unacked.acked(Tick(973));
        assert_eq!(unacked.oldest, Some(Tick(982)));
    }

    #[test]
    fn only_ticks_right_behind_the_last_update_count_as_quiet() {
        let mut link = MemberConnection::new(TickRate::DEFAULT);
        link.pass(Tick(1));
        assert_eq!(link.quiet, 0, "there is no update yet");
        link.sent(Tick(10));
        for tick in [11, 12, 14, 15] {
            link.pass(Tick(tick));
        }
        assert_eq!(link.quiet, 2, "tick 13 was skipped");
        link.sent(Tick(16));
        assert_eq!(link.quiet, 0);
    }

    #[test]
    fn nobody_sees_the_others_later_than_its_way_explains() {
        let mut link = MemberConnection::new(TickRate::DEFAULT);
        assert_eq!(link.behind_max(TickRate::DEFAULT), 256 * 9 / 2);
        link.add_round_trip(Duration::from_millis(100));
        assert_eq!(link.behind_max(TickRate::DEFAULT), 256 * 15 / 2);
    }

    #[test]
    fn a_long_round_trip_is_no_lag() {
        let mut link = MemberConnection::new(TickRate::DEFAULT);
        link.sent(Tick(100));
        link.add_round_trip(Duration::from_millis(400));
        assert!(link.is_due(Tick(121), TickRate::DEFAULT));
    }
}
