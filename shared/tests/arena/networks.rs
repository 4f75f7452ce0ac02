//! Whole matches over typical player networks, in virtual time: the state is right, disconnects heal, the
//! numbers hold.
//!
//! A minute and a half of each here; ten minutes of each, over more seeds, with `TICKWIRE_LONG`.

use crate::roam::roam;
use core::time::Duration;
use tickwire_arena::{Arena, Settings, invariants};
use tickwire_shared::client::Sample;
use tickwire_shared::harness::{ClientIndex, Harness, LinkProfile};
use tickwire_shared::link::{Outage, PathProfile};

const PLAYERS: usize = 6;
const SETTLING_TICKS: u32 = 300;

fn is_long() -> bool {
    std::env::var_os("TICKWIRE_LONG").is_some()
}

/// What the players of a match experienced after they had settled.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    minutes: f64,
    round_trip_ms: f64,
    corrections_per_min: f64,
    late_or_held_percent: f64,
    starved_percent: f64,
    cuts: u64,
    resumes: u64,
    /// The longest time from a disconnect until the state was back.
    away_ms_max: u128,
}

/// Sums of all players' counters.
#[derive(Default)]
struct Counts {
    corrections: u64,
    late_or_held: u64,
    inputs: u64,
    frames: u64,
    starved: u64,
}

fn counts(harness: &Harness<Arena>, players: &[ClientIndex]) -> Counts {
    players.iter().fold(Counts::default(), |mut sum, &player| {
        let stats = harness.client(player).stats();
        sum.corrections += stats.corrections + stats.corrections_snapped;
        sum.late_or_held += u64::from(stats.inputs.late) + u64::from(stats.inputs.held);
        sum.inputs += stats.inputs_made;
        sum.frames += stats.frames;
        sum.starved += stats.frames_starved;
        sum
    })
}

/// A match over `link`, with a spectator; asserts everything that must be true on any network.
fn play(name: &str, link: LinkProfile, seed: u64) -> Outcome {
    let mut harness = Harness::<Arena>::new(Settings::default(), seed);
    let players: Vec<_> = (0..PLAYERS).map(|at| harness.join(&format!("p{at}"))).collect();
    for &player in &players {
        harness.drive(player, roam());
    }
    let watcher = harness.spectate("eve");
    harness.run_ticks(10);
    for &client in players.iter().chain([&watcher]) {
        harness.link(client, link);
    }
    harness.run_ticks(SETTLING_TICKS);
    let seats: Vec<_> = players.iter().map(|&player| harness.client(player).player()).collect();
    let (before, began) = (counts(&harness, &players), harness.now());
    let (mut outcome, mut trips) = (Outcome::default(), (Duration::ZERO, 0_u32));
    let mut away_since = vec![None; PLAYERS];
    for tick in 0..if is_long() { 18_000 } else { 2_700 } {
        harness.run_ticks(1);
        let now = harness.now();
        let connected: Vec<_> = harness.connected().collect();
        for (&player, since) in players.iter().zip(&mut away_since) {
            let is_in = connected.contains(&player);
            if !is_in && since.is_none() {
                *since = Some(now);
                outcome.cuts += 1;
            } else if let (true, Some(began)) = (is_in, *since) {
                outcome.away_ms_max = outcome.away_ms_max.max((now - began).as_millis());
                *since = None;
            }
            for sample in harness.client_mut(player).drain_samples() {
                if let Sample::RoundTrip(time) = sample {
                    trips = (trips.0 + time, trips.1 + 1);
                }
            }
        }
        if tick % 32 == 0 {
            harness.assert_in_sync();
            invariants(harness.room().world(), harness.room().scene(), harness.room().config().tick_rate)
                .unwrap();
        }
    }
    let (after, minutes) = (counts(&harness, &players), (harness.now() - began).as_secs_f64() / 60.0);
    let percent = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
    outcome.minutes = minutes * PLAYERS as f64;
    outcome.round_trip_ms = trips.0.as_secs_f64() * 1e3 / f64::from(trips.1.max(1));
    outcome.corrections_per_min = (after.corrections - before.corrections) as f64 / outcome.minutes;
    outcome.late_or_held_percent =
        percent(after.late_or_held - before.late_or_held, after.inputs - before.inputs);
    outcome.starved_percent = percent(after.starved - before.starved, after.frames - before.frames);
    harness.settle();
    harness.settle();
    harness.assert_caught_up(8);
    assert_eq!(harness.connected().count(), PLAYERS + 1, "{name}, seed {seed}");
    for (&player, seat) in players.iter().zip(seats) {
        let client = harness.client(player);
        let stats = client.stats();
        assert_eq!(client.player(), seat, "{name}, seed {seed}: the same player to the end");
        let troubles = (stats.hash_mismatches, stats.decode_errors, stats.events_lost);
        assert_eq!(troubles, (0, 0, 0), "{name}, seed {seed}");
        assert!(stats.hash_checks > 10, "{name}, seed {seed}");
        outcome.resumes += stats.resumes;
    }
    assert_eq!(harness.room().players(), PLAYERS);
    println!("{name}, seed {seed}: {outcome:?}");
    outcome
}

