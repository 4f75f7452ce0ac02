//! The members' slots as a room sees them: the room reads clients' messages from them and writes updates to
//! them.

use crate::herd::Herd;
use crate::room_port::Answer;
use crate::slot::Slot;
use crate::transport::direct::Receiver;
use bytes::Bytes;
use std::sync::Arc;
use tickwire_shared::id::MemberId;
use tickwire_shared::room::Outbox;
use tickwire_shared::wire::Close;
use tickwire_shared::wire::control::Name;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The slots of a room's members, in the order of their ids.
#[derive(Debug)]
pub(crate) struct Slots {
    members: Vec<OutboxEntry>,
    receiver: Receiver,
    /// Where frames are built; its memory is reused.
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct OutboxEntry {
    member: MemberId,
    slot: Arc<Slot>,
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
    fn close(self, close: Close) {
        match self.asking {
            // A session that no longer waits has gone elsewhere.
            Some(asker) => drop(asker.answer.send(Err(close))),
            None => self.slot.put_close(close),
        }
    }
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self { members: Vec::new(), receiver: Receiver::new(), scratch: Vec::new() }
    }

    /// Adds a member that asks for a seat. Ids rise, so the order stays.
    pub(crate) fn add(&mut self, member: MemberId, slot: Arc<Slot>, answer: oneshot::Sender<Answer>) {
        let asking = Some(Asker { answer, joined: None });
        self.members.push(OutboxEntry { member, slot, asking });
    }

    /// Tells a member that it has its seat, under this name. `false` if its session no longer waits.
    #[must_use]
    pub(crate) fn admit(&mut self, member: MemberId, name: Option<Name>) -> bool {
        let Some(seat) = self.find(member).and_then(|at| self.members.get_mut(at)) else { return false };
        let Some(Asker { answer, joined }) = seat.asking.take() else { return true };
        let waits = answer.send(Ok(name)).is_ok();
        if let Some(joined) = joined.filter(|_| waits) {
            seat.slot.put_control(joined);
        }
        waits
    }

    /// Receives what the members sent since the last tick, where a room can. Each message goes to `take`,
    /// with the time of its arrival if that is known. An `Err` from `take` closes the member's session.
    pub(crate) fn receive_ready(
        &mut self,
        now: Instant,
        mut take: impl FnMut(MemberId, Option<Instant>, &[u8]) -> Result<(), Close>,
    ) {
        self.receiver.begin(now);
        for OutboxEntry { member, slot, .. } in &self.members {
            let take = |at, message: &[u8]| take(*member, at, message);
            if let Err(close) = slot.receive_ready(&mut self.receiver, take) {
                slot.put_close(close);
            }
        }
    }

    /// Lets the sessions read that have to. Call this after emptying the inbox: what they add to it then
    /// follows what the room has received itself.
    pub(crate) fn let_sessions_read(&mut self) {
        self.receiver.let_sessions_read();
    }

    /// Closes every remaining member.
    pub(crate) fn close_all(&mut self, close: &Close) {
        let mut herd = Herd::new(close.clone(), self.members.len());
        for seat in self.members.drain(..) {
            seat.close(herd.next());
        }
    }

    /// Forgets a member whose session has ended.
    pub(crate) fn forget(&mut self, member: MemberId) {
        if let Some(at) = self.find(member) {
            self.members.remove(at);
        }
    }

    fn find(&self, member: MemberId) -> Option<usize> {
        self.members.binary_search_by_key(&member, |seat| seat.member).ok()
    }

    fn slot(&self, member: MemberId) -> Option<&Slot> {
        self.members.get(self.find(member)?).map(|seat| &*seat.slot)
    }
}

impl Outbox for Slots {
    fn ready(&self, member: MemberId) -> bool {
        self.slot(member).is_some_and(Slot::is_ready)
    }

    fn control(&mut self, member: MemberId, message: Bytes) {
        let Some(seat) = self.find(member).and_then(|at| self.members.get_mut(at)) else { return };
        match &mut seat.asking {
            Some(asker) => asker.joined = Some(message),
            None => seat.slot.put_control(message),
        }
    }

    fn update(&mut self, member: MemberId, message: &[u8]) {
        if let Some(seat) = self.find(member).and_then(|at| self.members.get(at)) {
            seat.slot.put_update(message, &mut self.scratch);
        }
    }

    fn close(&mut self, member: MemberId, close: Close) {
        if let Some(at) = self.find(member) {
            self.members.remove(at).close(close);
        }
    }
}
