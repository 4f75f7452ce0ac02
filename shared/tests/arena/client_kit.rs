//! The client on realistic links: numbers of the arena in virtual time, seeded; `--no-capture` prints them.

use crate::roam::roam;
use core::time::Duration;
use std::collections::HashMap;
use tickwire_arena::{Arena, ArenaEntity, ArenaInput, Settings, Ship, distance_squared};
use tickwire_shared::Rng;
use tickwire_shared::client::{Client, ClientStats, Sample};
use tickwire_shared::entity::Button;
use tickwire_shared::harness::{ClientIndex, Harness, LinkProfile};
use tickwire_shared::link::PathProfile;
use tickwire_shared::prelude::*;

/// Ticks after a contact in which another player may be the cause of a correction.
const CONTACT_TICKS: u32 = 45;
const SETTLING_S: u32 = 10;

/// A link whose round trip takes `mean_ms`, plus or minus `off_ms`; the test makes the stalls.
fn round_trip(mean_ms: u64, off_ms: u64) -> LinkProfile {
    let half = |ms: u64| Duration::from_micros(ms * 500);
    LinkProfile::both(PathProfile { delay: half(mean_ms), jitter: half(off_ms), ..PathProfile::CLEAN })
}

/// A stall of `length` every `period`, at a random moment.
struct Stalls {
    every_ticks: u32,
    length: Duration,
}

#[derive(Debug, Default)]
struct Outcome {
    /// Acks compared while no other ship was near, and how many of them were wrong at all.
    acks: u64,
    wrong: u64,
    corrections: u64,
    late_or_held: u64,
    inputs: u64,
    frames: u64,
    starved: u64,
    predicted_spawns: u64,
    taken_back: u64,
    /// Jumps of the input clock.
    jumps: u64,
    minutes: f64,
}

struct Match {
    harness: Harness<Arena>,
    clients: Vec<ClientIndex>,
    /// The last tick in which each ship was near another, was destroyed, or respawned.
    contact: Vec<u32>,
    before: HashMap<EntityId, Ship>,
    stalled_until: u32,
}

impl Match {
    fn new(seed: u64, players: usize, link: LinkProfile, hz: Option<u16>) -> Self {
        let mut harness = Harness::<Arena>::new(Settings::default(), seed);
        let clients: Vec<_> = (0..players).map(|at| harness.join(&format!("p{at}"))).collect();
        for &client in &clients {
            harness.link(client, link);
            harness.drive(client, roam());
            if let Some(hz) = hz {
                harness.render_at(client, hz, |client, now| drop(client.view(now)));
            }
        }
        Self { harness, clients, contact: vec![0; players], before: HashMap::new(), stalled_until: 0 }
    }

    /// Records ships that are near another, or were destroyed or respawned since the last tick.
    fn watch_contacts(&mut self) {
        let ships: HashMap<EntityId, Ship> = self
            .harness
            .room()
            .world()
            .iter()
            .filter_map(|(id, entity)| Some((id, *entity.as_ship()?)))
            .collect();
        let tick = self.harness.tick().0;
        for (&client, contact) in self.clients.iter().zip(&mut self.contact) {
            let Some(id) = self.harness.client(client).own_id() else { continue };
            let Some(own) = ships.get(&id) else { continue };
            let near = |(other, ship): (&EntityId, &Ship)| {
                *other != id && ship.alive && distance_squared(ship.pos, own.pos) < 1_300 * 1_300
            };
            let changed = self.before.get(&id).is_none_or(|was| was.alive != own.alive);
            if changed || ships.iter().any(near) {
                *contact = tick;
            }
        }
        self.before = ships;
    }

