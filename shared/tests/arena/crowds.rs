//! Mass joins and leaves do not trouble those who stay.

use core::time::Duration;
use tickwire_arena::{Arena, Settings};
use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::Harness;

/// How many joined, and how many left.
fn comings_and_goings(heard: &[ClientEvent<Arena>]) -> (usize, usize) {
    let joined = heard.iter().filter(|event| matches!(event, ClientEvent::PlayerJoined(_)));
    let left = heard.iter().filter(|event| matches!(event, ClientEvent::PlayerLeft(_)));
    (joined.count(), left.count())
}

#[test]
fn who_stalls_or_is_cut_while_a_crowd_comes_and_goes_keeps_its_seat_and_the_roster() {
    let mut harness = Harness::<Arena>::new(Settings::default(), 11);
    let [here, stalled, cut] = ["ada", "bob", "cid"].map(|name| harness.join(name));
    harness.run_ticks(30);
    let players = [here, stalled, cut].map(|client| harness.client(client).player().unwrap());
    harness.stall(stalled, Duration::from_secs(5));
    harness.cut(cut);
    for _ in 0..12 {
        let crowd: Vec<_> = (0..60).map(|at| harness.join(&format!("one of many {at}"))).collect();
        harness.run_ticks(6);
        assert_eq!(harness.room().players(), 63);
        crowd.into_iter().for_each(|client| harness.leave(client));
        harness.run_ticks(6);
        assert_eq!(harness.room().players(), 3, "those who left, and no others, have left");
    }
    assert!(harness.resume(cut));
    harness.run_ticks(90);
    for (client, player) in [here, stalled, cut].into_iter().zip(players) {
        let (joined, left) = comings_and_goings(&harness.take_events(client));
        let told = harness.client(client);
        assert!(told.is_playing(), "{:?}", told.state());
        assert_eq!(told.player(), Some(player));
        assert_eq!((told.roster().len(), told.stats().events_lost), (3, 0));
        if client == here {
            assert!(joined >= 12 * 60 && left == 12 * 60, "it learns of all: {joined} joined, {left} left");
        } else {
            assert!(joined < 4 * 60, "players who left before it could be told are not reported: {joined}");
        }
    }
}

#[test]
fn who_comes_back_into_a_crowd_that_goes_knows_who_is_there() {
    for wait in 0..8 {
        let mut harness = Harness::<Arena>::new(Settings::default(), 12);
        let [here, cut] = ["ada", "cid"].map(|name| harness.join(name));
        harness.run_ticks(30);
        harness.cut(cut);
        let crowd: Vec<_> = (0..60).map(|at| harness.join(&format!("one of many {at}"))).collect();
        harness.run_ticks(6);
        assert!(harness.resume(cut));
        harness.run_ticks(wait);
        crowd.into_iter().for_each(|client| harness.leave(client));
        harness.run_ticks(60);
        assert_eq!(harness.room().players(), 2);
        for client in [here, cut] {
            let (joined, left) = comings_and_goings(&harness.take_events(client));
            let told = harness.client(client);
            assert_eq!(told.roster().len(), 2, "{wait} ticks after it returned");
            assert_eq!(
                joined - left,
                usize::from(client == here),
                "every reported join has a reported leave"
            );
        }
    }
}
