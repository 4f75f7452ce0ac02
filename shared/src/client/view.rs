//! What to draw at a given time, which is usually between two updates.

use super::interpolation::{Ahead, FractionalTick, Span, as_it_is, between, bounded, fits, has_leapt};
use super::rendered_frame::RenderedFrame;
use super::streams::StreamStates;
use super::{Client, ClientGame};
use crate::entity::{Entity, Kind, PredictPlan, Schema};
use crate::id::{EntityId, StreamId};
use crate::snapshot::{History, RowRef};
use crate::tick::{Tick, TickRate};
use core::time::Duration;

impl<G: ClientGame> Client<G> {
    /// What to draw at `now`, sorted by id: the other entities interpolated between snapshots, the player's
    /// own entity predicted to `now` with the newest controls, and its predicted spawns (see
    /// [`PredictsSpawns`](crate::game::PredictsSpawns)). Numbers (`f32`, `Vec2`) may lie between the steps of
    /// their grids. Integers cannot; [`Client::render_into`] gives them with fractions.
    #[must_use]
    pub fn view(&self, now: Duration) -> Vec<(EntityId, G::Entity)> {
        let mut shown = Vec::new();
        self.view_into(now, &mut shown);
        shown
    }

    /// As [`Client::view`], into reused memory.
    pub fn view_into(&self, now: Duration, shown: &mut Vec<(EntityId, G::Entity)>) {
        shown.clear();
        let mut frame = RenderedFrame::default();
        self.render_into(now, &mut frame);
        shown.extend(self.types.schema.iter().flat_map(|schema| frame.entities(schema)));
    }

    /// The room's own state in the newest snapshot, which is a little ahead of what [`Client::view`] shows
    /// and, while nothing happens, up to 250 ms old.
    /// `None` before the first one, and if the game has no state.
    #[must_use]
    pub fn room_state(&self) -> Option<G::State> {
        state_in::<G>(&self.streams, self.types.schema.as_ref()?)
    }

    /// As [`Client::room_state`], as a row: for drivers that read by the schema.
    #[must_use]
    pub fn room_state_row(&self) -> Option<RowRef<'_>> {
        state_row_in(&self.streams, self.types.schema.as_ref()?)
    }

    /// As [`Client::view`], in rows: for drivers that draw by the schema, and for games whose positions are
    /// integers on a coarse grid.
    pub fn render_into(&self, now: Duration, frame: &mut RenderedFrame) {
        frame.clear();
        let (Some(schema), Some(room)) = (&self.types.schema, &self.room) else { return };
        let drawn = room.clocks.moment_at(now);
        drawn.into_iter().for_each(|moment| room.view_ticks.draw(moment));
        // After a resume, until the first update: the last known state.
        let last = || Some(FractionalTick::of(f64::from(self.streams.newest()?.0)));
        let Some(moment) = drawn.or_else(last) else { return };
        let part = room.clocks.inputs.part_at(now);
        let own = room.own.prediction.as_ref().zip(room.rules.as_ref()).and_then(|(own, rules)| {
            Some((own.id(), own.shown(schema, rules, self.inputs.controls(), part)?))
        });
        let predicted = own.as_ref().map(|(id, _)| *id);
        let player = room.player.map(|(_, id)| id);
        let mut rows = Rows::default();
        for history in self.streams.histories(moment.tick()) {
            let others = Others { schema, rate: room.tick_rate, streams: &self.streams, history, moment };
            let finish = |id, number, kind: &Kind, row: &mut [f64]| {
                // A client without prediction still knows the owner-only fields of its own entity.
                if Some(id) == player {
                    for (at, value) in room.own.told.known(schema, number) {
                        row.get_mut(at).into_iter().for_each(|slot| *slot = f64::from(value));
                    }
                }
                room.own.spawns.take_over(id, kind, row, part)
            };
            others.interpolate::<G>(predicted, finish, &mut rows, frame);
        }
        if let Some((id, (kind, row))) = own {
            frame.push(Tick::LAST, id, kind, &row);
        }
        for (id, kind, row) in room.own.spawns.shown(schema, moment, part) {
            frame.push(Tick::LAST, id, kind, &row);
        }
        frame.sort();
    }
}

