//! The end of a step: an update for each member that is ready and due.

use super::member::Member;
use super::{Outbox, Room, RoomStats};
use crate::entity::{Input, Schema};
use crate::game::Game;
use crate::limits::HASH_PERIOD_TICKS;
use crate::snapshot::StreamEncoder;
use crate::tick::{Tick, TickRate};
use crate::wire::update::{Private, Timing, UpdateWriter};
use crate::wire::{Close, CloseCode};
use core::time::Duration;

impl<G: Game> Room<G> {
    pub(super) fn serve(&mut self, now: Duration, outbox: &mut impl Outbox) {
        self.close_overflowed(outbox);
        let (tick, rate) = (self.tick, self.config.tick_rate);
        for member in &mut self.members {
            let Some(link) = &mut member.link else { continue };
            link.commands = 0;
            let base = link.base;
            if self.encoder.is_as_predicted(&self.schema, base) && !member.has_news(tick, rate) {
                self.stats.quiet += 1;
                member.pass(tick);
            } else if !outbox.ready(member.id) {
                self.stats.skips_full += 1;
            } else if !member.is_due(tick, rate) {
                self.stats.skips_lag += 1;
            } else {
                let moment = Moment { tick, now, rate };
                let (encoder, stats) = (&mut self.encoder, &mut self.stats);
                if write_update(&mut self.message, member, encoder, &self.schema, moment, stats) {
                    stats.updates += 1;
                    stats.update_bytes += self.message.len() as u64;
                    outbox.update(member.id, &self.message);
                }
            }
        }
        self.stats.entities_encoded = self.encoder.entities_encoded();
        if !self.keeps_states {
            self.forget_states();
        }
    }

    /// Forgets the states from which no packet will start, but the hashed ones, which a repair may ask for.
    fn forget_states(&mut self) {
        let links = || self.members.iter().filter_map(|member| member.link.as_ref());
        self.encoder.retain(|state| {
            state.0.is_multiple_of(HASH_PERIOD_TICKS) || links().any(|link| link.base == Some(state))
        });
    }

    /// A member that missed a reliable event can no longer be given all of them in order.
    fn close_overflowed(&mut self, outbox: &mut impl Outbox) {
        while let Some(at) =
            self.members.iter().position(|member| member.link.is_some() && member.events.overflowed)
        {
            if let Some(member) = self.members.get(at) {
                let text = "too many reliable events wait for an acknowledgement; join anew";
                outbox.close(member.id, Close::new(CloseCode::TooSlow, text));
            }
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

/// Writes the update of `member` over `message`. `false` if there is none.
fn write_update<I: Input>(
    message: &mut Vec<u8>,
    member: &mut Member<I>,
    encoder: &mut StreamEncoder,
    schema: &Schema,
    moment: Moment,
    stats: &mut RoomStats,
) -> bool {
    let Some(link) = member.link.as_mut() else { return false };
    let repair = link.repair.take().and_then(|(_, tick)| encoder.repair(schema, tick));
    // A client whose state is wrong starts anew from a keyframe: what it holds is no baseline.
    let baseline = if repair.is_some() { None } else { link.base };
    let packet = if encoder.is_as_predicted(schema, baseline) {
        None
    } else {
        let Some(packet) = encoder.packet(schema, baseline) else { return false };
        link.base = Some(moment.tick);
        Some(packet)
    };
    let private = private(member, moment, stats);
    if let Some(link) = &mut member.link {
        link.sent(moment.tick);
    }
    stats.repairs += u64::from(repair.is_some());
    let mut writer = UpdateWriter::reuse(core::mem::take(message), &private);
    for packet in repair.iter().chain(&packet) {
        writer.packet(&packet.bytes);
    }
    *message = writer.finish();
    if let Some(packet) = packet {
        stats.stream_bytes += packet.payload_bytes as u64;
        if packet.keyframe {
            stats.keyframes += 1;
            stats.keyframe_bytes += message.len() as u64;
        }
    }
    true
}

fn private<I: Input>(member: &mut Member<I>, moment: Moment, stats: &mut RoomStats) -> Private {
    let mut private = Private { tick: moment.tick, ..Private::default() };
    if let Some(link) = &mut member.link {
        private.quiet = link.quiet;
        private.timing = link.arrival.take().map(|arrival| {
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
            private.input_applied = player.inputs.applied;
            private.counts = player.inputs.take_counts();
            stats.inputs.held = stats.inputs.held.saturating_add(private.counts.held);
        }
    }
    if member.events.has_unsent() {
        private.events = member.events.unsent();
        stats.events += private.events.items.len() as u64;
    }
    private
}
