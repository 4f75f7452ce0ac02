//! What a client says of its user: which player it follows, whom it invites, whether its page is visible.

use super::{Client, ClientGame, State};
use crate::id::PlayerId;
use crate::wire::control::{ClientControl, Role};
use crate::wire::terms::Invite;
use core::time::Duration;

impl<G: ClientGame> Client<G> {
    /// As a spectator, requests the client view of a player, or its own view again (`None`). It has no effect
    /// in a room that is one stream: there everything is in view already.
    pub fn follow(&mut self, player: Option<PlayerId>) {
        if self.state == State::Playing && self.config.role == Role::Spectator && self.follows != player {
            self.follows = player;
            self.queue_control(&ClientControl::Follow(player));
        }
    }

    /// Tells the server whether the client is hidden, such as a tab in the background: its member may then be
    /// idle for longer. Applies until the next call, also across a resume.
    pub fn set_hidden(&mut self, hidden: bool) {
        if self.hidden != hidden {
            self.hidden = hidden;
            if self.state == State::Playing {
                self.queue_control(&ClientControl::Hidden(hidden));
            }
        }
    }

    /// As a player, requests an invitation to the room: [`ClientEvent::Invitation`](super::ClientEvent) has
    /// it. One at a time, and at most one a second.
    pub fn invite(&mut self, uses: u16, valid: Duration) {
        if self.state == State::Playing && self.config.role == Role::Player {
            let valid_s = u32::try_from(valid.as_secs()).unwrap_or(u32::MAX);
            self.queue_control(&ClientControl::Invite(Invite { uses, valid_s }));
        }
    }

    /// The player whose view a spectator requested, while that player is in the room.
    #[must_use]
    pub fn follows(&self) -> Option<PlayerId> {
        self.follows
    }
}
