//! The ends that a room is told of from outside: of one member, or of all.

use super::{Outbox, Room};
use crate::game::{Game, LeaveReason};
use crate::id::MemberId;
use crate::wire::Close;

impl<G: Game> Room<G> {
    /// Closes the room for every member; the game hears of each player.
    pub fn close_all(&mut self, close: &Close, outbox: &mut impl Outbox) {
        for member in self.members.drain(..) {
            if let Some(player) = &member.player {
                self.game.leave(&mut self.stage, player.id, LeaveReason::RoomClosed);
            }
            if member.connection.is_some() {
                outbox.close(member.id, close.clone());
            }
        }
    }

    /// Removes a member permanently.
    pub fn kick(&mut self, member: MemberId, close: Close, outbox: &mut impl Outbox) {
        if let Some(at) = self.find(member) {
            self.remove(at, LeaveReason::Removed);
            outbox.close(member, close);
        }
    }
}
