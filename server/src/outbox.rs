//! The members' slots as a room sees them: the room reads clients' messages from them and writes updates to
//! them.

use crate::passes::Passes;
use crate::room_port::Answer;
use crate::slot::Slot;
use crate::staggered_closes::StaggeredCloses;
use crate::transport::direct::{self, Receiver, Sent};
use crate::transport::frame::{Frame, Frames};
use bytes::Bytes;
use std::cell::Cell;
use std::sync::Arc;
use tickwire_shared::game::Account;
use tickwire_shared::id::{MemberId, PlayerId};
use tickwire_shared::room::Outbox;
use tickwire_shared::wire::Close;
use tickwire_shared::wire::terms::{Invitation, Invite};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The slots of a room's members, in the order of their ids.
pub(crate) struct Slots {
    members: Vec<OutboxEntry>,
    receiver: Receiver,
    /// Updates for connections that take them at once, until [`Slots::flush`]. The numbers are indices in
    /// `members`.
    frames: Frames,
    /// Where the last member was found. A room goes through its members in order.
    found: Cell<usize>,
    /// Signs invitations.
    passes: Arc<Passes>,
}

/// Updates of more bytes than this do not wait for the end of the tick.
const FRAMES_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug)]
struct OutboxEntry {
    member: MemberId,
    slot: Arc<Slot>,
    /// The slot's connection, kept here so that most ticks need not look into the slot.
    direct: Option<direct::Handle>,
    /// `Some` until the room has answered whether it accepts the member.
    asking: Option<Asker>,
}

/// A session that waits for the room's answer. Its slot stays empty until it has a seat, because it may get a
/// seat in another room.
#[derive(Debug)]
struct Asker {
    answer: oneshot::Sender<Answer>,
    joined: Option<Bytes>,
}

impl OutboxEntry {
    /// Whether it would take an update. Usually the connection knows, and the slot need not be looked at.
    fn is_ready(&self) -> bool {
        self.direct.as_ref().is_some_and(direct::Handle::is_free) || self.slot.is_ready()
    }

    /// Writes an update to the socket if it may go there at once, and otherwise leaves it to the session.
    fn send(&self, update: Frame<'_>) {
        let direct = self.direct.as_ref().filter(|direct| direct.is_free());
        match direct.map(|direct| direct.try_send(update.bytes)) {
            Some(Sent::Whole) => {}
            Some(Sent::Begun) => self.slot.put_tail(),
            Some(Sent::Not) | None => self.slot.put_update(update.message),
        }
    }

    fn close(self, close: Close) {
        match self.asking {
            // A session that no longer waits has gone elsewhere.
            Some(asker) => drop(asker.answer.send(Err(close))),
            None => self.slot.put_close(close),
        }
    }
}

impl Slots {
    /// For the room that these open.
    pub(crate) fn new(passes: Arc<Passes>) -> Self {
        let (frames, found) = (Frames::default(), Cell::new(0));
        Self { members: Vec::new(), receiver: Receiver::new(), frames, found, passes }
    }

    /// Adds a member that asks for a seat. Ids rise, so the order stays.
    pub(crate) fn add(&mut self, member: MemberId, slot: Arc<Slot>, answer: oneshot::Sender<Answer>) {
        let asking = Some(Asker { answer, joined: None });
        self.members.push(OutboxEntry { member, slot, direct: None, asking });
    }

    /// Tells a member that it has its seat, as whom it plays. `false` if its session no longer waits.
    #[must_use]
    pub(crate) fn admit(&mut self, member: MemberId, account: Option<Arc<Account>>) -> bool {
        let Some(seat) = self.find(member).and_then(|at| self.members.get_mut(at)) else { return false };
        let Some(Asker { answer, joined }) = seat.asking.take() else { return true };
        let waits = answer.send(Ok(account)).is_ok();
        if let Some(joined) = joined.filter(|_| waits) {
            seat.slot.put_control(joined);
        }
        waits
    }

