//! Properties of deltas, keyframes and the cache.

use super::super::*;
use super::StreamEncoder;
use crate::coding::DecodeError;
use crate::entity::{
    CustomStep, Field, Grid, Kind, PacketProfile, Predictor, RowMut, Schema, SchemaError, TableError, Trainer,
};
use crate::id::{EntityId, StreamId};
use crate::limits::HASH_PERIOD_TICKS;
use crate::tick::{Tick, TickRate};
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn schema() -> Schema {
    let field = |name: &str, grid, predictor| Field {
        name: name.into(),
        grid,
        predictor,
        own: false,
        interpolate: true,
        meaning: Default::default(),
    };
    let mover = vec![
        field("pos", Grid::integers(-5000, 5000), Predictor::Linear { velocity: 1 }),
        field("vel", Grid::integers(-100, 100), Predictor::Steer { target: 2, lag_ms: 100 }),
        field("target", Grid::integers(-100, 100), Predictor::Hold),
        field("turn", Grid::angle(10), Predictor::Hold),
        field("wide", Grid::integers(-(1 << 30), (1 << 30) - 1), Predictor::Hold),
    ];
    let secret = Field { own: true, ..field("secret", Grid::integers(2, 9), Predictor::Hold) };
    let thing = vec![secret, field("on", Grid::integers(0, 1), Predictor::Hold)];
    let kind = |name: &str, fields| Kind { name: name.into(), fields };
    Schema::new(
        vec![kind("mover", mover), kind("thing", thing), kind("empty", Vec::new())],
        TickRate::DEFAULT,
    )
    .unwrap()
}

/// The same rows with a custom step: a mover that meets another mover takes its velocity.
fn custom_schema() -> Schema {
    let mut kinds = schema().kinds().to_vec();
    for field in kinds[0].fields.iter_mut().take(2) {
        field.predictor = Predictor::Custom;
    }
    let step = |rows: &mut [RowMut<'_>]| {
        let movers: Vec<_> = rows.iter().filter(|row| row.kind == 0).map(|row| row.values.to_vec()).collect();
        for row in rows.iter_mut().filter(|row| row.kind == 0) {
            let met = movers.iter().find(|other| other[0] == row.values[0]);
            row.values[1] = met.map_or(0, |other| other[1]) + (row.values[2] - row.values[1]) / 4;
            row.values[0] = row.values[0].saturating_add(row.values[1]);
            row.values[4] = 77;
        }
    };
    Schema::with_step(kinds, CustomStep::new(step), TickRate::DEFAULT).unwrap()
}

/// The packet between two states, and how often the game's own step ran for it.
fn packet(profile: PacketProfile, before: &Snapshot, after: &Snapshot, asks: bool) -> (Packet, usize) {
    let runs = Arc::new(AtomicUsize::new(0));
    let (counted, schema) = (runs.clone(), custom_schema());
    let inner = custom_schema();
    let step = CustomStep::new(move |rows: &mut [RowMut<'_>]| {
        counted.fetch_add(1, Ordering::Relaxed);
        inner.step().unwrap().run(rows);
    });
    let schema = Schema::with_step(schema.kinds().to_vec(), step, TickRate::DEFAULT).unwrap();
    let schema = schema.with_profile(profile, None).unwrap();
    let mut encoder = StreamEncoder::new(StreamId::ROOM, TickRate::DEFAULT);
    encoder.push(before.clone());
    encoder.push(after.clone());
    if asks {
        assert_eq!(encoder.follows(&schema, before.tick), after.follows(&custom_schema(), before));
    }
    (encoder.packet(&schema, Some(before.tick)).unwrap(), runs.load(Ordering::Relaxed))
}

#[test]
fn the_games_own_step_runs_once_for_the_question_and_the_packet() {
    let rows: Rows = (1..=16).map(|id| (id, 0, [id as i32 * 40, 8, 20, 3, 5])).collect();
    let before = snapshot(1, &rows);
    let mut predicted = Snapshot::default();
    predicted.predict(&custom_schema(), &before, Tick(2));
    let changed = |field: usize| {
        let mut after = predicted.clone();
        after.rows_mut()[3].values[field] += 1;
        after
    };
    for profile in [PacketProfile::Plain, PacketProfile::Ranged] {
        // A field that the step predicts; then one with a declared predictor, which shows without the step.
        for after in [changed(0), changed(2)] {
            let ((asked, runs), (plain, _)) =
                (packet(profile, &before, &after, true), packet(profile, &before, &after, false));
            assert_eq!((asked.bytes, runs), (plain.bytes, 1));
        }
    }
}

