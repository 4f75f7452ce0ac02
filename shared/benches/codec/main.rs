//! What a state costs on the wire and in time, compared with the information that it contains.
//!
//! `cargo bench -p tickwire-shared --bench codec`. Every packet is decoded and compared. Tables are trained
//! on a different seed than the measured one. `docs/benchmarks.md` describes the method and the results.

#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_range_loop,
    reason = "a benchmark prints, reads a clock, and handles its own data"
)]

mod codecs;
mod workload;

use codecs::Codec;
use std::hint::black_box;
use std::time::Instant;
use tickwire_shared::entity::{PacketProfile, Schema, Trainer};
use tickwire_shared::snapshot::{Snapshot, encode_delta, train};
use workload::{Declared, Match, Style};

/// Ticks before anything is measured: all things start idle.
const SETTLE_TICKS: u32 = 300;
const TICKS: u32 = 600;
const TRAINING_SEED: u64 = 77;
const SEED: u64 = 1;
/// The fastest of this many passes counts: everything else is noise from the machine.
const PASSES: usize = 5;

fn main() {
    for style in [Style::Arena, Style::Shooter] {
        for count in [32, 256, 2_000] {
            compare(style, count);
        }
    }
}

fn play(style: Style, count: usize, seed: u64, declared: Declared) -> (Schema, Vec<Snapshot>, f64) {
    let mut playing = Match::new(style, count, seed);
    (0..SETTLE_TICKS).for_each(|_| playing.step());
    playing.surprise = 0.0;
    // The state hash is due every 32 ticks in any profile. It is not measured, so no tick is divisible by 32.
    let mut tick = 1;
    let states = (0..=TICKS).map(|_| {
        playing.step();
        tick += if tick % 32 == 31 { 2 } else { 1 };
        playing.snapshot(tick, declared)
    });
    let states: Vec<_> = states.collect();
    let floor_bytes = playing.surprise / 8.0 / f64::from(TICKS + 1) / count as f64;
    (playing.schema(declared), states, floor_bytes)
}

/// Pairs of states one tick apart.
fn pairs(states: &[Snapshot]) -> impl Iterator<Item = (&Snapshot, &Snapshot)> {
    states
        .windows(2)
        .map(|pair| (&pair[0], &pair[1]))
        .filter(|(before, now)| now.tick.since(before.tick) == 1)
}

fn trained(schema: &Schema, states: &[Snapshot]) -> Schema {
    let mut trainer = Trainer::new(schema.kinds().to_vec());
    pairs(states).for_each(|(before, now)| train(&mut trainer, schema, Some(before), now));
    states.iter().step_by(30).for_each(|state| train(&mut trainer, schema, None, state));
    schema.clone().with_profile(PacketProfile::Ranged, Some(&trainer.table())).expect("its own table")
}

fn compare(style: Style, count: usize) {
    let (schema, states, floor) = play(style, count, SEED, Declared::Linear);
    let (_, lesson, _) = play(style, count, TRAINING_SEED, Declared::Linear);
    println!("\n{style:?}, {count} entities: floor {floor:.3} bytes per entity and snapshot");
    println!("codec                            bytes  x floor  encode ns  x pack  decode ns  x pack");
    let table = trained(&schema, &lesson);
    let prior = schema.clone().with_profile(PacketProfile::Ranged, None).expect("priors");
    let mut rows = vec![
        ("full, bit-packed", Codec::Packed),
        ("full, bincode", Codec::Control),
        ("changed mask + raw", Codec::Masked),
        ("profile 0", Codec::Delta(schema.clone())),
        ("profile 1, priors", Codec::Delta(prior)),
        ("profile 1, trained", Codec::Delta(table.clone())),
    ];
    let mut packed = [0.0; 2];
    for (name, codec) in rows.drain(..) {
        let ns = report(name, &codec, &schema, &states, floor, packed);
        if matches!(codec, Codec::Packed) {
            packed = ns;
        }
    }
    let others = match style {
        Style::Arena => &[("profile 1, trained, custom", Declared::Custom)][..],
        Style::Shooter => &[
            ("profile 1, trained, steer", Declared::Steer),
            ("profile 1, trained, custom", Declared::Custom),
        ],
    };
    for (name, declared) in others {
        let (schema, states, _) = play(style, count, SEED, *declared);
        let (_, lesson, _) = play(style, count, TRAINING_SEED, *declared);
        let table = trained(&schema, &lesson);
        report(name, &Codec::Delta(table), &schema, &states, floor, packed);
    }
    let keyframes: usize =
        states.iter().step_by(30).map(|state| encode_delta(&table, None, state).len()).sum();
    let per_entity = keyframes as f64 / states.iter().step_by(30).count() as f64 / count as f64;
    println!("keyframe, profile 1, trained: {per_entity:.2} bytes per entity");
}

fn report(
    name: &str,
    codec: &Codec,
    schema: &Schema,
    states: &[Snapshot],
    floor: f64,
    packed: [f64; 2],
) -> [f64; 2] {
    let mut bytes = 0;
    let mut rows = 0;
    let packets: Vec<_> = pairs(states).map(|(before, now)| codec.encode(schema, before, now)).collect();
    for ((before, now), packet) in pairs(states).zip(&packets) {
        assert_eq!(codec.decode(schema, before, now.tick, packet).first_difference(now), None, "{name}");
        bytes += packet.len();
        rows += now.len();
    }
    let least = |pass: &mut dyn FnMut()| {
        let times = (0..PASSES).map(|_| {
            let start = Instant::now();
            pass();
            start.elapsed().as_nanos() as f64 / rows as f64
        });
        times.fold(f64::INFINITY, f64::min)
    };
    let encode = least(&mut || {
        pairs(states).for_each(|(before, now)| {
            black_box(codec.encode(schema, before, now));
        });
    });
    let decode = least(&mut || {
        pairs(states).zip(&packets).for_each(|((before, now), packet)| {
            black_box(codec.decode(schema, before, now.tick, packet));
        });
    });
    let bytes = bytes as f64 / rows as f64;
    let times = |ns: f64, pack: f64| if pack > 0.0 { ns / pack } else { 1.0 };
    println!(
        "{name:<30} {bytes:>7.3} {:>8.2} {encode:>10.1} {:>7.2} {decode:>10.1} {:>7.2}",
        bytes / floor,
        times(encode, packed[0]),
        times(decode, packed[1]),
    );
    [encode, decode]
}