fn state_row_in<'a>(streams: &'a StreamStates, schema: &Schema) -> Option<RowRef<'a>> {
    let is_of_room = |stream| stream == StreamId::ROOM || stream == StreamId::STATE;
    let mut states = streams.latest().filter(|(stream, _)| is_of_room(*stream));
    states.find_map(|(_, state)| state.row(0).filter(|row| schema.is_state(row.kind)))
}

/// The room's state in the newest snapshot.
pub(super) fn state_in<G: ClientGame>(streams: &StreamStates, schema: &Schema) -> Option<G::State> {
    let row = state_row_in(streams, schema)?;
    G::State::read_row(row.kind - schema.first_state_kind()?, row.values)
}

/// The other entities at `moment`.
pub(super) fn others_shown<G: ClientGame>(
    schema: &Schema,
    rate: TickRate,
    streams: &StreamStates,
    moment: FractionalTick,
    own: EntityId,
) -> Vec<(EntityId, G::Entity)> {
    let (mut rows, mut frame) = (Rows::default(), RenderedFrame::default());
    for history in streams.histories(moment.tick()) {
        let others = Others { schema, rate, streams, history, moment };
        others.interpolate::<G>(Some(own), |id, _, _, _| id, &mut rows, &mut frame);
    }
    frame.entities(schema).collect()
}

/// Reused memory for the rows of one entity.
#[derive(Default)]
struct Rows {
    row: Vec<f64>,
    ahead: Ahead,
}

/// The states of one stream around `moment`.
struct Others<'a> {
    schema: &'a Schema,
    rate: TickRate,
    streams: &'a StreamStates,
    history: &'a History,
    moment: FractionalTick,
}

impl Others<'_> {
    /// Adds all except `own`. `finish` gets the id, the kind's number, the kind and the row of each, and
    /// returns the id under which it is shown.
    fn interpolate<G: ClientGame>(
        &self,
        own: Option<EntityId>,
        finish: impl Fn(EntityId, u8, &Kind, &mut [f64]) -> EntityId,
        rows: &mut Rows,
        frame: &mut RenderedFrame,
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
            let is_shown = Some(from.id) != own && !schema.is_state(from.kind);
            if !is_shown || !self.streams.counts(from.id, older.tick, moment.tick()) {
                continue;
            }
            let (Some(kind), Some(plan)) = (schema.kind(from.kind), schema.plan(from.kind)) else { continue };
            let to = after.next_if(|to| to.id == from.id).filter(|to| to.kind == from.kind);
            match to.zip(span) {
                Some((to, span)) => self.pass::<G>(kind, plan, from, to, span, rows),
                None => {
                    rows.ahead.predict(kind, plan, from.values, bounded(self.rate, passed), &mut rows.row)
                }
            }
            if fits(schema, from.kind, &rows.row) {
                let id = finish(from.id, from.kind, kind, &mut rows.row);
                frame.push(older.tick, id, from.kind, &rows.row);
            }
        }
    }

    /// Writes the row between one state and the next.
    fn pass<G: ClientGame>(
        &self,
        kind: &Kind,
        plan: &PredictPlan,
        from: RowRef<'_>,
        to: RowRef<'_>,
        span: Span,
        Rows { row, ahead }: &mut Rows,
    ) {
        if to.values == from.values {
            return as_it_is(from.values, row);
        }
        // It went as predicted, so its path is known; and the prediction is what was shown before this state.
        if span.ticks > 1 && ahead.lead_to(plan, from.values, to.values, span.ticks) {
            return ahead.predict(kind, plan, from.values, bounded(self.rate, span.passed), row);
        }
        let teleported = || {
            let teleported = G::RULES?.prediction.teleported?;
            let [before, after] = [from, to].map(|row| G::Entity::read_row(row.kind, row.values));
            Some(teleported(&before?, &after?))
        };
        let put_elsewhere = has_leapt(kind, from.values, to.values, span.ticks) || teleported() == Some(true);
        if put_elsewhere {
            as_it_is(from.values, row)
        } else {
            between(kind, from.values, to.values, span, row)
        }
    }
}