/// Both schemas with profile 0, and with profile 1 and its priors.
fn schemas() -> [Schema; 4] {
    let ranged = |schema: Schema| schema.with_profile(PacketProfile::Ranged, None).unwrap();
    [schema(), ranged(schema()), custom_schema(), ranged(custom_schema())]
}

type Rows = Vec<(u32, u8, [i32; 5])>;

fn snapshot(tick: u32, rows: &Rows) -> Snapshot {
    let schema = schema();
    let mut snapshot = Snapshot::new(Tick(tick));
    for (id, kind, values) in rows {
        let kind_schema = schema.kind(*kind).unwrap();
        let mut fitted: Vec<i32> =
            kind_schema.fields.iter().zip(values).map(|(field, &v)| field.grid.fit(i64::from(v))).collect();
        schema.hide_own(*kind, &mut fitted);
        snapshot.push(EntityId(*id), *kind, &fitted);
    }
    snapshot
}

fn rows() -> impl Strategy<Value = Rows> {
    let value = prop_oneof![Just(0), -100..100, any::<i32>()];
    let row = (0_u8..3, proptest::array::uniform5(value));
    proptest::collection::btree_map(prop_oneof![0_u32..40, any::<u32>()], row, 0..40)
        .prop_map(|map| map.into_iter().map(|(id, (kind, values))| (id, kind, values)).collect())
}

/// A state and a later one: some rows as predicted, some changed, some removed, some new.
fn pair() -> impl Strategy<Value = (Snapshot, Snapshot)> {
    (rows(), rows(), 0_u32..1000, 1_u32..64, any::<u64>()).prop_map(|(old, new, tick, age, seed)| {
        let schema = schema();
        let before = snapshot(tick, &old);
        let mut rng = crate::Rng::new(seed);
        let mut after = Snapshot::new(Tick(tick + age));
        let mut all: std::collections::BTreeMap<u32, (u8, Vec<i32>)> = std::collections::BTreeMap::new();
        for row in before.rows() {
            if rng.chance(5) {
                continue;
            }
            let mut values = row.values.to_vec();
            schema.plan(row.kind).unwrap().run(&mut values, age);
            if rng.chance(3) {
                for (value, field) in values.iter_mut().zip(&schema.kind(row.kind).unwrap().fields) {
                    *value = field.grid.fit(i64::from(*value) + i64::from(rng.range(-9, 9)));
                }
                schema.hide_own(row.kind, &mut values);
            }
            all.insert(row.id.0, (row.kind, values));
        }
        for row in snapshot(0, &new).rows().filter(|_| rng.chance(4)) {
            all.insert(row.id.0, (row.kind, row.values.to_vec()));
        }
        for (id, (kind, values)) in all {
            after.push(EntityId(id), kind, &values);
        }
        (before, after)
    })
}

