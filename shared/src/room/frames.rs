//! The frames of members: acknowledgements, inputs and commands.

use super::Room;
use super::connection::{Arrival, MemberConnection};
use super::event::MemberFrame;
use super::idle::has_changed;
use super::member::Player;
use crate::game::Game;
use crate::id::MemberId;
use crate::limits::{QUIET_MS_MAX, window_ticks};
use crate::tick::{Tick, TickRate};
use crate::wire::frame::{ClientFrame, numbers_between};
use crate::wire::{Close, CloseCode};
use core::time::Duration;

/// How much later than expected the next frame of a steady client may arrive before its input counts as
/// missing, ms.
const STEADY_MS_SPARE: u64 = 66;

impl<G: Game> Room<G> {
    /// As [`Room::find`], usually without a search.
    fn find_sender(&mut self, member: MemberId) -> Option<usize> {
        let is_next = self.members.get(self.next_sender).is_some_and(|next| next.id == member);
        let at = if is_next { self.next_sender } else { self.find(member)? };
        self.next_sender = if at + 1 < self.members.len() { at + 1 } else { 0 };
        self.members.get(at).filter(|member| member.connection.is_some()).map(|_| at)
    }

    /// Takes what a frame of the member at this index says about updates and events.
    fn take_acks(
        &mut self,
        at: usize,
        frame: &ClientFrame<G::Input>,
        timed: bool,
        moment: ArrivalTime,
    ) -> Result<(), Close> {
        let Some(member) = self.members.get_mut(at) else { return Ok(()) };
        let Some(connection) = &mut member.connection else { return Ok(()) };
        self.stats.frames += 1;
        let acknowledges = match frame.snapshot_ack {
            Some(ack) => take_snapshot_ack(connection, ack, timed.then_some(moment))?,
            None => false,
        };
        connection.delivery.on_frame(moment.tick, moment.rate, acknowledges);
        member.activity.on_frame(self.time.steps);
        if frame.event_ack.is_some_and(|ack| !member.events.ack(ack)) {
            return Err(bad("the frame acknowledges an event that was never sent"));
        }
        if timed {
            let arrival = arrival(frame, moment);
            if arrival.told {
                self.stats.margins.add(arrival.margin);
            }
            connection.arrival = Some(arrival);
        }
        connection.delivery.steady = frame.steady;
        Ok(())
    }

    /// Handles a frame that arrived at `now`.
    pub(super) fn frame(
        &mut self,
        now: Duration,
        member: MemberId,
        frame: MemberFrame<G>,
    ) -> Result<(), Close> {
        let Some(at) = self.find_sender(member) else { return Ok(()) };
        let moment = ArrivalTime {
            tick: self.time.tick,
            stepped_at: self.time.stepped_at,
            now,
            rate: self.config.tick_rate,
        };
        let MemberFrame { frame, commands, timed } = frame;
        self.take_acks(at, &frame, timed, moment)?;
        let Some(member) = self.members.get_mut(at) else { return Ok(()) };
        let Some(connection) = &mut member.connection else { return Ok(()) };
        let Some(player) = &mut member.player else {
            let silent = frame.inputs.is_empty() && commands.is_empty();
            return if silent { Ok(()) } else { Err(bad("a spectator sends no input and no command")) };
        };
        player.shown_secret = None;
        member.events.welcomed();
        if has_changed(&mut player.seen_input, &frame.inputs) {
            member.activity.act(self.time.steps);
        }
        let before = player.inputs.counts;
        let due_at = commands_due_at(&frame, moment);
        let behind = behind(&frame).map(|behind| behind.min(connection.delivery.behind_max(moment.rate)));
        for (tick, input) in frame.inputs {
            player.inputs.push(moment.tick.next(), tick, input, behind);
        }
        player.inputs.steady(if frame.steady {
            moment.rate.ticks_covering(QUIET_MS_MAX) + moment.rate.ticks_covering(STEADY_MS_SPARE)
        } else {
            0
        });
        self.stats.inputs.add(player.inputs.counts.since(before));
        let id = player.id;
        for command in new_commands(connection, player, frame.commands.first, commands)? {
            self.stats.commands += 1;
            member.activity.act(self.time.steps);
            if !self.commands.push(id, due_at, command) {
                let text = "too many commands are waiting; send at most 128 ahead of the acknowledgement";
                return Err(Close::new(CloseCode::RateLimited, text));
            }
        }
        Ok(())
    }
}

