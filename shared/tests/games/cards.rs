//! A card game; the test that plays it is the dealer.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use tickwire_shared::prelude::*;

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Seat {
    #[entity(range = 0..=9)]
    pub(crate) cards: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Pad {
    #[input(range = -1..=1)]
    pub(crate) x: i8,
}

/// The dealer's actions in a step: the test writes them, the game's next step reads them.
#[derive(Clone, Debug, Default)]
pub(crate) enum Deal {
    #[default]
    Nothing,
    /// A private card for every player, this many times.
    Hands(usize),
    /// A text of this many bytes for all, this many times.
    Texts(usize, usize),
    /// A text of this many bytes for all in every n-th step.
    Every(u32, usize),
    /// Like `Every`, but each text may be dropped.
    Gossip(u32, usize),
    /// To all but the first, then to the last two.
    Whispers,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum News {
    Card(u16, u8),
    Text(u32, String),
    Gossip(u32, String),
}

thread_local! {
    /// A test and its room run on one thread.
    pub(crate) static TABLE: RefCell<Table> = RefCell::default();
}

/// The dealer's orders and their results.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) deal: Deal,
    pub(crate) refused: Vec<EventRefused>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct House {
    pub(crate) players: u16,
}

pub(crate) struct Cards {
    seats: Vec<(PlayerId, EntityId)>,
    said: u32,
}

impl Game for Cards {
    type Settings = House;
    type Scene = ();
    type Input = Pad;
    type Entity = Seat;
    type State = ();
    type Context = ();
    type Event = News;
    type Command = ();

    fn scene(_: &House, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn players_max(house: &House) -> u16 {
        house.players
    }

    fn is_droppable(event: &News) -> bool {
        matches!(event, News::Gossip(..))
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { seats: Vec::new(), said: 0 }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let seat = stage.world.spawn(Seat { cards: 0 })?;
        self.seats.push((joining.player, seat));
        Ok(seat)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        if let Some(at) = self.seats.iter().position(|seat| seat.0 == player) {
            stage.world.despawn(self.seats.remove(at).1);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let deal = TABLE.with_borrow_mut(|table| core::mem::take(&mut table.deal));
        let players: Vec<_> = turn.players.iter().map(|player| player.player).collect();
        let mut given = Vec::new();
        let mut text = |bytes: usize| {
            self.said += 1;
            (self.said, "x".repeat(bytes))
        };
        match &deal {
            Deal::Nothing => {}
            Deal::Hands(rounds) => {
                for round in 0..*rounds {
                    for &player in &players {
                        given.push(stage.events.to(player, News::Card(player.0, round as u8)));
                    }
                }
            }
            Deal::Texts(count, bytes) => {
                for _ in 0..*count {
                    let (number, text) = text(*bytes);
                    given.push(stage.events.all(News::Text(number, text)));
                }
            }
            Deal::Every(ticks, bytes) | Deal::Gossip(ticks, bytes) => {
                if turn.tick.0.is_multiple_of(*ticks) {
                    let (number, text) = text(*bytes);
                    let is_gossip = matches!(deal, Deal::Gossip(..));
                    let news = if is_gossip { News::Gossip } else { News::Text };
                    given.push(stage.events.all(news(number, text)));
                }
                TABLE.with_borrow_mut(|table| table.deal = deal);
            }
            Deal::Whispers => {
                given.push(stage.events.all_but(players[0], News::Card(1, 1)));
                given.push(stage.events.to_each(players.iter().rev().take(2).copied(), News::Card(2, 2)));
            }
        }
        TABLE.with_borrow_mut(|table| table.refused.extend(given.into_iter().filter_map(Result::err)));
    }

    fn apply_input(_: &mut Seat, _: &Pad, _: &Step<'_, Self>) {}
}
