//! Where sessions leave what their members did, until the room's next tick.
//!
//! It is bounded: messages have a limit per member; joins and leaves always fit, because each member does
//! each once.

use super::seat_count::{PassedOver, SeatCount};
use super::shown::{Counts, Shown};
use crate::charges::HeldSeat;
use crate::leak_audit::AuditEntry;
use crate::passes::Passes;
use crate::room_port::{Answer, Asking, BytesSent, Entry, RoomListing, RoomPort, SendError};
use crate::slot::Slot;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tickwire_shared::entity::Kind;
use tickwire_shared::game::{Game, HostMessage, LeaveReason};
use tickwire_shared::id::{MemberId, RoomId};
use tickwire_shared::limits::HOST_MESSAGES_MAX;
use tickwire_shared::room::{Hold, MemberEvent, Room, Way, game_schema};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::{GameName, Options, Role};
use tickwire_shared::wire::{Close, CloseCode};
use tickwire_shared::{Access, Rewinds};

use tokio::sync::oneshot;
use tokio::time::Instant;

/// Messages between two ticks, per member. A session's own rate limit is far lower; this limit matters when a
/// room does not reach its tick.
const MESSAGES_PER_MEMBER_MAX: usize = 128;

/// How long no match is led to a room that refused one because it was full, unless a player leaves earlier.
const PASS_OVER_FULL: Duration = Duration::from_secs(10);
/// The same after any other refusal, which may be about that one player. It is short, so that no player can
/// hide a room.
const PASS_OVER_RULE: Duration = Duration::from_secs(1);

/// What never changes about a room.
pub(crate) struct RoomFacts {
    pub(crate) id: RoomId,
    pub(crate) game: GameName,
    pub(crate) options: Options,
    pub(crate) metadata: Options,
    pub(crate) tick_rate: TickRate,
    pub(crate) players_max: u16,
    pub(crate) spectators_max: u16,
    pub(crate) born: Instant,
    pub(crate) passes: Arc<Passes>,
}

/// The sessions' end of a room.
pub(crate) struct Port<G: Game> {
    facts: RoomFacts,
    inbox: Mutex<Inbox<G>>,
    counts: Counts,
    shown: Shown,
    hung: AtomicBool,
    abandoned: AtomicBool,
    _audit_entry: AuditEntry,
}

/// One event, as it waits.
pub(super) struct Item<G: Game> {
    /// When it arrived.
    pub(super) at: Instant,
    pub(super) member: MemberId,
    pub(super) event: MemberEvent<G>,
}

struct Inbox<G: Game> {
    items: Vec<Item<G>>,
    /// Members whose first event is among the items.
    arrivals: Vec<Arrival>,
    /// The charges for the seats of members whose lost connection is among the items.
    held: Vec<(MemberId, HeldSeat)>,
    /// What the host sent.
    host_messages: Vec<HostMessage>,
    /// Sessions that have a seat or ask for one.
    attached: usize,
    /// Messages among the items.
    messages: usize,
    /// The last member's number; see [`MemberId`].
    members_made: u64,
    players: SeatCount,
    spectators: SeatCount,
    access: Access,
    /// Seats that are held for those whom players invited.
    places_held: u16,
    passed_over: Option<PassedOver>,
    close: Option<Close>,
    ended: Option<Close>,
}

/// A member that asks for a seat.
pub(super) struct Arrival {
    pub(super) member: MemberId,
    pub(super) slot: Arc<Slot>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What the room takes out at a tick. It is reused, so that no tick allocates.
pub(super) struct Batch<G: Game> {
    pub(super) items: Vec<Item<G>>,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) held: Vec<(MemberId, HeldSeat)>,
    pub(super) messages: Vec<HostMessage>,
    pub(super) close: Option<Close>,
}

impl<G: Game> Default for Batch<G> {
    fn default() -> Self {
        let (items, arrivals, held, messages) = Default::default();
        Self { items, arrivals, held, messages, close: None }
    }
}