    /// Receives what the members sent since the last tick, where a room can. Each message goes to `take`,
    /// with the time of its arrival if that is known.
    pub(crate) fn receive_ready(
        &mut self,
        now: Instant,
        mut take: impl FnMut(MemberId, Option<Instant>, &[u8]),
    ) {
        self.receiver.begin(now);
        for OutboxEntry { member, slot, direct, .. } in &mut self.members {
            if direct.is_none() {
                *direct = slot.direct().cloned();
            }
            let Some(direct) = direct else { continue };
            self.receiver.receive_ready(direct, |at, message| take(*member, at, message));
        }
    }

    /// Lets the sessions read that have to. Call this after emptying the inbox: what they add to it then
    /// follows what the room has received itself.
    pub(crate) fn let_sessions_read(&mut self) {
        self.receiver.let_sessions_read();
    }

    /// Closes every remaining member.
    pub(crate) fn close_all(&mut self, close: &Close) {
        self.flush();
        let mut closes = StaggeredCloses::new(close.clone(), self.members.len());
        for seat in self.members.drain(..) {
            seat.close(closes.next());
        }
    }

    /// Ends the session of a member, which then leaves the room.
    pub(crate) fn refuse(&self, member: MemberId, close: Close) {
        if let Some(slot) = self.slot(member) {
            slot.put_close(close);
        }
    }

    /// Sends the updates of a tick.
    pub(crate) fn flush(&mut self) {
        for (at, update) in self.frames.iter() {
            if let Some(seat) = self.members.get(at) {
                seat.send(update);
            }
        }
        self.frames.clear(FRAMES_BYTES_MAX);
    }

    /// Removes a member. What waits for it and the others is sent first.
    fn remove(&mut self, member: MemberId) -> Option<OutboxEntry> {
        let at = self.find(member)?;
        if !self.frames.is_empty() {
            self.flush();
        }
        Some(self.members.remove(at))
    }

    /// Forgets a member whose session has ended.
    pub(crate) fn forget(&mut self, member: MemberId) {
        self.remove(member);
    }

    fn find(&self, member: MemberId) -> Option<usize> {
        let is_at = |at: usize| self.members.get(at).is_some_and(|seat| seat.member == member);
        let last = self.found.get();
        let at = [last, last + 1].into_iter().find(|at| is_at(*at));
        let at = at.or_else(|| self.members.binary_search_by_key(&member, |seat| seat.member).ok())?;
        self.found.set(at);
        Some(at)
    }

    fn slot(&self, member: MemberId) -> Option<&Slot> {
        self.members.get(self.find(member)?).map(|seat| &*seat.slot)
    }
}

impl Outbox for Slots {
    fn ready(&self, member: MemberId) -> bool {
        let seat = self.find(member).and_then(|at| self.members.get(at));
        seat.is_some_and(OutboxEntry::is_ready)
    }

    fn control(&mut self, member: MemberId, message: Bytes) {
        let Some(seat) = self.find(member).and_then(|at| self.members.get_mut(at)) else { return };
        match &mut seat.asking {
            Some(asker) => asker.joined = Some(message),
            None => seat.slot.put_control(message),
        }
    }

    fn invitation(&mut self, by: PlayerId, invite: Invite) -> Option<Invitation> {
        self.passes.invitation(by, invite)
    }

    fn update(&mut self, member: MemberId, message: &[u8]) {
        let Some((at, seat)) = self.find(member).and_then(|at| Some((at, self.members.get(at)?))) else {
            return;
        };
        if seat.direct.is_none() {
            return seat.slot.put_update(message);
        }
        self.frames.push(at, message);
        if self.frames.len_bytes() > FRAMES_BYTES_MAX {
            self.flush();
        }
    }

    fn close(&mut self, member: MemberId, close: Close) {
        if let Some(seat) = self.remove(member) {
            seat.close(close);
        }
    }
}