pub(super) fn bad(text: &str) -> Close {
    Close::new(CloseCode::DecodeError, text)
}

/// When something arrived, relative to the room's last step.
#[derive(Clone, Copy)]
struct ArrivalTime {
    tick: Tick,
    stepped_at: Duration,
    now: Duration,
    rate: TickRate,
}

/// Records an acknowledgement; `moment` is when it arrived, if that is known. Returns whether it is new.
fn take_snapshot_ack(
    connection: &mut MemberConnection,
    ack: Tick,
    moment: Option<ArrivalTime>,
) -> Result<bool, Close> {
    if !connection.delivery.was_sent(ack) {
        return Err(bad("the frame acknowledges a snapshot that was never sent"));
    }
    let new = connection.delivery.ack(ack);
    if new && let Some(moment) = moment {
        let since_step = moment.now.saturating_sub(moment.stepped_at);
        connection
            .delivery
            .add_round_trip(moment.rate.period() * moment.tick.since(ack).max(0) as u32 + since_step);
    }
    Ok(new)
}

/// Those of `commands` that were not received before. The first of `commands` has the number `first`.
fn new_commands<C, I>(
    connection: &mut MemberConnection,
    player: &mut Player<I>,
    first: u32,
    commands: Vec<C>,
) -> Result<impl Iterator<Item = C>, Close> {
    let count = commands.len();
    let mut known = 0;
    if count > 0 {
        let skipped = || bad("a command's number skips one that was never received");
        let next = player.commands_received.wrapping_add(1);
        known = numbers_between(first, next).ok_or_else(skipped)? as usize;
        let new = count.saturating_sub(known);
        connection.command_ack_due = true;
        player.commands_received = player.commands_received.wrapping_add(new as u32);
    }
    Ok(commands.into_iter().skip(known))
}

/// The tick in whose step a frame's commands are due: that of its newest input, so that actions of one moment
/// take effect in one step. The next tick if the frame has no input, or one so far ahead that it is refused.
fn commands_due_at<I>(frame: &ClientFrame<I>, moment: ArrivalTime) -> Tick {
    let next = moment.tick.next();
    let window = i64::from(window_ticks(moment.rate));
    frame.inputs.last().map_or(next, |(tick, _)| if tick.since(next) < window { *tick } else { next })
}

/// How far behind its newest input the player saw the others, in 1/256 tick. Earlier inputs were made earlier
/// by as many ticks as their numbers differ, so the value applies to all of them.
fn behind<I>(frame: &ClientFrame<I>) -> Option<i64> {
    let (newest, _) = frame.inputs.last()?;
    let (view, fraction) = frame.view?;
    Some(newest.since(view) * 256 - i64::from(fraction))
}

/// How early the newest input of a frame arrived: before the step of its own tick, which will be a whole
/// number of periods after the last step.
fn arrival<I>(frame: &ClientFrame<I>, moment: ArrivalTime) -> Arrival {
    let margin = frame.inputs.last().map_or(0.0, |(tick, _)| {
        // A frame that arrived while the room lost time arrived before the tick to which the room skipped was
        // due.
        let after = moment.rate.ticks_in(moment.now.saturating_sub(moment.stepped_at));
        let before = moment.rate.ticks_in(moment.stepped_at.saturating_sub(moment.now));
        (tick.since(moment.tick) as f64 - after + before) * 256.0
    });
    let margin = margin.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16;
    Arrival { stamp_ms: frame.stamp_ms, at: moment.now, margin, told: !frame.inputs.is_empty() }
}
