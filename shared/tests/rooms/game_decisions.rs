//! What a game decides about its room: who goes, that it ends, who is told of it.

use crate::games::council::{Council, Motion};
use core::time::Duration;
use tickwire_shared::client::{ClientEvent, State};
use tickwire_shared::game::{Access, Account};
use tickwire_shared::harness::{
    Allowed, ClientIndex, Harness, LinkProfile, Sandbox, check_determinism, check_prediction,
    check_prediction_within,
};
use tickwire_shared::prelude::{LeaveReason, PlayerId, TickRate};
use tickwire_shared::wire::{Advice, CloseCode, Text};

type Members = [ClientIndex; 2];

/// Ada, who has an account, and a guest.
fn two(seed: u64) -> (Harness<Council>, Members) {
    let mut council = Harness::<Council>::new((), seed);
    let ada = council.join_as(Account::new(Text::cut("u-1"), Text::cut("ada")));
    council.run_ticks(5);
    let guest = council.join("guest");
    council.run_ticks(15);
    (council, [ada, guest])
}

fn news(council: &mut Harness<Council>, client: ClientIndex) -> Vec<String> {
    let events = council.take_events(client).into_iter();
    events.filter_map(|event| if let ClientEvent::Game(text) = event { Some(text) } else { None }).collect()
}

/// How many members are away, as `client` sees it.
fn away(council: &Harness<Council>, client: ClientIndex) -> usize {
    council.client(client).view(council.now()).iter().filter(|(_, chair)| chair.away).count()
}

fn closed(council: &Harness<Council>, client: ClientIndex) -> (CloseCode, String) {
    match council.client(client).state() {
        State::Closed(close) => (close.code, close.text.to_string()),
        other => panic!("still {other:?}"),
    }
}

#[test]
fn a_kicked_player_is_told_why_and_stays_away_for_the_time() {
    let (mut council, [ada, guest]) = two(1);
    let out = Motion::Out(PlayerId(1), 3);
    council.client_mut(guest).command(out).unwrap();
    council.run_ticks(10);
    assert_eq!(closed(&council, ada), (CloseCode::Kicked, "2 voted you out".to_owned()));
    assert_eq!(news(&mut council, ada), ["the vote is 2 to 1"], "what was said in that step came first");
    assert_eq!(news(&mut council, guest), ["1 left: Kicked"]);
    let again = |council: &mut Harness<Council>, account: Account| {
        let client = council.join_as(account);
        council.run_ticks(10);
        client
    };
    let ada = || Account::new(Text::cut("u-1"), Text::cut("someone else"));
    let barred = again(&mut council, ada());
    assert_eq!(closed(&council, barred), (CloseCode::Policy, "2 voted you out".to_owned()));
    let other = again(&mut council, Account::new(Text::cut("u-2"), Text::cut("bob")));
    assert!(council.client(other).is_playing());
    council.run_ticks(90);
    let back = again(&mut council, ada());
    assert!(council.client(back).is_playing(), "its time is over");
    council.assert_in_sync();
}

#[test]
fn a_kick_reaches_a_player_in_its_time_of_grace() {
    let (mut council, [ada, guest]) = two(2);
    council.cut(ada);
    council.run_ticks(10);
    assert_eq!(away(&council, guest), 1, "the game knows that it is cut");
    council.client_mut(guest).command(Motion::Out(PlayerId(1), 60)).unwrap();
    council.run_ticks(10);
    assert_eq!(news(&mut council, guest), ["1 left: Kicked"]);
    council.resume(ada);
    council.run_ticks(10);
    assert_eq!(closed(&council, ada), (CloseCode::Kicked, "2 voted you out".to_owned()));
    council.run_ticks(900);
    assert!(!council.resume(ada), "it does not come back again");
}

#[test]
fn leaving_before_the_vote_is_counted_does_not_help() {
    let (mut council, [ada, guest]) = two(8);
    council.leave(ada);
    council.run_ticks(5);
    council.client_mut(guest).command(Motion::Out(PlayerId(1), 60)).unwrap();
    council.run_ticks(10);
    let again = council.join_as(Account::new(Text::cut("u-1"), Text::cut("ada")));
    council.run_ticks(10);
    assert_eq!(closed(&council, again).0, CloseCode::Policy);
}