    fn run(mut self, seconds: u32, stalls: Option<Stalls>, seed: u64) -> Outcome {
        let mut rng = Rng::new(seed);
        let mut outcome = Outcome::default();
        let mut last: Vec<ClientStats> = Vec::new();
        for tick in 0..(SETTLING_S + seconds) * 30 {
            if let Some(stalls) = &stalls
                && tick % stalls.every_ticks == stalls.every_ticks / 2
            {
                // Anywhere within a tick: the stall begins between two steps.
                let early = Duration::from_micros(u64::from(rng.below(33_000)));
                for &client in &self.clients {
                    self.harness.stall(client, stalls.length.saturating_sub(early));
                }
                self.stalled_until = tick + 30 * stalls.length.as_millis() as u32 / 1000 + 15;
            }
            self.harness.run_ticks(1);
            self.watch_contacts();
            for at in 0..self.clients.len() {
                let client = self.clients[at];
                let free = tick > self.contact[at] + CONTACT_TICKS;
                let samples: Vec<_> = self.harness.client_mut(client).drain_samples().collect();
                let stats = self.harness.client(client).stats().clone();
                let before = last.get(at).cloned().unwrap_or_default();
                if tick >= SETTLING_S * 30 {
                    for sample in samples {
                        if let (Sample::PredictionError(units), true) = (sample, free) {
                            outcome.acks += 1;
                            outcome.wrong += u64::from(units > 0.0);
                        }
                    }
                    if free {
                        outcome.corrections += stats.corrections + stats.corrections_snapped
                            - before.corrections
                            - before.corrections_snapped;
                    }
                    if tick > self.stalled_until {
                        let (new, old) = (stats.inputs, before.inputs);
                        outcome.late_or_held += u64::from(new.late - old.late + new.held - old.held);
                        outcome.inputs += stats.inputs_made - before.inputs_made;
                    }
                    outcome.predicted_spawns += stats.predicted_spawns - before.predicted_spawns;
                    outcome.taken_back +=
                        stats.predicted_spawns_withdrawn - before.predicted_spawns_withdrawn;
                    outcome.jumps += stats.clock_jumps - before.clock_jumps;
                    outcome.frames += stats.frames - before.frames;
                    outcome.starved += stats.frames_starved - before.frames_starved;
                }
                if at < last.len() {
                    last[at] = stats;
                } else {
                    last.push(stats);
                }
            }
        }
        outcome.minutes = f64::from(seconds) * self.clients.len() as f64 / 60.0;
        let mean = |of: &dyn Fn(&ClientStats) -> f64| last.iter().map(of).sum::<f64>() / last.len() as f64;
        println!(
            "{outcome:?}, view {:.0} ms late, margin {:.2} ticks, jitter {:.1} ms down, {:.1} ms up",
            mean(&|stats| stats.view_delay.as_secs_f64() * 1000.0),
            mean(&|stats| stats.margin_ticks),
            mean(&|stats| stats.jitter.as_secs_f64() * 1000.0),
            mean(&|stats| stats.jitter_up.as_secs_f64() * 1000.0),
        );
        outcome
    }
}

#[test]
fn on_a_clean_link_the_prediction_is_exact_unless_others_touch() {
    for (seed, delay_ms) in [(1, 0), (2, 20), (3, 75)] {
        let link = LinkProfile::delayed(Duration::from_millis(delay_ms));
        let outcome = Match::new(seed, 4, link, None).run(120, None, seed);
        assert!(outcome.acks > 3_000, "{outcome:?}");
        assert!(outcome.wrong * 1_000 <= outcome.acks, "{outcome:?}");
        assert_eq!((outcome.corrections, outcome.late_or_held, outcome.starved), (0, 0, 0), "{outcome:?}");
        assert!(
            outcome.predicted_spawns > 500 && outcome.taken_back * 20 <= outcome.predicted_spawns,
            "{outcome:?}"
        );
    }
}

#[test]
fn over_a_mobile_link_corrections_are_rare_and_inputs_come_in_time() {
    let stalls = Stalls { every_ticks: 30 * 30, length: Duration::from_millis(200) };
    let outcome = Match::new(4, 4, round_trip(80, 20), None).run(240, Some(stalls), 4);
    assert!((outcome.corrections as f64) < outcome.minutes, "{outcome:?}");
    assert!(outcome.late_or_held * 100 <= outcome.inputs, "{outcome:?}");
}

#[test]
fn over_a_bad_link_the_clocks_stay_where_they_are() {
    let stalls = Stalls { every_ticks: 5 * 30, length: Duration::from_millis(300) };
    let outcome = Match::new(6, 3, round_trip(150, 60), Some(60)).run(120, Some(stalls), 6);
    assert!(outcome.late_or_held * 100 <= outcome.inputs, "{outcome:?}");
    assert!(outcome.starved * 12 <= outcome.frames, "300 ms in 5 s are 6 %: {outcome:?}");
    assert_eq!(outcome.jumps, 0, "{outcome:?}");
}

#[test]
fn over_wireless_lan_frames_are_hardly_ever_starved() {
    let stalls = Stalls { every_ticks: 10 * 30, length: Duration::from_millis(60) };
    for hz in [30, 60, 144] {
        let stalls = Stalls { ..stalls };
        let outcome = Match::new(5, 3, round_trip(20, 5), Some(hz)).run(120, Some(stalls), 5);
        assert!(outcome.frames > 10_000);
        assert!(outcome.starved * 200 <= outcome.frames, "at {hz} Hz: {outcome:?}");
        assert_eq!(outcome.corrections, 0, "at {hz} Hz: {outcome:?}");
        assert!(outcome.late_or_held * 100 <= outcome.inputs, "at {hz} Hz: {outcome:?}");
    }
}

