//! The end of a step: an update for each member that is ready and due.

use super::event::Hold;
use super::member::Member;
use super::reports::Repaired;
use super::streams::Streams;
use super::view::Looked;
use super::{Outbox, Room, RoomStats};
use crate::entity::Input;
use crate::game::{Game, LeaveReason};
use crate::id::{EntityId, StreamId};
use crate::limits::{
    ACK_LOST_MS, HASH_PERIOD_TICKS, OUTBOUND_BYTES_MAX, PRIVATE_BYTES_MAX, VIEW_STREAMS_MAX,
};
use crate::snapshot::interest::group_of_stream;
use crate::snapshot::{Interest, OwnTold, Packet, Reach, View};
use crate::tick::{Tick, TickRate};
use crate::wire::update::{Private, Timing, UpdateWriter};
use crate::wire::{Advice, Close, CloseCode};
use core::time::Duration;

/// How often a room of many streams checks which states it can discard, ticks.
const FORGET_PERIOD_TICKS: u32 = 8;

impl<G: Game> Room<G> {
    pub(super) fn serve(&mut self, now: Duration, outbox: &mut impl Outbox) {
        self.close_overflowed(outbox);
        self.close_lost(outbox);
        self.close_idle(outbox);
        let (tick, rate) = (self.time.tick, self.config.tick_rate);
        for at in 0..self.members.len() {
            self.look(at);
            self.load_own(at);
            let Some(member) = self.members.get_mut(at) else { break };
            let Some(connection) = &mut member.connection else { continue };
            connection.view.earn(self.config.client_bytes_per_s, tick, rate);
            let predicted = connection.view.is_as_predicted(&mut self.streams, &self.plan.schema);
            let own_news = self.scratch.own.is_news(&self.plan.schema, &connection.own);
            let has_news = own_news || member.has_news(tick, rate);
            if predicted && !has_news {
                self.stats.quiet += 1;
                member.pass(tick);
            } else if !member.is_due_by_pace(tick) {
                self.stats.skips_pace += 1;
            } else if !outbox.ready(member.id) {
                self.stats.skips_full += 1;
                member.note(tick, rate, true, &mut self.stats);
            } else if !member.is_due(tick, rate) {
                self.stats.skips_lag += 1;
                member.note(tick, rate, true, &mut self.stats);
            } else {
                self.update(at, StepTime { tick, now, rate }, has_news, outbox);
            }
        }
        if let Some(sampler) = &mut self.sampler {
            sampler.end_tick(tick, rate, &self.plan.schema, &self.streams);
        }
        self.stats.entities_encoded = self.streams.entities_encoded();
        if *self.streams.interest() == Interest::Whole || tick.0.is_multiple_of(FORGET_PERIOD_TICKS) {
            self.forget_states();
        }
        if tick.0.is_multiple_of(HASH_PERIOD_TICKS) {
            self.forget_repaired();
        }
    }

    /// Sends a member its update, unless everything in it must wait.
    fn update(&mut self, at: usize, moment: StepTime, has_news: bool, outbox: &mut impl Outbox) {
        let Some(id) = self.members.get(at).map(|member| member.id) else { return };
        if !self.write_update(at, moment, has_news) {
            self.stats.skips_budget += 1;
            return;
        }
        if let Some(member) = self.members.get_mut(at) {
            member.note(moment.tick, moment.rate, false, &mut self.stats);
        }
        let bytes = self.scratch.message.len();
        debug_assert!(bytes <= OUTBOUND_BYTES_MAX, "an update of {bytes} bytes");
        if bytes > OUTBOUND_BYTES_MAX {
            // No client would accept it. The client asks for a repair when the next packet's baseline is
            // missing.
            self.stats.updates_too_long += 1;
            return;
        }
        self.stats.updates += 1;
        self.stats.update_bytes += bytes as u64;
        outbox.update(id, &self.scratch.message);
        if let Some(sampler) = &mut self.sampler {
            sampler.sent(&self.scratch.message);
        }
    }

    /// What the game lets a member see now.
    pub(super) fn view_of(&self, member: &Member<G::Input>) -> View {
        let view = match &member.player {
            Some(player) => {
                (G::FEATURES.interest.view)(&self.game, &self.stage.world, player.id, player.entity)
            }
            None => (G::FEATURES.interest.spectator_view)(&self.game, &self.stage.world, member.follows),
        };
        View { reach: view.reach.after(member.reach), ..view }
    }

    /// The stream that is sent first: that of the player's entity, or of the entity that a spectator follows.
    fn first_stream(&self, member: &Member<G::Input>) -> Option<StreamId> {
        let own = member.player.as_ref().map(|player| player.entity);
        match self.streams.interest() {
            Interest::Whole => None,
            Interest::Cells(_) => {
                self.streams.of(own.or(member.follows.map(|(_, entity)| entity)).unwrap_or(EntityId::NONE))
            }
        }
    }

