//! What the client makes of links as they are: figures of the arena in virtual time, seeded.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use core::time::Duration;
use std::collections::HashMap;
use tickwire_shared::Rng;
use tickwire_shared::arena::{Arena, ArenaEntity, ArenaInput, Settings, Ship, distance_squared};
use tickwire_shared::client::{Client, ClientStats, Sample};
use tickwire_shared::entity::Button;
use tickwire_shared::harness::{ClientIndex, Harness, LinkProfile};
use tickwire_shared::prelude::*;

/// Ticks after a contact in which a correction may be the other's doing.
const CONTACT_TICKS: u32 = 45;
const SETTLING_S: u32 = 10;

/// A link whose round trip takes `mean_ms`, give or take `off_ms`; stalls are made by the test.
fn round_trip(mean_ms: u64, off_ms: u64) -> LinkProfile {
    LinkProfile {
        delay: Duration::from_millis((mean_ms - off_ms) / 2),
        jitter: Duration::from_millis(off_ms),
        ..LinkProfile::CLEAN
    }
}

/// Flies about and shoots; decides a few times a second.
fn roam() -> impl FnMut(&Client<Arena>, &mut Rng) -> ArenaInput {
    let mut input = ArenaInput::default();
    move |_, rng| {
        input.fire = Button::after(input.fire, input.fire.down);
        if rng.chance(8) {
            (input.move_x, input.move_y) = (rng.range(-127, 127) as i8, rng.range(-127, 127) as i8);
            input.aim = rng.below(256) as u16;
            input.fire = Button::after(input.fire, rng.chance(2));
        }
        input.clone()
    }
}

/// A stall of `length` every `period`, at a moment that chance decides.
struct Stalls {
    every_ticks: u32,
    length: Duration,
}

#[derive(Debug, Default)]
struct Figures {
    /// Acks compared while nobody was near, and how many of them were wrong at all.
    acks: u64,
    wrong: u64,
    corrections: u64,
    late_or_held: u64,
    inputs: u64,
    frames: u64,
    starved: u64,
    minutes: f64,
    stats: Vec<ClientStats>,
}

struct Match {
    harness: Harness<Arena>,
    clients: Vec<ClientIndex>,
    /// When each was near another last, or was hurt, or came back.
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
                harness.pictures(client, hz, |client, now| drop(client.view(now)));
            }
        }
        Self { harness, clients, contact: vec![0; players], before: HashMap::new(), stalled_until: 0 }
    }

    /// Who is near another, or was hurt or put elsewhere since the last tick.
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

    fn run(mut self, seconds: u32, stalls: Option<Stalls>, seed: u64) -> Figures {
        let mut rng = Rng::new(seed);
        let mut figures = Figures::default();
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
                            figures.acks += 1;
                            figures.wrong += u64::from(units > 0.0);
                        }
                    }
                    if free {
                        figures.corrections += stats.corrections + stats.corrections_snapped
                            - before.corrections
                            - before.corrections_snapped;
                    }
                    if tick > self.stalled_until {
                        let (new, old) = (stats.inputs, before.inputs);
                        figures.late_or_held += u64::from(new.late - old.late + new.held - old.held);
                        figures.inputs += stats.inputs_made - before.inputs_made;
                    }
                    figures.frames += stats.frames - before.frames;
                    figures.starved += stats.frames_starved - before.frames_starved;
                }
                if at < last.len() {
                    last[at] = stats;
                } else {
                    last.push(stats);
                }
            }
        }
        figures.minutes = f64::from(seconds) * self.clients.len() as f64 / 60.0;
        figures.stats = last;
        figures
    }
}

#[test]
fn on_a_clean_link_the_prediction_is_exact_unless_others_touch() {
    for (seed, delay_ms) in [(1, 0), (2, 20), (3, 75)] {
        let link = LinkProfile { delay: Duration::from_millis(delay_ms), ..LinkProfile::CLEAN };
        let figures = Match::new(seed, 4, link, None).run(120, None, seed);
        assert!(figures.acks > 3_000, "{figures:?}");
        assert!(figures.wrong * 1_000 <= figures.acks, "{figures:?}");
    }
}

#[test]
fn over_a_mobile_link_corrections_are_rare_and_inputs_come_in_time() {
    let stalls = Stalls { every_ticks: 30 * 30, length: Duration::from_millis(200) };
    let figures = Match::new(4, 4, round_trip(80, 20), None).run(240, Some(stalls), 4);
    println!("{figures:#?}");
    assert!((figures.corrections as f64) < figures.minutes, "{figures:?}");
    assert!(figures.late_or_held * 100 <= figures.inputs, "{figures:?}");
}

#[test]
fn over_wireless_lan_pictures_are_hardly_ever_starved() {
    let stalls = Stalls { every_ticks: 10 * 30, length: Duration::from_millis(60) };
    for hz in [30, 60, 144] {
        let stalls = Stalls { ..stalls };
        let figures = Match::new(5, 3, round_trip(20, 5), Some(hz)).run(120, Some(stalls), 5);
        println!("{hz} {figures:#?}");
        assert!(figures.frames > 10_000);
        assert!(figures.starved * 200 <= figures.frames, "at {hz} Hz: {figures:?}");
    }
}