/// A lone player in a hall, settled and at rest.
fn alone(link: LinkProfile) -> (Harness<Arena>, ClientIndex) {
    let mut harness = Harness::<Arena>::new(Settings::default(), 9);
    let ada = harness.join("ada");
    harness.link(ada, link);
    harness.run_ticks(150);
    (harness, ada)
}

fn ship(view: &[(EntityId, ArenaEntity)], id: EntityId) -> Ship {
    *view.iter().find(|(other, _)| *other == id).unwrap().1.as_ship().unwrap()
}

fn shots(view: &[(EntityId, ArenaEntity)]) -> Vec<(EntityId, IVec2)> {
    let shot = |(id, entity): &(EntityId, ArenaEntity)| match entity {
        ArenaEntity::Shot(shot) => Some((*id, shot.pos)),
        _ => None,
    };
    view.iter().filter_map(shot).collect()
}

#[test]
fn a_key_press_moves_a_players_ship_in_the_next_frame() {
    let (mut harness, ada) = alone(round_trip(80, 20));
    let frame = Duration::from_millis(16);
    for ticks in 1..40 {
        harness.run_ticks(1);
        let client = harness.client_mut(ada);
        let (id, now) = (client.own_id().unwrap(), client.next_input_at().unwrap());
        // Anywhere in the tick; the next rendered frame comes before its input is made.
        let pressed = now - Duration::from_millis(18) - Duration::from_micros(300 * ticks);
        let input = ArenaInput { move_x: 127, aim: 64, ..ArenaInput::default() };
        let before = ship(&client.view(pressed + frame), id);
        client.set_input(input);
        let after = ship(&client.view(pressed + frame), id);
        client.set_input(ArenaInput { aim: before.heading, ..ArenaInput::default() });
        assert!(after.pos.x > before.pos.x, "{before:?} {after:?}");
        assert_eq!(after.heading, 64, "it turns at once");
    }
}

#[test]
fn a_key_press_is_drawn_at_the_very_start_of_a_tick() {
    let (mut harness, ada) = alone(round_trip(80, 20));
    let client = harness.client_mut(ada);
    let (id, next) = (client.own_id().unwrap(), client.next_input_at().unwrap());
    // A browser's animation frame time may be before the timer that made the newest input.
    for before_next in [Duration::from_millis(50), Duration::from_secs(1) / 30, Duration::from_millis(33)] {
        let shown_at = next - before_next;
        client.set_input(ArenaInput::default());
        let before = ship(&client.view(shown_at), id);
        for (move_x, move_y) in [(127, 0), (-127, 0), (0, 127), (0, -127)] {
            client.set_input(ArenaInput { move_x, move_y, ..ArenaInput::default() });
            let way = ship(&client.view(shown_at), id).pos - before.pos;
            assert_eq!(
                way.signum(),
                IVec2::new(move_x.into(), move_y.into()).signum(),
                "{before_next:?}: {way}"
            );
        }
    }
}

#[test]
fn the_unfinished_tick_leads_smoothly_to_the_next() {
    let (mut harness, ada) = alone(round_trip(40, 0));
    harness.set_input(ada, ArenaInput { move_x: 127, ..ArenaInput::default() });
    let mut drawn: Vec<i32> = Vec::new();
    for _ in 0..20 {
        harness.run_ticks(1);
        let client = harness.client_mut(ada);
        for quarter in 0..8 {
            let now = client.next_input_at().unwrap() + Duration::from_micros(u64::from(quarter > 7));
            let at = now - Duration::from_secs(1) / 240 * (8 - quarter);
            drawn.push(ship(&client.view(at), client.own_id().unwrap()).pos.x);
        }
        let next = client.next_input_at().unwrap();
        client.advance(next);
        drawn.push(ship(&client.view(next), client.own_id().unwrap()).pos.x);
    }
    let steps: Vec<_> = drawn.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|step| (0..=60).contains(step)), "{steps:?}");
}

