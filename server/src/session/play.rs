//! The play loop: one task that writes what the slot holds, reads what the peer sends, and watches the time
//! limits.
//!
//! If the link has a direct path, the room writes and reads most of it instead. A [`Reader`] says when the
//! session may read.
//!
//! It does not read the clock for each message. Only a delivered frame needs a time stamp, one per wakeup.

use super::{Ending, Session, Traffic};
use crate::leak_audit::Audited;
use crate::room_port::{Membership, RoomPort};
use crate::slot::{Next, Slot};
use crate::transport::allowance::{Allowance, Verdict};
use crate::transport::direct::Reader;
use crate::transport::{Link, Received};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tickwire_shared::id::MemberId;
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::{Close, CloseCode};
use tokio::time::{Instant, Sleep};

/// Messages that are read before the task lets others run.
const READS_PER_POLL: usize = 16;
/// How often a session checks for things that did not happen. All its time limits are multiples of this.
const BEAT: Duration = Duration::from_secs(5);
/// Beats of silence after which the peer is pinged: 15 s.
const PING_BEATS: u32 = 3;
/// Beats of silence after which the peer counts as dead: 30 s.
const DEAD_BEATS: u32 = 6;
/// Beats without progress after which a write is given up: 30 s.
const STALL_BEATS: u32 = 6;
/// How long a session waits before it checks again whether its room's game still hangs.
const HUNG_PAUSE: Duration = Duration::from_millis(100);
/// The lowest limit of inbound messages, 1/s.
const MESSAGES_PER_S_MIN: u32 = 120;

/// Plays until the session ends.
pub(super) async fn run<L: Link>(session: &mut Session, link: &mut L, membership: &Membership) -> Ending {
    let _timer = session.hub.context().leak_audit.post(Audited::Timer);
    let mut told = Traffic::default();
    let reader = match Reader::start(link) {
        Ok(reader) => reader,
        Err(error) => return error.into(),
    };
    if let Some(handle) = reader.handle() {
        session.slot.attach(handle);
    }
    let mut play = Play::new(session, link, membership, reader);
    let ending = poll_fn(|cx| play.poll(cx, &mut told)).await;
    // From here on the session writes and reads alone.
    let (read, updates) = play.reader.stop(play.link);
    session.traffic.messages_in.add(read);
    session.traffic.updates_out += updates;
    session.traffic.report(&mut told, &session.hub.context().metrics);
    ending
}

struct Play<'a, L> {
    link: &'a mut L,
    port: &'a dyn RoomPort,
    member: MemberId,
    session: &'a mut Session,
    reader: Reader,
    /// A message that the link took is not fully written yet.
    writing: bool,
    /// The message being written is an update: the slot becomes ready when it is written.
    update: bool,
    /// Messages written so far; only whether it changes matters.
    written: u32,
    messages: Allowance,
    pause: Option<Pin<Box<Sleep>>>,
    beat: Pin<Box<Sleep>>,
    seen: LastBeat,
    /// The waker that the slot has.
    waker: Option<Waker>,
}

/// What the last beat saw.
#[derive(Debug, Default)]
struct LastBeat {
    bytes_in: u64,
    written: u32,
    silent_beats: u32,
    stalled_beats: u32,
}

/// Inbound messages that a room's member may send, 1/s.
fn messages_per_s(rate: TickRate) -> u32 {
    MESSAGES_PER_S_MIN.max(u32::from(rate.hz()) * 5 / 2)
}

fn closed(close: Close) -> Poll<Ending> {
    Poll::Ready(Ending::Closed(close))
}

impl<'a, L: Link> Play<'a, L> {
    fn new(session: &'a mut Session, link: &'a mut L, membership: &'a Membership, reader: Reader) -> Self {
        let port = &*membership.port;
        Self {
            link,
            port,
            member: membership.member,
            session,
            reader,
            writing: false,
            update: false,
            written: 0,
            messages: Allowance::new(messages_per_s(port.tick_rate())),
            pause: None,
            beat: Box::pin(tokio::time::sleep(BEAT)),
            seen: LastBeat::default(),
            waker: None,
        }
    }

    fn slot(&self) -> &Slot {
        &self.session.slot
    }