impl<G: Game> Port<G> {
    pub(crate) fn new(facts: RoomFacts, audit_entry: AuditEntry) -> Self {
        let inbox = Inbox {
            items: Vec::new(),
            arrivals: Vec::new(),
            held: Vec::new(),
            host_messages: Vec::new(),
            attached: 0,
            messages: 0,
            members_made: 0,
            players: SeatCount::default(),
            spectators: SeatCount::default(),
            access: Access::default(),
            places_held: 0,
            passed_over: None,
            close: None,
            ended: None,
        };
        Self {
            facts,
            inbox: Mutex::new(inbox),
            counts: Counts::default(),
            shown: Shown::default(),
            hung: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            _audit_entry: audit_entry,
        }
    }

    pub(super) fn facts(&self) -> &RoomFacts {
        &self.facts
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox<G>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Swaps what arrived into `batch`, which must be empty.
    pub(super) fn swap(&self, batch: &mut Batch<G>) {
        let mut inbox = self.inbox();
        std::mem::swap(&mut inbox.items, &mut batch.items);
        std::mem::swap(&mut inbox.arrivals, &mut batch.arrivals);
        batch.held.append(&mut inbox.held);
        batch.messages.append(&mut inbox.host_messages);
        batch.close = inbox.close.take();
        inbox.messages = 0;
        inbox.players.start_tick();
        inbox.spectators.start_tick();
    }

    /// Notes whether the room is hidden, before its first tick.
    pub(crate) fn set_hidden(&self, hidden: bool) {
        self.counts.set_hidden(hidden);
    }

    /// Notes what sessions and listings need to know of the room after the tick for which the last batch was
    /// taken.
    pub(super) fn publish(&self, room: &Room<G>) {
        let (spectators, access, hidden) = (room.spectators(), room.access(), room.is_hidden());
        // A seat that gives way to a newcomer does not count as taken.
        let players = room.players() - room.yielding();
        let mut inbox = self.inbox();
        inbox.access = access;
        inbox.places_held = u16::try_from(room.places_held()).unwrap_or(u16::MAX);
        self.counts.set_access(access);
        self.counts.set_hidden(hidden);
        inbox.players.end_tick(players);
        inbox.spectators.end_tick(spectators);
        self.counts.set(inbox.players.taken(), inbox.spectators.taken());
    }

    /// Publishes numbers for the operator, once a second.
    pub(super) fn publish_numbers(&self, room: &Room<G>) {
        self.shown.update(room);
        self.publish_metadata(room);
    }

    /// Publishes what the game says in listings, if it has changed.
    pub(super) fn publish_metadata(&self, room: &Room<G>) {
        self.shown.update_metadata(room);
    }

    /// Ends the room if no client is on the way into it. From then on it admits no one.
    pub(super) fn end_if_idle(&self) -> bool {
        let mut inbox = self.inbox();
        let idle = inbox.arrivals.is_empty();
        if idle {
            inbox.end(CloseCode::NoSuchRoom.into());
        }
        idle
    }

    /// Whether the operator ended the room while its game hung.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Ends the room, also for clients on the way into it.
    pub(super) fn end(&self, close: &Close) {
        let arrivals = self.inbox().end(close.clone());
        for arrival in arrivals {
            let _ = arrival.answer.send(Err(close.clone()));
        }
    }
}

impl<G: Game> Inbox<G> {
    fn end(&mut self, close: Close) -> Vec<Arrival> {
        self.ended.get_or_insert(close);
        self.items = Vec::new();
        self.held = Vec::new();
        std::mem::take(&mut self.arrivals)
    }

    fn push(&mut self, at: Instant, member: MemberId, event: MemberEvent<G>) {
        if self.ended.is_none() {
            self.items.push(Item { at, member, event });
        }
    }
}

impl<G: Game> RoomPort for Port<G> {
    fn id(&self) -> RoomId {
        self.facts.id
    }

    fn game(&self) -> &GameName {
        &self.facts.game
    }

    fn options(&self) -> &Options {
        &self.facts.options
    }

    fn tick_rate(&self) -> TickRate {
        self.facts.tick_rate
    }

