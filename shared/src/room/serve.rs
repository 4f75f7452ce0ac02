//! The end of a step: an update for each member that is ready and due.

use super::event::Hold;
use super::member::Member;
use super::reports::Repaired;
use super::streams::Streams;
use super::{Outbox, Room, RoomStats};
use crate::entity::Input;
use crate::game::Game;
use crate::id::StreamId;
use crate::limits::{ACK_LOST_MS, HASH_PERIOD_TICKS, OUTBOUND_BYTES_MAX, PRIVATE_BYTES_MAX};
use crate::snapshot::interest::group_of_stream;
use crate::snapshot::{Interest, OwnTold, Packet, View};
use crate::tick::{Tick, TickRate};
use crate::wire::update::{Private, Timing, UpdateWriter};
use crate::wire::{Advice, Close, CloseCode};
use core::time::Duration;

/// How often the states of a room of many streams are looked through for those that can be forgotten, ticks.
const FORGET_PERIOD_TICKS: u32 = 8;

impl<G: Game> Room<G> {
    pub(super) fn serve(&mut self, now: Duration, outbox: &mut impl Outbox) {
        self.close_overflowed(outbox);
        self.close_lost(outbox);
        self.close_idle(outbox);
        let (tick, rate) = (self.tick, self.config.tick_rate);
        for at in 0..self.members.len() {
            self.look(at);
            self.load_own(at);
            let Some(member) = self.members.get_mut(at) else { break };
            let Some(link) = &mut member.link else { continue };
            let budget = self.config.client_bytes_per_s;
            if budget > 0 {
                link.sight.earn(budget, rate.hz());
            }
            let overdrawn = budget > 0 && link.sight.is_overdrawn();
            let predicted = link.sight.is_as_predicted(&mut self.streams, &self.schema);
            let own_news = self.own.is_news(&self.schema, &link.own);
            let has_news = own_news || member.has_news(tick, rate);
            if predicted && !has_news {
                self.stats.quiet += 1;
                member.pass(tick);
            } else if !member.is_paced(tick) {
                self.stats.skips_pace += 1;
            } else if !outbox.ready(member.id) {
                self.stats.skips_full += 1;
                member.note(tick, rate, true, &mut self.stats);
            } else if !member.is_due(tick, rate) {
                self.stats.skips_lag += 1;
                member.note(tick, rate, true, &mut self.stats);
            } else if overdrawn && !has_news {
                self.stats.skips_budget += 1;
            } else {
                let id = member.id;
                member.note(tick, rate, false, &mut self.stats);
                self.write_update(at, Moment { tick, now, rate });
                debug_assert!(
                    self.message.len() <= OUTBOUND_BYTES_MAX,
                    "an update of {} bytes",
                    self.message.len()
                );
                if self.message.len() > OUTBOUND_BYTES_MAX {
                    // No client would take it. It asks for a repair when the next packet starts from what it has not.
                    self.stats.updates_too_long += 1;
                    continue;
                }
                self.stats.updates += 1;
                self.stats.update_bytes += self.message.len() as u64;
                outbox.update(id, &self.message);
                if let Some(sampler) = &mut self.sampler {
                    sampler.sent(&self.message);
                }
            }
        }
        if let Some(sampler) = &mut self.sampler {
            sampler.end_tick(tick, rate, &self.schema, &self.streams);
        }
        self.stats.entities_encoded = self.streams.entities_encoded();
        if *self.streams.interest() == Interest::Whole || tick.0.is_multiple_of(FORGET_PERIOD_TICKS) {
            self.forget_states();
        }
        if tick.0.is_multiple_of(HASH_PERIOD_TICKS) {
            self.forget_repaired();
        }
    }

    /// What the game lets a member see now.
    pub(super) fn view_of(&self, member: &Member<G::Input>) -> View {
        match &member.player {
            Some(player) => self.game.view(&self.world, player.id, player.entity),
            None => self.game.spectator_view(&self.world, member.follows),
        }
    }

    /// Finds out which streams a member sees in this tick.
    fn look(&mut self, at: usize) {
        let Some(member) = self.members.get(at) else { return };
        let Some(link) = &member.link else { return };
        match self.streams.interest() {
            Interest::Whole => {
                self.work.streams.clear();
                self.work.streams.push(StreamId::ROOM);
            }
            Interest::Cells(_) => {
                let view = self.view_of(member);
                let own = member.player.as_ref().map(|player| player.entity);
                let before = |stream| link.sight.sees(stream);
                self.streams.seen(&view, own, before, &mut self.work.streams);
            }
        }
        if let Some(link) = self.members.get_mut(at).and_then(|member| member.link.as_mut()) {
            link.sight.look(&self.work.streams);
        }
    }

