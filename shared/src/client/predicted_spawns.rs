//! Predicted spawns: entities that the player's step creates, such as shots, shown before the server's
//! arrive.
//!
//! A predicted spawn is shown on the time of the player's own entity. When the server's entity arrives, the
//! two are matched. From the tick in which the server's entity appears among the other entities, it is shown
//! instead, under the id of the predicted one, so that a trail continues. If it does not arrive, the
//! predicted spawn is withdrawn as soon as the server has stepped that tick with all inputs.

use super::ClientGame;
use super::interpolation::{FRACTIONS, FractionalTick, mix_part};
use super::stats::ClientStats;
use super::streams::StreamStates;
use super::visual::Visual;
use crate::entity::{Entity, Kind, PredictPlan, Schema};
use crate::game::SpawnFunctions;
use crate::id::{EntityId, PlayerId};
use crate::limits::window_ticks;
use crate::predicted_spawn::{Entities, Others, SpawnContext, SpawnMotion};
use crate::tick::{Tick, TickRate};
use core::cell::OnceCell;

/// The most predicted spawns at one time; at the limit no more are predicted.
const ITEMS_MAX: usize = 64;
/// The most predicted spawns per tick.
const PER_TICK_MAX: usize = 8;
/// How long a predicted spawn whose input was late waits for the server's entity, ms.
const LATE_MS_MAX: u64 = 266;
/// The first id of predicted spawns: no room gets this far.
const FIRST_ID: u32 = 0xfff0_0000;
const IDS: u32 = 0x000f_0000;

#[derive(Clone, Debug)]
struct Item {
    /// The id under which it is shown.
    id: EntityId,
    /// The tick in which it was predicted.
    born: Tick,
    kind: u8,
    /// Its row at the tick of the newest input.
    row: Vec<i32>,
    /// How far behind that tick the other entities were shown, in ticks. A server that rewinds advances the
    /// entity by that many ticks at once. If it ends on that way, no state ever contains it.
    behind: i64,
    /// It still moves on its own.
    flies: bool,
    /// The server's entity, once it has arrived.
    real: Option<Real>,
    /// The tick in which the server's entity no longer existed.
    gone: Option<Tick>,
    /// The difference to the server's entity when that took over.
    visual: Visual,
    taken_over: bool,
}

#[derive(Clone, Debug)]
struct Real {
    id: EntityId,
    /// The tick in which it appeared, and its row then.
    from: Tick,
    row: Vec<i32>,
}

/// All predicted spawns that have not ended.
#[derive(Clone, Debug)]
pub(super) struct PredictedSpawns {
    items: Vec<Item>,
    last: Option<Tick>,
    /// The tick of the newest input.
    tick: Tick,
    made: u32,
    /// The entities of the server's last state, sorted by id, while a predicted spawn waits for its match: an
    /// entity that is not in the list is new.
    known: Vec<EntityId>,
    rate: TickRate,
}

/// A step of the player's own entity, which may spawn something.
pub(super) struct OwnStep<'a, G: ClientGame> {
    pub(super) tick: Tick,
    pub(super) player: PlayerId,
    pub(super) own: &'a G::Entity,
    pub(super) input: &'a G::Input,
    pub(super) scene: &'a G::Scene,
    /// The room's state as the server last sent it.
    pub(super) state: Option<&'a G::State>,
    /// The tick at which the other entities are shown.
    pub(super) shown: Option<Tick>,
    /// Finds the other entities as they are shown.
    pub(super) others: &'a dyn Fn() -> Vec<(EntityId, G::Entity)>,
}

impl PredictedSpawns {
    pub(super) fn new(rate: TickRate) -> Self {
        Self { items: Vec::new(), last: None, tick: Tick(0), made: 0, known: Vec::new(), rate }
    }

