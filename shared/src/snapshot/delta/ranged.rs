//! Profile 1: the decisions of profile 0 and the sizes of residuals, each bit with its probability, through a
//! range coder.
//!
//! ```text
//! for each group of 8 rows of the baseline, in the order of ids (none in a keyframe):
//!   GROUP       some row of the group differs from its prediction
//!   for each row of such a group:
//!     row       it differs from its prediction. Not coded for the last row if none before it differed: then
//!               it differs
//!     gone      the entity was removed; else for each field, first those that `hold`, then `steer`, then
//!               `linear`:
//!       not 0   its residual is not 0. Not coded for the last field if all before it were 0: then it is
//!               not 0
//!       signed  if so, the residual
//!     The guess of a field that holds is the baseline's value. For the others the baseline's row, with the
//!     new values of the former, is predicted again; a `linear` field's guess grows by the residual of its
//!     velocity if that one steers.
//! number        the number of new rows, which the baseline does not have; for each, in the order of ids:
//!   number      first: zigzag(id - the baseline's last id - 1), modulo 2^32; else id - the id before - 1
//!   kind        bit by bit from the highest
//!   each field  except owner-only ones: 0 (not coded for the first new row of a kind): the value differs
//!               from that of the last new row of this kind; if so: 1: it is not n, the value of the grid
//!               nearest to 0; if so: signed value - n
//! raw 32        the state hash of the target, if the target tick is divisible by 32
//!
//! signed        the sign (not coded for a value if n is an end of the grid), then m = |x| with s + 1 bits:
//!               s times "the size continues", once "it does not"; the bit after the highest, the one after
//!               that, the rest raw
//! number        x + 1 with s + 1 bits in the same way, all bits after the highest raw
//! ```

use super::change::Change;
use super::numbers::{code_number, code_value};
use super::residual::merged;
use super::stepped;
use crate::coding::DecodeError;
use crate::coding::bits::{unzigzag, zigzag};
use crate::coding::range::{BitCoder, RangeReader, RangeWriter};
use crate::entity::model::{GROUP, GROUP_ROWS, ID_GAP, KIND, KindContexts, Model, NEW_COUNT};
use crate::entity::{Schema, Trainer};
use crate::id::EntityId;
use crate::limits::{ENTITIES_MAX, HASH_PERIOD_TICKS, ROW_FIELDS_MAX};
use crate::snapshot::{RowRef, Snapshot};
use smallvec::SmallVec;

/// Values of a group that need no allocation.
const GROUP_VALUES: usize = 16 * GROUP_ROWS;

pub(super) fn encode(
    schema: &Schema,
    model: &Model,
    baseline: Option<&Snapshot>,
    current: &Snapshot,
    stepped: Option<&Snapshot>,
) -> Vec<u8> {
    let mut to = RangeWriter::new(model, Vec::with_capacity(64 + current.len()));
    let written = write(schema, model, baseline, current, stepped, &mut to);
    debug_assert_eq!(written, Ok(()), "a writer accepts everything");
    if current.tick.0.is_multiple_of(HASH_PERIOD_TICKS) {
        let _ = to.raw(current.hash(), 32);
    }
    to.finish()
}

pub(super) fn train(trainer: &mut Trainer, schema: &Schema, baseline: Option<&Snapshot>, current: &Snapshot) {
    let model = trainer.model();
    let _ = write(schema, &model, baseline, current, None, &mut Counting(trainer));
}

struct Counting<'a>(&'a mut Trainer);

impl BitCoder for Counting<'_> {
    fn bit(&mut self, context: usize, bit: bool) -> Result<bool, DecodeError> {
        self.0.count(context, bit);
        Ok(bit)
    }

    fn raw(&mut self, value: u32, _: u32) -> Result<u32, DecodeError> {
        Ok(value)
    }
}

/// Writes everything except the hash.
pub(super) fn write<C: BitCoder>(
    schema: &Schema,
    model: &Model,
    baseline: Option<&Snapshot>,
    current: &Snapshot,
    stepped: Option<&Snapshot>,
    to: &mut C,
) -> Result<(), DecodeError> {
    match baseline {
        Some(baseline) if schema.step().is_some() => {
            let told = stepped::told(schema, baseline, current);
            write_state(schema, model, Some(baseline), &told, to)?;
            let stepped = stepped::known_or_stepped(schema, baseline, told, stepped);
            stepped::code_ranged(schema, model, baseline, &stepped, Some(current), to)?;
        }
        _ => write_state(schema, model, baseline, current, to)?,
    }
    Ok(())
}

