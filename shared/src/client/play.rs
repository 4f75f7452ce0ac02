//! In the room: updates in, inputs and frames out.

use super::frames_in_flight::stamp;
use super::interpolation::{FRACTIONS, FractionalTick};
use super::predicted_spawns::OwnStep;
use super::reliable::EventOrder;
use super::stats::{SAMPLES_MAX, Sample};
use super::view::{others_shown, state_in};
use super::visual::Correction;
use super::{Client, ClientError, ClientEvent, ClientGame, State};
use crate::coding::codec;
use crate::limits::{INPUT_HOLD_MS_MAX, INPUTS_PER_FRAME_MAX, MEMBERS_MAX, QUIET_MS_MAX};
use crate::tick::Tick;
use crate::wire::DecodeError;
use crate::wire::control::{ReliableEvent, RosterEntry};
use crate::wire::frame::{ClientFrame, Numbered};
use crate::wire::update::{Private, Timing, Update};
use core::time::Duration;

/// The longest time without a frame.
const QUIET: Duration = Duration::from_millis(QUIET_MS_MAX);
/// A server that has been silent for this long may not be reading either: it is stalled, or the path to it
/// is.
const SILENCE: Duration = Duration::from_millis(4 * QUIET_MS_MAX);
/// During that silence, frames are made at most this often. They do not pile up, so the server does not read
/// the newest inputs last when it resumes. If only the downlink is stalled, the server keeps holding the last
/// input.
const SILENT_FRAME_PERIOD: Duration = Duration::from_millis(INPUT_HOLD_MS_MAX as u64);
/// Corrections of the player's own entity below this, in units of its position, are not counted: they are
/// invisible.
pub const CORRECTION_UNITS: f32 = 0.25;
/// A rendered frame that is older than this when an input is made is not what the player saw, ms.
const SEEN_AGE_MS_MAX: u64 = 250;

impl<G: ClientGame> Client<G> {
    pub(super) fn on_update(&mut self, now: Duration, message: &[u8]) -> Result<(), ClientError> {
        if self.state != State::Playing {
            return Err(ClientError::Unexpected);
        }
        let update = Update::decode(message)?;
        self.stats.updates += 1;
        self.stats.rate_step = update.private.rate_step;
        self.on_streams(now, &update)?;
        self.on_inputs(now, &update.private)?;
        if let Some(number) = update.private.command_ack {
            self.stats.commands_confirmed += self.reliable.commands.confirmed(number)?;
        }
        self.on_events(update.private.events)
    }

    /// Decodes the packets.
    fn on_streams(&mut self, now: Duration, update: &Update<'_>) -> Result<(), ClientError> {
        let (Some(schema), Some(room)) = (&self.types.schema, &mut self.room) else {
            return Err(ClientError::Unexpected);
        };
        let (tick, quiet) = (update.private.tick, update.private.quiet);
        let newest = self.streams.newest();
        if let (1.., Some(newest)) = (quiet, newest) {
            let until = newest.offset(i64::from(quiet));
            if until >= tick {
                return Err(DecodeError::BadSnapshot.into());
            }
            self.streams.confirm(schema, until, &mut self.stats);
            self.stats.quiet_ticks += u64::from(quiet);
        }
        if newest.is_some_and(|newest| newest >= tick) {
            return Err(DecodeError::BadSnapshot.into());
        }
        self.streams.wait(schema, tick, &update.private.waiting)?;
        self.streams.drop_streams(tick, &update.private.dropped);
        let mut answer = None;
        for packet in &update.streams {
            let message = self.streams.receive(schema, now, packet, &mut self.stats)?;
            answer = message.or(answer);
        }
        self.streams.confirm(schema, tick, &mut self.stats);
        self.streams.settle(tick, &update.private.waiting.released);
        self.stats.snapshots += u64::from(quiet) + 1;
        self.stats.jitter = room.clocks.arrivals.jitter();
        self.stats.streams_waiting += self.streams.waiting() as u64;
        let known = newest.unwrap_or(tick.offset(-1)).offset(i64::from(quiet));
        if room.clocks.arrivals.arrived(now, known) {
            room.clocks.inputs.forget();
        }
        self.stats.frames_starved += room.starved.confirmed(known);
        if let Some(before) = room.clocks.snapshot_at.replace(now) {
            // A quiet tick counts as a state that arrived on time.
            let mut gap = now.saturating_sub(before);
            for _ in 0..quiet.min(SAMPLES_MAX as u32) {
                self.samples.push(&mut self.stats, Sample::SnapshotGap(room.tick_rate.period()));
                gap = gap.saturating_sub(room.tick_rate.period());
            }
            self.samples.push(&mut self.stats, Sample::SnapshotGap(gap));
        }
        if let Some(message) = answer {
            self.queue_control(&message);
        }
        Ok(())
    }

