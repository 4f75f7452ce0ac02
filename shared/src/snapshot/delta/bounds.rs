//! No table and no values make a packet longer than its rows are in profile 0, and every packet is decoded.

use super::{decode_packet, train};
use crate::Rng;
use crate::entity::{Field, Grid, Kind, PacketProfile, Predictor, Schema, Trainer};
use crate::id::{EntityId, StreamId};
use crate::limits::{
    ENTITIES_MAX, KEYFRAME_EXTRA_BYTES_MAX, KEYFRAME_ROW_BITS_MAX, OUTBOUND_BYTES_MAX, PACKET_HEAD_BYTES_MAX,
    PRIVATE_BYTES_MAX, ROW_BITS_MAX, ROW_FIELDS_MAX,
};
use crate::snapshot::{Snapshot, StreamEncoder};
use crate::tick::{Tick, TickRate};
use crate::wire::update::{Private, Update, UpdateWriter};

fn below(rng: &mut Rng, end: usize) -> usize {
    rng.below(end as u32) as usize
}

/// As many fields and bits as a kind may have, of any widths.
fn kind(rng: &mut Rng, number: usize) -> Kind {
    let (mut bits_left, mut fields) = (ROW_BITS_MAX, Vec::new());
    while fields.len() < ROW_FIELDS_MAX {
        let bits = [1, 7, 7, 8, 11, 16, 31][below(rng, 7)];
        if bits > bits_left {
            break;
        }
        bits_left -= bits;
        let grid = match below(rng, 3) {
            0 => Grid::integers(0, ((1_i64 << bits) - 1) as i32),
            1 => Grid::integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            _ => Grid::integers(1 - (1 << bits.min(30)), 0),
        };
        // A velocity is declared before or after the field that it moves; here it is the field before.
        let predictor = match fields.len() % 5 {
            4 => Predictor::Linear { velocity: fields.len() as u16 - 1 },
            _ => Predictor::Hold,
        };
        fields.push(Field {
            name: format!("f{}", fields.len()),
            grid,
            predictor,
            own: false,
            interpolate: true,
            meaning: Default::default(),
        });
    }
    Kind { name: format!("k{number}"), fields }
}

#[derive(Clone, Copy, Debug)]
enum Values {
    Still,
    Noise,
    Ends,
    Walk,
}

const VALUES: [Values; 4] = [Values::Still, Values::Noise, Values::Ends, Values::Walk];

fn state(
    rng: &mut Rng,
    schema: &Schema,
    before: Option<&Snapshot>,
    tick: u32,
    len: usize,
    values: Values,
) -> Snapshot {
    let mut state = Snapshot::new(Tick(tick));
    let spread = if rng.chance(2) { 1 } else { u32::MAX / ENTITIES_MAX as u32 - 1 };
    let mut row = Vec::new();
    for at in 0..len {
        let id = EntityId(1 + at as u32 * spread);
        let kind = at % schema.kinds().len();
        row.clear();
        for (place, field) in schema.kinds()[kind].fields.iter().enumerate() {
            let Grid { min, max, .. } = field.grid;
            let last = before
                .and_then(|before| before.row(at))
                .map_or(0, |row| row.values.get(place).copied().unwrap_or(0));
            let value = match values {
                Values::Still => 0,
                Values::Noise => {
                    i64::from(min) + i64::from(rng.below((i64::from(max) - i64::from(min)) as u32 + 1))
                }
                Values::Ends => i64::from(if rng.chance(2) { min } else { max }),
                Values::Walk => i64::from(last) + i64::from(rng.range(-2, 2)),
            };
            row.push(field.grid.fit(value));
        }
        state.push(id, kind as u8, &row);
    }
    state
}

/// A table trained on states of `values`.
fn table(rng: &mut Rng, schema: &Schema, values: Values) -> Vec<u8> {
    let mut trainer = Trainer::new(schema.kinds().to_vec());
    let mut before: Option<Snapshot> = None;
    for tick in 1..40 {
        let now = state(rng, schema, before.as_ref(), tick, 40, values);
        train(&mut trainer, schema, None, &now);
        train(&mut trainer, schema, before.as_ref(), &now);
        before = Some(now);
    }
    trainer.table()
}

/// Whether the packet was in profile 0 although the schema has profile 1.
fn try_packet(
    schema: &Schema,
    encoder: &mut StreamEncoder,
    baseline: Option<&Snapshot>,
    now: &Snapshot,
) -> bool {
    let packet = encoder.packet(schema, baseline.map(|state| state.tick)).unwrap();
    let rows = now.len() + baseline.map_or(0, Snapshot::len);
    let rows = if packet.keyframe { now.len() } else { rows };
    let most = rows * KEYFRAME_ROW_BITS_MAX / 8 + PACKET_HEAD_BYTES_MAX + KEYFRAME_EXTRA_BYTES_MAX;
    assert!(packet.bytes.len() <= most, "{} bytes of {most}", packet.bytes.len());
    assert!(packet.bytes.len() + PRIVATE_BYTES_MAX <= OUTBOUND_BYTES_MAX, "{} bytes", packet.bytes.len());
    let mut writer = UpdateWriter::new(&Private { tick: now.tick, ..Private::default() });
    writer.packet(&packet.bytes);
    let message = writer.finish();
    let update = Update::decode(&message).unwrap();
    let packet = &update.streams[0];
    let mut decoded = Snapshot::new(packet.target);
    decode_packet(schema, baseline.filter(|_| packet.baseline.is_some()), packet, &mut decoded).unwrap();
    assert_eq!(&decoded, now);
    packet.plain
}

#[test]
fn no_table_and_no_values_make_a_packet_longer_than_its_bound() {
    let cases = if std::env::var_os("TICKWIRE_LONG").is_some() { 10_000 } else { 300 };
    let mut fell_back = 0;
    for seed in 0..cases {
        let mut rng = Rng::new(seed);
        let kinds: Vec<_> = (0..1 + below(&mut rng, 3)).map(|number| kind(&mut rng, number)).collect();
        let plain = Schema::new(kinds, TickRate::DEFAULT).unwrap();
        let trained_on = VALUES[below(&mut rng, 4)];
        let table = (!rng.chance(5)).then(|| table(&mut rng, &plain, trained_on));
        let ranged = plain.clone().with_profile(PacketProfile::Ranged, table.as_deref()).unwrap();
        // The whole room from time to time.
        let len = if seed % 100 == 0 { ENTITIES_MAX } else { 1 + below(&mut rng, 60) };
        let values = [VALUES[below(&mut rng, 4)], VALUES[below(&mut rng, 4)]];
        let before = state(&mut rng, &plain, None, 31, len, values[0]);
        let now = state(&mut rng, &plain, Some(&before), 32, len, values[1]);
        for schema in [&plain, &ranged] {
            let mut encoder = StreamEncoder::new(StreamId::ROOM, TickRate::DEFAULT);
            encoder.push(before.clone());
            encoder.push(now.clone());
            fell_back += u32::from(try_packet(schema, &mut encoder, None, &now));
            try_packet(schema, &mut encoder, Some(&before), &now);
        }
    }
    assert!(fell_back > 0, "no table made any packet longer: the test does not cover enough cases");
}
