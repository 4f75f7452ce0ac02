use super::*;
use crate::client::Sample;
use crate::client::testing::{DotSettings, Dots, Press, Told, press};
use crate::link::PathProfile;
use crate::wire::CloseCode;

fn settings() -> DotSettings {
    DotSettings { drifting: 12, ..DotSettings::default() }
}

/// A common home connection: 30 to 45 ms each way.
fn home() -> LinkProfile {
    let ms = Duration::from_millis;
    LinkProfile::both(PathProfile { delay: ms(37), jitter: ms(8), ..PathProfile::CLEAN })
}

fn random(_: &Client<Dots>, rng: &mut Rng) -> Press {
    press(rng.range(-100, 100), rng.chance(4))
}

fn with_players(seed: u64, names: &[&str]) -> (Harness<Dots>, Vec<ClientIndex>) {
    let mut harness = Harness::<Dots>::new(settings(), seed);
    let clients: Vec<_> = names.iter().map(|name| harness.join(name)).collect();
    for &client in &clients {
        harness.drive(client, random);
    }
    harness.run_ticks(10);
    (harness, clients)
}

/// The clients' messages, as one client received them.
fn said(events: Vec<ClientEvent<Dots>>) -> Vec<u32> {
    events
        .into_iter()
        .filter_map(|event| match event {
            ClientEvent::Game(Told::Said(_, what)) => Some(what),
            _ => None,
        })
        .collect()
}

fn errors(harness: &mut Harness<Dots>, client: ClientIndex) -> Vec<f32> {
    let samples = harness.client_mut(client).drain_samples();
    samples
        .filter_map(|sample| match sample {
            Sample::PredictionError(error) => Some(error),
            _ => None,
        })
        .collect()
}

#[test]
fn players_join_and_see_the_room() {
    let (mut harness, clients) = with_players(1, &["ada", "bob"]);
    harness.run_ticks(30);
    harness.assert_caught_up(1);
    assert_eq!(harness.room().players(), 2);
    let ada = harness.client(clients[0]);
    assert_eq!(ada.latest().unwrap().len(), 14);
    assert_eq!(ada.roster().len(), 2);
    assert!(ada.own().is_some());
    assert_eq!(ada.view(harness.now()).len(), 14);
    assert_eq!(ada.stats().events_lost, 0);
}

#[test]
fn on_a_clean_link_the_prediction_is_exact() {
    for profile in [LinkProfile::CLEAN, LinkProfile::delayed(Duration::from_millis(80))] {
        let (mut harness, clients) = with_players(2, &["ada", "bob", "cid"]);
        for &client in &clients {
            harness.link(client, profile);
        }
        harness.run_ticks(300);
        for &client in &clients {
            errors(&mut harness, client);
        }
        harness.run_ticks(200);
        for &client in &clients {
            let errors = errors(&mut harness, client);
            assert!(errors.len() > 40, "{}", errors.len());
            assert!(errors.iter().all(|&error| error == 0.0), "{errors:?}");
        }
        harness.assert_in_sync();
    }
}

#[test]
fn after_joining_over_a_slow_link_inputs_soon_come_in_time() {
    let mut harness = Harness::<Dots>::new(settings(), 3);
    let ada = harness.join("ada");
    harness.link(ada, LinkProfile::WIFI);
    harness.drive(ada, random);
    harness.run_ticks(150);
    let before = harness.room().stats().inputs;
    harness.run_ticks(600);
    let after = harness.room().stats().inputs;
    assert!(after.late - before.late <= 3, "{before:?} {after:?}");
    assert!(after.held - before.held <= 6, "{before:?} {after:?}");
    let margin = harness.client(ada).stats().margin_ticks;
    assert!((0.5..3.0).contains(&margin), "{margin}");
}

