//! The parts add up to the whole, for every message of whole matches.

use tickwire_arena::{Arena, ArenaInput, Settings};
use tickwire_shared::byte_profile::*;
use tickwire_shared::entity::{Button, PacketProfile, Schema, Trainer};
use tickwire_shared::harness::{ClientIndex, Harness};
use tickwire_shared::room::game_schema;
use tickwire_shared::snapshot::{Snapshot, encode_delta, meter_delta};
use tickwire_shared::tick::TickRate;

/// How far the end of the coder may differ from the bits of profile 1: at one extreme, the last byte and the
/// rounding of probabilities; at the other, up to four zero bytes that are left out.
const END_BITS: core::ops::RangeInclusive<f64> = -32.5..=12.0;

fn arena(seed: u64) -> Harness<Arena> {
    let mut harness = Harness::<Arena>::new(Settings::default(), seed);
    for _ in 0..6 {
        let client = harness.join("ada");
        let mut input = ArenaInput::default();
        harness.drive(client, move |_, rng| {
            if rng.chance(10) {
                input.move_x = rng.range(-127, 127) as i8;
                input.aim = rng.below(256) as u16;
            }
            input.fire = Button::after(input.fire, rng.chance(4));
            input.clone()
        });
    }
    harness
}

/// The sum of all parts in the report, in bits.
fn whole(report: &ProfileReport) -> f64 {
    report.parts.iter().map(|part| part.bytes * 8.0).sum()
}

/// The head of a server's WebSocket frame (RFC 6455, 5.2).
fn head_bytes(message: usize) -> usize {
    match message {
        0..126 => 2,
        126..65_536 => 4,
        _ => 10,
    }
}

#[test]
fn the_parts_of_each_message_are_its_bits() {
    let mut harness = arena(3);
    harness.record(ClientIndex(0));
    harness.run_ticks(400);
    harness.corrupt(ClientIndex(0));
    harness.run_ticks(100);
    let messages = harness.take_recorded();
    let kinds = game_schema::<Arena>().kinds;
    let mut follower = UpdateFollower::new(kinds.clone()).unwrap();
    let mut all = ByteProfile::new();
    let (mut ends, mut packets) = (0.0, 0_u32);
    for message in &messages {
        let mut one = ByteProfile::new();
        follower.profile(message, &mut one).unwrap();
        let report = one.report(&kinds);
        assert_eq!(one.bytes(), (head_bytes(message.len()) + message.len()) as u64);
        assert!((whole(&report) - one.bytes() as f64 * 8.0).abs() < 1e-6, "{report:?}");
        let count = one.streams().map(|(_, bytes)| bytes.packets).sum::<u64>();
        let end: f64 = one.parts().filter(|(part, _)| *part == Part::PacketEnd).map(|(_, bits)| bits).sum();
        let bounds = END_BITS.start() * count as f64..=END_BITS.end() * count as f64;
        assert!(bounds.contains(&end), "{end} bits at the end of {count} packets");
        ends += end;
        packets += count as u32;
        all.add(&one);
    }
    assert!(messages.len() > 200 && packets > 200, "{} messages, {packets} packets", messages.len());
    let mean = ends / f64::from(packets);
    assert!((-2.0..8.0).contains(&mean), "{mean} bits at the end of a packet");
    let report = all.report(&kinds);
    assert!((whole(&report) - all.bytes() as f64 * 8.0).abs() < 1e-3);
    let of = |name: &str| report.parts.iter().find(|part| part.part == name).map_or(0.0, |part| part.bytes);
    for part in
        ["control", "private.timing", "packet.groups", "packet.rows", "packet.hash", "packet.new_fields"]
    {
        assert!(of(part) > 0.0, "nothing is spent on {part}");
    }
    let kinds: f64 = report.kinds.iter().map(|kind| kind.bytes).sum();
    let fields = of("packet.rows") + of("packet.changed_fields") + of("packet.new_fields");
    assert!((kinds - fields).abs() < 1e-6, "the kinds are the parts of entities");
    let shares: f64 = report.parts.iter().map(|part| part.share).sum();
    assert!((shares - 1.0).abs() < 1e-9);
}

#[test]
fn what_a_room_samples_is_what_it_sends_and_changes_nothing() {
    let mut harness = arena(4);
    harness.room_mut().sample_bytes();
    harness.run_ticks(30 * 20);
    let mut other = arena(4);
    other.run_ticks(30 * 20);
    assert_eq!(harness.room().stats(), other.room().stats());
    let profile = harness.room().byte_profile().unwrap();
    assert!((15..=21).contains(&profile.messages()), "{} samples in 20 s", profile.messages());
    let report = profile.report(&game_schema::<Arena>().kinds);
    assert!((whole(&report) - profile.bytes() as f64 * 8.0).abs() < 1e-3);
    let mean = profile.bytes() as f64 / profile.messages() as f64;
    let stats = harness.room().stats();
    let sent = stats.update_bytes as f64 / stats.updates as f64 + 2.0;
    assert!((0.5..2.0).contains(&(mean / sent)), "{mean} bytes sampled, {sent} sent");
}

#[test]
fn profile_0_costs_whole_bits_and_only_fill_behind_them() {
    let mut harness = arena(5);
    harness.run_ticks(100);
    let schema = game_schema::<Arena>().rows(TickRate::DEFAULT).unwrap();
    let mut before: Option<Snapshot> = None;
    for _ in 0..100 {
        harness.run_ticks(1);
        let now = harness.room().state().cloned().unwrap();
        for baseline in [before.as_ref(), None] {
            let payload = encode_delta(&schema, baseline, &now);
            let mut bits = 0.0;
            meter_delta(&schema, baseline, &now, false, &mut |_, more| bits += more);
            assert_eq!(payload.len(), (bits as usize).div_ceil(8));
            assert!(bits.fract() == 0.0);
        }
        before = Some(now);
    }
}

#[test]
fn a_table_that_was_trained_on_messages_is_better_than_priors() {
    let mut harness = arena(6);
    harness.record(ClientIndex(1));
    harness.run_ticks(900);
    let kinds = game_schema::<Arena>().kinds;
    let mut follower = UpdateFollower::new(kinds.clone()).unwrap();
    let mut trainer = Trainer::new(kinds.clone());
    for message in harness.take_recorded() {
        follower.train(&message, &mut trainer).unwrap();
    }
    let with = |table: Option<&[u8]>| {
        let schema = Schema::new(kinds.clone(), TickRate::DEFAULT)
            .unwrap()
            .with_profile(PacketProfile::Ranged, table)
            .unwrap();
        let mut harness = arena(7);
        harness.run_ticks(60);
        let (mut bits, mut before) = (0.0, harness.room().state().cloned());
        for _ in 0..200 {
            harness.run_ticks(1);
            let now = harness.room().state().cloned();
            meter_delta(&schema, before.as_ref(), now.as_ref().unwrap(), false, &mut |_, more| bits += more);
            before = now;
        }
        bits
    };
    let (priors, trained) = (with(None), with(Some(&trainer.table())));
    assert!(trained < priors * 0.9, "{trained} bits with the table, {priors} without");
}
