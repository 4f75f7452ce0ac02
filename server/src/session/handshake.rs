//! From the first byte to a seat in a room: Hello, Welcome, Join.

use super::{Ending, Session};
use crate::authenticator::AuthRequest;
use crate::room_port::{Membership, Parting};
use crate::slot::Next;
use crate::transport::peer::Upgrade;
use crate::transport::{Link, Received};
use bytes::Bytes;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tickwire_shared::game::{Account, LeaveReason};
use tickwire_shared::id::ResumeSecret;
use tickwire_shared::limits::{HELLO_TIMEOUT_MS, INBOUND_BYTES_MAX, PROTOCOL_VERSION};
use tickwire_shared::wire::control::{
    ClientControl, Credential, Hello, Join, Name, ServerControl, SessionLimits, TAG_CONTROL, Welcome,
};
use tickwire_shared::wire::frame::TAG_FRAME;
use tickwire_shared::wire::{Advice, Close, CloseCode, shown};
use tokio::time::Instant;

/// How long a session may stay without a seat in a room.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);
/// When a client that was too slow to join may try again, ms.
const RETRY_MS: u32 = 1_000;
/// Heartbeats in a row before the task lets others run.
const SIGNS_PER_POLL: usize = 16;

/// Brings a session into a room.
pub(super) async fn run<L: Link>(session: &mut Session, link: &mut L) -> Result<Membership, Ending> {
    let deadline = Instant::now() + Duration::from_millis(HELLO_TIMEOUT_MS);
    let hello = match receive(session, link, deadline, "no Hello arrived in time").await? {
        ClientControl::Hello(hello) => hello,
        _ => return Err(out_of_order("the first message must be Hello")),
    };
    let Hello { version, name, credential } = hello;
    if version != PROTOCOL_VERSION {
        let text = format!("this server speaks version {PROTOCOL_VERSION}, the client speaks {version}");
        return Err(Ending::closed(CloseCode::Mismatch, &text));
    }
    // Before anything is done for it.
    session.hub.refuse_banned(None, session.peer).map_err(Ending::Closed)?;
    let deadline = Instant::now() + JOIN_TIMEOUT;
    welcome(session, link, deadline).await?;
    if let Credential::Resume { secret, events_received } = credential {
        // The room checks a secret: only the room knows it.
        return resume(session, &name, secret, events_received).await.map_err(Ending::Closed);
    }
    match receive(session, link, deadline, "no Join arrived in time").await? {
        ClientControl::Join(join) => {
            let account = authenticate(session, name, &credential, &join).await.map_err(Ending::Closed)?;
            let joined = join_room(session, &join, account).await;
            if let (Err(_), Credential::Ticket(ticket)) = (&joined, &credential) {
                session.hub.give_back(ticket);
            }
            joined.map_err(Ending::Closed)
        }
        ClientControl::Hello(_) => Err(out_of_order("Hello may only come first")),
        _ => Err(out_of_order("Join must come before this message")),
    }
}

/// As whom the client plays, with the name that all clients and the log show.
async fn authenticate(
    session: &mut Session,
    asked: Name,
    credential: &Credential,
    join: &Join,
) -> Result<Account, Close> {
    let ticket = match credential {
        Credential::Ticket(ticket) => Some(ticket.to_vec()),
        Credential::Guest | Credential::Resume { .. } => None,
    };
    let Upgrade { origin, headers } = std::mem::take(&mut session.upgrade);
    let request = AuthRequest {
        game: join.game.clone(),
        role: join.role,
        target: join.target.clone(),
        address: session.peer.address(),
        origin: origin.map(String::from),
        headers: headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        ..AuthRequest::new(asked, ticket)
    };
    let mut account = session.hub.authenticate(request, session.peer, &session.slot).await?;
    account.name = name_to_show(session, &account.name);
    Ok(account)
}

/// The name that all clients and the log show: the visible part of the requested name.
fn name_to_show(session: &Session, asked: &Name) -> Name {
    let seen = shown(asked);
    if seen.is_empty() { Name::cut(&format!("Guest {}", session.id)) } else { Name::cut(&seen) }
}

/// A close reason for a client that has no seat yet, so that there is nothing to resume.
fn without_seat(code: CloseCode, text: &str) -> Ending {
    Ending::Closed(Close { advice: Advice::RetryAfter(RETRY_MS), ..Close::new(code, text) })
}

fn out_of_order(text: &str) -> Ending {
    Ending::closed(CloseCode::DecodeError, text)
}

