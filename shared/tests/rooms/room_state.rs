//! The room's own state: one replicated value that every client has, whatever it sees.

use crate::fixtures::Kept;
use crate::games::rally::*;
use core::time::Duration;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::entity::{Field, GameSchema, Schema, SchemaError};
use tickwire_shared::harness::{
    Harness, LinkProfile, Sandbox, check_determinism, check_prediction, random_input,
};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{game_schema, game_schema_hash};
use tickwire_shared::wire::CloseCode;

fn divided_or_not() -> [Settings; 2] {
    [Settings::default(), Settings { divided: true, crowd: 0 }]
}

#[test]
fn every_client_has_the_state_whatever_it_sees_and_however_bad_its_link_is() {
    for settings in divided_or_not() {
        let mut run = Harness::<Rally>::new(settings.clone(), 7);
        run.audit_leaks();
        let clients = [run.join("ada"), run.join("bob"), run.spectate("eve")];
        for client in clients {
            run.link(client, LinkProfile::MOBILE_4G);
        }
        for client in &clients[..2] {
            run.drive(*client, |_, rng| random_input(rng));
        }
        run.run_ticks(30);
        assert_eq!(*run.room().room_state(), Match::default());
        for client in &clients[..2] {
            run.client_mut(*client).command(true).unwrap();
        }
        for round in 0..40 {
            run.run_ticks(25);
            if round == 20 {
                run.cut(clients[0]);
                run.run_ticks(20);
                assert!(run.resume(clients[0]));
            }
        }
        run.settle();
        run.assert_in_sync();
        let state = run.room().room_state().clone();
        let Match::Running(Running { score, share, .. }) = state else { panic!("{state:?}") };
        assert!(score > 20 && (share * 4.0).fract() == 0.0, "{score} {share}");
        for client in clients {
            let client = run.client(client);
            assert!(client.stats().hash_checks > 10 && client.stats().hash_mismatches == 0);
            let Some(Match::Running(seen)) = client.room_state() else { panic!("no state") };
            assert!(score.abs_diff(seen.score) <= 1, "{score} {seen:?}");
            assert!(client.view(run.now()).iter().all(|(id, _)| *id != EntityId::STATE));
        }
    }
}

#[test]
fn under_a_byte_budget_the_state_never_waits() {
    let mut run = Harness::<Rally>::new(Settings { divided: true, crowd: 400 }, 7);
    run.budget(1_000);
    let clients = [run.join("ada"), run.join("bob")];
    run.run_ticks(30);
    for client in clients {
        run.client_mut(client).command(true).unwrap();
    }
    run.run_ticks(30);
    let mut waited = 0;
    for _ in 0..600 {
        run.run_ticks(1);
        let Match::Running(Running { score, .. }) = *run.room().room_state() else { panic!("not running") };
        for client in clients {
            let client = run.client(client);
            waited += client.streams_waiting();
            let Some(Match::Running(seen)) = client.room_state() else { panic!("no state") };
            assert!(score.abs_diff(seen.score) <= 1, "{score} {seen:?}");
        }
    }
    assert!(waited > 1_000, "the budget is too large to matter: {waited}");
}

#[test]
fn a_clock_that_runs_as_declared_costs_nothing() {
    for settings in divided_or_not() {
        let mut run = Harness::<Clock>::new(settings, 7);
        let ada = run.join("ada");
        run.run_ticks(90);
        let before = run.client(ada).stats().stream_bytes;
        run.run_ticks(64);
        let bytes = run.client(ada).stats().stream_bytes - before;
        // Two hashes of two streams, and nothing else.
        assert!(bytes <= 2 * 2 * 6, "{bytes} bytes");
        // The newest snapshot may be as old as the longest quiet time.
        let left = run.client(ada).room_state().unwrap().ticks_left;
        assert!((0..=9).contains(&(left - run.room().room_state().ticks_left)));
    }
}

#[test]
fn the_state_has_kinds_of_its_own_in_the_schema_and_is_no_entity() {
    let schema = game_schema::<Rally>();
    assert_eq!((schema.kinds.len(), schema.state_kinds), (3, 2));
    assert_eq!(schema.hash(), game_schema_hash::<Rally>());
    assert_ne!(GameSchema { state_kinds: 0, ..schema.clone() }.hash(), schema.hash());
    let mut run = Harness::<Rally>::new(Settings { divided: true, crowd: 0 }, 3);
    let ada = run.join("ada");
    run.run_ticks(20);
    let row = run.client(ada).room_state_row().unwrap();
    assert_eq!((row.id, row.kind, row.values), (EntityId::STATE, 1, &[0][..]));
}

