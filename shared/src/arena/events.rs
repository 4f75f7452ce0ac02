//! Reliable news, and how much of it there may be.
//!
//! Every event waits with every receiver until it is acknowledged, and a cut player's queue fills for as long as
//! its place is kept. So what happens often (a hit, a kill) goes only to the two concerned, emotes are rationed for
//! the whole room, and what all may want to know besides is shown by the ships' fields.

use super::entities::Gift;
use crate::prelude::*;
use crate::wire::control::List;
use serde::{Deserialize, Serialize};

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

/// The events of one step within their bound: each sort leaves room for the weightier ones after it.
pub(super) struct News<'a> {
    out: &'a mut Events<Event>,
    sent: usize,
}

impl<'a> News<'a> {
    const ALL: usize = Events::<Event>::PER_STEP_MAX;
    const KILLS: usize = Self::ALL - 4;
    const HITS: usize = Self::KILLS - 20;

    pub(super) fn new(out: &'a mut Events<Event>) -> Self {
        Self { out, sent: 0 }
    }

    pub(super) fn hit(&mut self, by: PlayerId, on: PlayerId, damage: u8) {
        self.both(by, on, &Event::Hit { by, on, damage }, Self::HITS);
    }

    pub(super) fn kill(&mut self, by: PlayerId, of: PlayerId) {
        self.both(by, of, &Event::Killed { by, of }, Self::KILLS);
    }

    pub(super) fn picked_up(&mut self, player: PlayerId, gift: Gift) {
        if self.sent < Self::HITS {
            self.sent += usize::from(self.out.to(player, Event::PickedUp { gift }));
        }
    }

    /// Says whether it went out.
    pub(super) fn all(&mut self, event: Event) -> bool {
        let went = self.sent < Self::ALL && self.out.all(event);
        self.sent += usize::from(went);
        went
    }

    fn both(&mut self, one: PlayerId, other: PlayerId, event: &Event, bound: usize) {
        if self.sent + 2 <= bound {
            self.sent += usize::from(self.out.to(one, event.clone()));
            self.sent += usize::from(self.out.to(other, event.clone()));
        }
    }
}
