//! A game in which a player controls different entities over time: soldiers that die and return as new ones,
//! cars that are driven, and players who only watch for a while.

use crate::fixtures::table::Table;
use crate::games::bodies::*;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::client::generic::{AnyGame, Opaque};
use tickwire_shared::coding::codec;
use tickwire_shared::harness::{ClientIndex, Harness, check_prediction};
use tickwire_shared::prelude::*;
use tickwire_shared::wire::control::Role;

fn lively(ground: Ground) -> (Harness<Bodies>, ClientIndex, ClientIndex) {
    let mut harness = Harness::<Bodies>::new(ground, 7);
    harness.audit_leaks();
    let (ada, bob) = (harness.join("ada"), harness.join("bob"));
    harness.drive(ada, |_, rng| Walk { push: rng.range(-3, 5) as i8 });
    harness.run_ticks(60);
    (harness, ada, bob)
}

fn wish(harness: &mut Harness<Bodies>, who: ClientIndex, wish: Wish) {
    harness.client_mut(who).command(wish).unwrap();
    harness.run_ticks(10);
}

/// The entity that a player controls, according to the room.
fn controlled(harness: &Harness<Bodies>, who: ClientIndex) -> Option<EntityId> {
    harness.room().world().controlled(harness.client(who).player().unwrap())
}

/// The entity of a player according to a client's roster and events.
fn in_roster(harness: &Harness<Bodies>, at: ClientIndex, who: ClientIndex) -> EntityId {
    let player = harness.client(who).player().unwrap();
    harness.client(at).roster().iter().find(|entry| entry.player == player).unwrap().entity
}

/// Plays on for two seconds and checks that every prediction is right.
#[track_caller]
fn assert_predicted(harness: &mut Harness<Bodies>, who: ClientIndex) {
    let before = harness.client(who).stats().clone();
    harness.run_ticks(60);
    let stats = harness.client(who).stats();
    assert!(stats.predictions >= before.predictions + 55, "{} ticks", stats.predictions - before.predictions);
    assert_eq!(stats.predictions_wrong, before.predictions_wrong);
    let (id, own) = harness.client(who).own().unwrap();
    assert_eq!(Some(id), controlled(harness, who));
    let (Thing::Soldier(Soldier { ammo: hidden, .. }) | Thing::Car(Car { fuel: hidden, .. })) = own;
    assert!(*hidden > 0, "owner-only fields arrived too");
}

#[test]
fn soldiers_are_predicted() {
    check_prediction::<Bodies>(&Ground::default(), 1, 300, 2).unwrap();
}

#[test]
fn a_player_that_comes_back_as_another_entity_is_predicted_as_that_one() {
    for cells in [false, true] {
        let (mut harness, ada, bob) = lively(Ground { cells, ..Ground::default() });
        let first = harness.client(ada).own_id();
        assert_predicted(&mut harness, ada);
        harness.take_events(bob);
        wish(&mut harness, ada, Wish::Respawn);
        let second = controlled(&harness, ada);
        assert!(second.is_some() && second != first);
        assert_eq!(harness.client(ada).own_id(), second);
        for at in [ada, bob] {
            assert_eq!(Some(in_roster(&harness, at, ada)), second);
        }
        let told = harness.take_events(bob);
        let changes = |event: &&ClientEvent<Bodies>| {
            let ClientEvent::PlayerChanged(entry) = event else { return false };
            Some(entry.entity) == second
        };
        assert_eq!(told.iter().filter(changes).count(), 1, "{told:?}");
        assert_eq!(harness.take_events(ada).iter().filter(changes).count(), 1);
        assert_predicted(&mut harness, ada);
        harness.settle();
        harness.assert_in_sync();
    }
}

#[test]
fn what_is_driven_may_be_of_another_kind_and_far_away() {
    for cells in [false, true] {
        let (mut harness, ada, bob) = lively(Ground { cells, ..Ground::default() });
        let body = harness.client(ada).own_id().unwrap();
        wish(&mut harness, ada, Wish::Car);
        assert!(matches!(harness.client(ada).own(), Some((_, Thing::Car(_)))));
        assert_predicted(&mut harness, ada);
        let view = harness.client(ada).view(harness.now());
        let own: Vec<_> = view.iter().filter(|(id, _)| Some(*id) == harness.client(ada).own_id()).collect();
        assert_eq!(own.len(), 1, "the car, as it is predicted");
        assert_eq!(view.iter().any(|(id, _)| *id == body), !cells, "the body stays where it was");
        wish(&mut harness, bob, Wish::Car);
        assert_eq!(controlled(&harness, bob), controlled(&harness, ada), "a second player in the car");
        wish(&mut harness, ada, Wish::Car);
        assert_eq!(harness.client(ada).own_id(), Some(body));
        assert_predicted(&mut harness, ada);
        harness.assert_in_sync();
    }
}

