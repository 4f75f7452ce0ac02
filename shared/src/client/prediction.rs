//! The player's own entity, ahead of the server: predicted with the game's own step and reconciled with each
//! update.
//!
//! Every predicted tick is put on the grid, so a prediction that nothing disturbs equals the server's row
//! exactly, and an update costs one comparison. Only a row that differs causes a replay of the inputs after
//! it.

use super::inputs::{Inputs, UNACKNOWLEDGED_WINDOWS_MAX};
use super::interpolation::{as_it_is, distance_units, has_leapt, mix_part_moving};
use super::known_game::RoomRules;
use super::visual::{Correction, Visual};
use super::{Client, ClientGame};
use crate::entity::{Entity, OnGrid, Predictor, Schema};
use crate::id::EntityId;
use crate::limits::{INPUT_HOLD_MS_MAX, QUIET_MS_MAX, window_ticks};
use crate::tick::{Tick, TickRate};
use core::time::Duration;

/// Wrong predictions that are kept for checks of a game; further ones are only counted.
const MISPREDICTED_MAX: usize = 4;

#[derive(Clone, Debug, Default)]
struct Predicted {
    tick: Option<Tick>,
    kind: u8,
    row: Vec<i32>,
}

#[derive(Clone, Debug)]
struct Own<E> {
    tick: Tick,
    kind: u8,
    entity: E,
    row: Vec<i32>,
}

/// The player's own entity as predicted for the tick of the newest input.
#[derive(Clone, Debug)]
pub(super) struct Prediction<E> {
    id: EntityId,
    own: Option<Own<E>>,
    /// Predicted rows for comparison; empty before the first.
    ring: Vec<Predicted>,
    /// How many of them are kept; also the most ticks to replay.
    ring_ticks: usize,
    mispredicted: Vec<Mispredicted>,
    /// The remainder of corrections.
    visual: Visual,
    /// After this many ticks without an input the server stops holding the last one.
    hold_ticks_max: i64,
}

/// The result of reconciling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Compared {
    pub(super) equal: bool,
    pub(super) error_units: f32,
}

/// A prediction that was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mispredicted {
    pub(crate) tick: Tick,
    pub(crate) kind: u8,
    pub(crate) predicted: Vec<i32>,
    pub(crate) real: Vec<i32>,
}

impl<E: Entity> Prediction<E> {
    pub(super) fn new(id: EntityId, rate: TickRate) -> Self {
        let held = Duration::from_millis(QUIET_MS_MAX + u64::from(INPUT_HOLD_MS_MAX));
        Self {
            id,
            own: None,
            ring: Vec::new(),
            ring_ticks: (UNACKNOWLEDGED_WINDOWS_MAX * window_ticks(rate)) as usize,
            mispredicted: Vec::new(),
            visual: Visual::new(rate),
            hold_ticks_max: i64::from(rate.ticks_ceil(held)) + 2,
        }
    }

    pub(super) fn id(&self) -> EntityId {
        self.id
    }

    pub(super) fn entity(&self) -> Option<&E> {
        self.own.as_ref().map(|own| &own.entity)
    }

    /// The kind and row to draw `part` (0 to 1) of a tick after the newest input: moving towards the result
    /// of the newest controls, plus the remainder of the last corrections. The movement starts at once, so
    /// that a key press shows in the very next rendered frame. Fields that the controls set directly, and
    /// fields that do not interpolate, change at once.
    pub(super) fn shown<G: ClientGame<Entity = E>>(
        &self,
        schema: &Schema,
        rules: &RoomRules<G>,
        controls: &OnGrid<G::Input>,
        part: f32,
    ) -> Option<(u8, Vec<f64>)> {
        let own = self.own.as_ref()?;
        let kind = schema.kind(own.kind)?;
        let mut shown = Vec::with_capacity(own.row.len());
        let mut tick = own.tick.next();
        let mut entity = own.entity.clone();
        let mut next_row = |tick| {
            rules.apply_input(&mut entity, controls, tick);
            let mut row = Vec::with_capacity(own.row.len());
            entity.write_row(&mut row);
            (entity.kind() == own.kind && row.len() == kind.fields.len()).then_some(row)
        };
        let Some(next) = next_row(tick).filter(|row| row.len() == own.row.len()) else {
            as_it_is(&own.row, &mut shown);
            return Some((own.kind, shown));
        };
        as_it_is(&next, &mut shown);
        if !has_leapt(kind, &own.row, &next, 1) {
            let mut again = None;
            for (at, (field, value)) in kind.fields.iter().zip(shown.iter_mut()).enumerate() {
                let (Some(&from), Some(&to)) = (own.row.get(at), next.get(at)) else { continue };
                if from == to || !field.interpolate {
                    continue;
                }
                // A field that the same controls would not move further was set by them: an aim, or a cursor.
                let is_set = field.predictor == Predictor::Hold && {
                    let again = again.get_or_insert_with(|| {
                        tick = tick.next();
                        next_row(tick).unwrap_or_default()
                    });
                    again.get(at) == Some(&to)
                };
                if !is_set {
                    *value = mix_part_moving(&field.grid, from, to, part);
                }
            }
        }
        self.visual.apply(kind, &mut shown, part);
        Some((own.kind, shown))
    }

    /// Predicts `tick` with the newest of `inputs`.
    pub(super) fn step<G: ClientGame<Entity = E>>(
        &mut self,
        rules: &RoomRules<G>,
        inputs: &Inputs<G::Input>,
        tick: Tick,
    ) {
        self.visual.step();
        let Some(mut own) = self.own.take() else { return };
        self.run_to::<G>(&mut own, rules, inputs, tick, None);
        self.own = Some(own);
    }

