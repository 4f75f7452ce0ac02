//! Reliable news.
//!
//! Every event waits with every receiver until it is acknowledged. So what happens often (a hit, a kill) goes only to the
//! two concerned, emotes are rationed for the whole room, and what all may want to know besides is shown by the ships'
//! fields. What nobody misses after a cut is droppable.

use super::entities::Gift;
use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;
use tickwire_shared::wire::control::List;

/// Places of the table in [`Event::RoundEnded`].
pub const STANDINGS_MAX: usize = 8;
/// The emotes that there are, from 0.
pub const EMOTES: u8 = 8;

/// Reliable news of the arena.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A shot hit; to both.
    Hit {
        /// Who shot.
        by: PlayerId,
        /// Who was hit.
        on: PlayerId,
        /// Hit points that it cost.
        damage: u8,
    },
    /// A ship was destroyed; to both.
    Killed {
        /// Who shot.
        by: PlayerId,
        /// Whose ship it was.
        of: PlayerId,
    },
    /// The player took a pickup; to it alone.
    PickedUp {
        /// What it gave.
        gift: Gift,
    },
    /// A round began; to all.
    RoundStarted {
        /// Its number.
        number: u16,
    },
    /// A round ended; to all.
    RoundEnded {
        /// Its number.
        number: u16,
        /// Who has won; none if nobody scored or the best are equal in score and deaths.
        winner: Option<PlayerId>,
        /// The best, in order.
        top: List<Standing, STANDINGS_MAX>,
    },
    /// A player shows an emote; to all.
    Emoted {
        /// Who shows it.
        player: PlayerId,
        /// Which, below [`EMOTES`].
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

/// The events of one step. With what the arena gives out, no step comes near its bound.
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
