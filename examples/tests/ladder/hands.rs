//! Step 6.

#[path = "../../06-hands/main.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod step;

use crate::playing::{play, server};
use core::time::Duration;
use step::cards::{Card, Hand, Suit, Why};
use step::{Command, News, NoControls, Tricks};
use tickwire_client_bot::Behaviour;
use tickwire_server::GameOptions;
use tickwire_shared::client::Client;
use tickwire_shared::harness::{Harness, Sandbox, check_determinism, check_prediction};
use tickwire_shared::prelude::*;

/// Plays any of its cards when it is its turn. The rules refuse some of them.
struct Player;

impl Behaviour<Tricks> for Player {
    fn decide(&mut self, _: &Client<Tricks>, _: Duration, _: &mut Rng) -> NoControls {
        NoControls
    }

    fn command(&mut self, client: &Client<Tricks>, rng: &mut Rng) -> Option<Command> {
        let is_up = client.player().map(|player| player.0) == client.room_state().map(|table| table.turn);
        let cards: Vec<Card> = client.own().filter(|_| is_up)?.1.cards().collect();
        cards.get(rng.below(cards.len() as u32) as usize).copied().map(Command::Play)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_bots_play_cards() {
    let host = server().game::<Tricks>("tricks", GameOptions::default());
    let report = play::<Tricks>("tricks", host, Duration::from_secs(6), |_| Box::new(Player)).await;
    assert!(report.events_sent >= 4 && report.events_received >= 4, "no trick was taken: {report:?}");
}

#[test]
fn the_card_game_is_deterministic_and_nothing_is_predicted_wrongly() {
    check_determinism::<Tricks>(&(), 1, 900, 4).expect("the same twice");
    check_prediction::<Tricks>(&(), 1, 300, 1).expect("nobody deals to one player");
}

/// A table of two, whose cards were just dealt.
fn table() -> Sandbox<Tricks> {
    let mut game = Sandbox::new(&(), TickRate::DEFAULT, 5).expect("it starts");
    for player in [1, 2] {
        game.join(PlayerId(player)).expect("there is a chair");
    }
    game.step();
    game
}

fn hand(game: &Sandbox<Tricks>, player: u16) -> Hand {
    let id = game.entity_of(PlayerId(player)).expect("it plays");
    game.stage.world.get(id).expect("it has a hand").clone()
}

fn refusals(game: &Sandbox<Tricks>, player: u16) -> Vec<Why> {
    let heard = game.heard(PlayerId(player)).into_iter();
    heard.filter_map(|news| if let News::Refused(why) = news { Some(why) } else { None }).collect()
}

#[test]
fn each_player_gets_five_cards_and_the_first_one_leads() {
    let game = table();
    assert_eq!(game.stage.state.turn, 1);
    let cards: Vec<Card> =
        [1, 2].into_iter().flat_map(|of| hand(&game, of).cards().collect::<Vec<_>>()).collect();
    assert_eq!(cards.len(), 10);
    assert!(cards.iter().enumerate().all(|(at, card)| !cards[..at].contains(card)), "{cards:?}");
}

#[test]
fn a_card_that_the_rules_do_not_permit_is_refused_and_only_its_player_hears_why() {
    let mut game = table();
    let theirs = hand(&game, 2).cards().next().expect("a card");
    game.command(PlayerId(2), Command::Play(theirs));
    game.command(PlayerId(1), Command::Play(theirs));
    game.command(PlayerId(1), Command::Play(Card { suit: Suit::Clubs, rank: 200 }));
    game.step();
    assert_eq!(refusals(&game, 2), [Why::NotYourTurn]);
    assert_eq!(refusals(&game, 1), [Why::NotInHand, Why::NotInHand]);
    assert_eq!((hand(&game, 1).cards_left, hand(&game, 2).cards_left), (5, 5));
}

#[test]
fn the_suit_that_was_led_must_be_followed() {
    let mut game = table();
    let (ours, theirs) = (hand(&game, 1), hand(&game, 2));
    let has =
        |suit| theirs.cards().any(|card| card.suit == suit) && theirs.cards().any(|card| card.suit != suit);
    let lead = ours.cards().find(|card| has(card.suit)).expect("another seed");
    let wrong = theirs.cards().find(|card| card.suit != lead.suit).expect("it has one");
    game.command(PlayerId(1), Command::Play(lead));
    game.command(PlayerId(2), Command::Play(wrong));
    game.step();
    assert_eq!(refusals(&game, 2), [Why::MustFollow]);
    assert_eq!(game.stage.state.turn, 2);
}

#[test]
fn whoever_sleeps_plays_all_the_same_and_five_tricks_are_taken_before_the_next_deal() {
    let mut game = table();
    let taken = |game: &Sandbox<Tricks>| hand(game, 1).tricks + hand(game, 2).tricks;
    // Ten turns of 20 s and five pauses of 2 s.
    game.run_ticks(30 * (10 * 20 + 5 * 2) + 20);
    assert_eq!(taken(&game), 5);
    assert_eq!((hand(&game, 1).cards_left, hand(&game, 2).cards_left), (5, 5));
    game.leave(PlayerId(game.stage.state.turn));
    game.run_ticks(2);
    assert!(
        game.players().any(|player| player.0 == game.stage.state.turn),
        "the turn is with one who is there"
    );
}

#[test]
fn no_client_gets_the_cards_of_another_player() {
    let mut run = Harness::<Tricks>::new((), 4);
    run.audit_leaks();
    let clients = ["ada", "bob"].map(|name| run.join(name));
    run.run_ticks(150);
    for client in clients {
        let own = run.client(client).own_id().expect("a hand");
        for (id, hand) in run.client(client).view(run.now()) {
            assert_eq!(hand.cards().count(), if id == own { 5 } else { 0 });
            assert_eq!(hand.cards_left, 5);
        }
    }
}