#[test]
fn a_late_joiner_gets_the_state_and_the_others_hear_of_it() {
    let (mut harness, clients) = with_players(4, &["ada"]);
    harness.run_ticks(500);
    harness.take_events(clients[0]);
    let late = harness.join("late");
    let watcher = harness.spectate("eve");
    harness.run_ticks(30);
    harness.assert_caught_up(1);
    assert_eq!(harness.client(late).latest().unwrap().len(), 14);
    assert_eq!(harness.client(watcher).own_id(), None);
    assert_eq!(harness.client(watcher).view(harness.now()).len(), 14);
    let heard = harness.take_events(clients[0]);
    assert!(
        heard.iter().any(|event| matches!(event, ClientEvent::PlayerJoined(entry) if &*entry.name == "late"))
    );
    harness.leave(late);
    harness.run_ticks(10);
    let heard = harness.take_events(clients[0]);
    assert!(heard.iter().any(|event| matches!(event, ClientEvent::PlayerLeft(_))));
    assert_eq!(harness.client(clients[0]).roster().len(), 1);
    assert!(matches!(harness.client(late).state(), State::Closed(_)));
}

#[test]
fn a_stalled_client_recovers() {
    let (mut harness, clients) = with_players(5, &["ada", "bob"]);
    harness.run_ticks(100);
    for seconds in [1, 2, 5] {
        harness.stall(clients[0], Duration::from_secs(seconds));
        harness.run_ticks(30 * seconds as u32 + 30);
        harness.assert_caught_up(3);
    }
    harness.run_ticks(300);
    errors(&mut harness, clients[0]);
    harness.run_ticks(100);
    assert!(errors(&mut harness, clients[0]).iter().all(|&error| error == 0.0));
    assert!(harness.client(clients[0]).stats().keyframes <= 4);
}

#[test]
fn a_blocked_slot_costs_the_others_nothing_and_catches_up() {
    let (mut harness, clients) = with_players(6, &["ada", "bob"]);
    harness.run_ticks(50);
    let before = harness.client(clients[1]).stats().snapshots;
    harness.block_slot(clients[0]);
    harness.run_ticks(200);
    // Some ticks go as predicted, because the blocked client receives nothing and so sends little.
    let stats = harness.client(clients[1]).stats();
    assert_eq!(stats.snapshots - before, 200);
    assert!(harness.room().stats().skips_full > 150);
    harness.settle();
    harness.assert_caught_up(1);
}

#[test]
fn a_client_that_cannot_keep_up_is_served_less_often_is_told_so_and_recovers_in_time() {
    let (mut harness, clients) = with_players(11, &["ada", "bob"]);
    harness.run_ticks(30);
    // Returns the slowest step and the last one.
    let run = |harness: &mut Harness<Dots>, seconds: u32, slow: bool| {
        let mut slowest = 0;
        for tick in 0..seconds * 30 {
            // Its slot is full for two ticks of three, roughly as on a link of a third of the rate.
            match tick % 3 {
                0 if slow => harness.block_slot(clients[0]),
                2 => harness.unblock_slot(clients[0]),
                _ => {}
            }
            harness.run_ticks(1);
            slowest = slowest.max(harness.client(clients[0]).stats().rate_step);
        }
        (slowest, harness.client(clients[0]).stats().rate_step)
    };
    assert_eq!(run(&mut harness, 6, true), (1, 1), "at half the rate its link suffices");
    let stats = harness.room().stats();
    assert!(stats.paced_slower >= 1 && stats.skips_pace > 10, "{stats:?}");
    assert_eq!(harness.client(clients[1]).stats().rate_step, 0, "the other client is not affected");
    assert_eq!(run(&mut harness, 30, false), (1, 0));
    harness.assert_caught_up(1);
    let stats = harness.room().stats();
    assert_eq!(stats.paced_slower, stats.paced_faster);
}

#[test]
fn a_client_that_speaks_and_acknowledges_nothing_for_30_s_is_closed_as_too_slow_and_keeps_its_seat() {
    let (mut harness, clients) = with_players(12, &["ada", "bob"]);
    harness.run_ticks(30);
    let player = harness.client(clients[0]).player();
    harness.block_slot(clients[0]);
    harness.run_ticks(30 * 29);
    harness.unblock_slot(clients[0]);
    harness.run_ticks(30);
    harness.assert_caught_up(3);
    harness.stall(clients[0], Duration::from_secs(50));
    harness.run_ticks(30 * 51);
    assert_eq!(harness.room().stats().lost, 0, "it sent nothing");
    harness.assert_caught_up(3);
    harness.block_slot(clients[0]);
    harness.run_ticks(30 * 32);
    assert_eq!(harness.room().stats().lost, 1);
    assert_eq!(harness.room().players(), 2, "its seat is kept");
    harness.unblock_slot(clients[0]);
    harness.run_ticks(30);
    let State::Closed(close) = harness.client(clients[0]).state() else { panic!("it is not closed") };
    assert_eq!(close.code, CloseCode::TooSlow);
    assert!(harness.resume(clients[0]));
    harness.settle();
    assert_eq!(harness.client(clients[0]).player(), player);
    harness.assert_in_sync();
}

