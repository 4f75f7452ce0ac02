//! The payload of a stream packet, profile 0: prediction and Exp-Golomb residuals.
//!
//! ```text
//! for each group of 8 rows of the baseline, in the order of ids (none in a keyframe):
//!   1           some row of the group differs from its prediction
//!   for each row of such a group:
//!     1         this row differs from its prediction
//!     1         the entity was removed; else, for each field, its residual against the prediction:
//!       1       the residual is not 0; then 1: it is negative; then EGk(|residual| - 1), k = bits of the
//!               grid / 3
//! EG0           the number of new rows, which the baseline does not have; for each, in the order of ids:
//!   first: EG3 of zigzag(id - the baseline's last id), modulo 2^32; else EG2 of (id - the id before - 1)
//!   kind        as many bits as the number of the last kind has
//!   fields      each value - min, in the bits of its grid
//! 32            the state hash of the target, if the target tick is divisible by 32
//! ```
//! Owner-only fields are not encoded: both ends know their placeholder. The prediction of a row runs its
//! kind's declared predictors over the ticks between baseline and target. The residual of a wrapping field
//! takes the shorter way round. Each pair of states has exactly one legal encoding.

use super::plain_bits::{PacketPart, PlainWriter, read_residual, write_residual};
use super::residual::merged;
use super::stepped;
use crate::coding::DecodeError;
use crate::coding::bits::{BitReader, BitWriter, zigzag};
use crate::entity::model::GROUP_ROWS;
use crate::entity::{Field, Predictor, Schema};
use crate::id::EntityId;
use crate::limits::{ENTITIES_MAX, HASH_PERIOD_TICKS, ROW_FIELDS_MAX};
use crate::snapshot::{RowRef, Snapshot};

pub(super) fn encode(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    current: &Snapshot,
    stepped: Option<&Snapshot>,
) -> Vec<u8> {
    let mut to = BitWriter::append_to(Vec::with_capacity(64 + current.len() * 4));
    write(schema, baseline, current, stepped, &mut to);
    if current.tick.0.is_multiple_of(HASH_PERIOD_TICKS) {
        to.raw(current.hash(), 32);
    }
    to.finish()
}

/// Writes everything except the hash.
pub(super) fn write<W: PlainWriter>(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    current: &Snapshot,
    stepped: Option<&Snapshot>,
    to: &mut W,
) {
    match baseline {
        Some(baseline) if schema.step().is_some() => {
            let told = stepped::told(schema, baseline, current);
            encode_state(schema, Some(baseline), &told, to);
            let stepped = stepped::known_or_stepped(schema, baseline, told, stepped);
            stepped::write_plain(schema, baseline, &stepped, current, to);
        }
        _ => encode_state(schema, baseline, current, to),
    }
}

fn encode_state<W: PlainWriter>(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    current: &Snapshot,
    to: &mut W,
) {
    let mut spawned = Vec::new();
    match baseline {
        Some(baseline) => encode_rows(schema, baseline, current, to, &mut spawned),
        None => spawned.extend(0..current.len()),
    }
    let last_id = baseline.map_or(EntityId(0), Snapshot::last_id);
    encode_spawns(schema, last_id, current, &spawned, to);
}

/// What happens to a row of the baseline.
enum RowChange {
    AsPredicted,
    Gone,
    /// The scratch buffer contains the residuals of this many fields.
    Differs(usize),
}

fn encode_rows<W: PlainWriter>(
    schema: &Schema,
    baseline: &Snapshot,
    current: &Snapshot,
    to: &mut W,
    spawned: &mut Vec<usize>,
) {
    let ticks = current.tick.since(baseline.tick).max(0) as u32;
    let mut scratch = Scratch::default();
    let mut fates = Vec::with_capacity(GROUP_ROWS);
    let mut rows = baseline.rows();
    let mut at = 0;
    loop {
        fates.clear();
        scratch.residuals.clear();
        for row in rows.by_ref().take(GROUP_ROWS) {
            while let Some(new) = current.row(at).filter(|new| new.id < row.id) {
                debug_assert!(new.id < row.id);
                spawned.push(at);
                at += 1;
            }
            let fate = match current.row(at) {
                Some(new) if new.id == row.id && new.kind == row.kind => {
                    at += 1;
                    scratch.fate(schema, row, new, ticks)
                }
                _ => RowChange::Gone,
            };
            fates.push((row.kind, fate));
        }
        if fates.is_empty() {
            break;
        }
        write_group(schema, &fates, &scratch.residuals, to);
    }
    spawned.extend(at..current.len());
}

