//! The rules of the table: who may play what, and who takes the trick.

use super::cards::{Card, HAND_CARDS, Hand, Why, shuffled};
use super::{News, PAUSE_S, TURN_S, Tricks};
use tickwire_shared::prelude::*;

impl Tricks {
    /// Plays a card of a player.
    ///
    /// # Errors
    /// Why the rules do not permit it. Nothing has changed then.
    pub(super) fn play(
        &mut self,
        stage: &mut Stage<Self>,
        turn: &Turn<'_, Self>,
        player: PlayerId,
        card: Card,
    ) -> Result<(), Why> {
        let is_up = stage.state.turn == player.0;
        let hand = hand_of(&mut stage.world, player).filter(|_| is_up).ok_or(Why::NotYourTurn)?;
        hand.may_play(card, self.led)?;
        hand.play(card);
        self.led.get_or_insert(card.suit);
        self.pass_turn(stage, turn);
        Ok(())
    }

    /// Gives the turn to the next player who has yet to play. If there is none, the trick is complete.
    pub(super) fn pass_turn(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let has_yet_to_play = |id| {
            let hand = stage.world.get(id);
            hand.is_some_and(|hand| hand.cards_left > 0 && !hand.on_table)
        };
        let waiting = turn.players.iter().filter(|player| has_yet_to_play(player.entity));
        let waiting: Vec<u16> = waiting.map(|player| player.player.0).collect();
        let after = waiting.iter().find(|player| **player > stage.state.turn);
        let next = after.or(waiting.first()).copied();
        give_turn(stage, turn, next);
    }

    /// The highest card of the suit that was led takes the trick, and its player leads the next one.
    pub(super) fn end_trick(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let led = self.led.take();
        let follows = |hand: &&Hand| hand.on_table && Some(hand.suit) == led;
        let rank_of = |id| stage.world.get(id).filter(follows).map(|hand| hand.rank);
        let ranks = turn.players.iter().filter_map(|player| Some((rank_of(player.entity)?, player)));
        let best = ranks.max_by_key(|(rank, _)| *rank).map(|(_, player)| player);
        stage.world.iter_mut().for_each(|(_, hand)| hand.on_table = false);
        let winner = best.and_then(|best| Some((best.player, stage.world.get_mut(best.entity)?)));
        match winner {
            Some((player, hand)) => {
                hand.tricks += 1;
                let leads = hand.cards_left > 0;
                stage.events.all(News::Taken { by: player }).ok();
                if leads { give_turn(stage, turn, Some(player.0)) } else { self.deal(stage, turn) }
            }
            None => self.deal(stage, turn),
        }
    }

    /// New cards for everyone at the table, if there are at least two.
    fn deal(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        if stage.world.len() < 2 {
            return give_turn(stage, turn, None);
        }
        let pack = shuffled(&mut self.rng);
        for ((_, hand), cards) in stage.world.iter_mut().zip(pack.chunks_exact(HAND_CARDS)) {
            *hand = hand.dealt(cards);
        }
        self.pass_turn(stage, turn);
    }
}

/// Sets the clock for a player's turn or, without a player, for the pause after a trick.
fn give_turn(stage: &mut Stage<Tricks>, turn: &Turn<'_, Tricks>, player: Option<u16>) {
    let seconds = if player.is_some() { TURN_S } else { PAUSE_S };
    stage.state.turn = player.unwrap_or(0);
    stage.state.ticks_left = i32::from(seconds) * i32::from(turn.tick_rate.hz());
}

pub(super) fn hand_of(world: &mut World<Hand>, player: PlayerId) -> Option<&mut Hand> {
    let id = world.controlled(player)?;
    world.get_mut(id)
}