fn write_state<C: BitCoder>(
    schema: &Schema,
    model: &Model,
    baseline: Option<&Snapshot>,
    current: &Snapshot,
    to: &mut C,
) -> Result<(), DecodeError> {
    let mut new = Vec::new();
    match baseline {
        Some(baseline) => write_rows(schema, model, baseline, current, to, &mut new)?,
        None => new.extend(0..current.len()),
    }
    let last_id = baseline.map_or(EntityId(0), Snapshot::last_id);
    write_new(schema, model, last_id, current, &new, to)
}

/// The rows of a group as predicted.
#[derive(Default)]
struct RowGroup {
    values: SmallVec<[i32; GROUP_VALUES]>,
    /// The rows of the baseline, parallel to `values`.
    before: SmallVec<[i32; GROUP_VALUES]>,
    rows: SmallVec<[PredictedRow; GROUP_ROWS]>,
}

#[derive(Clone, Copy)]
struct PredictedRow {
    id: EntityId,
    kind: u8,
    start: usize,
    end: usize,
    moves: bool,
}

impl RowGroup {
    /// Predicts the next rows; `false` if there are none.
    fn fill<'a>(&mut self, schema: &Schema, rows: impl Iterator<Item = RowRef<'a>>, ticks: u32) -> bool {
        self.values.clear();
        self.before.clear();
        self.rows.clear();
        for row in rows {
            let start = self.values.len();
            self.values.extend_from_slice(row.values);
            self.before.extend_from_slice(row.values);
            let end = self.values.len();
            let mut moves = false;
            if let (Some(plan), Some(values)) = (schema.plan(row.kind), self.values.get_mut(start..))
                && !plan.is_hold()
            {
                plan.run(values, ticks);
                moves = values != row.values;
            }
            self.rows.push(PredictedRow { id: row.id, kind: row.kind, start, end, moves });
        }
        !self.rows.is_empty()
    }

    fn moving(&self) -> usize {
        self.rows.iter().filter(|row| row.moves).count()
    }

    fn values(&self, row: PredictedRow) -> &[i32] {
        self.values.get(row.start..row.end).unwrap_or_default()
    }

    fn change<'a>(
        &'a self,
        schema: &'a Schema,
        contexts: &'a KindContexts,
        row: PredictedRow,
        ticks: u32,
    ) -> Option<Change<'a>> {
        let fields = &schema.kind(row.kind)?.fields;
        let before = self.before.get(row.start..row.end)?;
        (fields.len() == before.len()).then_some(Change {
            fields,
            plan: schema.plan(row.kind)?,
            contexts,
            order: &contexts.order,
            before,
            ticks,
        })
    }
}

fn write_rows<C: BitCoder>(
    schema: &Schema,
    model: &Model,
    baseline: &Snapshot,
    current: &Snapshot,
    to: &mut C,
    new: &mut Vec<usize>,
) -> Result<(), DecodeError> {
    let ticks = current.tick.since(baseline.tick).max(0) as u32;
    let mut group = RowGroup::default();
    let mut rows = baseline.rows();
    let mut at = 0;
    // The indices in `current` of the group's rows; removed rows have none.
    let mut found: [Option<usize>; GROUP_ROWS] = [None; GROUP_ROWS];
    let mut scratch = [0; ROW_FIELDS_MAX];
    while group.fill(schema, rows.by_ref().take(GROUP_ROWS), ticks) {
        let mut differing = 0_u32;
        for (index, (row, found)) in group.rows.iter().zip(&mut found).enumerate() {
            while current.row(at).is_some_and(|other| other.id < row.id) {
                new.push(at);
                at += 1;
            }
            let same = current.row(at).filter(|other| other.id == row.id && other.kind == row.kind);
            *found = same.map(|_| at);
            differing |= u32::from(same.is_none_or(|same| same.values != group.values(*row))) << index;
            at += usize::from(same.is_some());
        }
        to.bit(GROUP + group.moving(), differing != 0)?;
        if differing == 0 {
            continue;
        }
        let (last, mut before) = (group.rows.len() - 1, false);
        for (index, (row, found)) in group.rows.iter().zip(found).enumerate() {
            let Some(contexts) = model.kinds.get(usize::from(row.kind)) else { continue };
            let differs = differing >> index & 1 != 0;
            if index < last || differing & ((1 << index) - 1) != 0 {
                to.bit(row_context(contexts, row.moves, before), differs)?;
            }
            before = differs;
            if differs {
                to.bit(contexts.gone, found.is_none())?;
                if let Some(now) = found.and_then(|at| current.row(at)) {
                    let Some(change) = group.change(schema, contexts, *row, ticks) else { continue };
                    let row = scratch.get_mut(..now.values.len()).ok_or(DecodeError::BadSnapshot)?;
                    change.code(|at| now.values.get(at).copied(), row, to)?;
                }
            }
        }
    }
    new.extend(at..current.len());
    Ok(())
}