#[derive(Default)]
struct Scratch {
    predicted: Vec<i32>,
    residuals: Vec<i32>,
}

impl Scratch {
    #[inline]
    fn fate(&mut self, schema: &Schema, old: RowRef<'_>, new: RowRef<'_>, ticks: u32) -> RowChange {
        let (Some(plan), Some(kind)) = (schema.plan(old.kind), schema.kind(old.kind)) else {
            return RowChange::Gone;
        };
        let predicted = if plan.is_hold() {
            old.values
        } else {
            self.predicted.clear();
            self.predicted.extend_from_slice(old.values);
            plan.run(&mut self.predicted, ticks);
            &self.predicted
        };
        if predicted == new.values {
            return RowChange::AsPredicted;
        }
        let fields = kind.fields.iter().zip(new.values.iter().zip(predicted));
        self.residuals
            .extend(fields.map(|(field, (&value, &guess))| field.grid.distance(guess, value) as i32));
        RowChange::Differs(kind.fields.len())
    }
}

fn write_group<W: PlainWriter>(
    schema: &Schema,
    fates: &[(u8, RowChange)],
    mut residuals: &[i32],
    to: &mut W,
) {
    let differs = fates.iter().any(|(_, fate)| !matches!(fate, RowChange::AsPredicted));
    to.part(PacketPart::Groups);
    to.bit(differs);
    if !differs {
        return;
    }
    for &(kind, ref fate) in fates {
        to.part(PacketPart::Rows { kind });
        match fate {
            RowChange::AsPredicted => to.bit(false),
            RowChange::Gone => to.raw(0b11, 2),
            RowChange::Differs(count) => {
                to.raw(0b01, 2);
                let (own, rest) = residuals.split_at((*count).min(residuals.len()));
                residuals = rest;
                let fields = schema.kind(kind).map_or(&[][..], |kind| &kind.fields);
                for (at, (field, &value)) in fields.iter().zip(own).enumerate() {
                    if field.own {
                        continue;
                    }
                    to.part(PacketPart::Changed { kind, field: at as u16 });
                    write_residual(&field.grid, value, to);
                }
            }
        }
    }
}

fn encode_spawns<W: PlainWriter>(
    schema: &Schema,
    last_id: EntityId,
    current: &Snapshot,
    spawned: &[usize],
    to: &mut W,
) {
    to.part(PacketPart::NewCount);
    to.exp_golomb(spawned.len() as u32, 0);
    let mut previous: Option<EntityId> = None;
    for row in spawned.iter().filter_map(|&at| current.row(at)) {
        to.part(PacketPart::NewIds);
        match previous {
            None => to.exp_golomb(zigzag(row.id.0.wrapping_sub(last_id.0) as i32), 3),
            Some(previous) => to.exp_golomb(row.id.0 - previous.0 - 1, 2),
        }
        previous = Some(row.id);
        to.part(PacketPart::NewKinds);
        to.raw(u32::from(row.kind), schema.kind_bits());
        let fields = schema.kind(row.kind).map_or(&[][..], |kind| &kind.fields);
        for (at, (field, &value)) in fields.iter().zip(row.values).enumerate() {
            if field.own {
                continue;
            }
            to.part(PacketPart::New { kind: row.kind, field: at as u16 });
            to.raw(value.wrapping_sub(field.grid.min) as u32, field.grid.bits());
        }
    }
}

pub(super) fn decode(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    payload: &[u8],
    snapshot: &mut Snapshot,
) -> Result<Option<u32>, DecodeError> {
    let target = snapshot.tick;
    snapshot.reset(target);
    let mut from = BitReader::new(payload);
    let mut gone = Vec::new();
    if let Some(baseline) = baseline {
        decode_rows(schema, baseline, snapshot, &mut gone, &mut from)?;
    }
    let last_id = baseline.map_or(EntityId(0), Snapshot::last_id);
    decode_spawns(schema, last_id, &gone, snapshot, &mut from)?;
    if let Some(baseline) = baseline.filter(|_| schema.step().is_some()) {
        let stepped = stepped::stepped(schema, baseline, core::mem::take(snapshot));
        *snapshot = stepped::read_plain(schema, baseline, &stepped, &mut from)?;
    }
    let hash = if target.0.is_multiple_of(HASH_PERIOD_TICKS) { Some(from.raw(32)?) } else { None };
    from.finish()?;
    Ok(hash)
}

