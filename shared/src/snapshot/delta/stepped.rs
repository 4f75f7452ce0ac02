//! The second half of a payload in a stream with fields that are predicted as `custom`.
//!
//! The first half leads from the baseline to the current state, except for the `custom` fields of rows that
//! the baseline has: they keep the baseline's values. Then the game's own step runs over that result for the
//! ticks in between, so it uses everything that is new. The second half corrects its errors:
//!
//! ```text
//! for each group of 8 rows that the baseline has and whose kind has such fields, in the order of ids:
//!   STEPPED GROUP  some row of the group differs from its prediction
//!   for each row of such a group:
//!     stepped row  it differs. In profile 1 not coded for the last row if none before it differed: then
//!                  it differs
//!     each field   that is `custom`: its residual, as in the first half
//! ```
//! In profile 0 each of these decisions is one bit.

use super::change::Change;
use super::plain_bits::{PacketPart, PlainWriter, read_residual, write_residual};
use crate::coding::DecodeError;
use crate::coding::bits::BitReader;
use crate::coding::range::BitCoder;
use crate::entity::model::{GROUP_ROWS, Model};
use crate::entity::{Predictor, Schema};
use crate::snapshot::predicted::ticks_between;
use crate::snapshot::{RowRef, Snapshot};
use std::borrow::Cow;

/// The result of the first half: `current`, with the baseline's values in `custom` fields.
pub(super) fn told(schema: &Schema, baseline: &Snapshot, current: &Snapshot) -> Snapshot {
    let mut told = current.clone();
    let mut old = baseline.rows().peekable();
    for row in told.rows_mut() {
        while old.next_if(|old| old.id < row.id).is_some() {}
        let Some(old) = old.peek().filter(|old| (old.id, old.kind) == (row.id, row.kind)) else { continue };
        let fields = schema.kind(row.kind).map_or(&[][..], |kind| &kind.fields);
        for ((value, before), field) in row.values.iter_mut().zip(old.values).zip(fields) {
            if field.predictor == Predictor::Custom {
                *value = *before;
            }
        }
    }
    told
}

/// The result of the game's own step, applied to `told`.
pub(super) fn stepped(schema: &Schema, baseline: &Snapshot, mut told: Snapshot) -> Snapshot {
    let ticks = ticks_between(baseline, &told);
    told.advance(schema, baseline, ticks);
    told
}

/// The same for a writer, which may know the result already.
pub(super) fn known_or_stepped<'a>(
    schema: &Schema,
    baseline: &Snapshot,
    told: Snapshot,
    known: Option<&'a Snapshot>,
) -> Cow<'a, Snapshot> {
    known.map_or_else(|| Cow::Owned(stepped(schema, baseline, told)), Cow::Borrowed)
}

/// The rows of the second half: those that the baseline has and whose kind has `custom` fields.
fn rows<'a>(
    schema: &Schema,
    baseline: &Snapshot,
    stepped: &'a Snapshot,
) -> impl Iterator<Item = (usize, RowRef<'a>)> {
    let mut old = baseline.rows().map(|row| (row.id, row.kind)).peekable();
    stepped.rows().enumerate().filter(move |(_, row)| {
        while old.next_if(|(id, _)| *id < row.id).is_some() {}
        let known = old.peek() == Some(&(row.id, row.kind));
        known && schema.plan(row.kind).is_some_and(crate::entity::PredictPlan::is_custom)
    })
}

/// The values that a reader found, by row.
type Found = Vec<(usize, Vec<i32>)>;

fn corrected(stepped: &Snapshot, found: &Found) -> Snapshot {
    let mut snapshot = Snapshot::new(stepped.tick);
    let mut found = found.iter().peekable();
    for (at, row) in stepped.rows().enumerate() {
        let values = found.next_if(|(of, _)| *of == at).map_or(row.values, |(_, values)| values);
        snapshot.push(row.id, row.kind, values);
    }
    snapshot
}

