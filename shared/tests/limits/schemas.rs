//! The bounds of a game's entities, and of what a joining client gets for them.

use super::liar::keyframe_of;
use super::raw::{Raw, rate};
use super::yard::{Plan, Yard};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tickwire_shared::coding::bits::BitWriter;
use tickwire_shared::coding::codec;
use tickwire_shared::entity::derived::check_entity;
use tickwire_shared::entity::{
    CustomStep, Field, Grid, Kind, Meaning, PacketProfile, Predictor, Schema, SchemaError, TableError,
    Trainer,
};
use tickwire_shared::harness::Harness;
use tickwire_shared::id::{EntityId, StreamId};
use tickwire_shared::limits::{
    EXACT_STEPS_AT_30_HZ, KINDS_MAX, OWN_BITS_MAX, ROW_BITS_MAX, ROW_FIELDS_MAX, SETTINGS_BYTES_MAX,
    TABLE_BYTES_MAX,
};
use tickwire_shared::room::{Room, RoomError};
use tickwire_shared::snapshot::{OwnTold, Snapshot, decode_delta};
use tickwire_shared::tick::{Tick, TickRate};
use tickwire_shared::wire::DecodeError;
use tickwire_shared::wire::control::List;
use tickwire_shared::wire::update::{OwnBits, Private, Update, UpdateWriter};

pub(crate) fn bits(bits: u32) -> Grid {
    Grid::integers(0, ((1_i64 << bits) - 1) as i32)
}

pub(crate) fn kind(grids: &[Grid], own: bool, predictor: Predictor) -> Kind {
    let field = |(at, grid): (usize, &Grid)| Field {
        name: format!("f{at}"),
        grid: *grid,
        predictor,
        own,
        interpolate: false,
        meaning: Meaning::default(),
    };
    Kind { name: "k".into(), fields: grids.iter().enumerate().map(field).collect() }
}

fn schema(kinds: Vec<Kind>) -> Result<Schema, SchemaError> {
    Schema::new(kinds, TickRate::DEFAULT)
}

fn held(grids: &[Grid]) -> Result<Schema, SchemaError> {
    schema(vec![kind(grids, false, Predictor::Hold)])
}

/// Sends a row with the largest values and one with the smallest values of each kind, in the default profile
/// of rooms.
fn goes_through(schema: Schema, table: Option<&[u8]>) {
    let schema = schema.with_profile(PacketProfile::Ranged, table).unwrap();
    let mut state = Snapshot::new(Tick(64));
    for (number, kind) in schema.kinds().iter().enumerate() {
        let ends = [|field: &Field| field.grid.max, |field: &Field| field.grid.min];
        for (at, end) in ends.into_iter().enumerate() {
            let row: Vec<_> = kind.fields.iter().map(end).collect();
            state.push(EntityId(1 + 1_000_000 * (2 * number + at) as u32), number as u8, &row);
        }
    }
    let packet = keyframe_of(&schema, StreamId::ROOM, state.clone());
    let mut writer = UpdateWriter::new(&Private { tick: state.tick, ..Private::default() });
    writer.packet(&packet);
    let message = writer.finish();
    let packet = Update::decode(&message).unwrap().streams[0];
    let plain = schema.clone().with_profile(PacketProfile::Plain, None).unwrap();
    let schema = if packet.plain { plain } else { schema };
    assert_eq!(decode_delta(&schema, None, state.tick, packet.payload).unwrap().snapshot, state);
}

#[test]
fn row_bits_max() {
    let widest = [bits(8); 44];
    assert_eq!(held(&widest).unwrap().kinds()[0].all_bits(), ROW_BITS_MAX);
    goes_through(held(&widest).unwrap(), None);
    check_entity(&widest);
    let wider = [[bits(8); 43].as_slice(), &[bits(9)]].concat();
    assert!(matches!(held(&wider), Err(SchemaError::TooWide { bits, .. }) if bits == ROW_BITS_MAX + 1));
    assert!(catch_unwind(|| check_entity(&wider)).is_err(), "the derive refuses it as well");
    let hidden = kind(&wider, true, Predictor::Hold);
    assert!(schema(vec![hidden]).is_err(), "owner-only fields count too");
}

#[test]
fn row_fields_max() {
    let most = [bits(7); ROW_FIELDS_MAX];
    goes_through(held(&most).unwrap(), None);
    check_entity(&most);
    let more = [bits(1); ROW_FIELDS_MAX + 1];
    let refused = held(&more).unwrap_err();
    assert!(
        matches!(refused, SchemaError::TooManyFields { fields, .. } if fields == more.len()),
        "{refused}"
    );
    assert!(catch_unwind(|| check_entity(&more)).is_err(), "the derive refuses it as well");
}

#[test]
fn kinds_max() {
    let kinds = |count| vec![kind(&[bits(8)], false, Predictor::Hold); count];
    goes_through(schema(kinds(KINDS_MAX)).unwrap(), None);
    for count in [0, KINDS_MAX + 1, 1_000] {
        assert_eq!(schema(kinds(count)), Err(SchemaError::KindCount(count)));
    }
}

