//! The end of one member, or of all: from outside, or as the game wishes.

use super::notices::Notice;
use super::{Outbox, Room};
use crate::game::{Ending, Game, Kick, LeaveReason};
use crate::id::MemberId;
use crate::tick::Tick;
use crate::wire::{Close, CloseCode};
use core::time::Duration;

/// How long a room that the game ended goes on at most, so that clients get the last events and state.
const END_DELAY_MAX: Duration = Duration::from_secs(2);

/// The end that the game wishes.
#[derive(Clone, Debug)]
pub(super) struct End {
    close: Close,
    /// The tick whose events and state everybody is to get.
    last: Tick,
    /// The host has not stored the result yet.
    is_held: bool,
    /// At the latest.
    at: Tick,
    is_done: bool,
}

impl<G: Game> Room<G> {
    /// Closes the room for every member; the game hears of each player. What it then reports, and a result,
    /// reach the host.
    pub fn close_all(&mut self, close: &Close, outbox: &mut impl Outbox) {
        for member in self.members.drain(..) {
            if let Some(player) = &member.player {
                let (id, account, reason) = (player.id, &player.account, LeaveReason::RoomClosed);
                self.game.leave(&mut self.stage, id, reason);
                self.notices.push(|| Notice::Left { player: id, account: account.clone(), reason });
            }
            if member.connection.is_some() {
                outbox.close(member.id, close.clone());
            }
        }
        // No step follows in which it would be passed on.
        self.pass_on_reports();
        if self.end.is_none() {
            self.tell_end();
        }
    }

    /// Tells the host that the game ended the room, if it did.
    fn tell_end(&mut self) {
        if let Some(Ending { text, result }) = &self.stage.requests.end {
            self.notices.push(|| Notice::Ended { text: (**text).into(), result: result.clone() });
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

    /// What the game decided about members and reports in this step.
    pub(super) fn carry_out_requests(&mut self) {
        for (id, grace) in core::mem::take(&mut self.stage.requests.graces) {
            let mut players = self.members.iter_mut().filter_map(|member| member.player.as_mut());
            if let Some(player) = players.find(|player| player.id == id) {
                player.grace = grace.map(|grace| grace.min(self.config.resume_grace));
            }
        }
        self.pass_on_reports();
    }

    fn pass_on_reports(&mut self) {
        for report in core::mem::take(&mut self.stage.requests.reports) {
            self.notices.push(|| Notice::Reported(report));
        }
    }

    /// The host has stored the result: a room that keeps notices goes on until then, but no longer than it
    /// would wait for its clients.
    pub fn release_end(&mut self) {
        if let Some(end) = &mut self.end {
            end.is_held = false;
        }
    }

    /// Removes the players whom the game kicked in this step. They have been sent its events and state.
    pub(super) fn carry_out_kicks(&mut self, outbox: &mut impl Outbox) {
        for Kick { player, text, barred } in core::mem::take(&mut self.stage.requests.kicks) {
            let until = |time| self.time.tick.offset(i64::from(self.config.tick_rate.ticks_ceil(time)));
            let (bar_ends, seat_ends) = (until(barred), until(self.config.resume_grace));
            let is_player =
                |member: &super::Member<_>| member.player.as_ref().is_some_and(|of| of.id == player);
            let Some(at) = self.members.iter().position(is_player) else {
                self.bars.add_left(player, bar_ends, &text);
                continue;
            };
            let Some(member) = self.members.get(at) else { continue };
            let connected = member.connection.is_some().then_some(member.id);
            if let Some(player) = &member.player {
                self.bars.add(&player.account, player.from, bar_ends, &text);
                self.bars.keep_seat(player.secrets(), seat_ends, &text);
            }
            self.remove(at, LeaveReason::Kicked);
            if let Some(member) = connected {
                outbox.close(member, Close::new(CloseCode::Kicked, &text));
            }
        }
    }

    /// Ends the room if the game wishes it and everybody has the events of before, or had the time.
    pub(super) fn carry_out_end(&mut self, outbox: &mut impl Outbox) {
        if self.end.is_none()
            && let Some(Ending { text, .. }) = &self.stage.requests.end
        {
            let at = self.time.tick.offset(i64::from(self.config.tick_rate.ticks_ceil(END_DELAY_MAX)));
            self.end = Some(End {
                close: Close::new(CloseCode::Normal, text),
                at,
                is_done: false,
                is_held: self.notices.is_kept(),
                last: self.time.tick,
            });
            self.tell_end();
        }
        let Some(end) = self.end.as_mut().filter(|end| !end.is_done) else { return };
        let waits = |member: &super::Member<_>| {
            let connection = member.connection.as_ref();
            connection.is_some_and(|of| !of.delivery.has_decoded(end.last) || !member.events.is_settled())
        };
        if self.time.tick < end.at && (end.is_held || self.members.iter().any(waits)) {
            return;
        }
        end.is_done = true;
        let close = end.close.clone();
        self.close_all(&close, outbox);
    }
}
