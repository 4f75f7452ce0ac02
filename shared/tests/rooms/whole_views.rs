//! Views of a whole map, and the view of a player whose body no longer exists: nothing ends silently.

use crate::games::forest::*;
use tickwire_shared::harness::{Harness, check_prediction};
use tickwire_shared::id::StreamId;

#[test]
fn trees_are_predicted() {
    check_prediction::<Forest>(&Map::default(), 3, 100, 2).unwrap();
}

fn forest(map: Map) -> Harness<Forest> {
    let mut harness = Harness::<Forest>::new(map, 4);
    harness.audit_leaks();
    harness
}

#[test]
fn a_spectator_sees_a_map_of_any_number_of_cells_and_one_stream_of_it() {
    for side in [15, 32, 60] {
        let mut harness = forest(Map { side, ..Map::default() });
        let eve = harness.spectate("eve");
        harness.run_ticks(60);
        let public = harness.room().world().iter().filter(|(_, tree)| tree.group == 0).count();
        assert_eq!(harness.client(eve).rows().len(), public, "{side} x {side}");
        assert_eq!(harness.client(eve).streams().count(), 1);
        harness.assert_in_sync();
        harness.assert_caught_up(8);
    }
}

#[test]
fn one_encoding_serves_all_who_see_everything() {
    let encoded = |spectators| {
        let mut harness = forest(Map { side: 40, ..Map::default() });
        (0..spectators).for_each(|_| _ = harness.spectate("eve"));
        harness.run_ticks(20);
        let before = harness.room().stats().entities_encoded;
        harness.run_ticks(60);
        harness.room().stats().entities_encoded - before
    };
    assert_eq!(encoded(1), encoded(16));
}

#[test]
fn who_goes_from_a_part_to_the_whole_and_back_sees_all_of_each() {
    let mut harness = forest(Map { side: 30, ..Map::default() });
    let (ada, eve) = (harness.join("ada"), harness.spectate("eve"));
    harness.run_ticks(30);
    let whole = harness.client(eve).rows().len();
    let player = harness.client(ada).player();
    for _ in 0..3 {
        harness.client_mut(eve).follow(player);
        harness.run_ticks(40);
        harness.assert_in_sync();
        assert_eq!(harness.client(eve).rows().len(), harness.client(ada).rows().len());
        harness.client_mut(eve).follow(None);
        harness.run_ticks(40);
        harness.assert_in_sync();
        assert_eq!(harness.client(eve).rows().len(), whole);
    }
    harness.cut(eve);
    harness.run_ticks(10);
    assert!(harness.resume(eve));
    harness.run_ticks(30);
    assert_eq!(harness.client(eve).rows().len(), whole, "after a disconnect as well");
}

#[test]
fn a_player_may_see_everything_with_a_byte_budget_and_without() {
    for budget in [0, 4_000] {
        let mut harness = forest(Map { side: 20, players_see_all: true, ..Map::default() });
        harness.budget(budget);
        let ada = harness.join("ada");
        harness.run_ticks(200);
        assert_eq!(harness.client(ada).rows().len(), harness.room().world().len(), "budget {budget}");
        let streams: Vec<StreamId> = harness.client(ada).streams().map(|(id, _)| id).collect();
        assert!(streams.len() <= 3, "{streams:?}: one of each group, and its own if that is sent first");
        assert!(harness.client(ada).own().is_some());
        harness.assert_in_sync();
    }
}

#[test]
fn a_player_whose_body_is_gone_goes_on_seeing_where_it_was() {
    let mut harness = forest(Map { side: 30, ..Map::default() });
    let ada = harness.join("ada");
    harness.run_ticks(30);
    let before = harness.client(ada).rows().len();
    assert!(before > 20, "{before}");
    assert!(harness.client_mut(ada).command(Die).is_ok());
    harness.run_ticks(60);
    assert_eq!(harness.client(ada).rows().len(), before - 1, "all except its own body");
    harness.cut(ada);
    harness.run_ticks(5);
    assert!(harness.resume(ada));
    harness.run_ticks(30);
    assert_eq!(harness.client(ada).rows().len(), before - 1, "after a disconnect as well");
}

#[test]
fn a_view_that_does_not_change_is_not_looked_up_again() {
    let mut harness = forest(Map { side: 30, ..Map::default() });
    harness.join("ada");
    harness.run_ticks(60);
    let before = harness.room().stats().views_found;
    harness.run_ticks(300);
    assert_eq!(harness.room().stats().views_found, before, "no entity moved");
}
