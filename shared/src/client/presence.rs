//! What a client reports about its user: which player it follows, and whether its page is visible.

use super::{Client, ClientGame, State};
use crate::id::PlayerId;
use crate::wire::control::{ClientControl, Role};

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

    /// The player whose view a spectator requested, while that player is in the room.
    #[must_use]
    pub fn follows(&self) -> Option<PlayerId> {
        self.follows
    }
}
