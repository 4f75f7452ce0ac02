//! From `Hello` to `Joined`, and again after a cut.

use super::clock::{InputClock, RoomClocks};
use super::frames_in_flight::FrameTimes;
use super::input_trace::InputTraces;
use super::inputs::Inputs;
use super::own_entity::OwnEntity;
use super::reliable::EventNumbers;
use super::starvation::Starved;
use super::streams::StreamStates;
use super::view_ticks::ViewTicks;
use super::{Client, ClientError, ClientEvent, ClientGame, JoinedRoom, State};
use crate::coding::codec;
use crate::id::{EntityId, PlayerId};
use crate::limits::{PROTOCOL_VERSION, window_ticks};
use crate::wire::control::{
    ClientControl, Credential, Hello, Join, Joined, Role, RosterEntry, ServerControl, Target, Welcome,
};
use crate::wire::frame::numbers_between;
use crate::wire::{Advice, Close};
use core::time::Duration;

impl<G: ClientGame> Client<G> {
    pub(super) fn say_hello(&mut self, credential: Credential) {
        let name = self.config.name.clone();
        self.state = State::Handshake;
        self.queue_control(&ClientControl::Hello(Hello { version: PROTOCOL_VERSION, name, credential }));
    }

    pub(super) fn on_control(&mut self, now: Duration, message: &[u8]) -> Result<(), ClientError> {
        match (ServerControl::decode(message)?, &self.state) {
            (ServerControl::Close(close), _) => {
                self.closed(close);
                Ok(())
            }
            (ServerControl::Welcome(welcome), State::Handshake) => self.on_welcome(now, &welcome),
            (ServerControl::Joined(joined), State::Joining) => self.on_joined(now, joined),
            (ServerControl::IdleWarning { closes_in_ms }, State::Playing) => {
                let closes_in = Duration::from_millis(closes_in_ms.into());
                self.push_event(ClientEvent::IdleWarning { closes_in })
            }
            (ServerControl::Invitation(given), State::Playing) => {
                self.push_event(ClientEvent::Invitation(given))
            }
            _ => Err(ClientError::Unexpected),
        }
    }

    fn on_welcome(&mut self, now: Duration, welcome: &Welcome) -> Result<(), ClientError> {
        let wanted = &self.config.game;
        let game = welcome
            .games
            .iter()
            .find(|game| game.name == *wanted)
            .ok_or_else(|| ClientError::NoSuchGame(wanted.clone()))?;
        if G::RULES.is_none() {
            self.types.schema_hash = game.schema_hash;
        } else if game.schema_hash != self.types.schema_hash {
            return Err(ClientError::Schema { ours: self.types.schema_hash, theirs: game.schema_hash });
        }
        self.session = Some(welcome.session);
        self.state = State::Joining;
        self.times.asked_at = now;
        if !self.resuming {
            let join = Join {
                game: self.config.game.clone(),
                schema_hash: if G::RULES.is_none() { 0 } else { self.types.schema_hash },
                role: self.config.role,
                target: self.config.target.clone(),
                terms: self.config.terms.clone(),
            };
            self.queue_control(&ClientControl::Join(join));
        }
        Ok(())
    }

    fn on_joined(&mut self, now: Duration, joined: Joined) -> Result<(), ClientError> {
        let is_player = joined.player.is_some();
        if joined.resumed != self.resuming || is_player != (self.config.role == Role::Player) {
            return Err(ClientError::Unexpected);
        }
        let settings: G::Settings = codec::decode_data(&joined.settings).map_err(ClientError::Settings)?;
        let rules = G::RULES.map(|rules| rules.in_room(&settings, joined.tick_rate)).transpose()?;
        let table = joined.table.as_ref().map(|table| &table[..]);
        let schema = match &rules {
            Some(rules) => rules.schema()?,
            None => self.schema_sent(&joined)?,
        };
        self.types.schema = Some(schema.with_profile(joined.profile, table)?);
        if joined.resumed {
            self.resume_seat(&joined)?;
        } else {
            self.start_over(&joined);
        }
        let rtt = now.saturating_sub(self.times.asked_at);
        let mut input_clock = InputClock::new(joined.tick_rate, joined.tick, now, rtt);
        if let Some(newest) = self.inputs.newest() {
            input_clock.not_before(newest);
        }
        let entity = joined.player.map_or(EntityId::NONE, |(_, entity)| entity);
        let was_in = self.room.is_some();
        self.stats.resumes += u64::from(was_in);
        self.room = Some(JoinedRoom {
            id: joined.room,
            player: joined.player,
            tick_rate: joined.tick_rate,
            secret: joined.secret,
            may_return: true,
            settings,
            own: OwnEntity::new(rules.as_ref(), entity, joined.tick_rate),
            rules,
            clocks: RoomClocks::new(joined.tick_rate, input_clock),
            frames: FrameTimes::new(joined.tick_rate, now),
            input_traces: InputTraces::default(),
            view_ticks: ViewTicks::default(),
            starved: Starved::default(),
        });
        let roster_before = core::mem::replace(&mut self.roster, joined.roster.into());
        self.resuming = false;
        self.state = State::Playing;
        let followed =
            self.follows.take().filter(|followed| self.roster.iter().any(|entry| entry.player == *followed));
        self.follow(followed);
        if self.hidden {
            self.queue_control(&ClientControl::Hidden(true));
        }
        self.push_event(ClientEvent::Joined)?;
        if was_in { self.tell_changes(&roster_before) } else { Ok(()) }
    }

