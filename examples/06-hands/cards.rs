//! Cards, and a player's hand of them.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

/// Cards that each player is dealt.
pub const HAND_CARDS: usize = 5;
const SUITS: [Suit; 4] = [Suit::Clubs, Suit::Diamonds, Suit::Hearts, Suit::Spades];
/// Ranks of a suit, from the two (0) to the ace (12).
const RANKS: u8 = 13;

#[derive(Clone, Copy, Debug, Default, PartialEq, Choice, Serialize, Deserialize)]
pub enum Suit {
    #[default]
    Clubs,
    Diamonds,
    Hearts,
    Spades,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub suit: Suit,
    /// From 0 to 12, or anything if a client made it up: then no hand contains the card.
    pub rank: u8,
}

/// Why a card may not be played.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Why {
    NotYourTurn,
    NotInHand,
    MustFollow,
}

/// A player at the table. Only the player itself gets its cards; for all others they are 0.
#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Hand {
    /// Bit n: the card of rank n. The same for the other suits.
    #[entity(range = 0..=8191, owner_only)]
    pub clubs: u16,
    #[entity(range = 0..=8191, owner_only)]
    pub diamonds: u16,
    #[entity(range = 0..=8191, owner_only)]
    pub hearts: u16,
    #[entity(range = 0..=8191, owner_only)]
    pub spades: u16,
    #[entity(range = 0..=5)]
    pub cards_left: u8,
    /// Whether its card of this trick is on the table; `suit` and `rank` say which.
    pub on_table: bool,
    pub suit: Suit,
    #[entity(range = 0..=12)]
    pub rank: u8,
    /// Tricks taken so far.
    #[entity(range = 0..=9999)]
    pub tricks: u16,
}

impl Hand {
    /// Its cards, in no order that matters.
    pub fn cards(&self) -> impl Iterator<Item = Card> {
        pack().filter(|card| self.holds(*card))
    }

    /// Whether the rules permit the card, after the suit that was led.
    ///
    /// # Errors
    /// Why not.
    pub fn may_play(&self, card: Card, led: Option<Suit>) -> Result<(), Why> {
        let must = led.filter(|led| self.of_suit(*led) != 0);
        match must {
            _ if !self.holds(card) => Err(Why::NotInHand),
            Some(led) if led != card.suit => Err(Why::MustFollow),
            _ => Ok(()),
        }
    }

    /// Puts a card that it holds on the table.
    pub fn play(&mut self, card: Card) {
        *self.of_suit_mut(card.suit) &= !bit(card);
        self.cards_left = self.cards_left.saturating_sub(1);
        (self.on_table, self.suit, self.rank) = (true, card.suit, card.rank);
    }

    /// A hand of these cards, for the same player.
    pub fn dealt(&self, cards: &[Card]) -> Self {
        let cards_left = cards.len() as u8;
        let mut hand = Self { tricks: self.tricks, cards_left, ..Self::default() };
        cards.iter().for_each(|card| *hand.of_suit_mut(card.suit) |= bit(*card));
        hand
    }

    fn holds(&self, card: Card) -> bool {
        self.of_suit(card.suit) & bit(card) != 0
    }

    fn of_suit(&self, suit: Suit) -> u16 {
        match suit {
            Suit::Clubs => self.clubs,
            Suit::Diamonds => self.diamonds,
            Suit::Hearts => self.hearts,
            Suit::Spades => self.spades,
        }
    }

    fn of_suit_mut(&mut self, suit: Suit) -> &mut u16 {
        match suit {
            Suit::Clubs => &mut self.clubs,
            Suit::Diamonds => &mut self.diamonds,
            Suit::Hearts => &mut self.hearts,
            Suit::Spades => &mut self.spades,
        }
    }
}

/// 0 for a rank that no card has.
fn bit(card: Card) -> u16 {
    if card.rank < RANKS { 1 << card.rank } else { 0 }
}

/// All 52 cards.
pub fn pack() -> impl Iterator<Item = Card> {
    SUITS.into_iter().flat_map(|suit| (0..RANKS).map(move |rank| Card { suit, rank }))
}

/// All cards in an order that follows from the seed of `rng` (Fisher and Yates).
pub fn shuffled(rng: &mut Rng) -> Vec<Card> {
    let mut cards: Vec<Card> = pack().collect();
    for at in (1..cards.len()).rev() {
        cards.swap(at, rng.below(at as u32 + 1) as usize);
    }
    cards
}
