//! One connection from its first message to its end. Owns the order of messages and the close; knows no game.
//!
//! `handshake` (Hello, Join) -> `play` (one task for both directions) -> `closing` (the Close message, close
//! frame).

mod closing;
mod handshake;
mod play;
#[cfg(test)]
mod tests;

use crate::hub::{AccountSeat, CurrentRoom, Hub};
use crate::leak_audit::{AuditEntry, Audited};
use crate::messages_in::MessagesIn;
use crate::metrics::{HandshakeFailure, InKind, Metrics, OutKind};
use crate::room_port::{Membership, Parting};
use crate::slot::Slot;
use crate::transport::memory::{self, MemoryConnection};
use crate::transport::peer::{Caller, Peer, Upgrade};
use crate::transport::stream::ByteStream;
use crate::transport::websocket::WebSocketLink;
use crate::transport::{Link, LinkError};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use tickwire_shared::game::{Account, LeaveReason};
use tickwire_shared::id::{RoomId, SessionId};
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// How many bytes one connection may send, 1/s. Above this, reading pauses; ten seconds above this end the
/// session with 4008.
const INBOUND_BYTES_PER_S: u32 = 64 * 1024;

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The server closed it.
    Closed(Close),
    /// The peer closed it properly, with this code.
    ByPeer(Option<u16>),
    /// The connection broke.
    Cut,
}

impl Ending {
    fn closed(code: CloseCode, text: &str) -> Self {
        Self::Closed(Close::new(code, text))
    }

    /// Whether the player may come back: its connection failed, not its conduct, and it did not leave by
    /// itself.
    fn parting(&self) -> Parting {
        match self {
            Self::Closed(close) if close.advice != Advice::Resume => Parting::Leave(reason_of(close.code)),
            Self::ByPeer(Some(code)) if *code == CloseCode::Normal.code() => {
                Parting::Leave(LeaveReason::Left)
            }
            _ => Parting::Cut,
        }
    }
}

/// Why a player whose session the server closes with this code leaves its room.
fn reason_of(code: CloseCode) -> LeaveReason {
    match code {
        CloseCode::Normal => LeaveReason::Left,
        CloseCode::GoingAway | CloseCode::Restart => LeaveReason::RoomClosed,
        CloseCode::Replaced => LeaveReason::Replaced,
        _ => LeaveReason::Removed,
    }
}

impl From<LinkError> for Ending {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::ClosedByPeer(code) => Self::ByPeer(code),
            LinkError::Cut => Self::Cut,
            LinkError::Broken(close) => Self::Closed(close),
        }
    }
}

/// Without the code's number, which has a field of its own in the log.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(close) if close.text.is_empty() => {
                write!(f, "{} ({})", close.code.reason(), close.advice)
            }
            Self::Closed(close) => {
                write!(f, "{}: {} ({})", close.code.reason(), close.text, close.advice)
            }
            Self::ByPeer(_) => f.write_str("the peer closed"),
            Self::Cut => f.write_str("the connection broke"),
        }
    }
}

/// Messages and bytes of one session; added to the metrics at intervals, not per message.
#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    messages_in: MessagesIn,
    heartbeats_in: u64,
    heartbeats_out: u64,
    updates_out: u64,
    control_out: u64,
    control_bytes_out: u64,
}

impl Traffic {
    fn sent_control(&mut self, bytes: usize) {
        self.control_out += 1;
        self.control_bytes_out += bytes as u64;
    }

    /// Adds what arrived since `told` to the metrics.
    fn report(&self, told: &mut Self, metrics: &Metrics) {
        let (came, before) = (&self.messages_in, &told.messages_in);
        let frames = (came.frames - before.frames, came.frame_bytes - before.frame_bytes);
        metrics.received.add_many(InKind::Frame, frames.0, frames.1);
        let control = (came.control - before.control, came.control_bytes - before.control_bytes);
        metrics.received.add_many(InKind::Control, control.0, control.1);
        metrics.received.add_many(InKind::WebSocket, self.heartbeats_in - told.heartbeats_in, 0);
        metrics.sent.add_many(OutKind::WebSocket, self.heartbeats_out - told.heartbeats_out, 0);
        let control = (self.control_out - told.control_out, self.control_bytes_out - told.control_bytes_out);
        metrics.sent.add_many(OutKind::Control, control.0, control.1);
        *told = *self;
    }
}

