//! What a room tells its host, whose services may store or announce it; and what the host tells the room.

use super::Room;
use crate::game::{Account, Game, HostMessage, LeaveReason, Report};
use crate::id::PlayerId;
use crate::limits::HOST_MESSAGES_MAX;
use std::sync::Arc;

/// Something that happened in a room.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// A player joined.
    Joined {
        /// Its id in the room.
        player: PlayerId,
        /// As whom it plays.
        account: Arc<Account>,
    },
    /// A player left for good.
    Left {
        /// Its id in the room.
        player: PlayerId,
        /// As whom it played.
        account: Arc<Account>,
        /// Why.
        reason: LeaveReason,
    },
    /// The game has something to report: see [`Stage::report`](crate::game::Stage::report).
    Reported(Report),
    /// The game ended the room: see [`Stage::end`](crate::game::Stage::end).
    Ended {
        /// What the players are told.
        text: Box<str>,
        /// The result; nothing if the game gave none.
        result: Report,
    },
}

impl<G: Game> Room<G> {
    /// What happened since the last call, oldest first. Bounded by what members and the game can do in a
    /// step; without `keep_notices` there is never any.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        core::mem::take(&mut self.notices.waiting)
    }

    /// A message of the host for the game's next step. `false` if [`HOST_MESSAGES_MAX`] wait already.
    pub fn send(&mut self, message: HostMessage) -> bool {
        let has_room = self.messages.len() < HOST_MESSAGES_MAX;
        if has_room {
            self.messages.push(message);
        }
        has_room
    }

    /// How many places are held for those whom players invited.
    #[must_use]
    pub fn places_held(&self) -> usize {
        self.places.for_others(None)
    }

    /// Keeps notices from now on, for a host that takes them after each step.
    pub fn keep_notices(&mut self) {
        self.notices.kept = true;
    }
}

/// What waits for the host.
#[derive(Debug, Default)]
pub(super) struct Notices {
    waiting: Vec<Notice>,
    kept: bool,
}

impl Notices {
    pub(super) fn is_kept(&self) -> bool {
        self.kept
    }

    pub(super) fn push(&mut self, notice: impl FnOnce() -> Notice) {
        if self.kept {
            self.waiting.push(notice());
        }
    }
}