    /// Advances all by a tick, and asks the game for new ones.
    pub(super) fn step<G: ClientGame>(
        &mut self,
        schema: &Schema,
        streams: &StreamStates,
        step: &OwnStep<'_, G>,
        stats: &mut ClientStats,
    ) {
        self.tick = step.tick;
        let Some(spawns) = G::RULES.and_then(|rules| rules.prediction.spawns) else { return };
        self.fly(schema, step, &spawns);
        if self.items.len() >= ITEMS_MAX {
            return;
        }
        let seen = || -> Entities<'_, G::Entity> {
            let rows = streams.latest().flat_map(|(_, state)| state.rows());
            Box::new(rows.filter_map(|row| Some((row.id, G::Entity::read_row(row.kind, row.values)?))))
        };
        let spawn = SpawnContext {
            tick: step.tick,
            player: step.player,
            own: step.own,
            input: step.input,
            scene: step.scene,
            state: step.state,
            tick_rate: self.rate,
            last: self.last,
            under_way: self.items.iter().filter(|item| item.is_under_way()).count(),
            seen: &seen,
        };
        let mut spawned = Vec::new();
        (spawns.predict)(&spawn, &mut spawned);
        if !spawned.is_empty() && !self.waits() {
            self.known = ids_told(streams);
        }
        for entity in spawned.into_iter().take(PER_TICK_MAX.min(ITEMS_MAX - self.items.len())) {
            let mut row = Vec::new();
            entity.write_row(&mut row);
            self.items.push(Item {
                id: EntityId(FIRST_ID + self.made % IDS),
                born: step.tick,
                kind: entity.kind(),
                row,
                behind: step.shown.map_or(0, |shown| step.tick.since(shown)),
                flies: true,
                real: None,
                gone: None,
                visual: Visual::new(self.rate),
                taken_over: false,
            });
            self.made = self.made.wrapping_add(1);
            stats.predicted_spawns += 1;
            self.last = Some(step.tick);
        }
    }

    fn fly<G: ClientGame>(
        &mut self,
        schema: &Schema,
        step: &OwnStep<'_, G>,
        spawns: &SpawnFunctions<G::Entity, G::Input, G::Scene, G::State>,
    ) {
        let others = Others { found: OnceCell::new(), find: step.others };
        for item in self.items.iter_mut() {
            item.visual.step();
            if !item.flies {
                continue;
            }
            let before = G::Entity::read_row(item.kind, &item.row);
            if let Some(plan) = schema.plan(item.kind) {
                plan.run(&mut item.row, 1);
            }
            let after = G::Entity::read_row(item.kind, &item.row);
            let age = u32::try_from(step.tick.since(item.born)).unwrap_or(0);
            let way = SpawnMotion {
                player: step.player,
                scene: step.scene,
                tick_rate: self.rate,
                age_ticks: age,
                others: &others,
            };
            item.flies =
                before.zip(after).is_some_and(|(before, after)| (spawns.continues)(&before, &after, &way));
        }
    }

    /// Compares with the server's state of `tick`: a new entity in it may be one that was predicted. With
    /// `waits`, a missing one may still arrive.
    pub(super) fn reconcile<G: ClientGame>(
        &mut self,
        streams: &StreamStates,
        tick: Tick,
        waits: bool,
        stats: &mut ClientStats,
    ) {
        if self.waits() {
            let known = core::mem::replace(&mut self.known, ids_told(streams));
            for (_, state) in streams.latest() {
                for row in (0..state.len()).rev().filter_map(|at| state.row(at)) {
                    if known.binary_search(&row.id).is_err() {
                        self.matches::<G>(row.id, row.kind, row.values, tick);
                    }
                }
            }
        }
        for item in &mut self.items {
            if let (Some(real), None) = (&item.real, item.gone)
                && !streams.latest().any(|(_, state)| state.get(real.id).is_some())
            {
                item.gone = Some(tick);
            }
        }
        let late_ticks_max = i64::from(self.rate.ticks_covering(LATE_MS_MAX));
        let kept_ticks = i64::from(window_ticks(self.rate));
        self.items.retain(|item| match (&item.real, item.gone) {
            (Some(_), None) => true,
            (Some(_), Some(gone)) => tick.since(gone) < kept_ticks,
            (None, _) => {
                let may_end = item.flies && self.tick.since(item.born) <= item.behind;
                let stays = tick < item.born || may_end || waits && tick.since(item.born) <= late_ticks_max;
                stats.predicted_spawns_withdrawn += u64::from(!stays && item.flies);
                stays
            }
        });
    }

    /// Whether a predicted spawn may still match one of the server's entities.
    fn waits(&self) -> bool {
        self.items.iter().any(|item| item.real.is_none())
    }

    /// Matches a new entity of the server with a predicted spawn: the newest that fits.
    fn matches<G: ClientGame>(&mut self, id: EntityId, kind: u8, row: &[i32], tick: Tick) {
        let Some(spawns) = G::RULES.and_then(|rules| rules.prediction.spawns) else { return };
        let Some(real) = G::Entity::read_row(kind, row) else { return };
        let fits = |item: &&mut Item| {
            item.real.is_none() && item.kind == kind && item.born <= tick && {
                let predicted = G::Entity::read_row(item.kind, &item.row);
                predicted.is_some_and(|predicted| (spawns.is_same)(&predicted, &real))
            }
        };
        if let Some(item) = self.items.iter_mut().rev().find(fits) {
            item.real = Some(Real { id, from: tick, row: row.to_vec() });
            // After a late press, the game counts from the server's entity what it counts from the last one.
            if self.last == Some(item.born) {
                self.last = Some(tick);
            }
        }
    }

    /// Replaces predicted spawns by the server's entities that appear at `moment`; the difference decays from
    /// now on.
    pub(super) fn advance(&mut self, schema: &Schema, moment: FractionalTick, part: f32) {
        for item in self.items.iter_mut().filter(|item| !item.taken_over) {
            let Some(real) = item.real.as_ref().filter(|real| moment >= FractionalTick::at(real.from)) else {
                continue;
            };
            item.taken_over = true;
            let (Some(kind), Some(plan)) = (schema.kind(item.kind), schema.plan(item.kind)) else { continue };
            let (shown, mut row) = (mixed(kind, plan, &item.row, part), real.row.clone());
            let ahead = moment.since(real.from);
            plan.run(&mut row, (ahead / FRACTIONS) as u32);
            let row = mixed(kind, plan, &row, (ahead % FRACTIONS) as f32 / FRACTIONS as f32);
            if core::mem::take(&mut item.flies) {
                item.visual.correct(kind, &shown, &row, false);
            }
        }
    }

    /// The id under which the server's entity `id` is shown. Moves its row smoothly from where the predicted
    /// one was.
    pub(super) fn take_over(&self, id: EntityId, kind: &Kind, row: &mut [f64], part: f32) -> EntityId {
        let item = self.items.iter().find(|item| item.real.as_ref().is_some_and(|real| real.id == id));
        item.map_or(id, |item| {
            item.visual.apply(kind, row, part);
            item.id
        })
    }

    /// The predicted spawns that the server's have not replaced at `moment`, `part` of a tick after the
    /// newest input: id, kind and row.
    pub(super) fn shown(
        &self,
        schema: &Schema,
        moment: FractionalTick,
        part: f32,
    ) -> impl Iterator<Item = (EntityId, u8, Vec<f64>)> {
        let now = moment.tick();
        let shown = move |item: &&Item| {
            item.flies
                && item.real.as_ref().is_none_or(|real| now < real.from)
                && item.gone.is_none_or(|gone| now < gone)
        };
        self.items.iter().filter(shown).filter_map(move |item| {
            let (kind, plan) = (schema.kind(item.kind)?, schema.plan(item.kind)?);
            Some((item.id, item.kind, mixed(kind, plan, &item.row, part)))
        })
    }
}

/// The row `part` (0 to 1) of a tick later.
fn mixed(kind: &Kind, plan: &PredictPlan, from: &[i32], part: f32) -> Vec<f64> {
    let mut next = from.to_vec();
    plan.run(&mut next, 1);
    let fields = kind.fields.iter().zip(from.iter().zip(next));
    fields
        .map(|(field, (&from, next))| match field.interpolate {
            true => mix_part(&field.grid, from, next, part),
            false => f64::from(from),
        })
        .collect()
}

impl Item {
    fn is_under_way(&self) -> bool {
        match &self.real {
            Some(_) => self.gone.is_none(),
            None => self.flies,
        }
    }
}

/// The entities in the newest states of the server, sorted by id.
fn ids_told(streams: &StreamStates) -> Vec<EntityId> {
    let mut ids: Vec<_> = streams.latest().flat_map(|(_, state)| state.rows()).map(|row| row.id).collect();
    ids.sort_unstable();
    ids
}
