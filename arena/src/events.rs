//! Reliable events.
//!
//! Every event stays in each receiver's queue until it is acknowledged. So frequent events (a hit, a kill) go
//! only to the two players concerned, and emotes are limited for the whole room. Everything else that all
//! players may want to know is in the ships' fields. Events that no player misses after a cut are droppable.

use super::entities::Gift;
use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

/// The most lines of the table in [`Event::RoundEnded`].
pub const STANDINGS_MAX: usize = 8;
/// The number of emotes; they count from 0.
pub const EMOTES: u8 = 8;

/// A reliable event of the arena.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A shot hit a ship. Both players get it.
    Hit {
        /// The player who shot.
        by: PlayerId,
        /// The player who was hit.
        on: PlayerId,
        /// The hit points that it cost.
        damage: u8,
    },
    /// A ship was destroyed. Both players get it.
    Killed {
        /// The player who shot.
        by: PlayerId,
        /// The player whose ship it was.
        of: PlayerId,
    },
    /// The player took a pickup. Only this player gets it.
    PickedUp {
        /// What it gave.
        gift: Gift,
    },
    /// A round began. All players get it.
    RoundStarted {
        /// Its number.
        number: u16,
    },
    /// A round ended. All players get it.
    RoundEnded {
        /// Its number.
        number: u16,
        /// The winner; none if no player scored or the best are equal in score and deaths.
        winner: Option<PlayerId>,
        /// The best players, best first.
        top: List<Standing, STANDINGS_MAX>,
    },
    /// A player shows an emote. All players get it.
    Emoted {
        /// The player who shows it.
        player: PlayerId,
        /// The emote, below [`EMOTES`].
        emote: u8,
    },
}

/// A line of a round's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The player.
    pub player: PlayerId,
    /// Its score.
    pub score: u16,
    /// Its deaths.
    pub deaths: u16,
}

/// The events of one step. The arena sends so few that no step comes near the limit.
pub(super) struct News<'a>(&'a mut Events<Event>);

impl<'a> News<'a> {
    pub(super) fn new(out: &'a mut Events<Event>) -> Self {
        Self(out)
    }

    pub(super) fn hit(&mut self, by: PlayerId, on: PlayerId, damage: u8) {
        self.0.to_each([by, on], Event::Hit { by, on, damage }).ok();
    }

    pub(super) fn kill(&mut self, by: PlayerId, of: PlayerId) {
        self.0.to_each([by, of], Event::Killed { by, of }).ok();
    }

    pub(super) fn picked_up(&mut self, player: PlayerId, gift: Gift) {
        self.0.to(player, Event::PickedUp { gift }).ok();
    }

    pub(super) fn all(&mut self, event: Event) {
        self.0.all(event).ok();
    }
}