    fn on_inputs(&mut self, now: Duration, private: &Private) -> Result<(), ClientError> {
        self.stats.inputs.add(private.counts);
        if let Some(entity) = private.controls {
            self.control(entity)?;
        }
        if let (Some(own), Some(schema), Some(room)) = (&private.own, &self.types.schema, &mut self.room) {
            room.own.told.apply(schema, own)?;
        }
        if let Some(timing) = private.timing {
            self.on_timing(now, private.tick, timing);
        }
        self.on_applied(now, private);
        self.reconcile(private);
        Ok(())
    }

    /// Processes what the server did with the inputs.
    fn on_applied(&mut self, now: Duration, private: &Private) {
        let Some(room) = &mut self.room else { return };
        let followed = room.input_traces.awaited();
        let was_late = followed.is_some_and(|tick| self.inputs.is_among_late(tick, private.counts.late));
        self.inputs.late(private.counts.late);
        if let Some(applied) = private.input_applied {
            for made in self.inputs.applied(applied).filter(|made| made.changed) {
                let sample = Sample::InputToEffect(now.saturating_sub(made.at));
                self.samples.push(&mut self.stats, sample);
            }
        }
        let in_time = followed.filter(|tick| private.input_applied.is_some_and(|applied| applied >= *tick));
        if let Some(applied) = if was_late { Some(private.tick) } else { in_time } {
            let [applied, snapshot] =
                [applied, private.tick].map(|tick| (tick, room.clocks.time_of(now, f64::from(tick.0))));
            room.input_traces.decoded(now, applied, snapshot);
        }
    }

    /// Compares the predictions with the server's state.
    fn reconcile(&mut self, private: &Private) {
        let (Some(schema), Some(room)) = (&self.types.schema, &mut self.room) else { return };
        // A missing entity may be in a stream that has to wait, or that waits for a repair.
        let is_whole = self.streams.waiting() == 0 && self.streams.is_whole();
        let waits = self.inputs.is_late(private.tick) || !is_whole;
        room.own.spawns.reconcile::<G>(&self.streams, private.tick, waits, &mut self.stats);
        let (Some(prediction), Some(rules)) = (&mut room.own.prediction, &room.rules) else { return };
        let row = self.streams.row(private.tick, prediction.id()).map(|row| (row.kind, row.values));
        if row.is_none() && !is_whole {
            return;
        }
        let row = row.map(|(kind, values)| {
            room.own.row.clear();
            room.own.row.extend_from_slice(values);
            room.own.told.fill(schema, kind, &mut room.own.row);
            (kind, &room.own.row[..])
        });
        let (compared, correction) = prediction.reconcile(schema, rules, &self.inputs, private.tick, row);
        match correction {
            Some(Correction::Smoothed(units)) if units > CORRECTION_UNITS => self.stats.corrections += 1,
            Some(Correction::Snapped) => self.stats.corrections_snapped += 1,
            _ => {}
        }
        if let Some(compared) = compared {
            self.stats.predictions += 1;
            self.stats.predictions_wrong += u64::from(!compared.equal);
            self.samples.push(&mut self.stats, Sample::PredictionError(compared.error_units));
        }
    }