#[test]
fn a_long_stall_in_both_directions_is_no_reason_to_close() {
    let (mut harness, clients) = with_players(13, &["ada", "bob"]);
    harness.run_ticks(30);
    harness.stall(clients[0], Duration::from_secs(40));
    harness.run_ticks(30 * 42);
    assert_eq!(harness.room().stats().lost, 0);
    harness.assert_caught_up(3);
}

#[test]
fn a_cut_client_comes_back_as_the_same_player_and_hears_everything_once() {
    let (mut harness, clients) = with_players(7, &["ada", "bob"]);
    let [ada, bob] = clients[..] else { unreachable!() };
    let seat = (harness.client(ada).player(), harness.client(ada).own_id());
    let mut next = 0;
    for round in 0..20 {
        for _ in 0..4 {
            harness.client_mut(bob).command(next).unwrap();
            harness.client_mut(ada).command(1_000 + next).unwrap();
            next += 1;
        }
        harness.run_ticks(1 + round % 3);
        harness.cut(ada);
        harness.run_ticks(round * 2);
        assert!(harness.resume(ada));
        harness.run_ticks(5);
    }
    harness.settle();
    harness.assert_caught_up(1);
    assert_eq!((harness.client(ada).player(), harness.client(ada).own_id()), seat);
    assert_eq!(harness.client(ada).stats().resumes, 20);
    assert_eq!(harness.client(ada).stats().events_lost, 0);
    let all = said(harness.take_events(ada));
    assert_eq!(all, said(harness.take_events(bob)), "both heard the same in the same order");
    let from =
        |low: u32| all.iter().copied().filter(|what| (low..low + 1_000).contains(what)).collect::<Vec<_>>();
    assert_eq!(from(0), (0..next).collect::<Vec<_>>());
    assert_eq!(from(1_000), (1_000..1_000 + next).collect::<Vec<_>>());
}

#[test]
fn another_client_takes_a_saved_seat_and_hears_everything_once() {
    let (mut harness, clients) = with_players(7, &["ada", "bob"]);
    let [ada, bob] = clients[..] else { unreachable!() };
    let seat = (harness.client(ada).player(), harness.client(ada).own_id());
    let (mut heard, mut next) = (Vec::new(), 0);
    for round in 0..20 {
        for _ in 0..4 {
            harness.client_mut(bob).command(next).unwrap();
            harness.client_mut(ada).command(1_000 + next).unwrap();
            next += 1;
        }
        harness.run_ticks(1 + round % 3);
        heard.extend(said(harness.take_events(ada)));
        assert!(harness.restart(ada));
        harness.run_ticks(5);
    }
    harness.settle();
    harness.assert_in_sync();
    assert_eq!((harness.client(ada).player(), harness.client(ada).own_id()), seat);
    assert_eq!((harness.room().players(), harness.client(ada).stats().events_lost), (2, 0));
    heard.extend(said(harness.take_events(ada)));
    assert_eq!(heard, said(harness.take_events(bob)), "both heard the same in the same order");
    let from =
        |low: u32| heard.iter().copied().filter(|what| (low..low + 1_000).contains(what)).collect::<Vec<_>>();
    assert_eq!(from(0), (0..next).collect::<Vec<_>>());
    assert_eq!(from(1_000), (1_000..1_000 + next).collect::<Vec<_>>());
}

#[test]
fn a_seat_that_was_left_or_is_only_watched_is_not_saved() {
    let (mut harness, clients) = with_players(7, &["ada"]);
    harness.run_ticks(10);
    let watcher = harness.spectate("eve");
    harness.run_ticks(10);
    assert!(harness.client(watcher).is_playing());
    assert_eq!(harness.client(watcher).save_seat(), None);
    assert!(harness.client(clients[0]).save_seat().is_some());
    harness.leave(clients[0]);
    assert_eq!(harness.client(clients[0]).save_seat(), None);
}

