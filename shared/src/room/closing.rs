//! The end of one member, or of all: from outside, or as the game wishes.

use super::{Outbox, Room};
use crate::game::{Game, LeaveReason};
use crate::id::MemberId;
use crate::tick::Tick;
use crate::wire::{Close, CloseCode};
use core::time::Duration;

/// How long a room that the game ended goes on at most, so that clients get the last events.
const END_DELAY_MAX: Duration = Duration::from_secs(1);

/// The end that the game wishes.
#[derive(Clone, Debug)]
pub(super) struct End {
    close: Close,
    /// At the latest.
    at: Tick,
    is_done: bool,
}

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

    /// How the game ended the room; `None` while it goes on.
    #[must_use]
    pub fn ended(&self) -> Option<&Close> {
        self.end.as_ref().filter(|end| end.is_done).map(|end| &end.close)
    }

    /// Removes the players whom the game kicked in this step.
    pub(super) fn carry_out_kicks(&mut self, outbox: &mut impl Outbox) {
        for kick in core::mem::take(&mut self.stage.requests.kicks) {
            let of = |player: &super::member::Player<_>| player.id == kick.player;
            let Some(at) = self.members.iter().position(|member| member.player.as_ref().is_some_and(of))
            else {
                continue;
            };
            let Some(member) = self.members.get(at) else { continue };
            let connected = member.connection.is_some().then_some(member.id);
            if let Some(player) = member.player.as_ref().filter(|_| !kick.barred.is_zero()) {
                let ticks = self.config.tick_rate.ticks_ceil(kick.barred);
                let until = self.time.tick.offset(i64::from(ticks));
                self.bars.add(&player.account, player.from, until, &kick.text);
            }
            self.remove(at, LeaveReason::Kicked);
            if let Some(member) = connected {
                outbox.close(member, Close::new(CloseCode::Kicked, &kick.text));
            }
        }
    }

    /// Ends the room if the game wishes it and everybody has the events of before, or had the time.
    pub(super) fn carry_out_end(&mut self, outbox: &mut impl Outbox) {
        if self.end.is_none()
            && let Some(text) = &self.stage.requests.end
        {
            let at = self.time.tick.offset(i64::from(self.config.tick_rate.ticks_ceil(END_DELAY_MAX)));
            self.end = Some(End { close: Close::new(CloseCode::Normal, text), at, is_done: false });
        }
        let Some(end) = self.end.as_mut().filter(|end| !end.is_done) else { return };
        let waits = |member: &super::Member<_>| member.connection.is_some() && !member.events.is_settled();
        if self.time.tick < end.at && self.members.iter().any(waits) {
            return;
        }
        end.is_done = true;
        let close = end.close.clone();
        self.close_all(&close, outbox);
    }
}