fn decode_rows(
    schema: &Schema,
    baseline: &Snapshot,
    snapshot: &mut Snapshot,
    gone: &mut Vec<(EntityId, u8)>,
    from: &mut BitReader<'_>,
) -> Result<(), DecodeError> {
    let ticks =
        u32::try_from(snapshot.tick.since(baseline.tick)).map_err(|_| DecodeError::UnknownBaseline)?;
    let mut scratch = [0; ROW_FIELDS_MAX];
    let mut rows = baseline.rows().peekable();
    while rows.peek().is_some() {
        let group_differs = from.bit()?;
        let mut any = false;
        for row in rows.by_ref().take(GROUP_ROWS) {
            let (Some(plan), Some(kind)) = (schema.plan(row.kind), schema.kind(row.kind)) else {
                return Err(DecodeError::BadSnapshot);
            };
            let values = scratch.get_mut(..row.values.len()).ok_or(DecodeError::BadSnapshot)?;
            values.copy_from_slice(row.values);
            plan.run(values, ticks);
            let differs = group_differs && from.bit()?;
            any |= differs;
            if differs && from.bit()? {
                gone.push((row.id, row.kind));
                continue;
            }
            if differs {
                read_residuals(&kind.fields, values, from)?;
            }
            snapshot.push(row.id, row.kind, values);
        }
        if group_differs && !any {
            return Err(DecodeError::NotCanonical);
        }
    }
    Ok(())
}

fn read_residuals(fields: &[Field], values: &mut [i32], from: &mut BitReader<'_>) -> Result<(), DecodeError> {
    let mut any = false;
    for (field, value) in fields.iter().zip(values) {
        if !field.own && from.bit()? {
            if field.predictor == Predictor::Custom {
                // The second half encodes it.
                return Err(DecodeError::NotCanonical);
            }
            *value = read_residual(&field.grid, *value, from)?;
            any = true;
        }
    }
    if any { Ok(()) } else { Err(DecodeError::NotCanonical) }
}

fn decode_spawns(
    schema: &Schema,
    last_id: EntityId,
    gone: &[(EntityId, u8)],
    snapshot: &mut Snapshot,
    from: &mut BitReader<'_>,
) -> Result<(), DecodeError> {
    let count = from.exp_golomb_max(0, ENTITIES_MAX)?;
    if snapshot.len() + count > ENTITIES_MAX {
        return Err(DecodeError::TooMany);
    }
    // Usually all new rows are after the old ones; those that are not are merged at the end.
    let mut merge: Option<Snapshot> = None;
    let mut row = [0; ROW_FIELDS_MAX];
    let mut previous: Option<EntityId> = None;
    for _ in 0..count {
        let id = match previous {
            None => EntityId(last_id.0.wrapping_add(from.signed(3)? as u32)),
            Some(previous) => {
                let gap = from.exp_golomb(2)?;
                EntityId(
                    previous
                        .0
                        .checked_add(1)
                        .and_then(|id| id.checked_add(gap))
                        .ok_or(DecodeError::OutOfRange)?,
                )
            }
        };
        previous = Some(id);
        let kind = from.raw(schema.kind_bits())? as u8;
        if gone.binary_search(&(id, kind)).is_ok() {
            return Err(DecodeError::NotCanonical);
        }
        let fields = &schema.kind(kind).ok_or(DecodeError::OutOfRange)?.fields;
        let values = row.get_mut(..fields.len()).ok_or(DecodeError::BadSnapshot)?;
        for (value, field) in values.iter_mut().zip(fields) {
            *value = match field.own {
                true => field.hidden(),
                false => crate::entity::read_absolute(from, &field.grid)?,
            };
        }
        if merge.is_none() && (!snapshot.is_empty() && id <= snapshot.last_id()) {
            merge = Some(Snapshot::new(snapshot.tick));
        }
        merge.as_mut().unwrap_or(snapshot).push(id, kind, values);
    }
    if let Some(new) = merge {
        *snapshot = merged(snapshot, &new)?;
    }
    Ok(())
}