    fn players_if_matchable(&self, role: Role, count: u8) -> Option<u16> {
        let inbox = self.inbox();
        let players = inbox.players.taken();
        let is_passed_over = inbox.passed_over.is_some_and(|passed| passed.holds(Instant::now(), players));
        let refusal = inbox.refusal(role, Way::Matched, count, &self.facts);
        let is_open = refusal.is_none() && !self.is_hung() && !self.facts.passes.has_password();
        (is_open && !is_passed_over).then_some(players)
    }

    fn number(&self, key: &str) -> Option<i64> {
        let metadata = self.shown.metadata();
        let metadata = metadata.as_deref().unwrap_or(&self.facts.metadata);
        self.facts.options.get(key).or_else(|| metadata.get(key))?.parse().ok()
    }

    fn born(&self) -> Instant {
        self.facts.born
    }

    fn passes(&self) -> &Passes {
        &self.facts.passes
    }

    fn pass_over(&self, refusal: CloseCode) {
        let mut inbox = self.inbox();
        let (time, players) = match refusal {
            CloseCode::Full => (PASS_OVER_FULL, inbox.players.taken()),
            _ => (PASS_OVER_RULE, 0),
        };
        inbox.passed_over = Some(PassedOver { until: Instant::now() + time, players });
    }

    fn enter(&self, entry: Entry, slot: &Arc<Slot>) -> Result<Asking, Close> {
        let at = Instant::now();
        let mut inbox = self.inbox();
        let event = match entry {
            Entry::Join(request) => {
                let (role, count) = (request.role, request.places.saturating_add(1));
                if let Some(close) = inbox.refusal(role, request.way, count, &self.facts) {
                    return Err(close);
                }
                if self.is_hung() {
                    return Err(Close::new(CloseCode::TryLater, "the room does not respond now"));
                }
                inbox.seats(role).coming += 1;
                MemberEvent::Join(request)
            }
            Entry::Resume { shown, events_received, next } => {
                if inbox.is_over() {
                    return Err(CloseCode::NoSuchRoom.into());
                }
                MemberEvent::Resume { shown, events_received, next }
            }
        };
        inbox.members_made += 1;
        let member = MemberId(inbox.members_made);
        inbox.attached += 1;
        let (sender, answer) = oneshot::channel();
        inbox.arrivals.push(Arrival { member, slot: slot.clone(), answer: sender });
        inbox.push(at, member, event);
        self.counts.set(inbox.players.taken(), inbox.spectators.taken());
        Ok(Asking { member, answer })
    }

    fn deliver(&self, member: MemberId, message: &[u8], at: Instant) -> Result<(), Close> {
        let event = MemberEvent::<G>::decode(message)?;
        let mut inbox = self.inbox();
        if let Some(ended) = &inbox.ended {
            return Err(ended.clone());
        }
        if inbox.messages >= MESSAGES_PER_MEMBER_MAX * inbox.attached {
            return Err(Close::new(CloseCode::RateLimited, "the room cannot take more messages now"));
        }
        inbox.messages += 1;
        inbox.push(at, member, event);
        Ok(())
    }

    fn players_max(&self) -> u16 {
        self.facts.players_max
    }

    fn cut(&self, member: MemberId, (hold, seat): (Hold, HeldSeat)) {
        let at = Instant::now();
        let mut inbox = self.inbox();
        inbox.attached = inbox.attached.saturating_sub(1);
        if inbox.ended.is_none() {
            inbox.held.push((member, seat));
            inbox.push(at, member, MemberEvent::Cut(hold));
        }
    }

    fn leave(&self, member: MemberId, reason: LeaveReason) {
        let at = Instant::now();
        let mut inbox = self.inbox();
        inbox.attached = inbox.attached.saturating_sub(1);
        inbox.push(at, member, MemberEvent::Leave(reason));
    }

    fn evict(&self, member: MemberId) {
        let at = Instant::now();
        self.inbox().push(at, member, MemberEvent::Evict);
    }

