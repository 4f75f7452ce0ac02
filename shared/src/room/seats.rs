//! Members that join, act and leave: the handling of their events.

use super::connection::{Arrival, MemberConnection};
use super::event::{Hold, MemberEvent, MemberFrame};
use super::idle::{Activity, has_changed};
use super::member::{Member, Player};
use super::news::Event;
use super::reliable::EventQueue;
use super::{Outbox, Room};
use crate::game::{Game, Joining, LeaveReason, Profile, Refusal};
use crate::id::{EntityId, MemberId, PlayerId, ResumeSecret, StreamId};
use crate::limits::{MEMBERS_MAX, QUIET_MS_MAX, RESUME_GRACE_BRIEF_MS, SCHEMA_BYTES_MAX, window_ticks};
use crate::snapshot::Reach;
use crate::tick::{Tick, TickRate};
use crate::wire::control::{Joined, List, Name, ReliableEvent, Role, RosterEntry, ServerControl};
use crate::wire::frame::{ClientFrame, numbers_between};
use crate::wire::{Close, CloseCode};
use core::time::Duration;

/// How much later than expected the next frame of a steady client may arrive before its input counts as
/// missing, ms.
const STEADY_MS_SPARE: u64 = 66;

impl<G: Game> Room<G> {
    /// Handles an event of a member that arrived at `now` (the driver's clock, see [`Room::step`]).
    pub fn handle(
        &mut self,
        now: Duration,
        member: MemberId,
        event: MemberEvent<G>,
        outbox: &mut impl Outbox,
    ) {
        let done = match event {
            MemberEvent::Join { name, role, secret, wants_schema, matched } => {
                match self.stage.access().refusal(role, matched) {
                    None => self.join(member, name, role, secret, wants_schema, outbox),
                    Some(close) => Err(close),
                }
            }
            MemberEvent::Resume { shown, events_received, next } => {
                self.resume(member, &shown, events_received, next, outbox)
            }
            MemberEvent::Frame(frame) => self.frame(now, member, frame),
            MemberEvent::Repair { stream, tick } => self.ask_repair(member, stream, tick),
            MemberEvent::Desync(report) => self.desync(member, report),
            MemberEvent::Follow(player) => self.follow(member, player),
            MemberEvent::Hidden(hidden) => {
                let step = self.time.steps;
                if let Some(member) = self.find(member).and_then(|at| self.members.get_mut(at)) {
                    member.activity.set_hidden(step, hidden);
                }
                Ok(())
            }
            MemberEvent::Leave(reason) => {
                self.leave(member, reason, outbox);
                Ok(())
            }
            MemberEvent::Cut(hold) => {
                self.cut(member, hold);
                Ok(())
            }
        };
        if let Err(close) = done {
            if let Some(at) = self.find(member) {
                self.remove(at, LeaveReason::Removed);
            }
            outbox.close(member, close);
        }
    }

    pub(super) fn find(&self, member: MemberId) -> Option<usize> {
        let at = self.members.binary_search_by_key(&member, |member| member.id).ok()?;
        self.members.get(at).filter(|member| member.link.is_some()).map(|_| at)
    }

    fn join(
        &mut self,
        member: MemberId,
        name: Name,
        role: Role,
        secret: ResumeSecret,
        wants_schema: bool,
        outbox: &mut impl Outbox,
    ) -> Result<(), Close> {
        let schema = wants_schema.then(Self::schema_bytes).transpose()?;
        if self.members.iter().any(|other| other.id >= member) {
            return Err(CloseCode::AlreadyJoined.into());
        }
        if role == Role::Player {
            self.yield_seat();
        }
        if self.members.len() >= MEMBERS_MAX {
            return Err(Close::new(CloseCode::Full, "the room has reached its maximum number of members"));
        }
        let player = match role {
            Role::Spectator if self.spectators() >= usize::from(self.spectators_max()) => {
                return Err(Close::new(CloseCode::Full, "the room accepts no more spectators"));
            }
            Role::Spectator => None,
            Role::Player => Some(self.admit(name, secret).map_err(|refusal| Close::from(&refusal))?),
        };
        let entry = player.as_ref().map(roster_entry);
        if let Some(event) = entry.map(ReliableEvent::PlayerJoined).as_ref().and_then(Event::of_players) {
            self.tell_all(&event);
        }
        let link = Some(MemberConnection::new(self.config.tick_rate));
        self.members.push(Member {
            id: member,
            player,
            follows: None,
            reach: Reach::Nowhere,
            leaves: None,
            events: EventQueue::starting_after(self.first.event),
            link,
            cut_at: self.time.tick,
            hold: Hold::Firm,
            activity: Activity::new(self.time.steps),
        });
        self.stats.joins += 1;
        self.welcome(self.members.len() - 1, false, schema, outbox)
    }