    /// Determines which streams a member sees in this tick.
    fn look(&mut self, at: usize) {
        let Some(member) = self.members.get(at) else { return };
        if member.connection.is_none() {
            // While it is disconnected, its reach is still updated.
            if *self.streams.interest() != Interest::Whole {
                let reach = self.view_of(member).reach;
                self.members.get_mut(at).into_iter().for_each(|member| member.reach = reach);
            }
            return;
        }
        match self.streams.interest() {
            Interest::Whole => {
                self.scratch.work.streams.clear();
                self.scratch.work.streams.push(StreamId::ROOM);
            }
            Interest::Cells(_) => {
                let view = self.view_of(member);
                let own = member.player.as_ref().and_then(|player| self.streams.of(player.entity));
                if !self.find_streams(at, view, own) {
                    return;
                }
            }
        }
        if let Some(connection) = self.members.get_mut(at).and_then(|member| member.connection.as_mut()) {
            connection.view.look(&self.scratch.work.streams, &self.scratch.work.left_out);
        }
    }

    /// Derives the streams of a view. Returns `false` if they are the same as before.
    fn find_streams(&mut self, at: usize, view: View, own: Option<StreamId>) -> bool {
        if view.reach == Reach::Everywhere {
            view.groups.iter().for_each(|group| self.streams.make_of_all(group, self.time.tick));
        }
        let Some(member) = self.members.get_mut(at) else { return false };
        member.reach = view.reach;
        let Some(connection) = &mut member.connection else { return false };
        // The stream of a whole group contains the player's entity. Under a budget the entity's cell is sent
        // first, so it is separate.
        let is_apart = self.config.client_bytes_per_s > 0 || view.reach != Reach::Everywhere;
        let own = own.filter(|own| is_apart || !view.groups.contains(group_of_stream(*own)));
        if connection.view.is_unchanged(Looked { view, own, generation: self.streams.generation() }) {
            return false;
        }
        let before = |stream| connection.view.sees(stream);
        let (seen, left_out) = (&mut self.scratch.work.streams, &mut self.scratch.work.left_out);
        self.stats.streams_left_out += self.streams.seen(&view, own, before, seen, left_out) as u64;
        self.stats.views_found += 1;
        true
    }

    /// Writes the update of a member to `message`. Returns `false` if everything must wait and there is no
    /// other news.
    fn write_update(&mut self, at: usize, moment: StepTime, has_news: bool) -> bool {
        let first = self.members.get(at).and_then(|member| self.first_stream(member));
        let repair = self.take_repair(at, moment.tick);
        let Some(member) = self.members.get_mut(at) else { return false };
        let Some(connection) = &mut member.connection else { return false };
        let view = connection.view.view();
        let urgency = |streams: &Streams, stream| {
            streams.urgency(&view, stream, (G::FEATURES.interest.importance)(group_of_stream(stream)))
        };
        connection.view.pack(
            &mut self.streams,
            &self.plan.schema,
            moment.tick,
            first,
            urgency,
            &mut self.scratch.work,
        );
        if self.scratch.work.packets.is_empty() && !has_news && repair.is_none() && connection.view.is_told()
        {
            return false;
        }
        let own = self.scratch.own.update(&self.plan.schema, &mut connection.own);
        let waiting = connection.view.tell_waiting(&self.streams, &mut self.scratch.work);
        let private = Private { own, waiting, ..private(member, moment, &mut self.stats) };
        let mut writer = UpdateWriter::reuse(core::mem::take(&mut self.scratch.message), &private);
        let repair = repair.filter(|packet| fits_beside(&self.scratch.work.packets, packet));
        self.stats.repairs += u64::from(repair.is_some());
        for packet in repair.iter().chain(&self.scratch.work.packets) {
            writer.packet(&packet.bytes);
        }
        self.scratch.message = writer.finish();
        if let Some(connection) = &mut member.connection {
            connection.delivery.sent(moment.tick);
            if let Some(floor) = connection.view.spend(self.scratch.message.len(), &self.scratch.work) {
                self.stats.floor_bytes += floor.bytes as u64;
                self.stats.floors_above_budget += u64::from(floor.is_above_budget);
            }
            self.stats.entities_not_held += connection.view.take_not_held();
            self.stats.streams_waiting += connection.view.waiting() as u64;
        }
        self.count_packets();
        true
    }

    /// The keyframe of an old tick, if the member asked for one and the state is still stored. The client's
    /// state is wrong, so the next packet of that stream is a keyframe, too.
    fn take_repair(&mut self, at: usize, now: Tick) -> Option<Packet> {
        let connection = self.members.get_mut(at)?.connection.as_mut()?;
        let (stream, tick) = connection.repairs.wanted.take()?;
        connection.view.forget(stream);
        connection.own = OwnTold::default();
        let encoder = &mut self.streams.get_mut(stream)?.encoder;
        let packet = encoder.repair(&self.plan.schema, tick)?;
        let state = encoder.history().get(tick).cloned();
        connection.repairs.sent = state.map(|state| Box::new(Repaired { stream, state, at: now }));
        Some(packet)
    }