    /// Reports who left, who joined and who controls another entity since the connection was lost.
    fn tell_changes(&mut self, before: &[RosterEntry]) -> Result<(), ClientError> {
        let among = |roster: &[RosterEntry], player| roster.iter().any(|entry| entry.player == player);
        let left = before.iter().map(|entry| entry.player).filter(|player| !among(&self.roster, *player));
        let joined = self.roster.iter().filter(|entry| !among(before, entry.player)).cloned();
        let has_changed = |entry: &&RosterEntry| {
            before.iter().any(|was| was.player == entry.player && was.entity != entry.entity)
        };
        let changed = self.roster.iter().filter(has_changed).cloned();
        let changes: Vec<_> = left
            .map(ClientEvent::PlayerLeft)
            .chain(joined.map(ClientEvent::PlayerJoined))
            .chain(changed.map(ClientEvent::PlayerChanged))
            .collect();
        changes.into_iter().try_for_each(|event| self.push_event(event))
    }

    fn start_over(&mut self, joined: &Joined) {
        // Controls that are held while joining are still held in the room.
        let controls = self.inputs.controls().clone();
        self.inputs = Inputs::new(joined.tick_rate);
        self.inputs.set(self.times.now, &controls);
        self.reliable.commands.joined(joined.commands_received);
        self.streams = StreamStates::new(joined.tick_rate);
        self.reliable.events = EventNumbers::starting_after(joined.events_start);
    }

    fn resume_seat(&mut self, joined: &Joined) -> Result<(), ClientError> {
        let id = |player: Option<(PlayerId, EntityId)>| player.map(|(id, _)| id);
        match &self.room {
            Some(before) if id(before.player) != id(joined.player) || before.id != joined.room => {
                return Err(ClientError::Unexpected);
            }
            Some(_) => {}
            // Another client's seat, see `Client::resume`.
            None => {
                self.streams = StreamStates::new(joined.tick_rate);
                self.reliable.commands.skip_to(joined.commands_received);
            }
        }
        self.stats.commands_confirmed += self.reliable.commands.resumed(joined.commands_received)?;
        let received = self.reliable.events.received();
        let lost = numbers_between(received, joined.events_start).unwrap_or(0);
        self.stats.events_lost += u64::from(lost);
        self.reliable.events = EventNumbers::starting_after(received.wrapping_add(lost));
        self.streams.resume();
        // The server refuses older inputs: their edges would arrive long after the fact.
        self.inputs.resend(joined.tick.offset(-i64::from(window_ticks(joined.tick_rate)) + 1));
        self.outgoing.frame_due |= self.inputs.has_unsent();
        Ok(())
    }

    /// Starts again after a cut: queues a `Hello`. A player resumes its seat. A spectator, for which the room
    /// keeps no seat, joins the same room from scratch and requests the view that it followed. `false` if
    /// there is nothing to come back to; then a new [`Client`] is needed.
    pub fn reconnect(&mut self, now: Duration) -> bool {
        let Some(room) = self.room.as_ref().filter(|room| room.may_return) else { return false };
        let credential = match room.secret {
            Some(secret) => Credential::Resume { secret, events_received: self.reliable.events.received() },
            None if self.config.role == Role::Spectator => self.config.credential.clone(),
            None => return false,
        };
        self.config.target = Target::Room(room.id);
        self.resuming = room.secret.is_some();
        self.times.now = self.times.now.max(now);
        self.outgoing.control.clear();
        self.outgoing.frame_due = false;
        self.outgoing.leaving = false;
        self.say_hello(credential);
        true
    }

    pub(super) fn closed(&mut self, close: Close) {
        if let Some(room) = &mut self.room {
            room.may_return &= matches!(close.advice, Advice::Resume);
        }
        self.outgoing.control.clear();
        self.outgoing.frame_due = false;
        self.state = State::Closed(close.clone());
        self.events.push_back(ClientEvent::Closed(close));
    }
}
