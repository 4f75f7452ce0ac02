//! What to draw at a moment between updates.

use super::Client;
use super::interpolation::{Moment, Span, between, beyond, fits, has_leapt};
use super::streams::Streams;
use crate::entity::{Entity, Kind, PredictPlan, Schema};
use crate::game::Game;
use crate::id::EntityId;
use crate::snapshot::History;
use crate::tick::TickRate;
use core::time::Duration;

impl<G: Game> Client<G> {
    /// What to draw at `now`, in the order of ids: the others interpolated between snapshots, the own entity predicted up to
    /// this moment with the newest controls, and what it brought forth (see [`Game::foresee`]).
    #[must_use]
    pub fn view(&self, now: Duration) -> Vec<(EntityId, G::Entity)> {
        let mut shown = Vec::new();
        self.view_into(now, &mut shown);
        shown
    }

    /// As [`Client::view`], into memory that is used again.
    pub fn view_into(&self, now: Duration, shown: &mut Vec<(EntityId, G::Entity)>) {
        shown.clear();
        let (Some(schema), Some(place)) = (&self.schema, &self.place) else { return };
        let Some(moment) = place.moment_at(now) else { return };
        let part = place.input_clock.part_at(now);
        let own = place.prediction.as_ref().and_then(|own| {
            Some((own.id(), own.shown::<G>(schema, &place.scene, self.inputs.controls(), part)?))
        });
        let own_id = own.as_ref().map(|(id, _)| *id);
        let mut rows = Rows::default();
        for history in self.streams.histories(moment.tick()) {
            let others = Others { schema, rate: place.tick_rate, history, moment };
            others.interpolate::<G>(
                own_id,
                |id, kind, row| place.foreseen.take_over(id, kind, row, part),
                &mut rows,
                shown,
            );
        }
        shown.extend(own);
        shown.extend(place.foreseen.shown(schema, moment, part));
        shown.sort_by_key(|(id, _)| *id);
        shown.dedup_by_key(|(id, _)| *id);
    }
}

/// The others at `moment`.
pub(super) fn others_shown<G: Game>(
    schema: &Schema,
    rate: TickRate,
    streams: &Streams,
    moment: Moment,
    own: EntityId,
) -> Vec<(EntityId, G::Entity)> {
    let (mut rows, mut shown) = (Rows::default(), Vec::new());
    for history in streams.histories(moment.tick()) {
        let others = Others { schema, rate, history, moment };
        others.interpolate::<G>(Some(own), |id, _, _| id, &mut rows, &mut shown);
    }
    shown
}

/// Memory for the rows of one entity.
#[derive(Default)]
struct Rows {
    row: Vec<i32>,
    next: Vec<i32>,
}

impl Rows {
    /// Whether the declared predictors lead from one row to another in `ticks`.
    fn lead_to(&mut self, plan: &PredictPlan, from: &[i32], to: &[i32], ticks: i64) -> bool {
        self.next.clear();
        self.next.extend_from_slice(from);
        plan.run(&mut self.next, u32::try_from(ticks).unwrap_or(0));
        self.next == to
    }
}

/// The states of one stream around a moment.
struct Others<'a> {
    schema: &'a Schema,
    rate: TickRate,
    history: &'a History,
    moment: Moment,
}

impl Others<'_> {
    fn interpolate<G: Game>(
        &self,
        own: Option<EntityId>,
        take_over: impl Fn(EntityId, &Kind, &mut [i32]) -> EntityId,
        rows: &mut Rows,
        shown: &mut Vec<(EntityId, G::Entity)>,
    ) {
        let Self { schema, history, moment, .. } = *self;
        let older = history.at_or_before(moment.tick()).or_else(|| history.after(moment.tick()));
        let Some(older) = older else { return };
        let newer = history.after(older.tick).filter(|_| older.tick <= moment.tick());
        let passed = moment.since(older.tick);
        let mut after = newer.into_iter().flat_map(|newer| newer.rows()).peekable();
        let span = newer.map(|newer| Span { passed, ticks: newer.tick.since(older.tick) });
        for from in older.rows() {
            while after.next_if(|to| to.id < from.id).is_some() {}
            if Some(from.id) == own {
                continue;
            }
            let (Some(kind), Some(plan)) = (schema.kind(from.kind), schema.plan(from.kind)) else { continue };
            let to = after.next_if(|to| to.id == from.id).filter(|to| to.kind == from.kind);
            match (to, span) {
                (Some(to), Some(span)) if to.values == from.values => {
                    between(kind, from.values, from.values, span, &mut rows.row);
                }
                // It went as predicted: the way is known, and is what was shown before this was.
                (Some(to), Some(span))
                    if span.ticks > 1 && rows.lead_to(plan, from.values, to.values, span.ticks) =>
                {
                    beyond(kind, plan, from.values, self.rate, passed, &mut rows.row, &mut rows.next);
                }
                (Some(to), Some(span)) => {
                    let entities = || {
                        G::Entity::read_row(from.kind, from.values)
                            .zip(G::Entity::read_row(to.kind, to.values))
                    };
                    let put_elsewhere = has_leapt(kind, from.values, to.values, span.ticks)
                        || entities().is_some_and(|(before, after)| G::teleported(&before, &after));
                    let to = if put_elsewhere { from } else { to };
                    between(kind, from.values, to.values, span, &mut rows.row);
                }
                _ => beyond(kind, plan, from.values, self.rate, passed, &mut rows.row, &mut rows.next),
            }
            let id = take_over(from.id, kind, &mut rows.row);
            if fits(schema, from.kind, &rows.row)
                && let Some(entity) = G::Entity::read_row(from.kind, &rows.row)
            {
                shown.push((id, entity));
            }
        }
    }
}