    fn poll(&mut self, cx: &mut Context<'_>, told: &mut Traffic) -> Poll<Ending> {
        if !self.waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            self.slot().register(cx.waker());
            self.reader.register(cx.waker());
        }
        if let Poll::Ready(ending) = self.poll_write(cx) {
            return Poll::Ready(ending);
        }
        if self.reader.may_read()
            && let Poll::Ready(ending) = self.poll_read(cx)
        {
            return Poll::Ready(ending);
        }
        // The timer wakes this task through the slot.
        if self.slot().take_timer() { self.poll_beat(cx, told) } else { Poll::Pending }
    }

    /// Writes what the slot holds, one message at a time. Ready only at the end of the session.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        loop {
            if self.writing {
                match self.link.poll_flush(cx) {
                    Poll::Ready(Ok(())) => (),
                    Poll::Ready(Err(error)) => return Poll::Ready(error.into()),
                    // A peer that reads nothing can still be closed.
                    Poll::Pending => return self.slot().take_close().map_or(Poll::Pending, closed),
                }
                self.writing = false;
                self.written = self.written.wrapping_add(1);
                let update = std::mem::take(&mut self.update);
                self.slot().written(update);
            }
            let message = match self.slot().take() {
                None => return Poll::Pending,
                Some(Next::Close(close)) => return closed(close),
                Some(Next::Tail) => {
                    self.session.traffic.updates_out += 1;
                    self.update = true;
                    self.writing = true;
                    continue;
                }
                Some(Next::Control(message)) => {
                    self.session.traffic.sent_control(message.len());
                    message
                }
                Some(Next::Update(message)) => {
                    self.session.traffic.updates_out += 1;
                    self.update = true;
                    message
                }
            };
            if let Err(error) = self.link.start_send(message) {
                return Poll::Ready(error.into());
            }
            self.writing = true;
        }
    }

    /// From now on the session reads, and the room does not. Counts what the room has read.
    fn begin_reading(&mut self) {
        let read = self.reader.begin(self.link);
        self.session.traffic.messages_in.add(read);
        self.messages.spend(u32::try_from(read.total()).unwrap_or(u32::MAX));
    }

    /// From now on the room may read.
    fn pause_reading(&mut self) {
        self.reader.pause(self.link, self.messages.left());
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        self.begin_reading();
        let ending = self.poll_messages(cx);
        if ending.is_pending() {
            self.pause_reading();
        }
        ending
    }

    /// Reads a limited number of messages into the room's inbox. Ready only at the end of the session.
    fn poll_messages(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        let mut arrived = None;
        for _ in 0..READS_PER_POLL {
            ready!(self.poll_room(cx));
            if self.messages.is_empty()
                && let Some(ending) = ready!(self.poll_allowance(cx))
            {
                return Poll::Ready(ending);
            }
            match ready!(self.link.poll_recv(cx)) {
                Ok(Received::Message(message)) => {
                    self.session.traffic.messages_in.count(message);
                    let at = *arrived.get_or_insert_with(Instant::now);
                    if let Err(close) = self.port.deliver(self.member, message, at) {
                        return closed(close);
                    }
                }
                Ok(Received::Heartbeat) => self.session.traffic.heartbeats_in += 1,
                Err(error) => return Poll::Ready(error.into()),
            }
            self.messages.spend(1);
        }
        self.reader.read_on(cx);
        Poll::Pending
    }

    /// Ready when the room takes messages. While its game hangs, what the client sends waits in the socket.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.port.is_hung() {
            let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(HUNG_PAUSE)));
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(())
    }

    /// Ready with `None` when reading may continue.
    fn poll_allowance(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ending>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match self.messages.renew(Instant::now()) {
                Verdict::Go => return Poll::Ready(None),
                Verdict::Pause(until) => self.pause = Some(Box::pin(tokio::time::sleep_until(until))),
                Verdict::Over => {
                    let text = "too many messages per second for too long";
                    return Poll::Ready(Some(Ending::closed(CloseCode::RateLimited, text)));
                }
            }
        }
    }

    /// Checks every [`BEAT`] for things that did not happen. Ready only at the end of the session.
    fn poll_beat(&mut self, cx: &mut Context<'_>, told: &mut Traffic) -> Poll<Ending> {
        let timer_waker = Waker::from(self.session.slot.clone());
        let mut timer_cx = Context::from_waker(&timer_waker);
        loop {
            ready!(self.beat.as_mut().poll(&mut timer_cx));
            let next = Instant::now() + BEAT;
            self.beat.as_mut().reset(next);
            self.begin_reading();
            self.pause_reading();
            self.session.traffic.report(told, &self.session.hub.context().metrics);
            if let Some(ending) = self.check_silence().or_else(|| self.check_stall()) {
                return Poll::Ready(ending);
            }
            if let Poll::Ready(ending) = self.poll_write(cx) {
                return Poll::Ready(ending);
            }
        }
    }

    fn check_silence(&mut self) -> Option<Ending> {
        let bytes_in = self.link.bytes_in();
        // While its room hangs, the client's messages are not read.
        let silent = bytes_in == self.seen.bytes_in && !self.port.is_hung();
        self.seen.bytes_in = bytes_in;
        self.seen.silent_beats = if silent { self.seen.silent_beats + 1 } else { 0 };
        if self.seen.silent_beats >= DEAD_BEATS {
            return Some(Ending::closed(CloseCode::Timeout, "nothing arrived for 30 s, not even a pong"));
        }
        if self.seen.silent_beats >= PING_BEATS && !self.writing {
            if let Err(error) = self.link.start_ping() {
                return Some(error.into());
            }
            self.session.traffic.heartbeats_out += 1;
            self.writing = true;
        }
        None
    }

    fn check_stall(&mut self) -> Option<Ending> {
        let stalled = self.writing && self.written == self.seen.written;
        self.seen.written = self.written;
        self.seen.stalled_beats = if stalled { self.seen.stalled_beats + 1 } else { 0 };
        (self.seen.stalled_beats >= STALL_BEATS)
            .then(|| Ending::closed(CloseCode::TooSlow, "nothing could be written for 30 s"))
    }
}
