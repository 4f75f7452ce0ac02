//! The own entity, ahead of the server: predicted with the game's own step and reconciled with each update.
//!
//! Every predicted tick is put on the grid, so an undisturbed prediction equals the server's row exactly, and then
//! an update costs one comparison. Only a row that differs makes a replay of the inputs after it.

use super::inputs::Inputs;
use crate::entity::{Entity, Schema};
use crate::game::Game;
use crate::id::EntityId;
use crate::tick::Tick;

/// Predicted rows kept for comparison; also the most ticks that are replayed.
const PREDICTED_TICKS: usize = 128;
/// A correction of more units than this is shown at once: it is a new place, not an error.
const VISUAL_UNITS_MAX: f32 = 4.0;

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

/// The own entity as the client believes it to be at the tick of its newest input.
#[derive(Clone, Debug)]
pub(super) struct Prediction<E> {
    id: EntityId,
    own: Option<Own<E>>,
    ring: Vec<Predicted>,
    /// What is added to the row to show it, in grid steps; decays to nothing.
    visual: Vec<i32>,
}

/// What reconciling found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Compared {
    pub(super) equal: bool,
    pub(super) error_units: f32,
}

impl<E: Entity> Prediction<E> {
    pub(super) fn new(id: EntityId) -> Self {
        Self { id, own: None, ring: Vec::new(), visual: Vec::new() }
    }

    pub(super) fn id(&self) -> EntityId {
        self.id
    }

    pub(super) fn entity(&self) -> Option<&E> {
        self.own.as_ref().map(|own| &own.entity)
    }

    /// The entity as it should be drawn: with what is left of the last corrections.
    pub(super) fn shown(&self, schema: &Schema) -> Option<E> {
        let own = self.own.as_ref()?;
        if self.visual.iter().all(|&steps| steps == 0) {
            return Some(own.entity.clone());
        }
        let kind = schema.kind(own.kind)?;
        let fields = kind.fields.iter().zip(&own.row);
        let row: Vec<i32> = fields
            .enumerate()
            .map(|(at, (field, &value))| {
                let error = self.visual.get(at).copied().unwrap_or(0);
                field.grid.fit(i64::from(value) + i64::from(error))
            })
            .collect();
        E::read_row(own.kind, &row)
    }

    /// Predicts `tick` with the newest of `inputs`.
    pub(super) fn step<G: Game<Entity = E>>(
        &mut self,
        scene: &G::Scene,
        inputs: &Inputs<G::Input>,
        tick: Tick,
    ) {
        for steps in &mut self.visual {
            *steps = (i64::from(*steps) * 7 / 8) as i32;
        }
        let Some(mut own) = self.own.take() else { return };
        self.run_to::<G>(&mut own, scene, inputs, tick);
        self.own = Some(own);
    }

    /// Takes over the server's row of `tick` (`None`: there is no such entity) and replays what came after.
    pub(super) fn reconcile<G: Game<Entity = E>>(
        &mut self,
        schema: &Schema,
        scene: &G::Scene,
        inputs: &Inputs<G::Input>,
        tick: Tick,
        row: Option<(u8, &[i32])>,
    ) -> Option<Compared> {
        let Some((kind, row)) = row else {
            self.forget();
            return None;
        };
        let compared = self.compare(schema, tick, kind, row);
        let shown = match &self.own {
            Some(own) if own.tick >= tick && compared.is_some_and(|compared| compared.equal) => {
                return compared;
            }
            Some(own) if own.kind == kind => Some((own.tick, own.row.clone())),
            _ => None,
        };
        let Some(entity) = E::read_row(kind, row) else {
            self.forget();
            return None;
        };
        let mut own = Own { tick, kind, entity, row: row.to_vec() };
        self.remember(&own);
        if let Some((newest, before)) = shown {
            self.run_to::<G>(&mut own, scene, inputs, newest);
            self.keep_visual(schema, &before, &own);
        } else {
            self.visual.clear();
        }
        self.own = Some(own);
        compared
    }

