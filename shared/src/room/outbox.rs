//! Where a room puts the messages for its members.

use crate::id::{MemberId, PlayerId};
use crate::wire::Close;
use crate::wire::terms::{Invitation, Invite};
use bytes::Bytes;

/// The output of a room. Each member has one slot for updates; nothing waits here.
pub trait Outbox {
    /// Whether the member's slot is free. If it is not, the room skips the member and its next delta starts
    /// from the last accepted update: a queued update is never replaced.
    fn ready(&self, member: MemberId) -> bool;

    /// A control message, sent before any update that follows. At most two wait at a time.
    fn control(&mut self, member: MemberId, message: Bytes);

    /// An update. Called only after [`Outbox::ready`] returned `true`.
    fn update(&mut self, member: MemberId, message: &[u8]);

    /// An invitation to the room by this player; `None` if none can be made.
    fn invitation(&mut self, _by: PlayerId, _invite: Invite) -> Option<Invitation> {
        None
    }

    /// The member is no longer in the room: tell it why and end its connection.
    fn close(&mut self, member: MemberId, close: Close);
}