#[test]
fn the_last_state_reaches_a_slow_client_too() {
    let (mut council, [ada, guest]) = two(9);
    council.client_mut(guest).command(Motion::Adjourn).unwrap();
    council.block_slot(ada);
    council.run_ticks(15);
    council.unblock_slot(ada);
    council.run_ticks(60);
    assert_eq!(closed(&council, ada), (CloseCode::Normal, "adjourned".to_owned()));
    let state = council.client(ada).room_state().expect("the last one");
    assert!(state.closed, "the result in the room's state came before the end");
}

#[test]
fn who_comes_back_is_there_again() {
    let (mut council, [ada, guest]) = two(3);
    council.cut(ada);
    council.run_ticks(10);
    council.resume(ada);
    council.run_ticks(10);
    assert_eq!(away(&council, guest), 0);
}

#[test]
fn a_room_that_the_game_ends_tells_everybody_and_takes_nobody() {
    for link in [LinkProfile::CLEAN, LinkProfile::MOBILE_4G] {
        let (mut council, members) = two(4);
        members.iter().for_each(|client| council.link(*client, link));
        council.run_ticks(30);
        council.client_mut(members[1]).command(Motion::Close).unwrap();
        while council.room().access() != Access::Locked {
            council.run_ticks(1);
        }
        let late = council.join("late");
        council.run_ticks(90);
        for client in members {
            assert_eq!(closed(&council, client), (CloseCode::Normal, "the council has spoken".to_owned()));
            assert_eq!(news(&mut council, client), ["the session is closed"], "the last event came first");
        }
        assert!(matches!(closed(&council, late).0, CloseCode::NoSuchRoom), "{late:?}");
        let ended = council.room().ended().expect("it is over");
        assert_eq!((ended.code, ended.advice), (CloseCode::Normal, Advice::Stop));
        assert!(council.room().is_empty());
    }
}

#[test]
fn a_client_that_is_slow_at_the_end_still_gets_the_last_event() {
    let (mut council, [ada, guest]) = two(7);
    council.client_mut(guest).command(Motion::Close).unwrap();
    council.block_slot(ada);
    council.run_ticks(15);
    assert!(council.room().ended().is_none(), "it waits for ada");
    council.unblock_slot(ada);
    council.run_ticks(15);
    assert_eq!(news(&mut council, ada), ["the session is closed"]);
    assert_eq!(closed(&council, ada).0, CloseCode::Normal);
}

#[test]
fn a_room_ends_within_two_seconds_also_if_a_client_confirms_nothing() {
    let (mut council, [ada, guest]) = two(5);
    council.sleep(ada, Duration::from_secs(20));
    council.client_mut(guest).command(Motion::Close).unwrap();
    council.run_ticks(75);
    assert!(council.room().ended().is_some());
    assert_eq!(closed(&council, guest).0, CloseCode::Normal);
}

#[test]
fn a_game_hides_its_room_and_says_what_listings_show() {
    let (mut council, [_, guest]) = two(6);
    assert!(!council.room().is_hidden() && council.room().metadata().is_none());
    council.client_mut(guest).command(Motion::Hide).unwrap();
    council.run_ticks(10);
    assert!(council.room().is_hidden());
    assert_eq!(council.room().metadata().and_then(|of| of.get("title")), Some("in camera"));
}

#[test]
fn a_sandbox_tells_what_the_game_decided() {
    let mut council = Sandbox::<Council>::new(&(), TickRate::DEFAULT, 1).unwrap();
    council.join(PlayerId(1)).unwrap();
    let two = council.join(PlayerId(2)).unwrap();
    council.set_connected(PlayerId(2), false);
    council.command(PlayerId(1), Motion::Out(PlayerId(2), 1));
    council.step();
    assert_eq!(council.kicked(), [(PlayerId(2), "1 voted you out".to_owned())]);
    assert!(council.stage.world.get(two).is_none());
    assert_eq!(council.heard(PlayerId(1)), Vec::<String>::new(), "news of a leave come with the next step");
    council.step();
    assert_eq!(council.heard(PlayerId(1)), [format!("2 left: {:?}", LeaveReason::Kicked)]);
    assert_eq!(council.ended(), None);
    council.command(PlayerId(1), Motion::Close);
    council.step();
    assert_eq!(council.ended(), Some("the council has spoken"));
    assert!(council.join(PlayerId(3)).is_err(), "as in a room");
}

#[test]
fn a_council_is_deterministic_and_predicted() {
    check_determinism::<Council>(&(), 1, 100, 3).unwrap();
    check_prediction::<Council>(&(), 1, 100, 1).unwrap();
    check_prediction_within::<Council>(&(), 1, 100, 3, Allowed::default()).unwrap();
}
