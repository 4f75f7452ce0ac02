//! What a rendered frame costs a client: `cargo bench -p tickwire-shared --bench client`.
//!
//! A full arena (64 ships that all shoot, about a hundred entities) over a link with jitter. Measures
//! `advance` and `view_into` for one of the clients at 60 rendered frames a second; decoding is measured
//! separately (see the codec's benchmark).

#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark reads the clock and prints"
)]

use core::time::Duration;
use std::hint::black_box;
use std::time::Instant;
use tickwire_arena::{Arena, ArenaInput, Settings};
use tickwire_shared::entity::Button;
use tickwire_shared::harness::{Harness, LinkProfile};

const PLAYERS: usize = 64;
/// Like a criterion benchmark under `cargo test`: runs once, to see that it works.
const TICKS: u32 = 300;

fn main() {
    let quick = std::env::args().all(|arg| arg != "--bench");
    let mut harness = Harness::<Arena>::new(Settings::default(), 1);
    let clients: Vec<_> = (0..PLAYERS).map(|at| harness.join(&format!("p{at}"))).collect();
    for &client in &clients {
        let mut input = ArenaInput::default();
        harness.drive(client, move |_, rng| {
            if rng.chance(8) {
                (input.move_x, input.move_y) = (rng.range(-127, 127) as i8, rng.range(-127, 127) as i8);
                input.aim = rng.below(256) as u16;
            }
            input.fire = Button { down: true, pressed: false };
            input.clone()
        });
        harness.link(client, LinkProfile::WIFI);
    }
    harness.run_ticks(150);
    let (mut frames, mut spent, mut worst, mut entities) = (0_u32, Duration::ZERO, Duration::ZERO, 0);
    let mut view = Vec::new();
    for _ in 0..if quick { 3 } else { TICKS } {
        harness.run_ticks(1);
        for frame in 0..2 {
            let now = harness.now() + Duration::from_millis(16) * frame;
            let client = harness.client_mut(clients[0]);
            let start = Instant::now();
            client.advance(now);
            client.view_into(now, &mut view);
            let took = start.elapsed();
            black_box(&view);
            (frames, spent, worst) = (frames + 1, spent + took, worst.max(took));
            entities += view.len();
        }
    }
    let mean = spent.as_secs_f64() * 1e6 / f64::from(frames);
    println!(
        "a rendered frame of {} entities: {mean:.1} us on average, {:.1} us at most",
        entities / frames as usize,
        worst.as_secs_f64() * 1e6
    );
}
