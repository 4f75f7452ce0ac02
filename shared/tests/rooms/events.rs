//! Reliable events of a card game: bursts, bounds, receivers, and players who are disconnected for a while.

use crate::games::cards::*;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::{ClientIndex, Harness, check_prediction};
use tickwire_shared::limits::{RELIABLE_BYTES_MAX, RESUME_GRACE_MS};
use tickwire_shared::prelude::*;

struct Match {
    harness: Harness<Cards>,
    players: Vec<ClientIndex>,
}

impl Match {
    fn of(players: u16) -> Self {
        TABLE.with_borrow_mut(|table| *table = Table::default());
        let mut harness = Harness::new(House { players }, 7);
        let players = (0..players).map(|at| harness.join(&format!("p{at}"))).collect();
        harness.run_ticks(60);
        let mut this = Self { harness, players };
        for at in 0..this.players.len() {
            this.news(at);
        }
        this
    }

    fn deal(&mut self, deal: Deal) {
        TABLE.with_borrow_mut(|table| table.deal = deal);
    }

    fn refused(&self) -> Vec<EventRefused> {
        TABLE.with_borrow(|table| table.refused.clone())
    }

    /// The game's events that a player received since the last call.
    fn news(&mut self, at: usize) -> Vec<News> {
        let events = self.harness.take_events(self.players[at]).into_iter();
        events
            .filter_map(|event| if let ClientEvent::Game(news) = event { Some(news) } else { None })
            .collect()
    }

    /// The numbers of received texts, in order. A negative number is a gap of that many texts.
    fn numbers(&mut self, at: usize) -> Vec<i64> {
        let events = self.harness.take_events(self.players[at]).into_iter();
        events
            .filter_map(|event| match event {
                ClientEvent::Game(News::Text(number, _) | News::Gossip(number, _)) => Some(i64::from(number)),
                ClientEvent::EventsDropped(count) => Some(-i64::from(count)),
                _ => None,
            })
            .collect()
    }
}

#[test]
fn seats_are_predicted() {
    check_prediction::<Cards>(&House { players: 8 }, 1, 100, 2).unwrap();
}

#[test]
fn everyone_of_a_hundred_players_gets_a_whole_hand_that_is_dealt_in_one_step() {
    let mut cards = Match::of(100);
    cards.deal(Deal::Hands(5));
    cards.harness.run_ticks(60);
    for at in 0..100 {
        let id = cards.harness.client(cards.players[at]).player().unwrap().0;
        let hand: Vec<_> = (0..5).map(|round| News::Card(id, round)).collect();
        assert_eq!(cards.news(at), hand);
    }
    assert_eq!(cards.refused(), []);
}

#[test]
fn a_burst_that_no_message_holds_comes_in_later_ticks_in_order() {
    let mut cards = Match::of(2);
    cards.deal(Deal::Texts(200, 400));
    cards.harness.run_ticks(60);
    assert_eq!(cards.numbers(0), (1..=200).collect::<Vec<_>>());
    assert_eq!(cards.refused(), []);
}

#[test]
fn an_event_that_is_too_long_is_refused_with_its_length_and_the_longest_one_comes() {
    let mut cards = Match::of(2);
    // A variant, a number and a length of three bytes.
    let longest = RELIABLE_BYTES_MAX - 5;
    cards.deal(Deal::Texts(1, longest));
    cards.harness.run_ticks(30);
    assert_eq!((cards.refused(), cards.news(1).len()), (vec![], 1));
    cards.deal(Deal::Texts(1, longest + 1));
    cards.harness.run_ticks(30);
    assert_eq!(cards.refused(), [EventRefused::TooLong { bytes: RELIABLE_BYTES_MAX + 1 }]);
    let refused = cards.harness.room().stats().events_refused;
    assert_eq!((refused.too_long, refused.step_full), (1, 0));
    assert!(cards.refused()[0].to_string().contains("513 bytes"), "{}", cards.refused()[0]);
    assert_eq!(cards.news(1), []);
}

