//! In the room: updates in, inputs and frames out, the view on demand.

use super::interpolation::{Moment, between, beyond, fits};
use super::reliable::Turn;
use super::stats::Sample;
use super::{Client, ClientError, ClientEvent, State};
use crate::entity::{Entity, Schema};
use crate::game::Game;
use crate::id::EntityId;
use crate::limits::{INPUTS_PER_FRAME_MAX, MEMBERS_MAX, QUIET_MS_MAX};
use crate::snapshot::History;
use crate::tick::TickRate;
use crate::wire::control::{ReliableEvent, RosterEntry};
use crate::wire::frame::{ClientFrame, Numbered};
use crate::wire::update::{Private, Timing, Update};
use crate::wire::{DecodeError, codec};
use core::time::Duration;

/// The longest time without a frame.
const QUIET: Duration = Duration::from_millis(QUIET_MS_MAX);

impl<G: Game> Client<G> {
    pub(super) fn on_update(&mut self, now: Duration, message: &[u8]) -> Result<(), ClientError> {
        if self.state != State::Playing {
            return Err(ClientError::Unexpected);
        }
        let update = Update::decode(message)?;
        self.stats.updates += 1;
        self.on_streams(now, &update)?;
        self.on_inputs(now, &update.private);
        if let Some(number) = update.private.command_ack {
            self.stats.commands_confirmed += self.commands.confirmed(number)?;
        }
        self.on_events(update.private.events)
    }

    /// Decodes the packets.
    fn on_streams(&mut self, now: Duration, update: &Update<'_>) -> Result<(), ClientError> {
        let (Some(schema), Some(place)) = (&self.schema, &mut self.place) else {
            return Err(ClientError::Unexpected);
        };
        let (tick, quiet) = (update.private.tick, update.private.quiet);
        let newest = self.streams.newest();
        if let (1.., Some(newest)) = (quiet, newest) {
            let until = newest.offset(i64::from(quiet));
            if until >= tick {
                return Err(DecodeError::BadSnapshot.into());
            }
            self.streams.confirm(schema, until, &[], &mut self.stats);
            self.stats.quiet_ticks += u64::from(quiet);
        }
        if newest.is_some_and(|newest| newest >= tick) {
            return Err(DecodeError::BadSnapshot.into());
        }
        self.streams.drop_streams(tick, &update.private.dropped);
        let mut answer = None;
        for packet in &update.streams {
            let message = self.streams.receive(schema, now, packet, &mut self.stats)?;
            answer = message.or(answer);
        }
        self.streams.confirm(schema, tick, &update.private.deferred, &mut self.stats);
        self.stats.snapshots += u64::from(quiet) + 1;
        self.stats.streams_deferred += update.private.deferred.len() as u64;
        place.arrivals.arrived(now, tick);
        if let Some(before) = place.snapshot_at.replace(now) {
            // A quiet tick counts as one that came in its time.
            let mut gap = now.saturating_sub(before);
            for _ in 0..quiet {
                self.samples.push(&mut self.stats, Sample::SnapshotGap(place.tick_rate.period()));
                gap = gap.saturating_sub(place.tick_rate.period());
            }
            self.samples.push(&mut self.stats, Sample::SnapshotGap(gap));
        }
        if let Some(message) = answer {
            self.queue_control(&message);
        }
        Ok(())
    }

    fn on_inputs(&mut self, now: Duration, private: &Private) {
        let (Some(schema), Some(place)) = (&self.schema, &mut self.place) else { return };
        self.stats.inputs.add(private.counts);
        if let Some(prediction) = &mut place.prediction {
            let row = self.streams.row(private.tick, prediction.id()).map(|row| (row.kind, row.values));
            if row.is_none() && !private.deferred.is_empty() {
                // Its stream may be one that had to wait.
                return;
            }
            let compared = prediction.reconcile::<G>(schema, &place.scene, &self.inputs, private.tick, row);
            if let Some(compared) = compared {
                self.stats.predictions += 1;
                self.stats.predictions_wrong += u64::from(!compared.equal);
                self.samples.push(&mut self.stats, Sample::PredictionError(compared.error_units));
            }
        }
        if let Some(tick) = private.input_applied {
            for made in self.inputs.applied(tick).filter(|made| made.changed) {
                let sample = Sample::InputToEffect(now.saturating_sub(made.at));
                self.samples.push(&mut self.stats, sample);
            }
        }
        if let Some(timing) = private.timing {
            self.on_timing(now, timing);
        }
    }

    fn on_timing(&mut self, now: Duration, timing: Timing) {
        let Some(place) = &mut self.place else { return };
        let age = Duration::from_millis(u64::from((now.as_millis() as u16).wrapping_sub(timing.stamp_ms)));
        let held = place.tick_rate.period() * u32::from(timing.held) / 256;
        let rtt = age.saturating_sub(held);
        self.samples.push(&mut self.stats, Sample::RoundTrip(rtt));
        self.stats.rtt = Some(match self.stats.rtt {
            Some(smoothed) => (smoothed * 7 + rtt) / 8,
            None => rtt,
        });
        if place.player.is_some() {
            let made_at = now.saturating_sub(age);
            place.input_clock.feedback(now, made_at, f64::from(timing.margin) / 256.0);
            self.stats.margin_ticks = place.input_clock.margin_ticks();
        }
    }