#[test]
fn a_press_just_before_a_cut_is_not_lost_nor_doubled() {
    let mut harness = Harness::<Dots>::new(DotSettings::default(), 8);
    let ada = harness.join("ada");
    harness.run_ticks(60);
    for presses in 1..=10 {
        harness.set_input(ada, press(0, true));
        harness.run_ticks(1);
        harness.cut(ada);
        harness.run_ticks(presses);
        assert!(harness.resume(ada));
        harness.run_ticks(60);
        let (_, own) = harness.room().world().iter().next().unwrap();
        assert_eq!(own.fired, presses as i32);
    }
}

#[test]
fn a_corrupted_client_is_found_repaired_and_reported() {
    let (mut harness, clients) = with_players(9, &["ada", "bob"]);
    harness.run_ticks(100);
    assert!(harness.corrupt(clients[0]));
    harness.run_ticks(80);
    harness.assert_caught_up(1);
    let stats = harness.client(clients[0]).stats();
    assert!(stats.hash_mismatches >= 1);
    assert_eq!((stats.repairs_asked, stats.repairs_received), (1, 1));
    let report = harness.room().stats().last_desync.unwrap();
    assert_eq!(report.client, report.server + 1);
    assert!(report.field.is_some());
    assert_eq!(harness.client(clients[1]).stats().hash_mismatches, 0);
}

#[test]
fn a_client_to_whom_deltas_make_no_sense_asks_for_repair_and_plays_on() {
    let mut refused = 0;
    for seed in 30..50 {
        let (mut harness, clients) = with_players(seed, &["ada", "bob"]);
        harness.link(clients[0], LinkProfile::WIFI);
        harness.run_ticks(100);
        assert!(harness.lose_rows(clients[0]));
        harness.run_ticks(120);
        harness.assert_caught_up(3);
        let stats = harness.client(clients[0]).stats();
        assert!(harness.client(clients[0]).is_playing() && harness.client(clients[0]).own().is_some());
        assert!(stats.repairs_asked >= 1 && stats.repairs_asked <= 3, "seed {seed}: {stats:?}");
        refused += stats.deltas_refused;
    }
    assert!(refused > 5, "{refused}");
}

#[test]
fn a_press_that_comes_late_stays_predicted_until_it_comes() {
    let (mut presses, mut back, mut late) = (0, 0, 0);
    for seed in 60..66 {
        let mut harness = Harness::<Dots>::new(DotSettings::default(), seed);
        let ada = harness.join("ada");
        harness.link(ada, home());
        harness.drive(ada, |_, rng| press(rng.range(-100, 100), rng.chance(25)));
        harness.run_ticks(100);
        let mut before = 0;
        for tick in 0..6_000 {
            if tick % 240 == 0 {
                harness.stall(ada, Duration::from_millis(300));
            }
            harness.run_ticks(1);
            let Some((_, own)) = harness.client(ada).own() else { continue };
            presses += u32::from(own.fired > before);
            back += u32::from(own.fired < before);
            before = own.fired;
        }
        late += harness.client(ada).stats().inputs.folded;
    }
    assert!(late > 20, "{late}");
    // Two presses that arrive in one tick count as one, which is predicted, too.
    assert!(back * 5 < late, "of {presses} presses, {late} of them late, {back} were withdrawn for a time");
}

#[test]
fn after_a_sleep_the_client_knows_that_the_server_let_go_of_its_input() {
    for seconds in [1_u64, 3] {
        let mut harness = Harness::<Dots>::new(DotSettings::default(), 70);
        let ada = harness.join("ada");
        harness.link(ada, LinkProfile::delayed(Duration::from_millis(220)));
        harness.run_ticks(60);
        harness.set_input(ada, press(80, false));
        harness.run_ticks(60);
        harness.sleep(ada, Duration::from_secs(seconds));
        harness.run_ticks(30 * seconds as u32 + 1);
        errors(&mut harness, ada);
        harness.run_ticks(30);
        let errors = errors(&mut harness, ada);
        let wrong = errors.iter().filter(|error| **error != 0.0).count();
        assert!(errors.len() > 3 && wrong <= 1, "{seconds} s: {errors:?}");
    }
}