#[test]
fn a_shot_is_shown_at_once_and_becomes_the_servers_without_a_jump() {
    for link in [LinkProfile::CLEAN, round_trip(80, 20)] {
        let (mut harness, ada) = alone(link);
        let client = harness.client_mut(ada);
        let own = ship(&client.view(Duration::ZERO), client.own_id().unwrap());
        let aim = (0..256_u16)
            .max_by_key(|&aim| {
                let clear = |tiles: i32| {
                    let end = own.pos + tickwire_arena::along(aim, 1024 * tiles);
                    client.scene().unwrap().is_clear(own.pos, end)
                };
                (1..24).take_while(|tiles| clear(*tiles)).count()
            })
            .unwrap();
        let fire = Button { down: true, pressed: true };
        harness.set_input(ada, ArenaInput { aim, fire, ..ArenaInput::default() });
        let mut seen: Vec<(EntityId, IVec2)> = Vec::new();
        let mut made = None;
        for tick in 0..24 {
            harness.run_ticks(1);
            let now = harness.now();
            let client = harness.client_mut(ada);
            client.set_input(ArenaInput { aim, ..ArenaInput::default() });
            let shots = shots(&client.view(now));
            assert!(shots.len() <= 1, "{shots:?}");
            made = made.or((!shots.is_empty()).then_some(tick));
            seen.extend(shots);
        }
        assert!(made.unwrap() <= 1, "it appears with the input, not a round trip later");
        assert!(seen.len() > 18, "{seen:?}");
        assert!(seen.iter().all(|(id, _)| *id == seen[0].0), "one id all the way: {seen:?}");
        for pair in seen.windows(2) {
            let step = f64::from((pair[1].1 - pair[0].1).length_squared()).sqrt();
            assert!((420.0..680.0).contains(&step), "{step}: {seen:?}");
        }
        let (.., last) = harness.room().rewinds().next().unwrap();
        assert_eq!(last.count, 1);
    }
}

#[test]
fn what_was_put_elsewhere_is_not_drawn_on_the_way() {
    let mut harness = Harness::<Arena>::new(Settings { round_s: 30, ..Settings::default() }, 3);
    let clients: Vec<_> = (0..4).map(|at| harness.join(&format!("p{at}"))).collect();
    for &client in &clients {
        harness.drive(client, roam());
        harness.link(client, round_trip(40, 10));
    }
    let mut before: HashMap<EntityId, (Ship, u32)> = HashMap::new();
    let (mut leaps, mut wrong) = (0, 0);
    for step in 0..3_000 {
        harness.run_ticks(1);
        let client = harness.client(clients[0]);
        for (id, entity) in client.view(harness.now()) {
            let Some(ship) = entity.as_ship() else { continue };
            // Where it is drawn, it was at some time on the server.
            let leapt = before.get(&id).is_some_and(|(was, at)| {
                *at + 1 == step && distance_squared(was.pos, ship.pos) > 1_000 * 1_000
            });
            leaps += u32::from(leapt);
            let spawns = client.scene().unwrap().spawns();
            wrong += u32::from(
                leapt && !spawns.iter().any(|spawn| distance_squared(*spawn, ship.pos) < 700 * 700),
            );
            before.insert(id, (*ship, step));
        }
    }
    assert!(leaps > 4, "{leaps}");
    assert_eq!(wrong, 0, "of {leaps} leaps");
}

#[test]
fn a_page_that_was_hidden_or_slept_goes_on_without_a_storm() {
    for seconds in [1_u64, 20, 50] {
        let (mut harness, ada) = alone(round_trip(80, 20));
        let before = harness.client(ada).stats().clone();
        harness.sleep(ada, Duration::from_secs(seconds));
        harness.run_ticks(30 * seconds as u32 + 2);
        let after = harness.client(ada).stats().clone();
        let (inputs, frames) =
            (after.inputs_made - before.inputs_made, after.messages_sent - before.messages_sent);
        assert!(inputs <= 8 && frames <= 8, "{seconds} s: {inputs} inputs, {frames} frames");
        harness.run_ticks(60);
        let settled = harness.client(ada).stats().clone();
        harness.drive(ada, roam());
        harness.run_ticks(300);
        let end = harness.client(ada).stats().clone();
        assert!(harness.client(ada).is_playing(), "{seconds} s: {:?}", harness.client(ada).state());
        assert_eq!(end.inputs.late - settled.inputs.late, 0, "{seconds} s");
        assert!(end.snapshots - settled.snapshots > 290, "{seconds} s");
        harness.assert_in_sync();
    }
    let (mut harness, ada) = alone(round_trip(80, 20));
    harness.render_at(ada, 1, |_, _| ());
    let before = harness.client(ada).stats().clone();
    harness.run_ticks(30 * 60);
    let after = harness.client(ada).stats().clone();
    assert!(after.inputs_made - before.inputs_made <= 130);
    assert!(after.messages_sent - before.messages_sent <= 65);
}