fn row_context(contexts: &KindContexts, moves: bool, before: bool) -> usize {
    contexts.row + 2 * usize::from(moves) + usize::from(before)
}

fn code_kind<C: BitCoder>(schema: &Schema, kind: u8, to: &mut C) -> Result<u8, DecodeError> {
    let (bits, mut node) = (schema.kind_bits(), 1_usize);
    for at in (0..bits).rev() {
        node = node << 1 | usize::from(to.bit(KIND + node, kind >> at & 1 != 0)?);
    }
    Ok((node - (1 << bits)) as u8)
}

fn write_new<C: BitCoder>(
    schema: &Schema,
    model: &Model,
    last_id: EntityId,
    current: &Snapshot,
    new: &[usize],
    to: &mut C,
) -> Result<(), DecodeError> {
    code_number(NEW_COUNT, new.len() as u32, to)?;
    let mut last: Vec<Option<&[i32]>> = vec![None; schema.kinds().len()];
    let mut previous: Option<EntityId> = None;
    for row in new.iter().filter_map(|&at| current.row(at)) {
        let number = match previous {
            None => zigzag(row.id.0.wrapping_sub(last_id.0).wrapping_sub(1) as i32),
            Some(previous) => row.id.0 - previous.0 - 1,
        };
        code_number(ID_GAP, number, to)?;
        previous = Some(row.id);
        code_kind(schema, row.kind, to)?;
        let (Some(kind), Some(contexts), Some(last)) = (
            schema.kind(row.kind),
            model.kinds.get(usize::from(row.kind)),
            last.get_mut(usize::from(row.kind)),
        ) else {
            continue;
        };
        let fields = kind.fields.iter().zip(&contexts.fields).zip(row.values).enumerate();
        for (at, ((field, [_, contexts]), &value)) in fields {
            if field.own {
                continue;
            }
            let before = last.and_then(|last| last.get(at).copied());
            code_value(&field.grid, *contexts, before, value, to)?;
        }
        *last = Some(row.values);
    }
    Ok(())
}

pub(super) fn decode(
    schema: &Schema,
    model: &Model,
    baseline: Option<&Snapshot>,
    payload: &[u8],
    snapshot: &mut Snapshot,
) -> Result<Option<u32>, DecodeError> {
    let target = snapshot.tick;
    snapshot.reset(target);
    let mut from = RangeReader::new(model, payload)?;
    let mut gone = Vec::new();
    if let Some(baseline) = baseline {
        read_rows(schema, model, baseline, snapshot, &mut gone, &mut from)?;
    }
    let last_id = baseline.map_or(EntityId(0), Snapshot::last_id);
    read_new(schema, model, last_id, &gone, snapshot, &mut from)?;
    if let Some(baseline) = baseline.filter(|_| schema.step().is_some()) {
        let stepped = stepped::stepped(schema, baseline, core::mem::take(snapshot));
        *snapshot = stepped::code_ranged(schema, model, baseline, &stepped, None, &mut from)?;
    }
    let hash = if target.0.is_multiple_of(HASH_PERIOD_TICKS) { Some(from.raw(0, 32)?) } else { None };
    from.finish()?;
    Ok(hash)
}