    fn forget(&mut self) {
        self.own = None;
        self.visual.clear();
        for predicted in &mut self.ring {
            predicted.tick = None;
        }
    }

    fn compare(&self, schema: &Schema, tick: Tick, kind: u8, row: &[i32]) -> Option<Compared> {
        let predicted = self.ring.get(tick.0 as usize % PREDICTED_TICKS)?;
        if predicted.tick != Some(tick) || self.own.as_ref().is_none_or(|own| own.tick < tick) {
            return None;
        }
        if predicted.kind != kind {
            return None;
        }
        if predicted.row == row {
            return Some(Compared { equal: true, error_units: 0.0 });
        }
        Some(Compared { equal: false, error_units: distance_units(schema, kind, &predicted.row, row) })
    }

    /// Steps `own` up to `tick`; ticks without an input of their own hold the last one, as the server does.
    fn run_to<G: Game<Entity = E>>(
        &mut self,
        own: &mut Own<E>,
        scene: &G::Scene,
        inputs: &Inputs<G::Input>,
        tick: Tick,
    ) {
        use crate::entity::Input;
        let ahead = tick.since(own.tick);
        if ahead > PREDICTED_TICKS as i64 {
            own.tick = tick.offset(-(PREDICTED_TICKS as i64));
        }
        let mut held = inputs.before(own.tick).map(Input::held).unwrap_or_default();
        let mut made = inputs.after(own.tick).peekable();
        while own.tick < tick {
            own.tick = own.tick.next();
            match made.next_if(|made| made.tick == own.tick) {
                Some(made) => {
                    G::apply_input(&mut own.entity, &made.input, scene);
                    held = made.input.held();
                }
                None => G::apply_input(&mut own.entity, &held, scene),
            }
            own.snap();
            self.remember(own);
        }
    }

    fn remember(&mut self, own: &Own<E>) {
        if self.ring.is_empty() {
            self.ring.resize(PREDICTED_TICKS, Predicted::default());
        }
        if let Some(slot) = self.ring.get_mut(own.tick.0 as usize % PREDICTED_TICKS) {
            slot.tick = Some(own.tick);
            slot.kind = own.kind;
            slot.row.clear();
            slot.row.extend_from_slice(&own.row);
        }
    }

    /// What was shown moves on from where it was: the correction goes into the visual error.
    fn keep_visual(&mut self, schema: &Schema, before: &[i32], own: &Own<E>) {
        let Some(kind) = schema.kind(own.kind) else { return };
        self.visual.resize(own.row.len(), 0);
        for (at, field) in kind.fields.iter().enumerate() {
            let (Some(&before), Some(&now), Some(error)) =
                (before.get(at), own.row.get(at), self.visual.get_mut(at))
            else {
                return;
            };
            *error = match field.predictor {
                predictor if predictor.is_place() => {
                    let steps = i64::from(before) + i64::from(*error) - i64::from(now);
                    steps.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
                }
                _ => 0,
            };
        }
        let zero = vec![0; self.visual.len()];
        if distance_units(schema, own.kind, &self.visual, &zero) > VISUAL_UNITS_MAX {
            self.visual.clear();
        }
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

/// The distance in units between two rows of a kind, over the fields predicted as `linear` or `custom`.
fn distance_units(schema: &Schema, kind: u8, a: &[i32], b: &[i32]) -> f32 {
    let Some(kind) = schema.kind(kind) else { return 0.0 };
    let fields = kind.fields.iter().zip(a.iter().zip(b));
    let squared: f64 = fields
        .filter(|(field, _)| field.predictor.is_place())
        .map(|(field, (&a, &b))| {
            let units = field.grid.distance(b, a) as f64 / f64::from(field.grid.per_unit);
            units * units
        })
        .sum();
    squared.sqrt() as f32
}