    /// Counts the packets of the update that was written last.
    fn count_packets(&mut self) {
        let mut keyframe = false;
        for packet in &self.scratch.work.packets {
            self.stats.stream_bytes += packet.payload_bytes as u64;
            keyframe |= packet.keyframe;
            self.stats.keyframes_plain += u64::from(packet.plain);
        }
        self.stats.keyframes += u64::from(keyframe);
        self.stats.keyframe_bytes += if keyframe { self.scratch.message.len() as u64 } else { 0 };
    }

    /// Discards states that will not be a packet's baseline, except the hashed ones, for which a repair may
    /// ask.
    fn forget_states(&mut self) {
        let connections = || self.members.iter().filter_map(|member| member.connection.as_ref());
        let newest = self.time.tick;
        self.streams.forget(newest, self.keeps_states, |stream, state| match state {
            Some(state) => {
                state.0.is_multiple_of(HASH_PERIOD_TICKS)
                    || connections().any(|connection| connection.view.base(stream) == Some(state))
            }
            None => connections().any(|connection| connection.view.knows(stream)),
        });
    }

    /// Closes clients that send frames but acknowledge nothing; a player's seat is kept for the time to
    /// resume.
    fn close_lost(&mut self, outbox: &mut impl Outbox) {
        while let Some(member) = self
            .members
            .iter()
            .find(|member| member.connection.as_ref().is_some_and(|connection| connection.delivery.lost))
        {
            let id = member.id;
            let text = format!("no update was acknowledged for {} s", ACK_LOST_MS / 1_000);
            outbox.close(id, Close::new(CloseCode::TooSlow, &text));
            self.cut(id, Hold::Firm);
            self.stats.lost += 1;
        }
    }

    /// Closes members that missed a reliable event: they can no longer get all of them in order.
    fn close_overflowed(&mut self, outbox: &mut impl Outbox) {
        while let Some(at) =
            self.members.iter().position(|member| member.connection.is_some() && member.events.overflowed)
        {
            if let Some(member) = self.members.get(at) {
                let text = "too many reliable events are waiting for an acknowledgement; join again";
                let close = Close::new(CloseCode::TooSlow, text);
                outbox.close(member.id, Close { advice: Advice::RetryAfter(0), ..close });
            }
            self.stats.overflowed += 1;
            self.remove(at, LeaveReason::Removed);
        }
    }
}

/// Whether a repair fits into a message together with the other packets. Two keyframes of a large room exceed
/// the byte bound, and one more packet than those of the widest view exceeds the packet bound. Without the
/// repair the client still gets its new keyframe; only the difference is not determined.
fn fits_beside(packets: &[Packet], repair: &Packet) -> bool {
    let bytes: usize = packets.iter().map(|packet| packet.bytes.len()).sum();
    let left = OUTBOUND_BYTES_MAX.saturating_sub(PRIVATE_BYTES_MAX + bytes);
    repair.bytes.len() <= left && packets.len() < VIEW_STREAMS_MAX
}

/// The tick and time of a step.
#[derive(Clone, Copy)]
struct StepTime {
    tick: Tick,
    now: Duration,
    rate: TickRate,
}

fn private<I: Input>(member: &mut Member<I>, moment: StepTime, stats: &mut RoomStats) -> Private {
    let mut private = Private { tick: moment.tick, ..Private::default() };
    if let Some(connection) = &mut member.connection {
        private.quiet = connection.delivery.quiet;
        private.rate_step = connection.delivery.pace.step();
        private.dropped = connection.view.take_dropped();
        // A frame that arrived after the tick was due, because its step was late, is reported with the next
        // update.
        private.timing = connection.arrival.take_if(|arrival| arrival.at <= moment.now).map(|arrival| {
            let wait = moment.rate.ticks_in(moment.now.saturating_sub(arrival.at)) * 256.0;
            Timing {
                stamp_ms: arrival.stamp_ms,
                wait: wait.min(f64::from(Timing::WAIT_MAX)) as u16,
                margin: arrival.margin,
            }
        });
        if let Some(player) = &mut member.player {
            if core::mem::take(&mut connection.command_ack_due) {
                private.command_ack = Some(player.commands_received);
            }
            if connection.controls != player.entity {
                connection.controls = player.entity;
                private.controls = Some(player.entity);
            }
            private.input_applied = player.inputs.applied;
            private.counts = player.inputs.take_counts();
            stats.inputs.held += u64::from(private.counts.held);
        }
    }
    if member.events.has_unsent() {
        private.events = member.events.unsent();
        stats.events += private.events.items.len() as u64;
    }
    private
}