async fn welcome<L: Link>(session: &mut Session, link: &mut L, deadline: Instant) -> Result<(), Ending> {
    let hub = &session.hub;
    let welcome = Welcome {
        session: session.id,
        limits: SessionLimits {
            inbound_bytes_max: INBOUND_BYTES_MAX as u32,
            inbound_bytes_per_s: super::INBOUND_BYTES_PER_S,
            resume_grace_ms: hub.context().limits.resume_grace_ms,
        },
        games: hub.game_infos(),
    };
    let message =
        ServerControl::Welcome(welcome).encode().map_err(|_| Ending::closed(CloseCode::Internal, ""))?;
    session.traffic.sent_control(message.len());
    link.start_send(message.into())?;
    let flush = poll_fn(|cx| link.poll_flush(cx));
    match tokio::time::timeout_at(deadline, flush).await {
        Ok(flushed) => Ok(flushed?),
        Err(_) => Err(without_seat(CloseCode::TooSlow, "the Welcome was not read in time")),
    }
}

async fn join_room(session: &mut Session, join: &Join, account: Account) -> Result<Membership, Close> {
    session.hub.identify(session.id, &account);
    session.hub.refuse_banned(account.id.as_ref(), session.peer)?;
    let account = Arc::new(account);
    let who = (session.id, &session.slot);
    let (membership, account_seat) = session.hub.join(join, account.clone(), session.peer, who).await?;
    session.account_seat = account_seat;
    seat(session, membership, account)
}

/// Takes the seat, unless the client was banned on the way to it. From here on [`Hub::enforce_bans`] finds
/// the session by its account.
///
/// [`Hub::enforce_bans`]: crate::hub::Hub::enforce_bans
fn seat(
    session: &mut Session,
    mut membership: Membership,
    account: Arc<Account>,
) -> Result<Membership, Close> {
    session.seat(&membership, account.clone());
    if let Err(close) = session.hub.refuse_banned(account.id.as_ref(), session.peer) {
        membership.parting = Parting::Leave(LeaveReason::Removed);
        return Err(close);
    }
    Ok(membership)
}

/// The player keeps the account with which it joined, whatever this `Hello` says.
async fn resume(
    session: &mut Session,
    name: &Name,
    shown: ResumeSecret,
    events_received: u32,
) -> Result<Membership, Close> {
    let (membership, joined_as) =
        session.hub.resume(shown, events_received, session.peer, &session.slot).await?;
    let guest = || Arc::new(Account::guest(name_to_show(session, name)));
    let account = joined_as.unwrap_or_else(guest);
    session.hub.identify(session.id, &account);
    let game = membership.port.game();
    session.account_seat = session.hub.reclaim_account(game, &account, session.id, &session.slot);
    seat(session, membership, account)
}

/// The next message before `deadline`, which must be a control message.
async fn receive<L: Link>(
    session: &mut Session,
    link: &mut L,
    deadline: Instant,
    too_late: &str,
) -> Result<ClientControl, Ending> {
    let sleep = tokio::time::sleep_until(deadline);
    tokio::pin!(sleep);
    let message = poll_fn(|cx| {
        if let Poll::Ready(received) = poll_message(session, link, cx) {
            return Poll::Ready(received);
        }
        sleep.as_mut().poll(cx).map(|()| Err(without_seat(CloseCode::Timeout, too_late)))
    })
    .await?;
    session.traffic.messages_in.count(&message);
    match message.first() {
        Some(&TAG_FRAME) => Err(out_of_order("a frame may only come after Join")),
        Some(&TAG_CONTROL) | None | Some(_) => ClientControl::decode(&message)
            .map_err(|error| Ending::closed(error.close_code(), &error.to_string())),
    }
}

fn poll_message<L: Link>(
    session: &mut Session,
    link: &mut L,
    cx: &mut Context<'_>,
) -> Poll<Result<Bytes, Ending>> {
    session.slot.register(cx.waker());
    if let Some(Next::Close(close)) = session.slot.take() {
        return Poll::Ready(Err(Ending::Closed(close)));
    }
    for _ in 0..SIGNS_PER_POLL {
        match link.poll_recv(cx) {
            Poll::Ready(Ok(Received::Message(message))) => {
                return Poll::Ready(Ok(Bytes::copy_from_slice(message)));
            }
            Poll::Ready(Ok(Received::Heartbeat)) => session.traffic.heartbeats_in += 1,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
            Poll::Pending => return Poll::Pending,
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