#[test]
fn joined_comes_with_a_players_entity_and_the_state() {
    let mut run = Harness::<Rally>::new(Settings::default(), 9);
    let ada = run.join("ada");
    run.link(ada, LinkProfile::delayed(Duration::from_millis(60)));
    let joined = (0..60).find_map(|_| {
        run.run_ticks(1);
        let events = run.take_events(ada);
        let joined = events.iter().any(|event| matches!(event, ClientEvent::Joined));
        joined.then(|| (run.client(ada).own().is_some(), run.client(ada).room_state().is_some()))
    });
    assert_eq!(joined, Some((true, true)));
}

#[test]
fn a_game_hears_why_a_player_leaves_and_gets_what_its_host_hands_to_it() {
    let (log, heard) = std::sync::mpsc::channel();
    let mut run = Harness::<Rally>::with_context(Settings::default(), 1, TickRate::DEFAULT, &Some(log));
    let clients = [run.join("ada"), run.join("bob")];
    run.run_ticks(30);
    let joined: Vec<_> = heard.try_iter().collect();
    assert_eq!(joined.len(), 2);
    assert!(joined.iter().all(|(_, reason)| reason.is_none()));
    run.leave(clients[0]);
    run.run_ticks(10);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [(0, Some(LeaveReason::Left))]);
    run.cut(clients[1]);
    run.run_ticks(31 * 30);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [(0, Some(LeaveReason::TimedOut))]);
    let eve = run.join("eve");
    run.run_ticks(10);
    assert!(heard.try_iter().all(|(_, reason)| reason.is_none()));
    run.room_mut().close_all(&CloseCode::GoingAway.into(), &mut Kept::default());
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [(0, Some(LeaveReason::RoomClosed))]);
    let _ = eve;
}

#[test]
fn what_is_told_in_join_and_leave_arrives_and_the_one_who_joins_gets_it_too() {
    let mut run = Harness::<Rally>::new(Settings::default(), 1);
    let ada = run.join("ada");
    run.run_ticks(10);
    let bob = run.join("bob");
    run.run_ticks(10);
    run.leave(bob);
    run.run_ticks(10);
    let heard: Vec<u8> = run
        .take_events(ada)
        .into_iter()
        .filter_map(|event| if let ClientEvent::Game(event) = event { Some(event) } else { None })
        .collect();
    assert_eq!(heard, [1, 2, 200]);
}

#[test]
fn a_game_with_a_state_is_deterministic_predictable_and_testable_without_a_room() {
    for settings in divided_or_not() {
        check_determinism::<Rally>(&settings, 5, 200, 3).unwrap();
        check_prediction::<Rally>(&settings, 5, 200, 3).unwrap();
    }
    let mut game = Sandbox::<Rally>::new(&Settings::default(), TickRate::DEFAULT, 1).unwrap();
    for player in [1, 2] {
        game.join(PlayerId(player)).unwrap();
        game.command(PlayerId(player), true);
    }
    game.run_ticks(30);
    let Match::Running(running) = &game.stage.state else { panic!("{:?}", game.stage.state) };
    assert_eq!((running.ticks_left, running.share), (90_000 - 29, 0.25));
    assert_eq!(game.heard(PlayerId(1)), [1, 2]);
}

#[test]
fn a_state_with_a_field_that_not_everybody_may_see_is_refused() {
    let with = |change: fn(&mut Field)| {
        let mut kinds = game_schema::<Rally>().kinds;
        change(&mut kinds[2].fields[0]);
        Schema::new(kinds, TickRate::DEFAULT).and_then(|schema| schema.with_state(2))
    };
    assert!(with(|_| {}).is_ok());
    let error = with(|field| field.own = true).unwrap_err();
    assert!(matches!(&error, SchemaError::BadState { field, .. } if field == "score"), "{error}");
    let all = Schema::new(game_schema::<Rally>().kinds, TickRate::DEFAULT).unwrap();
    assert_eq!(all.with_state(3), Err(SchemaError::KindCount(3)), "no entity would be left");
}