fn matches(name: &str, link: LinkProfile) -> impl Iterator<Item = Outcome> {
    (1..=if is_long() { 5 } else { 1 }).map(move |seed| play(name, link, seed))
}

#[test]
fn over_a_clean_link_nothing_is_late_and_nothing_starves() {
    for outcome in matches("clean", LinkProfile::CLEAN) {
        assert!(outcome.late_or_held_percent < 0.1 && outcome.starved_percent < 0.1, "{outcome:?}");
        assert_eq!((outcome.cuts, outcome.resumes), (0, 0));
    }
}

#[test]
fn wifi() {
    for outcome in matches("wifi", LinkProfile::WIFI) {
        assert!((18.0..28.0).contains(&outcome.round_trip_ms), "{outcome:?}");
        assert!(outcome.late_or_held_percent <= 0.3 && outcome.starved_percent <= 0.5, "{outcome:?}");
        assert!(outcome.corrections_per_min < 1.5, "{outcome:?}");
    }
}

#[test]
fn mobile_4g() {
    for outcome in matches("4g", LinkProfile::MOBILE_4G) {
        assert!((75.0..95.0).contains(&outcome.round_trip_ms), "{outcome:?}");
        assert!(outcome.late_or_held_percent <= 0.5 && outcome.starved_percent <= 1.0, "{outcome:?}");
        assert!(outcome.corrections_per_min < 2.5, "{outcome:?}");
    }
}

#[test]
fn bad_hotel() {
    for outcome in matches("bad-hotel", LinkProfile::BAD_HOTEL) {
        // One disconnect a minute, wherever in a minute the match begins and ends.
        let expected = outcome.minutes - PLAYERS as f64..=outcome.minutes + 2.0 * PLAYERS as f64;
        assert!(expected.contains(&(outcome.cuts as f64)) && outcome.resumes >= outcome.cuts, "{outcome:?}");
        // The disconnect takes 1 s; then the client sends Hello and gets its seat, perhaps through a stall.
        assert!((1_000..2_500).contains(&outcome.away_ms_max), "{outcome:?}");
        assert!((140.0..240.0).contains(&outcome.round_trip_ms), "{outcome:?}");
        assert!(outcome.late_or_held_percent <= 5.0 && outcome.starved_percent <= 7.0, "{outcome:?}");
        assert!(outcome.corrections_per_min < 10.0, "{outcome:?}");
    }
}

#[test]
fn loss_a_narrow_link_and_bursts() {
    let path = PathProfile {
        delay: Duration::from_millis(30),
        loss_per_million: 10_000,
        bandwidth_bits_per_s: 128_000,
        burst_every: Duration::from_millis(25),
        ..PathProfile::CLEAN
    };
    let link = LinkProfile { stall: Outage::millis(1_500, 20_000), ..LinkProfile::both(path) };
    for outcome in matches("lossy", link) {
        assert!((60.0..250.0).contains(&outcome.round_trip_ms), "{outcome:?}");
        assert_eq!(outcome.cuts, 0, "a stall is not a disconnect");
    }
}

#[test]
fn a_match_over_a_bad_network_repeats_itself_under_its_seed() {
    assert_eq!(play("bad-hotel", LinkProfile::BAD_HOTEL, 9), play("bad-hotel", LinkProfile::BAD_HOTEL, 9));
}