    /// Writes the update of a member over `message`.
    fn write_update(&mut self, at: usize, moment: Moment) {
        let budget = self.config.client_bytes_per_s;
        let view = match self.members.get(at) {
            Some(member) if budget > 0 => self.view_of(member),
            _ => View::default(),
        };
        let Some(member) = self.members.get_mut(at) else { return };
        let Some(link) = &mut member.link else { return };
        let repair = link.repair.take().and_then(|(stream, tick)| {
            // A client whose state is wrong starts anew from a keyframe: what it holds is no baseline.
            link.sight.forget(stream);
            link.own = OwnTold::default();
            let encoder = &mut self.streams.get_mut(stream)?.encoder;
            let packet = encoder.repair(&self.schema, tick)?;
            let state = encoder.history().get(tick).cloned();
            link.repaired = state.map(|state| Box::new(Repaired { stream, state, at: moment.tick }));
            Some(packet)
        });
        let urgency = |streams: &Streams, stream| {
            streams.urgency(&view, stream, G::importance(group_of_stream(stream)))
        };
        let urgency = (budget > 0).then_some(urgency);
        link.sight.pack(&mut self.streams, &self.schema, moment.tick, urgency, &mut self.work);
        let own = self.own.tell(&self.schema, &mut link.own);
        let private = Private { own, ..private(member, moment, &mut self.stats) };
        let mut writer = UpdateWriter::reuse(core::mem::take(&mut self.message), &private);
        // Two keyframes of a large room exceed a message. Then the client has the new one, and the fault is not looked into.
        let packets_bytes =
            |packets: &[Packet]| packets.iter().map(|packet| packet.bytes.len()).sum::<usize>();
        let room_for_repair =
            OUTBOUND_BYTES_MAX.saturating_sub(PRIVATE_BYTES_MAX + packets_bytes(&self.work.packets));
        let repair = repair.filter(|packet| packet.bytes.len() <= room_for_repair);
        self.stats.repairs += u64::from(repair.is_some());
        for packet in repair.iter().chain(&self.work.packets) {
            writer.packet(&packet.bytes);
        }
        self.message = writer.finish();
        if let Some(link) = &mut member.link {
            link.sent(moment.tick);
            if budget > 0 {
                link.sight.spend(self.message.len());
            }
            self.stats.deferred += link.sight.deferred.len() as u64;
        }
        let mut keyframe = false;
        for packet in &self.work.packets {
            self.stats.stream_bytes += packet.payload_bytes as u64;
            keyframe |= packet.keyframe;
            self.stats.keyframes_plain += u64::from(packet.plain);
        }
        self.stats.keyframes += u64::from(keyframe);
        self.stats.keyframe_bytes += if keyframe { self.message.len() as u64 } else { 0 };
    }

    /// Forgets the states from which no packet will start, but the hashed ones, which a repair may ask for.
    fn forget_states(&mut self) {
        let links = || self.members.iter().filter_map(|member| member.link.as_ref());
        let newest = self.tick;
        self.streams.forget(newest, self.keeps_states, |stream, state| match state {
            Some(state) => {
                state.0.is_multiple_of(HASH_PERIOD_TICKS)
                    || links().any(|link| link.sight.base(stream) == Some(state))
            }
            None => links().any(|link| link.sight.base(stream).is_some()),
        });
    }

    /// A client that speaks and acknowledges nothing is given up; a player's place is kept for the time to resume.
    fn close_lost(&mut self, outbox: &mut impl Outbox) {
        while let Some(member) =
            self.members.iter().find(|member| member.link.as_ref().is_some_and(|link| link.lost))
        {
            let id = member.id;
            let text = format!("no update was acknowledged for {} s", ACK_LOST_MS / 1_000);
            outbox.close(id, Close::new(CloseCode::TooSlow, &text));
            self.cut(id, Hold::Firm);
            self.stats.lost += 1;
        }
    }

    /// A member that missed a reliable event can no longer be given all of them in order.
    fn close_overflowed(&mut self, outbox: &mut impl Outbox) {
        while let Some(at) =
            self.members.iter().position(|member| member.link.is_some() && member.events.overflowed)
        {
            if let Some(member) = self.members.get(at) {
                let text = "too many reliable events wait for an acknowledgement; join anew";
                let close = Close::new(CloseCode::TooSlow, text);
                outbox.close(member.id, Close { advice: Advice::RetryAfter(0), ..close });
            }
            self.stats.overflowed += 1;
            self.remove(at);
        }
    }
}

/// The tick and time of a step.
#[derive(Clone, Copy)]
struct Moment {
    tick: Tick,
    now: Duration,
    rate: TickRate,
}

fn private<I: Input>(member: &mut Member<I>, moment: Moment, stats: &mut RoomStats) -> Private {
    let mut private = Private { tick: moment.tick, ..Private::default() };
    if let Some(link) = &mut member.link {
        private.quiet = link.quiet;
        private.rate_step = link.pace.step();
        private.dropped = link.sight.take_dropped();
        private.deferred.clone_from(&link.sight.deferred);
        // What came after the tick was due, because its step was late, is told with the next.
        private.timing = link.arrival.take_if(|arrival| arrival.at <= moment.now).map(|arrival| {
            let held = moment.rate.ticks_in(moment.now.saturating_sub(arrival.at)) * 256.0;
            Timing {
                stamp_ms: arrival.stamp_ms,
                held: held.min(f64::from(Timing::HELD_MAX)) as u16,
                margin: arrival.margin,
            }
        });
        if let Some(player) = &mut member.player {
            if core::mem::take(&mut link.command_ack_due) {
                private.command_ack = Some(player.commands_received);
            }
            if link.controls != player.entity {
                link.controls = player.entity;
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