    /// Adopts the server's row of `tick` (`None`: there is no such entity) and replays the later inputs.
    pub(super) fn reconcile<G: ClientGame<Entity = E>>(
        &mut self,
        schema: &Schema,
        rules: &RoomRules<G>,
        inputs: &Inputs<G::Input>,
        tick: Tick,
        row: Option<(u8, &[i32])>,
    ) -> (Option<Compared>, Option<Correction>) {
        let Some((kind, row)) = row else {
            self.forget();
            return (None, None);
        };
        let compared = self.compare(schema, tick, kind, row);
        let before = match &self.own {
            Some(own) if own.tick >= tick && compared.is_some_and(|compared| compared.equal) => {
                return (compared, None);
            }
            Some(own) if own.kind == kind => Some((own.tick, own.entity.clone(), own.row.clone())),
            _ => None,
        };
        let Some(entity) = E::read_row(kind, row) else {
            self.forget();
            return (None, None);
        };
        let mut own = Own { tick, kind, entity, row: row.to_vec() };
        self.remember(&own);
        let newest = before.as_ref().map(|(tick, ..)| *tick).max(inputs.newest()).unwrap_or(tick);
        self.run_to::<G>(&mut own, rules, inputs, newest, inputs.late_edges(tick));
        let correction = match (&before, schema.kind(own.kind)) {
            (Some((at, was, row)), Some(kind)) if *at == own.tick && row.len() == own.row.len() => {
                let teleported = rules.has_teleported(was, &own.entity);
                let [before, after] = [row, &own.row].map(|row| {
                    let mut fine = Vec::new();
                    as_it_is(row, &mut fine);
                    fine
                });
                self.visual.correct(kind, &before, &after, teleported)
            }
            _ => {
                self.visual.clear();
                None
            }
        };
        self.own = Some(own);
        (compared, correction)
    }

    fn forget(&mut self) {
        self.own = None;
        self.visual.clear();
        for predicted in &mut self.ring {
            predicted.tick = None;
        }
    }

    fn compare(&mut self, schema: &Schema, tick: Tick, kind: u8, row: &[i32]) -> Option<Compared> {
        let predicted = self.ring.get(tick.0 as usize % self.ring_ticks)?;
        if predicted.tick != Some(tick) || self.own.as_ref().is_none_or(|own| own.tick < tick) {
            return None;
        }
        if predicted.kind != kind {
            return None;
        }
        if predicted.row == row {
            return Some(Compared { equal: true, error_units: 0.0 });
        }
        if self.mispredicted.len() < MISPREDICTED_MAX {
            let (predicted, real) = (predicted.row.clone(), row.to_vec());
            self.mispredicted.push(Mispredicted { tick, kind, predicted, real });
        }
        let error_units = schema.kind(kind).map_or(0.0, |kind| distance_units(kind, &predicted.row, row));
        Some(Compared { equal: false, error_units })
    }

    /// Steps `own` up to `tick`. As on the server, a tick without an input of its own holds the last one for
    /// a time. The first step also takes the edges of `late` inputs.
    fn run_to<G: ClientGame<Entity = E>>(
        &mut self,
        own: &mut Own<E>,
        rules: &RoomRules<G>,
        inputs: &Inputs<G::Input>,
        tick: Tick,
        mut late: Option<OnGrid<G::Input>>,
    ) {
        let ahead = tick.since(own.tick);
        if ahead > self.ring_ticks as i64 {
            own.tick = tick.offset(-(self.ring_ticks as i64));
        }
        let (mut held_from, mut held) = match inputs.before(own.tick) {
            Some((tick, input)) => (tick, input.held()),
            None => (own.tick, OnGrid::neutral()),
        };
        let mut made = inputs.after(own.tick).peekable();
        while own.tick < tick {
            own.tick = own.tick.next();
            let mut input = match made.next_if(|made| made.tick == own.tick) {
                Some(made) => {
                    held = made.input.held();
                    if made.is_told() {
                        held_from = made.tick;
                    }
                    made.input.clone()
                }
                None => {
                    if own.tick.since(held_from) > self.hold_ticks_max {
                        held = OnGrid::neutral();
                    }
                    held.clone()
                }
            };
            if let Some(edges) = late.take() {
                input.fold(&edges);
            }
            rules.apply_input(&mut own.entity, &input, own.tick);
            own.snap();
            self.remember(own);
        }
    }

    fn remember(&mut self, own: &Own<E>) {
        if self.ring.is_empty() {
            self.ring.resize(self.ring_ticks, Predicted::default());
        }
        if let Some(slot) = self.ring.get_mut(own.tick.0 as usize % self.ring_ticks) {
            slot.tick = Some(own.tick);
            slot.kind = own.kind;
            slot.row.clear();
            slot.row.extend_from_slice(&own.row);
        }
    }
}

impl<G: ClientGame> Client<G> {
    /// The first few wrong predictions since the last call. For checks of a game.
    pub(crate) fn take_mispredicted(&mut self) -> Vec<Mispredicted> {
        let prediction = self.room.as_mut().and_then(|room| room.own.prediction.as_mut());
        prediction.map(|prediction| core::mem::take(&mut prediction.mispredicted)).unwrap_or_default()
    }
}

impl<E: Entity> Own<E> {
    /// Puts the entity on its grid, as the room does after each step.
    fn snap(&mut self) {
        self.row.clear();
        self.kind = self.entity.kind();
        self.entity.write_row(&mut self.row);
        if let Some(entity) = E::read_row(self.kind, &self.row) {
            self.entity = entity;
        }
    }
}