#[test]
fn a_player_may_control_nothing_and_is_told_in_the_tick_in_which_that_changes() {
    let (mut harness, ada, bob) = lively(Ground::default());
    wish(&mut harness, ada, Wish::Die);
    let client = harness.client(ada);
    assert_eq!((client.own_id(), client.own().is_some(), controlled(&harness, ada)), (None, false, None));
    assert_eq!(in_roster(&harness, bob, ada), EntityId::NONE);
    let before = client.stats().predictions;
    harness.run_ticks(30);
    assert_eq!(harness.client(ada).stats().predictions, before);
    wish(&mut harness, ada, Wish::Respawn);
    assert_predicted(&mut harness, ada);
    // No player controls a despawned entity, whether the game says so or not.
    wish(&mut harness, ada, Wish::Vanish);
    assert_eq!((harness.client(ada).own_id(), in_roster(&harness, bob, ada)), (None, EntityId::NONE));

    // A crowd of other events delays nothing: the update of the tick itself says what the player now
    // controls.
    harness.client_mut(ada).command(Wish::Respawn).unwrap();
    while controlled(&harness, ada).is_none() {
        harness.run_ticks(1);
    }
    let born = harness.tick();
    while harness.client(ada).newest_tick().unwrap() < born {
        harness.run_ticks(1);
    }
    assert_eq!(harness.client(ada).own_id(), controlled(&harness, ada));
    assert!(harness.client(ada).own().is_some());
}

#[test]
fn a_player_may_join_without_an_entity() {
    let (mut harness, ada, bob) = lively(Ground { starts_dead: true, ..Ground::default() });
    assert_eq!((harness.client(ada).own_id(), in_roster(&harness, bob, ada)), (None, EntityId::NONE));
    assert!(harness.client(ada).player().is_some());
    wish(&mut harness, ada, Wish::Respawn);
    assert_predicted(&mut harness, ada);
    let late = harness.join("late");
    harness.run_ticks(20);
    assert_eq!(Some(in_roster(&harness, late, ada)), controlled(&harness, ada));
    assert_eq!(in_roster(&harness, late, bob), EntityId::NONE);
}

#[test]
fn what_changes_during_a_cut_is_known_after_it() {
    let (mut harness, ada, bob) = lively(Ground::default());
    let player = harness.client(ada).player();
    harness.client_mut(ada).command(Wish::Respawn).unwrap();
    harness.client_mut(bob).command(Wish::Car).unwrap();
    harness.run_ticks(2);
    harness.cut(ada);
    harness.run_ticks(60);
    harness.take_events(ada);
    assert!(harness.resume(ada));
    harness.run_ticks(30);
    assert_eq!(harness.client(ada).player(), player);
    assert_eq!(Some(in_roster(&harness, ada, bob)), controlled(&harness, bob));
    assert_predicted(&mut harness, ada);
    for at in [ada, bob] {
        assert_eq!(Some(in_roster(&harness, at, ada)), controlled(&harness, ada));
    }
}

#[test]
fn who_follows_a_player_follows_it_into_another_entity() {
    let (mut harness, ada, bob) = lively(Ground { cells: true, ..Ground::default() });
    let watcher = harness.spectate("watcher");
    harness.run_ticks(20);
    let followed = harness.client(ada).player();
    harness.client_mut(watcher).follow(followed);
    harness.run_ticks(40);
    let sees = |harness: &Harness<Bodies>, id: Option<EntityId>| {
        harness.client(watcher).rows().iter().any(|row| Some(row.id) == id)
    };
    assert!(sees(&harness, controlled(&harness, ada)));
    wish(&mut harness, ada, Wish::Car);
    harness.run_ticks(40);
    assert!(sees(&harness, controlled(&harness, ada)), "the car is far from the soldier");
    assert!(!sees(&harness, controlled(&harness, bob)));
    assert_eq!(Some(in_roster(&harness, watcher, ada)), controlled(&harness, ada));
}

/// A client without the game's types.
fn generic_client() -> Table<AnyGame, Bodies> {
    let mut table = Table::new(Role::Player, 3);
    table.deliver();
    table.client.set_input(table.client.neutral_input());
    table
}

/// The command that says this wish.
fn opaque(wish: &Wish) -> Opaque {
    Opaque(codec::encode(wish).unwrap())
}

#[test]
fn a_client_that_knows_the_schema_alone_follows_too() {
    let mut table = generic_client();
    let (mut seen, mut changes) = (Vec::new(), 0);
    for wish in [Wish::Respawn, Wish::Die, Wish::Car] {
        table.client.command(opaque(&wish)).unwrap();
        for _ in 0..30 {
            let events = table.tick();
            changes += events.iter().filter(|event| matches!(event, ClientEvent::PlayerChanged(_))).count();
        }
        let client = &table.client;
        assert_eq!(client.own_id(), table.room.world().controlled(client.player().unwrap()), "{wish:?}");
        assert_eq!(client.roster()[0].entity, client.own_id().unwrap_or(EntityId::NONE));
        seen.push(client.own_id());
    }
    assert_eq!((changes, seen[1]), (3, None), "another soldier, none, the car");
}

#[test]
fn it_shows_of_its_own_entity_what_only_the_owner_gets() {
    let mut table = generic_client();
    let neutral = table.client.neutral_input();
    table.client.set_input(neutral.with_values(&[3]));
    (0..100).for_each(|_| _ = table.tick());
    table.client.set_input(neutral);
    (0..60).for_each(|_| _ = table.tick());
    let own = table.client.own_id().unwrap();
    let Some(Thing::Soldier(soldier)) = table.room.world().get(own) else { panic!("a soldier") };
    assert!(soldier.ammo > 5, "{soldier:?}");
    for (id, entity) in table.client.view(table.now) {
        let mut row = Vec::new();
        entity.write_row(&mut row);
        let expected = if id == own { vec![soldier.at, 0, soldier.ammo.into()] } else { vec![3_000, 0, 0] };
        assert_eq!(row, expected, "the car's fuel is not for it");
    }
}