    /// If the room is full of players, removes a disconnected one whose seat gives way.
    fn yield_seat(&mut self) {
        if self.players() < usize::from(self.plan.players_max) {
            return;
        }
        let gives_way = |(_, member): &(usize, &Member<_>)| member.gives_way();
        let yielding = self.members.iter().enumerate().filter(gives_way);
        let first = yielding.min_by_key(|(_, member)| (member.hold == Hold::Yielding, member.cut_at));
        if let Some((at, _)) = first {
            self.remove(at, LeaveReason::TimedOut);
            self.stats.yielded += 1;
        }
    }

    /// The schema for a client that has none.
    fn schema_bytes() -> Result<List<u8, SCHEMA_BYTES_MAX>, Close> {
        let bytes = super::game_schema::<G>().encode().ok();
        let text = "the game's schema is too long to send; use a client that is built with the game";
        bytes
            .and_then(|bytes| List::try_from(bytes).ok())
            .ok_or_else(|| Close::new(CloseCode::Mismatch, text))
    }

    fn admit(&mut self, name: Name, secret: ResumeSecret) -> Result<Player<G::Input>, Refusal> {
        if self.players() >= usize::from(self.plan.players_max) {
            return Err(Refusal::Full);
        }
        let members = &self.members;
        let is_taken =
            |id| members.iter().any(|member| member.player.as_ref().is_some_and(|player| player.id == id));
        let id = self.player_ids.give(is_taken).ok_or(Refusal::Full)?;
        let profile = Profile { name: name.clone() };
        let joining = Joining {
            player: id,
            profile: &profile,
            scene: &*self.plan.scene,
            tick: self.time.tick,
            tick_rate: self.config.tick_rate,
        };
        let entity = self.game.join(&mut self.stage, &joining)?;
        self.stage.world.set_controlled(id, Some(entity));
        let entity = self.stage.world.controlled(id).unwrap_or(EntityId::NONE);
        Ok(Player {
            commands_received: self.first.command,
            ..Player::new(id, entity, name, secret, self.config.tick_rate)
        })
    }

    fn resume(
        &mut self,
        member: MemberId,
        shown: &ResumeSecret,
        events_received: u32,
        next: ResumeSecret,
        outbox: &mut impl Outbox,
    ) -> Result<(), Close> {
        let bad = |text| Err(Close::new(CloseCode::BadResume, text));
        let has_secret = |of: &Member<_>| {
            of.leaves.is_none() && of.player.as_ref().is_some_and(|player| player.is_shown(shown))
        };
        let Some(at) = self.members.iter().position(has_secret) else {
            return bad("no seat is held for this secret; join again");
        };
        if self.members.iter().any(|other| other.id >= member) {
            return Err(CloseCode::AlreadyJoined.into());
        }
        let mut seat = self.members.remove(at);
        if seat.link.is_some() {
            outbox.close(seat.id, CloseCode::Replaced.into());
        }
        let known = seat.events.resume(events_received) && !seat.events.overflowed;
        seat.id = member;
        seat.link = Some(MemberConnection::new(self.config.tick_rate));
        seat.activity = Activity::new(self.time.steps);
        if let Some(player) = &mut seat.player {
            player.shown_secret = Some(*shown);
            player.secret = next;
        }
        self.members.push(seat);
        if !known {
            return bad("reliable events in between are no longer available; join again");
        }
        self.stats.resumes += 1;
        self.welcome(self.members.len() - 1, true, None, outbox)
    }

