//! Members that join, act and leave: the handling of their events.

use super::connection::MemberConnection;
use super::event::{Hold, JoinRequest, MemberEvent, Way};
use super::frames::bad;
use super::idle::Activity;
use super::member::{Member, Player};
use super::news::Event;
use super::notices::Notice;
use super::reliable::EventQueue;
use super::{Outbox, Room};
use crate::game::{Game, Joining, LeaveReason, Refusal};
use crate::id::{EntityId, MemberId, PlayerId, ResumeSecret, StreamId};
use crate::limits::{MEMBERS_MAX, RESUME_GRACE_BRIEF_MS, SCHEMA_BYTES_MAX};
use crate::snapshot::Reach;
use crate::tick::Tick;
use crate::wire::control::{Joined, List, ReliableEvent, Role, RosterEntry, ServerControl};
use crate::wire::{Close, CloseCode};
use core::time::Duration;

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
            MemberEvent::Join(request) => match self.refusal(&request) {
                None => self.join(member, &request, outbox),
                Some(close) => Err(close),
            },
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
            MemberEvent::Invite(invite) => self.ask_invitation(member, invite),
            MemberEvent::Leave(reason) => {
                self.leave(member, reason, outbox);
                Ok(())
            }
            MemberEvent::Evict => {
                if let Ok(at) = self.members.binary_search_by_key(&member, |member| member.id) {
                    self.remove(at, LeaveReason::Replaced);
                }
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

    /// Why a client may not enter now, whatever the game says of it.
    fn refusal(&mut self, request: &JoinRequest) -> Option<Close> {
        if self.end.is_some() {
            return Some(Close::new(CloseCode::NoSuchRoom, "the room is ending; join another"));
        }
        let JoinRequest { account, role, way, from, .. } = request;
        let barred = || self.bars.refusal(account, *from, self.time.tick);
        self.stage.access().refusal(*role, *way == Way::Matched, way.has_pass()).or_else(barred)
    }

    pub(super) fn find(&self, member: MemberId) -> Option<usize> {
        let at = self.members.binary_search_by_key(&member, |member| member.id).ok()?;
        self.members.get(at).filter(|member| member.connection.is_some()).map(|_| at)
    }

    fn join(
        &mut self,
        member: MemberId,
        request: &JoinRequest,
        outbox: &mut impl Outbox,
    ) -> Result<(), Close> {
        let role = request.role;
        let schema = request.wants_schema.then(Self::schema_bytes).transpose()?;
        if self.members.iter().any(|other| other.id >= member) {
            return Err(CloseCode::AlreadyJoined.into());
        }
        if role == Role::Player {
            self.yield_seats(request);
        }
        if self.members.len() >= MEMBERS_MAX {
            return Err(Close::new(CloseCode::Full, "the room has reached its maximum number of members"));
        }
        let player = match role {
            Role::Spectator if self.spectators() >= usize::from(self.spectators_max()) => {
                return Err(Close::new(CloseCode::Full, "the room accepts no more spectators"));
            }
            Role::Spectator => None,
            Role::Player => Some(self.admit(request).map_err(|refusal| Close::from(&refusal))?),
        };
        let entry = player.as_ref().map(roster_entry);
        if let Some(event) = entry.map(ReliableEvent::PlayerJoined).as_ref().and_then(Event::of_players) {
            self.tell_all(&event);
        }
        let connection = Some(MemberConnection::new(self.config.tick_rate));
        self.members.push(Member {
            id: member,
            player,
            follows: None,
            reach: Reach::Nowhere,
            leaves: None,
            events: EventQueue::starting_after(self.first.event),
            connection,
            cut_at: self.time.tick,
            hold: Hold::Firm,
            activity: Activity::new(self.time.steps),
        });
        self.stats.joins += 1;
        self.welcome(self.members.len() - 1, false, schema, outbox)
    }

    /// How many seats are missing for a player with its party.
    fn seats_missing(&self, request: &JoinRequest) -> usize {
        let taken = self.players() + self.places.for_others(request.way.inviter());
        (taken + 1 + usize::from(request.places)).saturating_sub(usize::from(self.plan.players_max))
    }

    /// Removes disconnected players whose seats give way, if that makes room for a player with its party.
    fn yield_seats(&mut self, request: &JoinRequest) {
        let yielding = self.members.iter().filter(|member| member.gives_way()).count();
        if yielding < self.seats_missing(request) {
            return;
        }
        while self.seats_missing(request) > 0 {
            let yielding = self.members.iter().enumerate().filter(|(_, member)| member.gives_way());
            let first = yielding.min_by_key(|(_, member)| (member.hold == Hold::Yielding, member.cut_at));
            let Some((at, _)) = first else { return };
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

    fn admit(&mut self, request: &JoinRequest) -> Result<Player<G::Input>, Refusal> {
        let JoinRequest { account, secret, way, from, parameters, places, .. } = request;
        if self.seats_missing(request) > 0 {
            return Err(Refusal::Full);
        }
        let members = &self.members;
        let is_taken =
            |id| members.iter().any(|member| member.player.as_ref().is_some_and(|player| player.id == id));
        let id = self.player_ids.give(is_taken).ok_or(Refusal::Full)?;
        let joining = Joining {
            player: id,
            account,
            parameters,
            scene: &*self.plan.scene,
            tick: self.time.tick,
            tick_rate: self.config.tick_rate,
        };
        let entity = self.game.join(&mut self.stage, &joining)?;
        self.stage.world.set_controlled(id, Some(entity));
        let entity = self.stage.world.controlled(id).unwrap_or(EntityId::NONE);
        self.places.take(way.inviter());
        self.places.hold(id, *places, self.time.tick, self.config.tick_rate);
        self.notices.push(|| Notice::Joined { player: id, account: account.clone() });
        Ok(Player {
            commands_received: self.first.command,
            from: *from,
            ..Player::new(id, entity, account.clone(), *secret, self.config.tick_rate)
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
            let kicked = self.bars.kicked(shown, self.time.tick);
            return kicked.map_or_else(|| bad("no seat is held for this secret; join again"), Err);
        };
        if self.members.iter().any(|other| other.id >= member) {
            return Err(CloseCode::AlreadyJoined.into());
        }
        let mut seat = self.members.remove(at);
        if seat.connection.is_some() {
            outbox.close(seat.id, CloseCode::Replaced.into());
        }
        let known = seat.events.resume(events_received) && !seat.events.overflowed;
        seat.id = member;
        seat.connection = Some(MemberConnection::new(self.config.tick_rate));
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
        if let (Some(player), Some(connection)) = (player, &mut member.connection) {
            connection.controls = player.entity;
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
        let Some(connection) = self.members.get_mut(at).and_then(|member| member.connection.as_mut()) else {
            return Ok(());
        };
        if !self.streams.interest().has(stream) || !connection.delivery.was_sent(tick) {
            return Err(Close::new(
                CloseCode::DecodeError,
                "the repair names a snapshot that was never sent",
            ));
        }
        // At most one a second; further requests are ignored.
        if connection.repairs.wanted_at.is_none_or(|last| room_tick.since(last) >= i64::from(second)) {
            connection.repairs.wanted = Some((stream, tick));
            connection.repairs.wanted_at = Some(room_tick);
        }
        Ok(())
    }

    /// Detaches a member's connection. A player keeps its seat for a time.
    pub(super) fn cut(&mut self, member: MemberId, hold: Hold) {
        let Ok(at) = self.members.binary_search_by_key(&member, |member| member.id) else { return };
        let Some(member) = self.members.get_mut(at) else { return };
        match &member.player {
            Some(player) if !player.grace.unwrap_or(self.config.resume_grace).is_zero() => {
                member.hold = if player.seen_input.is_some() { hold } else { Hold::Brief };
                if member.connection.take().is_some() {
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
            Some(Member { player: Some(player), connection, hold, leaves, .. })
                if self.commands.has(player.id) =>
            {
                self.commands.hasten(player.id);
                (*connection, *hold, *leaves) = (None, Hold::Brief, Some(reason));
            }
            _ => self.remove(at, reason),
        }
    }

    /// Removes a seat permanently, together with its entity.
    pub(super) fn remove(&mut self, at: usize, reason: LeaveReason) {
        let member = self.members.remove(at);
        if let Some(player) = member.player {
            self.bars.left(player.id, &player.account, player.from);
            self.game.leave(&mut self.stage, player.id, reason);
            let (id, account) = (player.id, &player.account);
            self.notices.push(|| Notice::Left { player: id, account: account.clone(), reason });
            self.places.release(player.id);
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
        let rate = self.config.tick_rate;
        let ticks = |grace| i64::from(rate.ticks_ceil(grace));
        let brief = Duration::from_millis(RESUME_GRACE_BRIEF_MS);
        self.places.expire(self.time.tick);
        let mut at = 0;
        while let Some(member) = self.members.get(at) {
            let own_grace = member.player.as_ref().and_then(|player| player.grace);
            let grace = own_grace.unwrap_or(self.config.resume_grace);
            let held_ticks = ticks(if member.hold == Hold::Brief { grace.min(brief) } else { grace });
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
            if member.connection.is_none() && expired {
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
    RosterEntry { player: player.id, entity: player.entity, name: player.account.name.clone() }
}
