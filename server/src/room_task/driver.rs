//! Runs a room, one tick at a time: read what arrived, drain the inbox, step, fill the slots. No await in
//! between.
//!
//! A panic of the game ends this room with 1011 and nothing else. The operator may end a room whose game
//! hangs; it then ends as soon as the game returns.

use super::inbox::{Arrival, Batch, Item, Port};
use super::received::ReceivedMessages;
use super::schedule::{Due, Schedule};
use super::teller::Teller;
use crate::charges::RoomCharge;
use crate::context::ServerContext;
use crate::leak_audit::{AuditEntry, Audited};
use crate::outbox::Slots;
use crate::room_port::RoomPort;
use crate::room_task::room_metrics::RoomMetrics;
use crate::room_threads::{Job, Progress, Subject, room_span};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::game::{Game, LeaveReason};
use tickwire_shared::id::MemberId;
use tickwire_shared::room::{MemberEvent, Room};
use tickwire_shared::wire::{Close, CloseCode};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tracing::{Instrument, Span};

/// A room that is made and has a port, but does not run yet.
pub(crate) trait NewRoom: Send {
    /// Its port.
    fn port(&self) -> Arc<dyn RoomPort>;

    /// It is not made for a client that is on the way into it: it stays open for a while.
    fn await_players(&mut self);

    /// Starts its ticks. `number` says which room of the server this is, which sets its phase. Call it within
    /// a runtime.
    fn start(self: Box<Self>, context: &Arc<ServerContext>, number: u64);
}

/// Permission to have one room, and who pays for it. Dropping it gives both back.
pub(crate) struct RoomPermit {
    pub(crate) _permit: OwnedSemaphorePermit,
    pub(crate) _charge: RoomCharge,
}

/// A new room of game `G`.
pub(crate) struct RoomParts<G: Game> {
    pub(crate) port: Arc<Port<G>>,
    pub(crate) room: Room<G>,
    pub(crate) permit: RoomPermit,
    pub(crate) awaits_players: bool,
}

impl<G: Game> NewRoom for RoomParts<G> {
    fn port(&self) -> Arc<dyn RoomPort> {
        self.port.clone()
    }

    fn await_players(&mut self) {
        self.awaits_players = true;
    }

    fn start(self: Box<Self>, context: &Arc<ServerContext>, number: u64) {
        let Self { port, mut room, permit, awaits_players } = *self;
        room.sample_bytes();
        let span = room_span(port.id(), port.game());
        let teller = Teller::new(&context.services, &mut room, port.facts());
        let now = Instant::now();
        let driver = Box::new(Driver {
            teller,
            schedule: Schedule::new(port.facts().tick_rate, number, context.epoch, now),
            tally: RoomMetrics::new(context.metrics.clone(), port.game()),
            context: context.clone(),
            slots: Slots::new(port.facts().passes.clone()),
            port,
            room,
            batch: Batch::default(),
            received: ReceivedMessages::default(),
            started: now,
            empty_since: None,
            awaits_players,
        });
        span.in_scope(|| tracing::info!("room started"));
        let postings = [context.leak_audit.post(Audited::Task), context.leak_audit.post(Audited::Timer)];
        let stakes = Stakes { permit, postings };
        let runtime = Handle::current();
        let running = Running { driver: Some(driver), stakes: Some(stakes), runtime, span };
        context.room_threads.start(Box::new(running));
    }
}

/// What a room gives back when it has ended.
#[expect(dead_code, reason = "held, to be dropped")]
struct Stakes {
    permit: RoomPermit,
    postings: [AuditEntry; 2],
}

/// A running room, as its thread sees it.
struct Running<G: Game> {
    /// `None` once the room is over.
    driver: Option<Box<Driver<G>>>,
    stakes: Option<Stakes>,
    /// Where the sessions run; there the room is released.
    runtime: Handle,
    /// Entered once per run, not per message.
    span: Span,
}

struct Driver<G: Game> {
    context: Arc<ServerContext>,
    /// `None` if no services listen.
    teller: Option<Teller>,
    port: Arc<Port<G>>,
    room: Room<G>,
    slots: Slots,
    batch: Batch<G>,
    received: ReceivedMessages,
    schedule: Schedule,
    tally: RoomMetrics,
    /// The start of the room's own clock.
    started: Instant,
    empty_since: Option<Instant>,
    /// Nobody was in it yet, and the host wants it open.
    awaits_players: bool,
}

