//! A schema, a baseline and a payload.

use arbitrary::{Arbitrary, Result, Unstructured};
use tickwire_shared::entity::{
    CustomStep, Field, Grid, Kind, PacketProfile, Predictor, RowMut, Schema, Trainer,
};
use tickwire_shared::id::EntityId;
use tickwire_shared::limits::{ENTITIES_MAX, WINDOW_TICKS_MAX};
use tickwire_shared::snapshot::{Snapshot, encode_delta};
use tickwire_shared::tick::{Tick, TickRate};

const ROWS_MAX: usize = 40;
/// Bytes before a table's contexts.
const TABLE_HEAD_BYTES: usize = 12;

/// A payload for a baseline.
#[derive(Debug)]
pub struct Packet {
    /// The schema, in its profile.
    pub schema: Schema,
    /// The state that it starts from; `None` if it should be a keyframe.
    pub baseline: Option<Snapshot>,
    /// The tick that it leads to.
    pub target: Tick,
    /// The payload.
    pub payload: Vec<u8>,
    /// The state that it leads to, if it is valid.
    pub leads_to: Option<Snapshot>,
}

impl<'a> Arbitrary<'a> for Packet {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let schema = schema(from)?;
        let start = Tick(from.int_in_range(0..=200)?);
        let target = Tick(start.0 + from.int_in_range(1..=WINDOW_TICKS_MAX - 1)?);
        let baseline = if from.arbitrary()? { Some(state(from, &schema, start)?) } else { None };
        if from.arbitrary()? {
            let payload = from.bytes(from.len())?.to_vec();
            return Ok(Self { schema, baseline, target, payload, leads_to: None });
        }
        let current = match &baseline {
            Some(baseline) => changed(from, &schema, baseline, target)?,
            None => state(from, &schema, target)?,
        };
        let mut payload = encode_delta(&schema, baseline.as_ref(), &current);
        // The remaining bytes say where the payload is corrupted, and how.
        let leads_to = from.is_empty().then_some(current);
        while let Some(byte) = (!from.is_empty() && !payload.is_empty()).then(|| from.arbitrary::<u8>()) {
            let at = from.choose_index(payload.len())?;
            payload[at] ^= byte?.max(1);
        }
        Ok(Self { schema, baseline, target, payload, leads_to })
    }
}

/// Whether every row of a state is within the schema's bounds.
pub fn is_sound(state: &Snapshot, schema: &Schema) -> bool {
    let row_is_sound = |kind: u8, values: &[i32]| {
        schema.kind(kind).is_some_and(|kind| {
            let mut fields = kind.fields.iter().zip(values);
            kind.fields.len() == values.len()
                && fields.all(|(field, value)| (field.grid.min..=field.grid.max).contains(value))
        })
    };
    state.len() <= ENTITIES_MAX
        && state.rows().all(|row| row_is_sound(row.kind, row.values))
        && state.rows().zip(state.rows().skip(1)).all(|(one, next)| one.id < next.id)
}

fn schema(from: &mut Unstructured<'_>) -> Result<Schema> {
    let kinds = (0..from.int_in_range(1..=5)?).map(|_| kind(from)).collect::<Result<Vec<_>>>()?;
    let schema = match Schema::with_step(kinds.clone(), CustomStep::new(jumble), TickRate::DEFAULT) {
        Ok(schema) => schema,
        Err(_) => return Err(arbitrary::Error::IncorrectFormat),
    };
    let (profile, table) = match from.int_in_range(0..=2)? {
        0 => (PacketProfile::Plain, None),
        1 => (PacketProfile::Ranged, None),
        _ => {
            let mut table = Trainer::new(kinds).table();
            let count = from.arbitrary_len::<u8>()?.min(table.len() - TABLE_HEAD_BYTES);
            table.truncate(TABLE_HEAD_BYTES + count);
            from.fill_buffer(&mut table[TABLE_HEAD_BYTES..])?;
            (PacketProfile::Ranged, Some(table))
        }
    };
    Ok(schema.with_profile(profile, table.as_deref()).expect("a table for these kinds"))
}

