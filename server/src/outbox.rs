//! The members' slots as a room sees them.

use crate::slot::Slot;
use bytes::Bytes;
use std::sync::Arc;
use tickwire_shared::id::MemberId;
use tickwire_shared::room::Outbox;
use tickwire_shared::wire::Close;

/// The slots of a room's members, in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    members: Vec<(MemberId, Arc<Slot>)>,
    /// Where frames are built; its memory is reused.
    scratch: Vec<u8>,
}

impl Slots {
    /// Adds a member. Ids rise, so the order stays.
    pub(crate) fn add(&mut self, member: MemberId, slot: Arc<Slot>) {
        self.members.push((member, slot));
    }

    /// Closes every member that is left.
    pub(crate) fn close_all(&mut self, close: &Close) {
        for (_, slot) in self.members.drain(..) {
            slot.put_close(close.clone());
        }
    }

    /// Forgets a member whose session is gone.
    pub(crate) fn forget(&mut self, member: MemberId) {
        if let Some(at) = self.find(member) {
            self.members.remove(at);
        }
    }

    fn find(&self, member: MemberId) -> Option<usize> {
        self.members.binary_search_by_key(&member, |(id, _)| *id).ok()
    }

    fn slot(&self, member: MemberId) -> Option<&Slot> {
        self.members.get(self.find(member)?).map(|(_, slot)| &**slot)
    }
}

impl Outbox for Slots {
    fn ready(&self, member: MemberId) -> bool {
        self.slot(member).is_some_and(Slot::is_ready)
    }

    fn control(&mut self, member: MemberId, message: Bytes) {
        if let Some(slot) = self.slot(member) {
            slot.put_control(message);
        }
    }

    fn update(&mut self, member: MemberId, message: &[u8]) {
        if let Some((_, slot)) = self.find(member).and_then(|at| self.members.get(at)) {
            slot.put_update(message, &mut self.scratch);
        }
    }

    fn close(&mut self, member: MemberId, close: Close) {
        if let Some(at) = self.find(member) {
            let (_, slot) = self.members.remove(at);
            slot.put_close(close);
        }
    }
}