/// How long a room that the host made stays open before anybody joins it.
const AWAITS_PLAYERS: Duration = Duration::from_secs(60);

/// When something arrived.
#[derive(Clone, Copy)]
struct Moment {
    /// When the tick began.
    now: Instant,
    /// `None`: at some time before `now`.
    at: Option<Instant>,
    lost_time: bool,
}

/// Why a room ended.
enum RoomEnd {
    /// It was empty for a while.
    Idle,
    /// The operator or the shutdown ended it.
    Closed(Close),
    /// The game ended it; its members are told already.
    ByGame(Close),
    /// The game panicked.
    Panicked,
    /// The operator ended it while its game hung.
    Abandoned,
}

impl RoomEnd {
    /// As the host's services are told.
    const fn word(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Closed(_) => "closed",
            Self::ByGame(_) => "ended",
            Self::Panicked | Self::Abandoned => "failed",
        }
    }
}

impl<G: Game> Job for Running<G> {
    fn subject(&self) -> Subject {
        match &self.driver {
            Some(driver) => Subject::Room(driver.port.clone(), driver.room.tick()),
            None => unreachable!("a room that is over does not run"),
        }
    }

    fn due_at(&self) -> Instant {
        self.driver.as_ref().map_or_else(Instant::now, |driver| driver.schedule.next_at())
    }

    fn run(&mut self) -> Progress {
        let _entered = self.span.enter();
        let Some(driver) = &mut self.driver else { return Progress::Over };
        let Some(end) = driver.wake() else { return Progress::Again };
        let (context, port) = (driver.context.clone(), driver.port.clone());
        // Before the members are told, so that none of them finds it listed.
        let release = (!port.is_abandoned()).then(|| context.rooms.release(&*port));
        driver.finish(end);
        // What panicked once may panic again when it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| self.driver = None));
        let stakes = self.stakes.take();
        let ending = async move {
            if let Some(release) = release {
                release.await;
            }
            drop((port, stakes));
        };
        self.runtime.spawn(ending.in_current_span());
        Progress::Over
    }
}

impl<G: Game> Driver<G> {
    /// Runs the ticks that are due. Returns the room's end when it is reached.
    fn wake(&mut self) -> Option<RoomEnd> {
        let now = Instant::now();
        self.tally.woken(now.saturating_duration_since(self.schedule.next_at()));
        let due = self.schedule.take_due(now);
        // The room is not used after a panic, except to be dropped.
        catch_unwind(AssertUnwindSafe(|| self.tick(now, due))).unwrap_or(Some(RoomEnd::Panicked))
    }

    fn finish(&mut self, end: RoomEnd) {
        let ticks = self.room.tick();
        let close = match &end {
            RoomEnd::Idle => Close::from(CloseCode::NoSuchRoom),
            RoomEnd::Closed(close) | RoomEnd::ByGame(close) => close.clone(),
            RoomEnd::Panicked | RoomEnd::Abandoned => Close::new(CloseCode::Internal, "the room failed"),
        };
        self.port.end(&close);
        self.slots.close_all(&close);
        self.tally.finish();
        if let Some(teller) = &mut self.teller {
            // The room is not used after a panic.
            if !matches!(end, RoomEnd::Panicked) {
                teller.pass_on(&self.context.services, &mut self.room);
            }
            teller.close(&self.context.services, end.word());
        }
        match end {
            RoomEnd::Panicked => {
                self.context.metrics.room_panics.inc();
                tracing::error!(%ticks, "room ended: the game panicked");
            }
            RoomEnd::Idle => tracing::info!(%ticks, "room ended: it was empty"),
            RoomEnd::Closed(close) => tracing::info!(%ticks, %close, "room ended"),
            RoomEnd::ByGame(close) => tracing::info!(%ticks, text = %&*close.text, "room ended by its game"),
            RoomEnd::Abandoned => tracing::info!(%ticks, "a room that had hung has ended"),
        }
    }