/// What is known about a session during its life.
struct Session {
    hub: Arc<Hub>,
    id: SessionId,
    slot: Arc<Slot>,
    traffic: Traffic,
    peer: Peer,
    /// Taken by the handshake.
    upgrade: Upgrade,
    room: Option<RoomId>,
    /// The claim of its account, where an account plays once only.
    account_seat: Option<AccountSeat>,
    began: Instant,
    _audit_entry: AuditEntry,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.hub.dismiss(self.id);
    }
}

/// Runs a session over a stream whose WebSocket handshake is done. `already_read` holds the bytes that
/// arrived together with it.
///
/// The stream moves to the heap before the future is made: a future holds its arguments twice.
pub(crate) fn serve_websocket<S: ByteStream>(
    hub: &Arc<Hub>,
    io: S,
    already_read: Bytes,
    caller: Caller,
) -> impl Future<Output = ()> + Send + use<S> {
    let link = WebSocketLink::open(io, &already_read, INBOUND_BYTES_PER_S);
    run(hub.clone(), link, caller)
}

/// A connection without a socket, as if from `peer`. Its session runs in a separate task.
pub(crate) fn connect_memory(hub: &Arc<Hub>, peer: Peer) -> MemoryConnection {
    let (link, connection) = memory::pair();
    tokio::spawn(run(hub.clone(), Box::new(link), peer.into()));
    connection
}

/// Runs a session over `link` to its end, in a span of its own: at the level of errors, so that each line has
/// it which is logged at all.
///
/// This is no `async fn`, because its future would hold the session twice.
fn run<L: Link>(hub: Arc<Hub>, mut link: Box<L>, caller: Caller) -> impl Future<Output = ()> + Send + use<L> {
    let Caller { peer, upgrade } = caller;
    let began = Instant::now();
    let _audit_entry = hub.context().leak_audit.post(Audited::Session);
    let (id, slot) = hub.admit(peer);
    let span = tracing::error_span!(parent: None, "session", %id, %peer, account = Empty, player = Empty);
    let traffic = Traffic::default();
    let mut session = Session {
        hub,
        id,
        slot,
        traffic,
        peer,
        upgrade,
        room: None,
        account_seat: None,
        began,
        _audit_entry,
    };
    let life = async move {
        run_to_end(&mut session, &mut *link).await;
        // Before the link, whose socket is closed after this.
        drop(session);
    };
    life.instrument(span)
}

async fn run_to_end<L: Link>(session: &mut Session, link: &mut L) {
    // The handshake's state is large and short-lived, so it has its own box and is not part of the play
    // loop's task.
    let ending = match Box::pin(handshake::run(session, link)).await {
        Ok(mut membership) => {
            let _audit_entry = session.hub.context().leak_audit.post(Audited::Member);
            let ending = play::run(session, link, &membership).await;
            membership.parting = ending.parting();
            if let Some(seat) = &mut session.account_seat {
                seat.part(membership.parting);
            }
            // Before the client is told: it may come again at once.
            session.account_seat = None;
            ending
        }
        Err(ending) => {
            session.hub.context().metrics.handshake_failures.of(HandshakeFailure::Hello).inc();
            ending
        }
    };
    Box::pin(closing::run(session, link, &ending)).await;
    session.report(&ending);
}

impl Session {
    /// The session has its seat: the log and the listing tell the operator which number to kick.
    fn seat(&mut self, membership: &Membership, account: Arc<Account>) {
        let room = membership.port.id();
        let span = Span::current();
        span.record("player", &*account.name);
        if let Some(id) = &account.id {
            span.record("account", &**id);
        }
        tracing::info!(%room, "session has its seat");
        if let Some(seat) = &self.account_seat {
            seat.seated(&membership.port, membership.member);
        }
        self.hub.seat(self.id, CurrentRoom { room, member: membership.member, account });
        self.room = Some(room);
    }

    /// Logs one line for the end of each connection.
    fn report(&self, ending: &Ending) {
        let metrics = &self.hub.context().metrics;
        let traffic = self.traffic;
        if matches!(ending, Ending::Closed(close) if close.code == CloseCode::BadResume) {
            metrics.resumes_refused.inc();
        }
        let code = match ending {
            Ending::Closed(close) => Some(close.code.code()),
            Ending::ByPeer(code) => *code,
            Ending::Cut => None,
        };
        if let Some(known) = code.and_then(CloseCode::from_code) {
            metrics.closed(known);
        }
        tracing::info!(
            room = self.room.map(display),
            code,
            reason = %ending,
            seconds = (self.began.elapsed().as_secs_f64() * 10.0).round() / 10.0,
            messages_in = traffic.messages_in.total(),
            messages_out = traffic.updates_out + traffic.control_out,
            "session ended"
        );
    }
}
