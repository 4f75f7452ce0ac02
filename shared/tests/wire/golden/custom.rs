//! The vectors of payloads in a stream with fields that a game's step predicts.

use super::payloads::{kinds, rows};
use super::vector;
use std::fmt::Write;
use tickwire_shared::Entity;
use tickwire_shared::entity::{CustomStep, Entity as _, PacketProfile, RowMut, Schema};
use tickwire_shared::id::EntityId;
use tickwire_shared::prelude::{Tick, TickRate};
use tickwire_shared::snapshot::{Snapshot, encode_delta};

#[derive(Clone, Debug, PartialEq, Entity)]
enum Piece {
    Ball(Ball),
    Wall(Wall),
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Ball {
    #[entity(range = 0..=8000, predict = custom)]
    pos: i32,
    #[entity(range = -200..=200, predict = custom)]
    vel: i32,
    #[entity(range = -90..=90)]
    wish: i16,
    #[entity(angle = 16, predict = custom)]
    turn: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Wall {
    #[entity(range = 0..=8000)]
    pos: i32,
}

const STEP: &str = "
# The step of these, for each ball in the order of ids, `/` truncating towards zero:
#   vel += (wish - vel) / 3; pos += vel; if pos < 0 or pos > w: \
pos is brought to the nearer of 0 and w, and vel = -vel;
#   turn += 5; wish = 0. (w is the pos of the last wall, else 8000. That `wish` is 0 is undone, \
and `turn` is fitted.)
";

fn step(rows: &mut [RowMut<'_>]) {
    let wall = rows.iter().rev().find(|row| row.kind == 1).map_or(8000, |row| row.values[0]);
    for row in rows.iter_mut().filter(|row| row.kind == 0) {
        let [pos, vel, wish, turn] = row.values else { continue };
        *vel += (*wish - *vel) / 3;
        *pos += *vel;
        if *pos < 0 || *pos > wall {
            *pos = (*pos).clamp(0, wall);
            *vel = -*vel;
        }
        *turn += 5;
        *wish = 0;
    }
}

pub(super) fn write(out: &mut String) {
    let plain = Schema::with_step(Piece::kinds(), CustomStep::new(step), TickRate::DEFAULT).unwrap();
    let ranged = plain.clone().with_profile(PacketProfile::Ranged, None).unwrap();
    kinds(out, "custom payloads'", &plain);
    write!(out, "{STEP}").unwrap();
    let ball = |pos, vel, wish, turn| Piece::Ball(Ball { pos, vel, wish, turn });
    let mut before: Vec<_> = (1..=9).map(|n| (n, ball(800 * n as i32, 20 * n as i32, 0, n as u8))).collect();
    before.push((10, Piece::Wall(Wall { pos: 7000 })));
    let before = state(31, before);
    let mut as_predicted = Snapshot::default();
    as_predicted.predict(&plain, &before, Tick(32));
    // Players' changes, over more ticks than are stepped.
    let mut changed = Snapshot::default();
    changed.predict(&plain, &changed_rows(&before), Tick(40));
    let changed = corrected(&changed);
    for (name, current) in
        [("a quiet tick with hash", &as_predicted), ("wishes, a wall, a push, over 9 ticks", &changed)]
    {
        for (profile, schema) in [(0, &plain), (1, &ranged)] {
            let bytes = encode_delta(schema, Some(&before), current);
            let name = format!("payload, profile {profile}, custom: {name}");
            vector(out, &name, &(Some(rows(&before)), rows(current)), &bytes);
        }
    }
}

fn state(tick: u32, pieces: Vec<(u32, Piece)>) -> Snapshot {
    let mut snapshot = Snapshot::new(Tick(tick));
    for (id, piece) in pieces {
        let mut row = Vec::new();
        piece.write_row(&mut row);
        snapshot.push(EntityId(id), piece.kind(), &row);
    }
    snapshot
}

/// Two balls have another wish, and the wall is elsewhere.
fn changed_rows(before: &Snapshot) -> Snapshot {
    let mut changed = Snapshot::new(before.tick);
    for row in before.rows() {
        let mut values = row.values.to_vec();
        match row.id.0 {
            2 | 9 => values[2] = -60,
            10 => values[0] = 6500,
            _ => {}
        }
        changed.push(row.id, row.kind, &values);
    }
    changed
}

/// Two balls were pushed, one was removed, one is new.
fn corrected(state: &Snapshot) -> Snapshot {
    let mut changed = Snapshot::new(state.tick);
    for row in state.rows().filter(|row| row.id.0 != 4) {
        let mut values = row.values.to_vec();
        match row.id.0 {
            6 => values[0] += 9,
            8 => (values[1], values[3]) = (-200, (values[3] + 15) % 16),
            _ => {}
        }
        changed.push(row.id, row.kind, &values);
    }
    changed.push(EntityId(12), 0, &[1, 2, 3, 4]);
    changed
}