    fn tick(&mut self, now: Instant, due: Due) -> Option<RoomEnd> {
        // Skip first, so that what arrived meanwhile is judged by the current time.
        if due.lost > 0 {
            self.room.skip(due.lost);
        }
        self.drain(now, due.lost > 0);
        if let Some(close) = self.batch.close.take() {
            self.room.close_all(&close, &mut self.slots);
            return Some(RoomEnd::Closed(close));
        }
        for _ in 0..due.ticks {
            if self.port.is_abandoned() {
                return Some(RoomEnd::Abandoned);
            }
            let due_at = self.schedule.due_at(self.room.tick().next());
            self.room.step(due_at.saturating_duration_since(self.started), &mut self.slots);
            self.slots.flush();
        }
        let (players, spectators) = (self.room.players(), self.room.spectators());
        if !self.batch.held.is_empty() {
            self.batch.held.retain(|(member, _)| self.room.holds(*member));
        }
        self.tally.tick(now.elapsed(), due, self.room.stats());
        self.tally.set_members(players, spectators);
        self.port.publish(&self.room);
        if let Some(teller) = &mut self.teller {
            teller.pass_on(&self.context.services, &mut self.room);
        }
        self.port.publish_numbers(&self.room);
        if let Some(close) = self.room.ended() {
            return Some(RoomEnd::ByGame(close.clone()));
        }
        if self.room.is_over() {
            let close = Close::new(CloseCode::NoSuchRoom, "the room has reached its last tick; join another");
            self.room.close_all(&close, &mut self.slots);
            return Some(RoomEnd::Closed(close));
        }
        self.is_idle(now).then_some(RoomEnd::Idle)
    }

    /// Collects what arrived since the last tick. This order keeps each member's messages in order, see
    /// [`direct`](crate::transport::direct).
    fn collect(&mut self, now: Instant) {
        let received = &mut self.received;
        self.slots.receive_ready(now, |member, at, message| received.push(member, at, message));
        self.port.swap(&mut self.batch);
        for message in self.batch.messages.drain(..) {
            self.room.send(message);
        }
        self.slots.let_sessions_read();
    }

    /// Hands what arrived to the room: first what sessions have read, then what the room itself has.
    /// `lost_time`: what was read meanwhile may have waited unread as long as the room did, so its times of
    /// arrival tell a client's clock nothing.
    fn drain(&mut self, now: Instant, lost_time: bool) {
        self.collect(now);
        for Arrival { member, slot, answer } in self.batch.arrivals.drain(..) {
            self.slots.add(member, slot, answer);
        }
        let mut items = std::mem::take(&mut self.batch.items);
        for Item { at, member, event } in items.drain(..) {
            self.handle(Moment { now, at: Some(at), lost_time }, member, event);
        }
        self.batch.items = items;
        let mut received = std::mem::take(&mut self.received);
        let mut refused = None;
        for (member, at, message) in received.iter() {
            if refused == Some(member) {
                continue;
            }
            match MemberEvent::decode(message) {
                Ok(event) => self.handle(Moment { now, at, lost_time }, member, event),
                Err(close) => {
                    self.slots.refuse(member, close);
                    refused = Some(member);
                }
            }
        }
        received.clear();
        self.received = received;
    }

    fn handle(&mut self, moment: Moment, member: MemberId, mut event: MemberEvent<G>) {
        let comes = matches!(event, MemberEvent::Join { .. } | MemberEvent::Resume { .. });
        let mut goes = matches!(event, MemberEvent::Cut(_) | MemberEvent::Leave(_));
        if let MemberEvent::Frame(frame) = &mut event {
            frame.timed = moment.at.is_some() && !moment.lost_time;
        }
        let at = moment.at.map_or(moment.now, |at| at.min(moment.now));
        let at = at.saturating_duration_since(self.started);
        self.room.handle(at, member, event, &mut self.slots);
        if comes && self.room.has_member(member) {
            // A match that waits for the answer finds what the game now says of the room.
            self.port.publish_metadata(&self.room);
            let account = self.room.account(member).cloned();
            if !self.slots.admit(member, account) {
                let left = MemberEvent::Leave(LeaveReason::Left);
                self.room.handle(at, member, left, &mut self.slots);
                goes = true;
            }
        }
        if goes {
            self.slots.forget(member);
        }
    }

    fn is_idle(&mut self, now: Instant) -> bool {
        if !self.room.is_empty() {
            self.empty_since = None;
            return false;
        }
        let since = *self.empty_since.get_or_insert(now);
        // No client comes back to a room that refused the client for which it was made.
        let is_unused = self.room.stats().joins == 0;
        let mut idle_max = self.context.limits.room_idle();
        if is_unused && self.awaits_players {
            idle_max = idle_max.max(AWAITS_PLAYERS);
        }
        let is_unused = is_unused && !self.awaits_players;
        let is_idle = now.saturating_duration_since(since) >= idle_max;
        (is_unused || is_idle) && self.port.end_if_idle()
    }
}