#[test]
fn an_input_is_followed_from_the_key_to_the_screen() {
    let mut harness = Harness::<Arena>::new(Settings::default(), 9);
    let ada = harness.join("ada");
    harness.link(ada, round_trip(80, 0));
    harness.render_at(ada, 60, |_, _| ());
    harness.drive(ada, roam());
    harness.run_ticks(900);
    let mut lines = Vec::new();
    for _ in 0..300 {
        harness.run_ticks(10);
        lines.extend(core::iter::from_fn(|| harness.client_mut(ada).poll_input_trace()));
    }
    assert!(lines.len() > 100, "{}", lines.len());
    let known = lines.iter().filter(|line| line.received_at.is_some()).count();
    // The server measures the arrival of at least one frame in four.
    assert!(known * 4 > lines.len(), "{known} of {}", lines.len());
    for line in lines {
        assert!(!line.late && line.applied == line.tick, "{line:?}");
        let order = [Some(line.pressed_at), Some(line.made_at), Some(line.sent_at), line.received_at];
        let order: Vec<_> =
            order.into_iter().flatten().chain([line.applied_at, line.snapshot_at, line.decoded_at]).collect();
        assert!(order.is_sorted(), "{line:?}");
        let up = line.received_at.unwrap_or(line.sent_at + Duration::from_millis(40)) - line.sent_at;
        assert!((35..45).contains(&up.as_millis()), "{line:?}");
        assert!((70..200).contains(&(line.decoded_at - line.pressed_at).as_millis()), "{line:?}");
        assert!((0..120).contains(&(line.shown_at - line.decoded_at).as_millis()), "{line:?}");
    }
}

/// Aims at the other ship as rendered, with the lead for its rendered velocity, and shoots at times.
fn snipe() -> impl FnMut(&Client<Arena>, &mut Rng) -> ArenaInput {
    let mut fire = Button::default();
    move |client, _| {
        let now = client.next_input_at().unwrap_or_default();
        let view = client.view(now);
        let own = client.own_id().and_then(|own| view.iter().find(|(id, _)| *id == own));
        let other = view.iter().filter(|(id, _)| Some(*id) != client.own_id());
        let other = other.filter_map(|(_, entity)| entity.as_ship()).find(|ship| ship.alive);
        let (Some(own), Some(other)) = (own.and_then(|(_, own)| own.as_ship()), other) else {
            return ArenaInput::default();
        };
        let sees = client.scene().is_some_and(|map| map.is_clear(own.pos, other.pos));
        let near = distance_squared(own.pos, other.pos) < (6 * 1024_i64).pow(2);
        fire = Button::after(fire, sees && near && !other.shielded);
        ArenaInput {
            aim: tickwire_arena::lead(own.pos, other, TickRate::DEFAULT),
            fire,
            ..ArenaInput::default()
        }
    }
}

/// Flies back and forth in the hall without shooting.
fn to_and_fro() -> impl FnMut(&Client<Arena>, &mut Rng) -> ArenaInput {
    let mut input = ArenaInput::default();
    move |_, rng| {
        if rng.chance(25) {
            (input.move_x, input.move_y) = (rng.range(-127, 127) as i8, rng.range(-127, 127) as i8);
        }
        input.clone()
    }
}

#[test]
fn who_aims_at_what_it_sees_hits_as_well_over_a_slow_link_as_over_none() {
    const HALL: [&str; 9] = [
        "###############",
        "#s...........s#",
        "#.............#",
        "#.............#",
        "#......s......#",
        "#.............#",
        "#.............#",
        "#s...........s#",
        "###############",
    ];
    let rate = |link: LinkProfile| {
        let settings = Settings { respawn_s: 1, ..Settings::default() }.with_map("hall", &HALL.join("\n"));
        let (mut shots, mut hits) = (0, 0);
        for seed in 0..8 {
            let mut harness = Harness::<Arena>::new(settings.clone(), seed);
            let (sniper, prey) = (harness.join("sniper"), harness.join("prey"));
            harness.drive(sniper, snipe());
            harness.drive(prey, to_and_fro());
            harness.link(sniper, link);
            harness.link(prey, link);
            harness.run_ticks(1_800);
            shots += harness.room().stats().rewinds.count;
            let hit = |event: &tickwire_shared::client::ClientEvent<Arena>| {
                matches!(event, tickwire_shared::client::ClientEvent::Game(tickwire_arena::Event::Hit { .. }))
            };
            hits += harness.take_events(sniper).iter().filter(|event| hit(event)).count() as u64;
        }
        println!("{hits} of {shots} shots hit");
        hits as f64 / shots as f64
    };
    let near = rate(LinkProfile::CLEAN);
    let far = rate(round_trip(120, 20));
    assert!(near > 0.4 && far > near - 0.1, "{near} {far}");
}