    /// Tells a member that it has its seat.
    fn welcome(
        &mut self,
        at: usize,
        resumed: bool,
        schema: Option<List<u8, SCHEMA_BYTES_MAX>>,
        outbox: &mut impl Outbox,
    ) -> Result<(), Close> {
        let roster: Vec<_> =
            self.members.iter().filter_map(|member| member.player.as_ref()).map(roster_entry).collect();
        let internal = || Close::from(CloseCode::Internal);
        let member = self.members.get_mut(at).ok_or_else(internal)?;
        let player = member.player.as_ref();
        if let (Some(player), Some(link)) = (player, &mut member.link) {
            link.controls = player.entity;
        }
        let joined = Joined {
            room: self.config.id,
            resumed,
            player: player.map(|player| (player.id, player.entity)),
            tick_rate: self.config.tick_rate,
            tick: self.time.tick,
            secret: player.map(|player| player.secret),
            commands_received: player.map_or(0, |player| player.commands_received),
            events_start: member.events.acked(),
            profile: self.plan.schema.profile(),
            table: self.plan.schema.table().and_then(|table| List::try_from(table.to_vec()).ok()),
            settings: self.plan.settings_bytes.clone(),
            roster: List::try_from(roster).map_err(|_| internal())?,
            schema,
        };
        let message = ServerControl::Joined(joined).encode().map_err(|_| internal())?;
        outbox.control(member.id, message.into());
        Ok(())
    }

    fn frame(&mut self, now: Duration, member: MemberId, frame: MemberFrame<G>) -> Result<(), Close> {
        let Some(at) = self.find(member) else { return Ok(()) };
        let moment = ArrivalTime {
            tick: self.time.tick,
            stepped_at: self.time.stepped_at,
            now,
            rate: self.config.tick_rate,
        };
        let Some(member) = self.members.get_mut(at) else { return Ok(()) };
        let Some(link) = &mut member.link else { return Ok(()) };
        self.stats.frames += 1;
        let MemberFrame { frame, commands, timed } = frame;
        let acknowledges = match frame.snapshot_ack {
            Some(ack) => take_snapshot_ack(link, ack, timed.then_some(moment))?,
            None => false,
        };
        link.delivery.on_frame(moment.tick, moment.rate, acknowledges);
        member.activity.on_frame(self.time.steps);
        if frame.event_ack.is_some_and(|ack| !member.events.ack(ack)) {
            return Err(bad("the frame acknowledges an event that was never sent"));
        }
        if timed {
            let arrival = arrival(&frame, moment);
            if arrival.told {
                self.stats.margins.add(arrival.margin);
            }
            link.arrival = Some(arrival);
        }
        link.delivery.steady = frame.steady;
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
        let behind = behind(&frame).map(|behind| behind.min(link.delivery.behind_max(moment.rate)));
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
        for command in new_commands(link, player, frame.commands.first, commands)? {
            self.stats.commands += 1;
            member.activity.act(self.time.steps);
            if !self.commands.push(id, due_at, command) {
                let text = "too many commands are waiting; send at most 128 ahead of the acknowledgement";
                return Err(Close::new(CloseCode::RateLimited, text));
            }
        }
        Ok(())
    }

    fn follow(&mut self, member: MemberId, player: Option<PlayerId>) -> Result<(), Close> {
        let players = || self.members.iter().filter_map(|member| member.player.as_ref());
        // If the player has left, the spectator gets its own view.
        let follows = players().find(|other| Some(other.id) == player).map(|other| (other.id, other.entity));
        let Some(member) = self.find(member).and_then(|at| self.members.get_mut(at)) else { return Ok(()) };
        if member.player.is_some() {
            return Err(bad("only a spectator can follow a player"));
        }
        member.follows = follows;
        member.activity.act(self.time.steps);
        Ok(())
    }

    fn ask_repair(&mut self, member: MemberId, stream: StreamId, tick: Tick) -> Result<(), Close> {
        let room_tick = self.time.tick;
        let second = u32::from(self.config.tick_rate.hz());
        let Some(at) = self.find(member) else { return Ok(()) };
        let Some(link) = self.members.get_mut(at).and_then(|member| member.link.as_mut()) else {
            return Ok(());
        };
        if !self.streams.interest().has(stream) || !link.delivery.was_sent(tick) {
            return Err(Close::new(
                CloseCode::DecodeError,
                "the repair names a snapshot that was never sent",
            ));
        }
        // At most one a second; further requests are ignored.
        if link.repairs.wanted_at.is_none_or(|last| room_tick.since(last) >= i64::from(second)) {
            link.repairs.wanted = Some((stream, tick));
            link.repairs.wanted_at = Some(room_tick);
        }
        Ok(())
    }

