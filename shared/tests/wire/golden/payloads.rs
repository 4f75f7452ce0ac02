//! The vectors of payloads, of owner-only fields, and of a table.

use super::{Content, Crate, Pad, Ship, Thing, hex, ship_row, vector};
use std::fmt::Write;
use tickwire_shared::coding::bits::BitWriter;
use tickwire_shared::entity::{Entity as _, GameSchema, PacketProfile, Schema, Trainer};
use tickwire_shared::id::EntityId;
use tickwire_shared::prelude::{IVec2, Tick, TickRate};
use tickwire_shared::snapshot::{OwnTold, Snapshot, encode_delta, train};

pub(super) fn write(out: &mut String) {
    let schema = Schema::of::<Thing>(TickRate::DEFAULT).unwrap();
    kinds(out, "payloads'", &schema);
    let hash = GameSchema::of::<Thing, (), Pad>(1).hash();
    writeln!(out, "# The schema hash with version 1 and the input above: {hash:#018x}").unwrap();
    let before = state(
        &schema,
        31,
        vec![(3, ship(0, 0, 400, 250)), (4, supply(Content::Ammo)), (9, ship(500, 100, 100, 0))],
    );
    let quiet = predicted(&schema, &before, 32);
    let changed = state(
        &schema,
        40,
        vec![
            (3, ship(3000, 390, 400, 3)),
            (9, ship(1401, 100, -100, 255)),
            (20, supply(Content::Shield)),
            (21, ship(1, 2, 3, 4)),
        ],
    );
    owner_only_fields(out, &schema);
    let ranged = schema.clone().with_profile(PacketProfile::Ranged, None).unwrap();
    let mut trainer = Trainer::new(schema.kinds().to_vec());
    train(&mut trainer, &schema, None, &before);
    train(&mut trainer, &schema, Some(&before), &changed);
    let table = trainer.table();
    writeln!(
        out,
        "# The table of profile 1, trained on the keyframe and the changes below:\n# table = {}",
        hex(&table)
    )
    .unwrap();
    let trained = schema.clone().with_profile(PacketProfile::Ranged, Some(&table)).unwrap();
    let (crowd, later) = crowds(&schema);
    let zero = ends_in_zero(&ranged, &before);
    for (name, baseline, current) in [
        ("keyframe", None, &before),
        ("empty keyframe", None, &Snapshot::new(Tick(33))),
        ("quiet tick with hash", Some(&before), &quiet),
        ("changes, a spawn and a removal over 9 ticks", Some(&before), &changed),
        ("a keyframe of three groups", None, &crowd),
        ("three groups, another kind, ids between others", Some(&crowd), &later),
        ("ends in a zero byte in profile 1", Some(&before), &zero),
    ] {
        for (profile, schema) in [(0, &schema), (1, &ranged), (1, &trained)] {
            let table = if schema.table().is_some() { ", with the table" } else { "" };
            let bytes = encode_delta(schema, baseline, current);
            let name = format!("payload, profile {profile}{table}: {name}");
            vector(out, &name, &(baseline.map(rows), rows(current)), &bytes);
        }
    }
}

/// The owner-only fields that an owner is sent, one update after another: their values, and the bits, padded
/// with zeros.
fn owner_only_fields(out: &mut String, schema: &Schema) {
    let mut told = OwnTold::default();
    for (name, ammo, cloaked) in [("all", 30, false), ("one", 29, false), ("another", 29, true)] {
        let bits = told.update(schema, 0, &ship_row(ammo, cloaked)).unwrap();
        let (mut from, mut packed) = (bits.reader(), BitWriter::new());
        (0..bits.count()).for_each(|_| packed.bit(from.bit().unwrap()));
        let value: (u8, [i32; 2]) = (0, [i32::from(ammo), i32::from(cloaked)]);
        vector(out, &format!("payload, owner-only fields: {name}"), &value, &packed.finish());
    }
}