#[test]
fn clocks_settle_at_any_tick_rate() {
    for hz in [10, 20, 60, 128] {
        let rate = TickRate::new(hz).unwrap();
        let mut harness = Harness::<Dots>::at_rate(settings(), 80, rate);
        let clients = ["ada", "bob"].map(|name| harness.join(name));
        for client in clients {
            harness.drive(client, random);
            harness.link(client, home());
        }
        harness.run_ticks(10 * u32::from(hz));
        let before = clients.map(|client| harness.client(client).stats().clone());
        harness.run_ticks(30 * u32::from(hz));
        for (client, before) in clients.into_iter().zip(before) {
            let stats = harness.client(client).stats();
            let bad = stats.inputs.late + stats.inputs.held - before.inputs.late - before.inputs.held;
            assert!(
                u64::from(bad) * 100 <= stats.inputs_made - before.inputs_made,
                "{hz} Hz: {bad} late or held"
            );
            let starved = stats.frames_starved - before.frames_starved;
            assert!(starved * 100 <= stats.frames - before.frames, "{hz} Hz: {starved} starved");
            assert_eq!(stats.clock_jumps, before.clock_jumps, "{hz} Hz");
            let most = rate.period() + Duration::from_millis(15 + 45 + 10);
            assert!(stats.view_delay < most, "{hz} Hz: {:?}", stats.view_delay);
        }
    }
}

#[test]
fn whole_matches_with_every_trouble_end_in_sync() {
    for seed in 100..112 {
        let mut chance = Rng::new(seed);
        let (mut harness, mut clients) = with_players(seed, &["a", "b", "c", "d"]);
        clients.push(harness.spectate("e"));
        for &client in &clients {
            let profile = [LinkProfile::WIFI, LinkProfile::MOBILE_4G, LinkProfile::BAD_HOTEL];
            harness.link(client, profile[chance.below(3) as usize]);
        }
        for _ in 0..60 {
            let client = clients[chance.below(4) as usize];
            match chance.below(8) {
                0 => harness.stall(client, Duration::from_millis(u64::from(chance.below(2_000)))),
                1 => harness.block_slot(client),
                2 => harness.unblock_slot(client),
                3 => harness.cut(client),
                4 => drop(harness.resume(client)),
                5 => drop(harness.client_mut(client).command(chance.below(1_000))),
                6 => harness.link(client, LinkProfile::WIFI),
                _ => {}
            }
            harness.run_ticks(chance.below(24));
            harness.assert_in_sync();
        }
        harness.settle();
        harness.settle();
        harness.assert_caught_up(1);
        let states: Vec<_> = clients.iter().map(|&client| harness.client(client).state()).collect();
        assert_eq!(harness.connected().count(), 5, "seed {seed}: {states:?}");
        for &client in &clients {
            let stats = harness.client(client).stats();
            let troubles = (stats.events_lost, stats.hash_mismatches, stats.decode_errors);
            assert_eq!(troubles, (0, 0, 0), "seed {seed}");
            assert!(stats.hash_checks > 0, "seed {seed}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_does_not() {
    let run = |seed| {
        let (mut harness, clients) = with_players(seed, &["a", "b"]);
        harness.link(clients[0], LinkProfile::BAD_HOTEL);
        harness.run_ticks(200);
        harness.wires.sent_hash
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_sound_game_passes_the_check_and_an_unsound_one_is_named() {
    let done = check_determinism::<Dots>(&settings(), 11, 200, 4).unwrap();
    assert_eq!(done.ticks, 200);
    let unsound = DotSettings { unsound: true, ..settings() };
    let error = check_determinism::<Dots>(&unsound, 11, 200, 4).unwrap_err();
    assert_eq!((error.seed, error.tick), (11, Tick(50)));
    assert!(error.what.contains("`fired`") && error.what.contains(" against "), "{error}");
    assert!(error.to_string().contains("usual causes"), "{error}");
}

#[test]
fn players_predict_their_own_dots() {
    check_prediction::<Dots>(&settings(), 11, 300, 1).unwrap();
    check_prediction::<Dots>(&settings(), 11, 300, 4).unwrap();
}

#[test]
#[should_panic(expected = "seed 77")]
fn a_failing_run_says_its_seed() {
    let (mut harness, clients) = with_players(77, &["ada"]);
    harness.corrupt(clients[0]);
    harness.assert_in_sync();
}