    /// Detaches a member's connection. A player keeps its seat for a time.
    pub(super) fn cut(&mut self, member: MemberId, hold: Hold) {
        let Ok(at) = self.members.binary_search_by_key(&member, |member| member.id) else { return };
        let Some(member) = self.members.get_mut(at) else { return };
        match &member.player {
            Some(player) if !self.config.resume_grace.is_zero() => {
                member.hold = if player.seen_input.is_some() { hold } else { Hold::Brief };
                if member.link.take().is_some() {
                    member.cut_at = self.time.tick;
                }
                self.stats.held_briefly += u64::from(member.hold == Hold::Brief);
            }
            _ => self.remove(at, LeaveReason::TimedOut),
        }
    }

    /// A member leaves permanently. The game still gets the commands that it sent before.
    fn leave(&mut self, member: MemberId, reason: LeaveReason, outbox: &mut impl Outbox) {
        outbox.close(member, CloseCode::Normal.into());
        let Some(at) = self.find(member) else { return };
        match self.members.get_mut(at) {
            Some(Member { player: Some(player), link, hold, leaves, .. }) if self.commands.has(player.id) => {
                self.commands.hasten(player.id);
                (*link, *hold, *leaves) = (None, Hold::Brief, Some(reason));
            }
            _ => self.remove(at, reason),
        }
    }

    /// Removes a seat permanently, together with its entity.
    pub(super) fn remove(&mut self, at: usize, reason: LeaveReason) {
        let member = self.members.remove(at);
        if let Some(player) = member.player {
            self.game.leave(&mut self.stage, player.id, reason);
            self.stage.world.forget_player(player.id);
            self.commands.forget(player.id);
            for other in &mut self.members {
                other.follows = other.follows.filter(|(id, _)| *id != player.id);
            }
            if let Some(event) = Event::of_players(&ReliableEvent::PlayerLeft(player.id)) {
                self.tell_all(&event);
                self.player_ids.left(player.id, event);
            }
        }
    }

    /// Removes players whose time to resume is over, or who missed events that are no longer stored.
    pub(super) fn expire_cut_players(&mut self) {
        let ticks = |grace| i64::from(self.config.tick_rate.ticks_ceil(grace));
        let grace = self.config.resume_grace;
        let brief_ticks = ticks(grace.min(Duration::from_millis(RESUME_GRACE_BRIEF_MS)));
        let grace_ticks = ticks(grace);
        let mut at = 0;
        while let Some(member) = self.members.get(at) {
            let held_ticks = if member.hold == Hold::Brief { brief_ticks } else { grace_ticks };
            if let Some(reason) = member.leaves {
                let waits = member.player.as_ref().is_some_and(|player| self.commands.has(player.id));
                if waits {
                    at += 1
                } else {
                    self.remove(at, reason)
                }
                continue;
            }
            let expired = self.time.tick.since(member.cut_at) >= held_ticks || member.events.overflowed;
            if member.link.is_none() && expired {
                self.stats.overflowed += u64::from(member.events.overflowed);
                self.remove(at, LeaveReason::TimedOut);
                self.stats.expired += 1;
            } else {
                at += 1;
            }
        }
    }
}

fn roster_entry<I>(player: &Player<I>) -> RosterEntry {
    RosterEntry { player: player.id, entity: player.entity, name: player.name.clone() }
}

fn bad(text: &str) -> Close {
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
    link: &mut MemberConnection,
    ack: Tick,
    moment: Option<ArrivalTime>,
) -> Result<bool, Close> {
    if !link.delivery.was_sent(ack) {
        return Err(bad("the frame acknowledges a snapshot that was never sent"));
    }
    let new = link.delivery.ack(ack);
    if new && let Some(moment) = moment {
        let since_step = moment.now.saturating_sub(moment.stepped_at);
        link.delivery
            .add_round_trip(moment.rate.period() * moment.tick.since(ack).max(0) as u32 + since_step);
    }
    Ok(new)
}

/// Those of `commands` that were not received before. The first of `commands` has the number `first`.
fn new_commands<C, I>(
    link: &mut MemberConnection,
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
        link.command_ack_due = true;
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