fn read_rows<C: BitCoder>(
    schema: &Schema,
    model: &Model,
    baseline: &Snapshot,
    snapshot: &mut Snapshot,
    gone: &mut Vec<(EntityId, u8)>,
    from: &mut C,
) -> Result<(), DecodeError> {
    let ticks =
        u32::try_from(snapshot.tick.since(baseline.tick)).map_err(|_| DecodeError::UnknownBaseline)?;
    let mut group = RowGroup::default();
    let mut rows = baseline.rows();
    let mut scratch = [0; ROW_FIELDS_MAX];
    while group.fill(schema, rows.by_ref().take(GROUP_ROWS), ticks) {
        let group_differs = from.bit(GROUP + group.moving(), false)?;
        let (count, mut any, mut before) = (group.rows.len(), false, false);
        for index in 0..count {
            let Some(&row) = group.rows.get(index) else { break };
            if !group_differs {
                snapshot.push(row.id, row.kind, group.values(row));
                continue;
            }
            let contexts = model.kinds.get(usize::from(row.kind)).ok_or(DecodeError::BadSnapshot)?;
            let implied = index + 1 == count && !any;
            let differs = implied || from.bit(row_context(contexts, row.moves, before), false)?;
            any |= differs;
            before = differs;
            if differs && from.bit(contexts.gone, false)? {
                gone.push((row.id, row.kind));
                continue;
            }
            if differs {
                let change = group.change(schema, contexts, row, ticks).ok_or(DecodeError::BadSnapshot)?;
                let values = scratch.get_mut(..change.before.len()).ok_or(DecodeError::BadSnapshot)?;
                change.code(|_| None, values, from)?;
                if values == group.values(row) {
                    return Err(DecodeError::NotCanonical);
                }
                snapshot.push(row.id, row.kind, values);
            } else {
                snapshot.push(row.id, row.kind, group.values(row));
            }
        }
    }
    Ok(())
}

fn read_new<C: BitCoder>(
    schema: &Schema,
    model: &Model,
    last_id: EntityId,
    gone: &[(EntityId, u8)],
    snapshot: &mut Snapshot,
    from: &mut C,
) -> Result<(), DecodeError> {
    let count = code_number(NEW_COUNT, 0, from)? as usize;
    if count > ENTITIES_MAX || snapshot.len() + count > ENTITIES_MAX {
        return Err(DecodeError::TooMany);
    }
    let mut last: Vec<Option<Vec<i32>>> = vec![None; schema.kinds().len()];
    // Usually all new rows are after the old ones; those that are not are merged at the end.
    let mut merge: Option<Snapshot> = None;
    let mut row = [0; ROW_FIELDS_MAX];
    let mut previous: Option<EntityId> = None;
    for _ in 0..count {
        let number = code_number(ID_GAP, 0, from)?;
        let id = match previous {
            None => EntityId(last_id.0.wrapping_add(1).wrapping_add(unzigzag(number) as u32)),
            Some(previous) => {
                let id = previous.0.checked_add(1).and_then(|id| id.checked_add(number));
                EntityId(id.ok_or(DecodeError::OutOfRange)?)
            }
        };
        previous = Some(id);
        let number = code_kind(schema, 0, from)?;
        if gone.binary_search(&(id, number)).is_ok() {
            return Err(DecodeError::NotCanonical);
        }
        let kind = schema.kind(number).ok_or(DecodeError::OutOfRange)?;
        let contexts = model.kinds.get(usize::from(number)).ok_or(DecodeError::OutOfRange)?;
        let last = last.get_mut(usize::from(number)).ok_or(DecodeError::OutOfRange)?;
        let values = row.get_mut(..kind.fields.len()).ok_or(DecodeError::BadSnapshot)?;
        let fields = kind.fields.iter().zip(&contexts.fields).zip(values.iter_mut()).enumerate();
        for (at, ((field, [_, contexts]), value)) in fields {
            if field.own {
                *value = field.hidden();
                continue;
            }
            let before = last.as_ref().and_then(|last| last.get(at).copied());
            *value = code_value(&field.grid, *contexts, before, 0, from)?;
        }
        let last = last.get_or_insert_default();
        last.clear();
        last.extend_from_slice(values);
        if merge.is_none() && (!snapshot.is_empty() && id <= snapshot.last_id()) {
            merge = Some(Snapshot::new(snapshot.tick));
        }
        merge.as_mut().unwrap_or(snapshot).push(id, number, values);
    }
    if let Some(new) = merge {
        *snapshot = merged(snapshot, &new)?;
    }
    Ok(())
}