/// Codes the second half in profile 1. `current` is the state that a writer encodes.
pub(super) fn code_ranged<C: BitCoder>(
    schema: &Schema,
    model: &Model,
    baseline: &Snapshot,
    stepped: &Snapshot,
    current: Option<&Snapshot>,
    to: &mut C,
) -> Result<Snapshot, DecodeError> {
    let wanted = |at: usize| current.and_then(|current| current.row(at)).map(|row| row.values);
    let mut rows = rows(schema, baseline, stepped);
    let (mut group, mut found) = (Vec::with_capacity(GROUP_ROWS), Found::new());
    loop {
        group.clear();
        group.extend(rows.by_ref().take(GROUP_ROWS));
        let Some(last) = group.len().checked_sub(1) else { break };
        let is_wrong = |(at, row): &(usize, RowRef<'_>)| wanted(*at).is_some_and(|now| now != row.values);
        if !to.bit(model.stepped_group, group.iter().any(is_wrong))? {
            continue;
        }
        let (mut any, mut before) = (false, false);
        for (index, member) in group.iter().enumerate() {
            let (at, row) = *member;
            let kind = schema.kind(row.kind).ok_or(DecodeError::BadSnapshot)?;
            let contexts = model.kinds.get(usize::from(row.kind)).ok_or(DecodeError::BadSnapshot)?;
            let implied = index == last && !any;
            before = implied || to.bit(contexts.stepped_row + usize::from(before), is_wrong(member))?;
            any |= before;
            if !before {
                continue;
            }
            let change = Change {
                fields: &kind.fields,
                plan: schema.plan(row.kind).ok_or(DecodeError::BadSnapshot)?,
                contexts,
                order: &contexts.stepped_order,
                before: row.values,
                ticks: 0,
            };
            let mut values = vec![0; row.values.len()];
            change.code(|field| wanted(at)?.get(field).copied(), &mut values, to)?;
            found.push((at, values));
        }
    }
    Ok(corrected(stepped, &found))
}

/// Writes the second half in profile 0.
pub(super) fn write_plain<W: PlainWriter>(
    schema: &Schema,
    baseline: &Snapshot,
    stepped: &Snapshot,
    current: &Snapshot,
    to: &mut W,
) {
    let mut rows = rows(schema, baseline, stepped).peekable();
    let mut group = Vec::with_capacity(GROUP_ROWS);
    while rows.peek().is_some() {
        group.clear();
        group.extend(rows.by_ref().take(GROUP_ROWS).filter_map(|(at, row)| Some((row, current.row(at)?))));
        let differs = group.iter().any(|(row, now)| row.values != now.values);
        to.part(PacketPart::Groups);
        to.bit(differs);
        for (row, now) in group.iter().filter(|_| differs) {
            to.part(PacketPart::Rows { kind: row.kind });
            to.bit(row.values != now.values);
            if row.values == now.values {
                continue;
            }
            let fields = schema.kind(row.kind).map_or(&[][..], |kind| &kind.fields);
            for (at, (field, (guess, value))) in
                (0..).zip(fields.iter().zip(row.values.iter().zip(now.values)))
            {
                if field.predictor == Predictor::Custom {
                    to.part(PacketPart::Changed { kind: row.kind, field: at });
                    write_residual(&field.grid, field.grid.distance(*guess, *value) as i32, to);
                }
            }
        }
    }
}

/// Reads the second half in profile 0.
pub(super) fn read_plain(
    schema: &Schema,
    baseline: &Snapshot,
    stepped: &Snapshot,
    from: &mut BitReader<'_>,
) -> Result<Snapshot, DecodeError> {
    let mut rows = rows(schema, baseline, stepped).peekable();
    let mut found = Found::new();
    while rows.peek().is_some() {
        let differs = from.bit()?;
        let mut any = false;
        for (at, row) in rows.by_ref().take(GROUP_ROWS) {
            if !differs || !from.bit()? {
                continue;
            }
            let kind = schema.kind(row.kind).ok_or(DecodeError::BadSnapshot)?;
            let mut values = row.values.to_vec();
            for (field, value) in kind.fields.iter().zip(&mut values) {
                if field.predictor == Predictor::Custom && from.bit()? {
                    *value = read_residual(&field.grid, *value, from)?;
                }
            }
            if values == row.values {
                return Err(DecodeError::NotCanonical);
            }
            any = true;
            found.push((at, values));
        }
        if differs && !any {
            return Err(DecodeError::NotCanonical);
        }
    }
    Ok(corrected(stepped, &found))
}