    fn on_timing(&mut self, now: Duration, tick: Tick, timing: Timing) {
        let Some(room) = &mut self.room else { return };
        let Some(sent) =
            room.frames.in_flight.take(timing.stamp_ms).filter(|_| timing.wait < Timing::WAIT_MAX)
        else {
            return;
        };
        let wait = room.tick_rate.period() * u32::from(timing.wait) / 256;
        let rtt = now.saturating_sub(sent.at).saturating_sub(wait);
        self.samples.push(&mut self.stats, Sample::RoundTrip(rtt));
        self.stats.rtt = Some(match self.stats.rtt {
            Some(smoothed) => (smoothed * 7 + rtt) / 8,
            None => rtt,
        });
        let came_at = f64::from(tick.0) - f64::from(timing.wait) / 256.0;
        room.clocks.inputs.feedback(now, sent.at, came_at, f64::from(timing.margin) / 256.0);
        room.input_traces.received(sent.at, room.clocks.time_of(now, came_at));
        self.stats.margin_ticks = room.clocks.inputs.margin_ticks();
        self.stats.jitter_up = room.clocks.inputs.jitter();
    }

    fn on_events(&mut self, events: Numbered) -> Result<(), ClientError> {
        for (bytes, ahead) in events.items.iter().zip(0..) {
            let number = events.first.wrapping_add(ahead);
            match self.reliable.events.take(number) {
                EventOrder::Repeated => {
                    self.stats.events_repeated += 1;
                    continue;
                }
                // Too late: events are delivered in order.
                EventOrder::Reordered => {
                    self.stats.events_reordered += 1;
                    self.stats.events_lost = self.stats.events_lost.saturating_sub(1);
                    continue;
                }
                EventOrder::Next { lost } => self.stats.events_lost += u64::from(lost),
            }
            self.stats.events += 1;
            let event = match codec::decode(bytes)? {
                ReliableEvent::Game(bytes) => ClientEvent::Game(codec::decode_data(&bytes)?),
                ReliableEvent::PlayerJoined(entry) => {
                    self.enter(entry.clone());
                    ClientEvent::PlayerJoined(entry)
                }
                ReliableEvent::PlayerLeft(player) => {
                    self.roster.retain(|entry| entry.player != player);
                    self.follows = self.follows.filter(|followed| *followed != player);
                    ClientEvent::PlayerLeft(player)
                }
                ReliableEvent::PlayerControls { player, entity } => {
                    // For its own player the private section says it, in the exact tick.
                    if self.player() != Some(player) {
                        self.change(player, entity)?;
                    }
                    continue;
                }
                ReliableEvent::EventsDropped(count) => {
                    self.stats.events_dropped += u64::from(count);
                    ClientEvent::EventsDropped(count)
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

    /// Makes the inputs that are due at `now`, and predicts with them.
    pub fn advance(&mut self, now: Duration) {
        self.times.now = self.times.now.max(now);
        let Some(room) = &mut self.room else { return };
        if self.state != State::Playing || self.outgoing.leaving {
            return;
        }
        room.clocks.advance(now);
        let moment = room.clocks.moment_at(now);
        if let (Some(moment), Some(newest)) = (moment, self.streams.newest()) {
            if let Some(server) = room.clocks.server_tick_at(now) {
                let ticks = (server - moment.0 as f64 / FRACTIONS as f64).max(0.0);
                self.stats.view_delay = Duration::from_secs_f64(ticks / f64::from(room.tick_rate.hz()));
            }
            room.input_traces.shown(now, moment);
            if let Some(schema) = &self.types.schema {
                room.own.spawns.advance(schema, moment, room.clocks.inputs.part_at(now));
            }
            self.stats.frames += 1;
            self.stats.frames_starved += room.starved.shown(moment, newest);
        }
        if room.player.is_none() {
            if now >= room.frames.next_at {
                room.frames.next_at = now + QUIET.max(room.tick_rate.period());
                self.outgoing.frame_due = true;
            }
            return;
        }
        self.stats.clock_jumps += room.clocks.inputs.take_jumps();
        while let Some(tick) = self.room.as_mut().and_then(|room| room.clocks.inputs.poll(now)) {
            let seen = self.make_input(now, tick, moment);
            self.predict(tick, seen);
        }
    }

    /// Makes the input for `tick`. Returns at which moment its player saw the others; `moment` is that of the
    /// present frame.
    fn make_input(
        &mut self,
        now: Duration,
        tick: Tick,
        moment: Option<FractionalTick>,
    ) -> Option<FractionalTick> {
        let room = self.room.as_mut()?;
        self.stats.inputs_made += 1;
        // Every frame carries an input, so that its margin gives the clock feedback.
        let speaks = now + room.tick_rate.period() > room.frames.last_at + QUIET
            || self.reliable.commands.has_unsent()
            || self.reliable.events.has_news();
        self.stats.inputs_dropped += self.inputs.make(tick, now, speaks);
        if let Some(pressed_at) = self.inputs.take_pressed() {
            room.input_traces.made(tick, pressed_at, now);
        }
        self.outgoing.frame_due |= self.inputs.has_unsent();
        let age_max = i64::from(room.tick_rate.ticks_covering(SEEN_AGE_MS_MAX)) * FRACTIONS;
        room.view_ticks.take(tick, moment, age_max)
    }

    /// Predicts the player's own entity, and what it spawns, for `tick`. A client that does not know the
    /// game's step predicts nothing.
    fn predict(&mut self, tick: Tick, seen: Option<FractionalTick>) {
        let Some(room) = &mut self.room else { return };
        let (Some(prediction), Some(rules)) = (&mut room.own.prediction, &room.rules) else { return };
        prediction.step(rules, &self.inputs, tick);
        let (Some(schema), Some((player, _)), Some(own), Some(input)) =
            (&self.types.schema, room.player, prediction.entity(), self.inputs.newest_input())
        else {
            return;
        };
        let (own_id, rate) = (prediction.id(), room.tick_rate);
        let others = || match seen {
            Some(moment) => others_shown::<G>(schema, rate, &self.streams, moment, own_id),
            None => Vec::new(),
        };
        let state = state_in::<G>(&self.streams, schema);
        let step = OwnStep {
            tick,
            player,
            own,
            input: &**input,
            scene: rules.scene(),
            state: state.as_ref(),
            shown: seen.map(|moment| moment.tick()),
            others: &others,
        };
        room.own.spawns.step::<G>(schema, &self.streams, &step, &mut self.stats);
    }

    /// When [`Client::advance`] has work next; `None` outside a room.
    #[must_use]
    pub fn next_input_at(&self) -> Option<Duration> {
        let room = self.room.as_ref().filter(|_| self.state == State::Playing && !self.outgoing.leaving)?;
        Some(if room.player.is_some() { room.clocks.inputs.next_at() } else { room.frames.next_at })
    }

    /// The frame that is due. Inputs that the driver did not take in time go into one frame.
    pub(super) fn take_frame(&mut self) -> Option<Vec<u8>> {
        if !self.outgoing.frame_due || self.state != State::Playing {
            return None;
        }
        let room = self.room.as_mut()?;
        let silent = self.times.now.saturating_sub(self.times.heard_at) >= SILENCE;
        if silent && self.times.now.saturating_sub(room.frames.last_at) < SILENT_FRAME_PERIOD {
            return None;
        }
        room.frames.last_at = self.times.now;
        room.frames.in_flight.push(self.times.now);
        let inputs = self.inputs.take_unsent(INPUTS_PER_FRAME_MAX);
        if let Some((newest, _)) = inputs.last() {
            room.input_traces.sent(self.times.now, *newest);
        }
        let view = match inputs.last() {
            Some((newest, _)) => room.view_ticks.on_confirmed(*newest),
            None => room.clocks.moment_at(self.times.now),
        };
        let frame = ClientFrame {
            stamp_ms: stamp(self.times.now),
            steady: true,
            // Only updates of this connection: the server knows nothing of earlier acknowledgements.
            snapshot_ack: room.clocks.snapshot_at.and_then(|_| self.streams.newest()),
            event_ack: self.reliable.events.acknowledge(),
            view: view.map(|moment| (moment.tick(), moment.fraction())),
            commands: self.reliable.commands.take(),
            inputs,
        };
        self.outgoing.frame_due = self.inputs.has_unsent();
        Some(frame.encode())
    }
}
