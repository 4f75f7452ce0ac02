//! What a client tells of the one before it: whom it follows, whether it looks.

use super::{Client, State};
use crate::game::Game;
use crate::id::PlayerId;
use crate::wire::control::{ClientControl, Role};

impl<G: Game> Client<G> {
    /// As a spectator, asks for the view of a player, or for the own again. In a room that is one stream it changes nothing:
    /// there all is in view already.
    pub fn follow(&mut self, player: Option<PlayerId>) {
        if self.state == State::Playing && self.config.role == Role::Spectator && self.follows != player {
            self.follows = player;
            self.queue_control(&ClientControl::Follow(player));
        }
    }

    /// Tells the server whether what the client shows is hidden, as a tab in the background is: then its member may do nothing
    /// for longer. Holds until it is called again, also over a resume.
    pub fn set_hidden(&mut self, hidden: bool) {
        if self.hidden != hidden {
            self.hidden = hidden;
            if self.state == State::Playing {
                self.queue_control(&ClientControl::Hidden(hidden));
            }
        }
    }

    /// The player whose view a spectator asked for, while it is in the room.
    #[must_use]
    pub fn follows(&self) -> Option<PlayerId> {
        self.follows
    }
}