proptest! {
    #[test]
    fn applying_a_delta_gives_the_target((before, after) in pair()) {
        for schema in schemas() {
            let payload = encode_delta(&schema, Some(&before), &after);
            let decoded = decode_delta(&schema, Some(&before), after.tick, &payload).unwrap();
            prop_assert_eq!(&decoded.snapshot, &after);
            let due = after.tick.0.is_multiple_of(HASH_PERIOD_TICKS);
            prop_assert_eq!(decoded.hash, due.then(|| after.hash()));
        }
    }

    #[test]
    fn applying_a_keyframe_gives_the_target(rows in rows(), tick in 0_u32..200) {
        for schema in schemas() {
            let state = snapshot(tick, &rows);
            let payload = encode_delta(&schema, None, &state);
            prop_assert_eq!(decode_delta(&schema, None, state.tick, &payload).unwrap().snapshot, state);
        }
    }

    #[test]
    fn accepted_bytes_are_the_one_legal_encoding(
        (before, after) in pair(),
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        for schema in schemas() {
            let mut payload = encode_delta(&schema, Some(&before), &after);
            if payload.is_empty() {
                continue;
            }
            let at = at.index(payload.len());
            payload[at] ^= 1 << bit;
            let Ok(decoded) = decode_delta(&schema, Some(&before), after.tick, &payload) else { continue };
            let mut again = encode_delta(&schema, Some(&before), &decoded.snapshot);
            if let Some(hash) = decoded.hash && hash != decoded.snapshot.hash() {
                if schema.profile() == PacketProfile::Ranged {
                    continue;
                }
                // The flipped bit may be in the hash, or change the state that it covers: compare everything
                // except the hash.
                again = replace_hash(again, decoded.snapshot.hash(), hash);
            }
            prop_assert_eq!(again, payload);
        }
    }

    #[test]
    fn the_meter_says_what_a_payload_takes((before, after) in pair()) {
        for schema in schemas() {
            for baseline in [Some(&before), None] {
                let payload_bits = encode_delta(&schema, baseline, &after).len() as f64 * 8.0;
                let mut bits = 0.0;
                meter_delta(&schema, baseline, &after, false, &mut |_, more| bits += more);
                let end = payload_bits - bits;
                // Profile 0 pads the last byte. The coder of profile 1 ends within a byte or omits zeros, and
                // rounds its ranges: at least 2^9 / (2^9 + 1) of each is used.
                let rounding = bits / 256.0;
                let fits = match schema.profile() {
                    PacketProfile::Plain => (0.0..8.0).contains(&end),
                    PacketProfile::Ranged => (-32.5..10.0 + rounding).contains(&end),
                };
                prop_assert!(fits, "{end} bits at the end of {payload_bits}");
            }
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(
        payload in proptest::collection::vec(any::<u8>(), 0..200),
        rows in rows(),
    ) {
        for schema in schemas() {
            let before = snapshot(10, &rows);
            for baseline in [Some(&before), None] {
                if let Ok(decoded) = decode_delta(&schema, baseline, Tick(12), &payload) {
                    prop_assert_eq!(encode_delta(&schema, baseline, &decoded.snapshot), &payload[..]);
                }
            }
        }
    }

    #[test]
    fn every_beginning_of_a_payload_is_refused_or_another_state((before, after) in pair()) {
        for schema in schemas() {
            let payload = encode_delta(&schema, Some(&before), &after);
            for end in 0..payload.len() {
                let decoded = decode_delta(&schema, Some(&before), after.tick, &payload[..end]);
                prop_assert!(decoded != decode_delta(&schema, Some(&before), after.tick, &payload));
            }
        }
    }
}

#[test]
fn what_the_games_own_step_predicts_takes_no_bytes_and_surprises_are_told_with_what_follows_from_them() {
    let rows: Rows = (1..=16).map(|id| (id, 0, [id as i32 * 40, 8, 20, 3, 5])).collect();
    let before = snapshot(1, &rows);
    for schema in [custom_schema(), custom_schema().with_profile(PacketProfile::Ranged, None).unwrap()] {
        for tick in [2, 4, 30] {
            let mut quiet = Snapshot::default();
            quiet.predict(&schema, &before, Tick(tick));
            assert!(quiet.follows(&schema, &before) && quiet.row(0).unwrap().values[4] == 5);
            assert!(encode_delta(&schema, Some(&before), &quiet).len() <= 1);
        }
        // One mover turns: the rest of its row follows from that, and no other row changes.
        let mut turned = before.clone();
        turned.rows_mut()[3].values[2] = -60;
        let mut after = Snapshot::default();
        after.predict(&schema, &turned, Tick(2));
        assert!(!after.follows(&schema, &before));
        let payload = encode_delta(&schema, Some(&before), &after);
        assert!(payload.len() <= 6, "{payload:?}");
        assert_eq!(decode_delta(&schema, Some(&before), Tick(2), &payload).unwrap().snapshot, after);
    }
}

#[test]
fn a_custom_field_that_is_told_in_front_of_the_games_own_step_is_refused() {
    let schema = custom_schema();
    let before = snapshot(1, &vec![(5, 0, [10, 0, 0, 0, 0])]);
    // One group with one row that differs from its prediction and is not removed: a residual of 1 for one
    // field.
    let payload = |field: usize| {
        let mut to = crate::coding::bits::BitWriter::new();
        to.raw(0b011, 3);
        for at in 0..5 {
            to.bit(at == field);
            if at == field {
                to.bit(false);
                to.exp_golomb(0, schema.kind(0).unwrap().fields[field].grid.bits() / 3);
            }
        }
        to.exp_golomb(0, 0);
        to.bit(false);
        to.finish()
    };
    let decoded = |field| decode_delta(&schema, Some(&before), Tick(2), &payload(field)).map(|_| ());
    assert_eq!([0, 1].map(decoded), [Err(DecodeError::NotCanonical); 2]);
    assert_eq!(decoded(3), Ok(()));
}

#[test]
fn a_generic_reader_refuses_fields_that_it_cannot_predict() {
    let refused = Schema::new(custom_schema().kinds().to_vec(), TickRate::DEFAULT);
    assert_eq!(
        refused,
        Err(SchemaError::NeedsStep { kind: "mover".into(), field: "pos".into() }),
        "{refused:?}"
    );
}

#[test]
fn a_trained_table_makes_packets_smaller_and_is_refused_for_other_kinds() {
    let kinds = schema().kinds().to_vec();
    let mut trainer = Trainer::new(kinds.clone());
    let mut rng = crate::Rng::new(4);
    let mut state = |tick| {
        let rows: Rows =
            (1..=40).map(|id| (id, 0, [0, 10, 10, if rng.chance(9) { 4 } else { 3 }, 7])).collect();
        snapshot(tick, &rows)
    };
    let states: Vec<_> = (1..200).map(&mut state).collect();
    for pair in states.windows(2) {
        train(&mut trainer, &schema(), Some(&pair[0]), &pair[1]);
        train(&mut trainer, &schema(), None, &pair[1]);
    }
    let table = trainer.table();
    let [_, prior, ..] = schemas();
    let trained = schema().with_profile(PacketProfile::Ranged, Some(&table)).unwrap();
    let bytes = |schema: &Schema| -> usize {
        states.windows(2).map(|pair| encode_delta(schema, Some(&pair[0]), &pair[1]).len()).sum()
    };
    assert!(bytes(&trained) * 10 < bytes(&prior) * 9, "{} against {}", bytes(&trained), bytes(&prior));
    let payload = encode_delta(&trained, Some(&states[0]), &states[1]);
    assert_eq!(decode_delta(&trained, Some(&states[0]), Tick(2), &payload).unwrap().snapshot, states[1]);
    let other = Schema::new(kinds[1..].to_vec(), TickRate::DEFAULT).unwrap();
    let refused = other.with_profile(PacketProfile::Ranged, Some(&table));
    assert!(matches!(refused, Err(TableError::OtherKinds { .. })));
    for bad in [&table[..5], &[table.clone(), vec![0; 4096]].concat(), b"TWT2 and more bytes"] {
        assert!(schema().with_profile(PacketProfile::Ranged, Some(bad)).is_err());
    }
}

/// Replaces `old` in the last 32 bits of a payload with `new`.
fn replace_hash(payload: Vec<u8>, old: u32, new: u32) -> Vec<u8> {
    let total = payload.len() * 8;
    for fill in 0..8 {
        let start = total - 32 - fill;
        let bit = |i: usize| u32::from(payload[(start + i) / 8] >> ((start + i) % 8) & 1);
        let found = (0..32).fold(0, |sum, i| sum | bit(i) << i);
        let zeros = (0..fill).all(|i| payload[(total - 1 - i) / 8] >> ((total - 1 - i) % 8) & 1 == 0);
        if found == old && zeros {
            let mut bytes = payload.clone();
            for i in 0..32 {
                let at = start + i;
                bytes[at / 8] = bytes[at / 8] & !(1 << (at % 8)) | ((new >> i & 1) as u8) << (at % 8);
            }
            return bytes;
        }
    }
    payload
}

#[test]
fn a_quiet_world_costs_a_bit_for_eight_rows() {
    let schema = schema();
    let rows: Rows = (1..=64).map(|id| (id, 0, [0, 10, 10, 3, 7])).collect();
    let before = snapshot(1, &rows);
    let mut after = Snapshot::new(Tick(2));
    for row in before.rows() {
        let mut values = row.values.to_vec();
        schema.plan(0).unwrap().run(&mut values, 1);
        after.push(row.id, row.kind, &values);
    }
    assert_eq!(encode_delta(&schema, Some(&before), &after).len(), 2);
}

#[test]
fn a_packet_is_encoded_once_however_many_need_it() {
    let schema = schema();
    let mut encoder = StreamEncoder::new(StreamId::ROOM, TickRate::DEFAULT);
    let rows: Rows = (1..=10).map(|id| (id, 0, [0, 10, 10, 3, 7])).collect();
    encoder.push(snapshot(1, &rows));
    encoder.push(snapshot(2, &rows));
    let first = encoder.packet(&schema, Some(Tick(1))).unwrap();
    for _ in 0..255 {
        assert_eq!(encoder.packet(&schema, Some(Tick(1))).unwrap().bytes, first.bytes);
    }
    assert_eq!(encoder.entities_encoded(), 10);
    assert!(!first.keyframe);
    assert!(encoder.packet(&schema, None).unwrap().keyframe);
    assert_eq!(encoder.entities_encoded(), 20);
}

#[test]
fn a_baseline_out_of_the_ring_gets_the_shared_keyframe() {
    let schema = schema();
    let mut encoder = StreamEncoder::new(StreamId::ROOM, TickRate::DEFAULT);
    let rows: Rows = vec![(1, 1, [1; 5])];
    for tick in 0..100 {
        encoder.push(snapshot(tick, &rows));
    }
    let keyframe = encoder.packet(&schema, None).unwrap();
    let old = encoder.packet(&schema, Some(Tick(3))).unwrap();
    assert!(old.keyframe);
    assert_eq!(old.bytes, keyframe.bytes);
    assert!(encoder.repair(&schema, Tick(3)).is_none());
    assert!(encoder.repair(&schema, Tick(96)).is_some());
}

#[test]
fn a_spawn_over_a_living_entity_is_refused() {
    let schema = schema();
    let before = snapshot(1, &vec![(5, 1, [1; 5])]);
    let keyframe = encode_delta(&schema, None, &snapshot(2, &vec![(5, 1, [1; 5])]));
    // One quiet group, then the keyframe's spawn of entity 5, relative to the baseline's last id 5.
    let mut to = crate::coding::bits::BitWriter::new();
    to.bit(false);
    to.exp_golomb(1, 0);
    to.signed(0, 3);
    to.raw(1, 2);
    to.raw(1, 1);
    let refused = decode_delta(&schema, Some(&before), Tick(2), &to.finish());
    assert_eq!(refused, Err(DecodeError::BadSnapshot));
    assert!(decode_delta(&schema, None, Tick(2), &keyframe).is_ok());
}

#[test]
fn the_first_half_of_a_payload_says_nothing_of_custom_fields() {
    let before = snapshot(1, &vec![(5, 0, [0, 10, 10, 3, 7])]);
    let payload = |custom: bool| {
        let mut to = crate::coding::bits::BitWriter::new();
        // The group and the row differ from their prediction, and the row is not removed.
        to.raw(0b011, 3);
        to.bit(custom);
        if custom {
            to.bit(false);
            to.exp_golomb(4, 14 / 3);
        }
        // `vel` and `target` are as predicted, `turn` is one more, `wide` is as before; no new row, and the
        // step is right.
        to.raw(0b100, 3);
        to.bit(false);
        to.exp_golomb(0, 4 / 3);
        to.bit(false);
        to.exp_golomb(0, 0);
        to.bit(false);
        to.finish()
    };
    let decode = |custom| decode_delta(&custom_schema(), Some(&before), Tick(2), &payload(custom));
    assert!(decode(false).is_ok(), "{:?}", decode(false));
    assert_eq!(decode(true), Err(DecodeError::NotCanonical));
}