    fn on_events(&mut self, events: Numbered) -> Result<(), ClientError> {
        for (number, bytes) in (events.first..).zip(&events.items) {
            match self.event_numbers.take(number) {
                Turn::Repeated => {
                    self.stats.events_repeated += 1;
                    continue;
                }
                Turn::Next { lost } => self.stats.events_lost += u64::from(lost),
            }
            self.stats.events += 1;
            let event = match codec::decode(bytes)? {
                ReliableEvent::Game(bytes) => ClientEvent::Game(codec::decode(&bytes)?),
                ReliableEvent::PlayerJoined(entry) => {
                    self.enter(entry.clone());
                    ClientEvent::PlayerJoined(entry)
                }
                ReliableEvent::PlayerLeft(player) => {
                    self.roster.retain(|entry| entry.player != player);
                    ClientEvent::PlayerLeft(player)
                }
            };
            self.push_event(event)?;
        }
        Ok(())
    }

    fn enter(&mut self, entry: RosterEntry) {
        self.roster.retain(|other| other.player != entry.player);
        if self.roster.len() < MEMBERS_MAX {
            self.roster.push(entry);
        }
    }

    /// Makes the inputs that are due at `now` and predicts with them.
    pub fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        let Some(place) = &mut self.place else { return };
        if self.state != State::Playing || self.leaving {
            return;
        }
        place.render.advance(now, &place.arrivals);
        if place.player.is_none() {
            if now >= place.next_frame_at {
                place.next_frame_at = now + QUIET.max(place.tick_rate.period());
                self.frame_due = true;
            }
            return;
        }
        self.stats.clock_jumps += place.input_clock.take_jumps();
        while let Some(tick) = place.input_clock.poll(now) {
            self.stats.inputs_made += 1;
            // Every frame has an input, so that its margin tells the clock something.
            let speaks = now + place.tick_rate.period() > place.frame_at + QUIET
                || self.commands.has_unsent()
                || self.event_numbers.has_news();
            self.stats.inputs_dropped += self.inputs.make(tick, now, speaks);
            if let Some(prediction) = &mut place.prediction {
                prediction.step::<G>(&place.scene, &self.inputs, tick);
            }
            self.frame_due |= self.inputs.has_unsent();
        }
    }

    /// When [`Client::advance`] has work next; `None` outside a room.
    #[must_use]
    pub fn next_input_at(&self) -> Option<Duration> {
        let place = self.place.as_ref().filter(|_| self.state == State::Playing && !self.leaving)?;
        Some(if place.player.is_some() { place.input_clock.next_at() } else { place.next_frame_at })
    }

    /// The frame that is due. Inputs that the driver did not take in time go together.
    pub(super) fn take_frame(&mut self) -> Option<Vec<u8>> {
        if !self.frame_due || self.state != State::Playing {
            return None;
        }
        let place = self.place.as_mut()?;
        place.frame_at = self.now;
        let view = place.render.tick_at(self.now, &place.arrivals).map(Moment::of);
        let frame = ClientFrame {
            stamp_ms: self.now.as_millis() as u16,
            steady: true,
            // Only what came over this connection: the server knows nothing of acknowledgements before it.
            snapshot_ack: place.snapshot_at.and_then(|_| self.streams.newest()),
            event_ack: self.event_numbers.acknowledge(),
            view: view.map(|moment| (moment.tick(), moment.fraction())),
            commands: self.commands.take(),
            inputs: self.inputs.take_unsent(INPUTS_PER_FRAME_MAX),
        };
        self.frame_due = self.inputs.has_unsent();
        Some(frame.encode())
    }

    /// What to draw at `now`: the others interpolated between snapshots, the own entity predicted.
    #[must_use]
    pub fn view(&self, now: Duration) -> Vec<(EntityId, G::Entity)> {
        let (Some(schema), Some(place)) = (&self.schema, &self.place) else { return Vec::new() };
        let Some(moment) = place.render.tick_at(now, &place.arrivals).map(Moment::of) else {
            return Vec::new();
        };
        let own = place.prediction.as_ref().and_then(|own| Some((own.id(), own.shown(schema)?)));
        let mut shown = Vec::new();
        for history in self.streams.histories(moment.tick()) {
            self.interpolate(
                schema,
                place.tick_rate,
                history,
                moment,
                own.as_ref().map(|(id, _)| *id),
                &mut shown,
            );
        }
        shown.extend(own);
        shown.sort_by_key(|(id, _)| *id);
        shown.dedup_by_key(|(id, _)| *id);
        shown
    }

    fn interpolate(
        &self,
        schema: &Schema,
        rate: TickRate,
        history: &History,
        moment: Moment,
        own: Option<EntityId>,
        shown: &mut Vec<(EntityId, G::Entity)>,
    ) {
        let older = history.at_or_before(moment.tick()).or_else(|| history.after(moment.tick()));
        let Some(older) = older else { return };
        let newer = history.after(older.tick).filter(|_| older.tick <= moment.tick());
        let (mut row, mut next) = (Vec::new(), Vec::new());
        let passed = moment.0 - Moment::of(f64::from(older.tick.0)).0;
        for from in older.rows().filter(|row| Some(row.id) != own) {
            let (Some(kind), Some(plan)) = (schema.kind(from.kind), schema.plan(from.kind)) else { continue };
            let to = newer.and_then(|newer| newer.get(from.id)).filter(|to| to.kind == from.kind);
            match (to, newer) {
                (Some(to), Some(newer)) => {
                    let whole = newer.tick.since(older.tick) * super::interpolation::FRACTIONS;
                    between(kind, from.values, to.values, passed.clamp(0, whole), whole, &mut row);
                }
                _ => beyond(kind, plan, from.values, rate, passed, &mut row, &mut next),
            }
            if fits(schema, from.kind, &row)
                && let Some(entity) = G::Entity::read_row(from.kind, &row)
            {
                shown.push((from.id, entity));
            }
        }
    }
}