fn kind(from: &mut Unstructured<'_>) -> Result<Kind> {
    let count = from.int_in_range(0..=6_u16)?;
    let mut fields = Vec::new();
    for _ in 0..count {
        let bits = from.int_in_range(0..=31_u32)?;
        let span = from.int_in_range(0..=(1_i64 << bits) - 1)? as i32;
        let min = from.int_in_range(i32::MIN..=i32::MAX - span)?;
        let grid = Grid { min, max: min + span, per_unit: 1, wrap: from.arbitrary()? };
        let predictor = match from.int_in_range(0..=5)? {
            0 => Predictor::Linear { velocity: from.int_in_range(0..=count - 1)? },
            1 => Predictor::Steer {
                target: from.int_in_range(0..=count - 1)?,
                lag_ms: from.int_in_range(1..=270)?,
            },
            2 => Predictor::Custom,
            _ => Predictor::Hold,
        };
        fields.push(Field {
            name: String::new(),
            grid,
            predictor,
            own: false,
            interpolate: true,
            meaning: Default::default(),
        });
    }
    Ok(Kind { name: String::new(), fields })
}

/// A game's own step, which changes rows arbitrarily.
fn jumble(rows: &mut [RowMut<'_>]) {
    let mut carry = 1_i32;
    for value in rows.iter_mut().flat_map(|row| row.values.iter_mut()) {
        carry = carry.wrapping_mul(31).wrapping_add(*value);
        *value = carry;
    }
}

fn state(from: &mut Unstructured<'_>, schema: &Schema, tick: Tick) -> Result<Snapshot> {
    let mut state = Snapshot::new(tick);
    let mut next = from.arbitrary::<u32>()?;
    for _ in 0..from.int_in_range(0..=ROWS_MAX)? {
        push(from, schema, next, &mut state)?;
        let Some(after) = next.checked_add(1 + u32::from(from.arbitrary::<u8>()?)) else { break };
        next = after;
    }
    Ok(state)
}

fn push(from: &mut Unstructured<'_>, schema: &Schema, id: u32, state: &mut Snapshot) -> Result<()> {
    let kind = from.choose_index(schema.kinds().len())? as u8;
    let fields = &schema.kinds()[usize::from(kind)].fields;
    let values = fields.iter().map(|field| Ok(field.grid.fit(i64::from(from.arbitrary::<i32>()?))));
    state.push(EntityId(id), kind, &values.collect::<Result<Vec<_>>>()?);
    Ok(())
}

/// A state that might follow: most rows are as predicted, some are changed, removed or new.
fn changed(from: &mut Unstructured<'_>, schema: &Schema, old: &Snapshot, target: Tick) -> Result<Snapshot> {
    let mut new = Snapshot::new(target);
    let mut next = 0;
    for row in old.rows() {
        let mut values = row.values.to_vec();
        if let Some(plan) = schema.plan(row.kind) {
            plan.run(&mut values, target.since(old.tick) as u32);
        }
        let fields = &schema.kinds()[usize::from(row.kind)].fields;
        match from.int_in_range(0..=9)? {
            0 => continue,
            1 if row.id.0 > next => push(from, schema, next, &mut new)?,
            2 | 3 => {
                for (value, field) in values.iter_mut().zip(fields) {
                    *value = field.grid.fit(i64::from(*value) + i64::from(from.arbitrary::<i16>()?));
                }
            }
            _ => {}
        }
        new.push(row.id, row.kind, &values);
        let Some(after) = row.id.0.checked_add(1) else { return Ok(new) };
        next = after;
    }
    for _ in 0..from.int_in_range(0..=3)? {
        push(from, schema, next, &mut new)?;
        let Some(after) = next.checked_add(1 + u32::from(from.arbitrary::<u8>()?)) else { break };
        next = after;
    }
    Ok(new)
}