#[test]
fn own_bits_max() {
    // The most kinds, and owner-only fields that are as many and as wide as a kind may have: 46 of 7 bits and
    // 2 of 15.
    let grids = [[bits(7); ROW_FIELDS_MAX - 2].as_slice(), &[bits(15); 2]].concat();
    let schema = schema(vec![kind(&grids, true, Predictor::Hold); KINDS_MAX]).unwrap();
    let row: Vec<_> = grids.iter().map(|grid| grid.max).collect();
    let last = KINDS_MAX as u8 - 1;
    let told = OwnTold::default().update(&schema, last, &row).unwrap();
    assert_eq!(told.count(), OWN_BITS_MAX);
    let message = UpdateWriter::new(&Private { own: Some(told), ..Private::default() }).finish();
    let heard = Update::decode(&message).unwrap().private.own.unwrap();
    let (mut own, mut known) = (OwnTold::default(), vec![0; row.len()]);
    own.apply(&schema, &heard).unwrap();
    own.fill(&schema, last, &mut known);
    assert_eq!(known, row);
    // One more bit is neither written nor read.
    let ones = |count| {
        let mut bits = BitWriter::new();
        (0..count).for_each(|_| bits.bit(true));
        bits
    };
    assert!(OwnBits::new(ones(OWN_BITS_MAX)).is_some() && OwnBits::new(ones(OWN_BITS_MAX + 1)).is_none());
    let hostile = |count: usize| {
        let mut to = BitWriter::append_to(vec![1]);
        to.raw(7, 32);
        // A tick and nothing else: here a number that is 0 is a single one bit, and an absent part a zero
        // bit.
        for (part, bits) in [(0b11, 2), (0, 2), (0b1111, 4), (0, 1), (0b111, 3)] {
            to.raw(part, bits);
        }
        [true, false, true].into_iter().for_each(|told| to.bit(told));
        to.exp_golomb(count as u32 - 1, 4);
        (0..count).for_each(|_| to.bit(true));
        [to.finish(), vec![0]].concat()
    };
    assert!(Update::decode(&hostile(OWN_BITS_MAX)).is_ok());
    assert_eq!(Update::decode(&hostile(OWN_BITS_MAX + 1)), Err(DecodeError::TooMany));
}

#[test]
fn settings_bytes_max() {
    let of = |bytes: usize| {
        let padded = |padding: usize| Plan { padding: vec![1; padding], ..Plan::default() };
        let rest = codec::encode(&padded(bytes / 2)).unwrap().len() - bytes / 2;
        padded(bytes - rest)
    };
    let longest = of(SETTINGS_BYTES_MAX);
    assert_eq!(codec::encode(&longest).unwrap().len(), SETTINGS_BYTES_MAX);
    let mut harness = Harness::<Yard>::new(longest.clone(), 3);
    let ada = harness.join("ada");
    harness.run_ticks(30);
    assert_eq!(harness.client(ada).settings(), Some(&longest));
    let config = || Raw::empty(Plan::default(), TickRate::DEFAULT).room.config().clone();
    let refused = Room::<Yard>::new(config(), of(SETTINGS_BYTES_MAX + 1), 1).unwrap_err();
    assert_eq!(refused, RoomError::SettingsTooLarge);
    assert!(refused.to_string().contains("65536 bytes"), "{refused}");
}

#[test]
fn table_bytes_max() {
    // More contexts than a table may have bytes: the first ones are trained, the others keep their priors.
    let kinds = vec![kind(&[bits(7); ROW_FIELDS_MAX], false, Predictor::Hold); 4];
    let mut table = Trainer::new(kinds.clone()).table();
    assert_eq!(table.len(), TABLE_BYTES_MAX);
    goes_through(schema(kinds.clone()).unwrap(), Some(&table));
    table.push(0x55);
    let longer = schema(kinds).unwrap().with_profile(PacketProfile::Ranged, Some(&table));
    assert_eq!(longer, Err(TableError::TooLong));
    assert!(List::<u8, TABLE_BYTES_MAX>::try_from(table).is_err(), "no Joined can contain it");
}

/// How often a room's clients run the game's own step to predict this many ticks at once.
fn steps_run(rate: TickRate, ticks: u32) -> u32 {
    let run = Arc::new(AtomicU32::new(0));
    let counts = run.clone();
    let step = CustomStep::new(move |rows| {
        counts.fetch_add(1, Ordering::Relaxed);
        rows.iter_mut().for_each(|row| row.values[0] += 1);
    });
    let kinds = vec![kind(&[bits(16)], false, Predictor::Custom)];
    let schema = Schema::with_step(kinds, step, rate).unwrap();
    let (mut base, mut ahead) = (Snapshot::new(Tick(100)), Snapshot::default());
    base.push(EntityId(1), 0, &[0]);
    ahead.predict(&schema, &base, Tick(100 + ticks));
    let run = run.load(Ordering::Relaxed);
    assert_eq!(ahead.get(EntityId(1)).unwrap().values, [run as i32], "beyond them nothing changes");
    run
}

#[test]
fn exact_steps_at_30_hz() {
    for (ticks, run) in
        [(1, 1), (8, EXACT_STEPS_AT_30_HZ), (9, EXACT_STEPS_AT_30_HZ), (60, EXACT_STEPS_AT_30_HZ)]
    {
        assert_eq!(steps_run(rate(30), ticks), run, "{ticks} ticks");
    }
}

/// At every rate they cover the time for which nothing is sent of a quiet stream; never fewer than at 30 Hz.
#[test]
fn exact_steps_max() {
    for (hz, most) in [(10, 8), (29, 8), (30, 8), (31, 9), (60, 16), (128, 35)] {
        for (ticks, run) in [(most - 1, most - 1), (most, most), (most + 1, most), (500, most)] {
            assert_eq!(steps_run(rate(hz), ticks), run, "{ticks} ticks at {hz} Hz");
        }
    }
}