    fn send(&self, message: HostMessage) -> Result<(), SendError> {
        let mut inbox = self.inbox();
        if inbox.is_over() {
            return Err(SendError::NoSuchRoom);
        }
        if inbox.host_messages.len() >= HOST_MESSAGES_MAX {
            return Err(SendError::Full);
        }
        inbox.host_messages.push(message);
        Ok(())
    }

    fn close(&self, close: Close) {
        self.inbox().close.get_or_insert(close);
    }

    fn is_hung(&self) -> bool {
        self.hung.load(Ordering::Acquire)
    }

    fn set_hung(&self, hung: bool) {
        self.hung.store(hung, Ordering::Release);
    }

    fn abandon(&self, close: &Close) {
        self.abandoned.store(true, Ordering::Release);
        self.end(close);
    }

    fn listing(&self) -> RoomListing {
        let (players, spectators) = self.counts.get();
        RoomListing {
            id: self.facts.id,
            game: self.facts.game.clone(),
            players,
            players_max: self.facts.players_max,
            spectators,
            spectators_max: self.facts.spectators_max,
            tick_rate_hz: self.facts.tick_rate.hz(),
            options: self.facts.options.clone(),
            access: self.counts.access().name(),
            hidden: self.counts.is_hidden(),
            password: self.facts.passes.has_password(),
            metadata: self.shown.metadata().map_or_else(|| self.facts.metadata.clone(), |of| (*of).clone()),
            age_s: self.facts.born.elapsed().as_secs(),
        }
    }

    fn bytes_sent(&self) -> BytesSent {
        self.shown.get().bytes_sent.clone()
    }

    fn rewinds(&self) -> Vec<(MemberId, Rewinds)> {
        self.shown.get().rewinds.clone()
    }

    fn kinds(&self) -> Vec<Kind> {
        game_schema::<G>().kinds
    }
}

impl<G: Game> Inbox<G> {
    fn seats(&mut self, role: Role) -> &mut SeatCount {
        match role {
            Role::Player => &mut self.players,
            Role::Spectator => &mut self.spectators,
        }
    }

    fn is_over(&self) -> bool {
        self.ended.is_some() || self.close.is_some()
    }

    /// Why a client in `role`, who needs `count` seats, cannot join now, as far as that is known before the
    /// room's next tick. Places that are held for invited ones are the room's affair.
    fn refusal(&self, role: Role, way: Way, count: u8, facts: &RoomFacts) -> Option<Close> {
        let held = if way.inviter().is_some() { 0 } else { self.places_held };
        let is_full = match role {
            Role::Player => {
                let taken = self.players.taken().saturating_add(held);
                taken.saturating_add(count.into()) > facts.players_max
            }
            Role::Spectator => self.spectators.taken() >= facts.spectators_max,
        };
        if self.is_over() {
            Some(CloseCode::NoSuchRoom.into())
        } else if is_full {
            Some(CloseCode::Full.into())
        } else {
            self.access.refusal(role, way == Way::Matched, way.has_pass())
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::leak_audit::{Audited, LeakAudit};
    use tickwire_arena::Arena;
    use tickwire_shared::room::RoomConfig;

    /// The test holds the lock; anything that took it would hang.
    #[test]
    fn a_listing_waits_for_no_room() {
        let facts = RoomFacts {
            id: RoomId::default(),
            game: GameName::cut("arena"),
            options: Options::none(),
            metadata: Options::none(),
            tick_rate: TickRate::DEFAULT,
            players_max: 8,
            spectators_max: 8,
            born: Instant::now(),
            passes: Arc::new(Passes::new(None).unwrap()),
        };
        let port = Port::<Arena>::new(facts, Arc::new(LeakAudit::default()).post(Audited::Room));
        let room = Room::new(RoomConfig::new(RoomId::default()), Default::default(), 0).unwrap();
        port.publish(&room);
        let held = port.inbox();
        let listed = port.listing();
        assert_eq!((listed.players, listed.spectators, listed.access), (0, 0, "open"));
        drop(held);
    }
}