/// 20 entities, and the same two ticks later: in one group only the last row changed, one entity has another
/// kind, some were added between the others.
fn crowds(schema: &Schema) -> (Snapshot, Snapshot) {
    let thing = |n: i32| match n % 3 {
        0 => supply(Content::Health),
        _ => ship(n * 1000, n - 9, -n, n as u16),
    };
    let crowd: Vec<_> = (1..=20).map(|n| (n as u32 * 10, thing(n))).collect();
    let before = state(schema, 62, crowd);
    let mut later = Snapshot::new(Tick(64));
    for row in predicted(schema, &before, 64).rows() {
        let mut values = row.values.to_vec();
        match row.id.0 {
            50 | 110 => continue,
            60 => {
                let mut row = Vec::new();
                ship(-65_536, -512, 512, 128).write_row(&mut row);
                schema.hide_own(0, &mut row);
                later.push(EntityId(60), 0, &row);
                continue;
            }
            70 => later.push(EntityId(65), 1, &[-65_536, 65_536, 2]),
            80 => values[6] = 255,
            150 => values[2] = 1,
            _ => {}
        }
        later.push(row.id, row.kind, &values);
    }
    later.push(EntityId(u32::MAX), 1, &[0, 0, 0]);
    (before, later)
}

/// A state whose payload in profile 1 ends in a zero byte: the end that the writer chose carried into the
/// bytes before it.
fn ends_in_zero(ranged: &Schema, before: &Snapshot) -> Snapshot {
    let moved = |x: i32| state(ranged, 40, vec![(3, ship(x, x % 500, 400, 3)), (9, supply(Content::Ammo))]);
    let mut states = (0..60_000).map(moved);
    states.find(|state| encode_delta(ranged, Some(before), state).ends_with(&[0])).unwrap()
}

fn ship(x: i32, vx: i32, target: i32, heading: u16) -> Thing {
    Thing::Ship(Ship {
        pos: IVec2::new(x, -x),
        vel: IVec2::new(vx, 0),
        target: IVec2::new(target, 0),
        heading,
        ammo: 77,
        hp: 100,
        cloaked: true,
    })
}

fn supply(content: Content) -> Thing {
    Thing::Crate(Crate { pos: IVec2::new(1024, 2048), content })
}

/// The kinds of a schema, one line per field.
pub(super) fn kinds(out: &mut String, whose: &str, schema: &Schema) {
    writeln!(out, "\n# The kinds of the {whose} entities:").unwrap();
    for (number, kind) in schema.kinds().iter().enumerate() {
        writeln!(out, "# {number} {}", kind.name).unwrap();
        for field in &kind.fields {
            writeln!(out, "#   {field:?}").unwrap();
        }
    }
}

/// An entity's id, kind and values.
pub(super) type Row<'a> = (u32, u8, &'a [i32]);

pub(super) fn rows(snapshot: &Snapshot) -> (Tick, Vec<Row<'_>>) {
    (snapshot.tick, snapshot.rows().map(|row| (row.id.0, row.kind, row.values)).collect())
}

fn state(schema: &Schema, tick: u32, things: Vec<(u32, Thing)>) -> Snapshot {
    let mut snapshot = Snapshot::new(Tick(tick));
    for (id, thing) in things {
        let mut row = Vec::new();
        thing.write_row(&mut row);
        schema.hide_own(thing.kind(), &mut row);
        snapshot.push(EntityId(id), thing.kind(), &row);
    }
    snapshot
}

pub(super) fn predicted(schema: &Schema, before: &Snapshot, tick: u32) -> Snapshot {
    let mut after = Snapshot::new(Tick(tick));
    for row in before.rows() {
        let mut values = row.values.to_vec();
        schema.plan(row.kind).unwrap().run(&mut values, tick - before.tick.0);
        after.push(row.id, row.kind, &values);
    }
    after
}