#[test]
fn a_step_that_gives_out_too_much_is_told_and_nobody_is_closed_for_it() {
    let mut cards = Match::of(2);
    cards.deal(Deal::Texts(1_000, 400));
    cards.harness.run_ticks(120);
    let refused = cards.refused();
    assert!(refused.iter().all(|refused| *refused == EventRefused::StepFull), "{refused:?}");
    let came = cards.numbers(0);
    assert_eq!(came, (1..=1_000 - refused.len() as i64).collect::<Vec<_>>(), "the first ones, in order");
    assert!((200..500).contains(&came.len()), "{}", came.len());
    assert_eq!(cards.harness.room().stats().events_refused.step_full, refused.len() as u64);
    assert!(cards.players.iter().all(|player| cards.harness.client(*player).is_playing()));
}

#[test]
fn an_event_to_some_is_one_event_and_comes_to_them_alone() {
    let mut cards = Match::of(4);
    let watcher = cards.harness.spectate("watcher");
    cards.harness.run_ticks(30);
    cards.deal(Deal::Whispers);
    cards.harness.run_ticks(30);
    let (to_others, to_two) = (News::Card(1, 1), News::Card(2, 2));
    assert_eq!(cards.news(0), []);
    assert_eq!(cards.news(1), vec![to_others.clone()]);
    assert_eq!(cards.news(2), [to_others.clone(), to_two.clone()]);
    assert_eq!(cards.news(3), [to_others.clone(), to_two]);
    cards.players.push(watcher);
    assert_eq!(cards.news(4), [to_others], "a spectator is among the others");
    assert_eq!(cards.harness.room().stats().events_encoded, 2);
}

/// Disconnects the first player for the whole grace time minus one second. Returns what arrived, and whether
/// the player kept its seat.
fn cut_for_the_grace(deal: Deal) -> (Match, bool) {
    let mut cards = Match::of(2);
    let ada = cards.players[0];
    let id = cards.harness.client(ada).player();
    cards.deal(deal);
    cards.harness.cut(ada);
    cards.harness.run_ticks(30 * (RESUME_GRACE_MS as u32 / 1_000 - 1));
    cards.deal(Deal::Nothing);
    cards.harness.run_ticks(1);
    cards.harness.resume(ada);
    cards.harness.run_ticks(30 * 5);
    let client = cards.harness.client(ada);
    let kept = client.is_playing() && client.player() == id && cards.harness.room().players() == 2;
    (cards, kept)
}

#[test]
fn a_cut_player_keeps_its_seat_for_the_whole_grace_at_the_documented_rate_of_events() {
    for (every, bytes) in [(3, 40), (1, 40), (1, 220)] {
        let (mut cards, kept) = cut_for_the_grace(Deal::Every(every, bytes));
        assert!(kept, "every {every} ticks, {bytes} bytes");
        let came = cards.numbers(0);
        assert_eq!(came, (1..=30 * 29 / i64::from(every)).collect::<Vec<_>>(), "all, in order, once");
    }
}

#[test]
fn droppable_events_beyond_the_bound_go_first_and_are_told_as_a_gap() {
    let (mut cards, kept) = cut_for_the_grace(Deal::Gossip(1, 480));
    assert!(kept);
    let came = cards.numbers(0);
    let lost = -came[0];
    assert!(lost > 0, "the gap comes before what remains: {came:?}");
    assert_eq!(came[1..], (lost + 1..=30 * 29).collect::<Vec<_>>(), "the newest remain, in order");
    assert_eq!(cards.harness.room().stats().events_dropped, lost as u64);
    assert_eq!(cards.numbers(1).len(), 30 * 29, "a connected player gets all of them");
}

#[test]
fn events_that_may_not_be_dropped_end_the_seat_beyond_the_bound() {
    let (cards, kept) = cut_for_the_grace(Deal::Every(1, 480));
    assert!(!kept);
    assert_eq!(cards.harness.room().stats().overflowed, 1);
}
