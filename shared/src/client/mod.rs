//! A client of one room as a pure state machine: the driver passes messages and the time in, and takes
//! messages out.
//!
//! It owns what the player knows about the room: snapshots, the roster, the predicted entity of the player.
//! It has neither a socket nor a clock. The driver carries the bytes and passes the time as a [`Duration`]
//! since any fixed start.
//!
//! ```text
//!   driver: on a message      client.receive(now, bytes)
//!           at next_input_at  client.set_input(controls); client.advance(now)
//!           after each        while let Some(bytes) = client.poll_transmit() { send }
//!                             while let Some(event) = client.poll_event() { ... }
//!           after a cut       if client.reconnect(now) { connect again } else { a new Client }
//!           at the end        client.save_seat(), for another client's Client::resume
//! ```

mod backoff;
mod clock;
mod config;
mod control;
mod error;
mod event;
mod frames_in_flight;
mod game_types;
pub mod generic;
mod handshake;
mod held;
mod input_trace;
mod inputs;
mod interpolation;
mod joined_room;
mod known_game;
mod left;
mod net_graph;
mod own_entity;
mod play;
mod predicted_spawns;
mod prediction;
mod presence;
mod received;
mod reliable;
mod rendered_frame;
mod saved;
mod starvation;
mod stats;
mod streams;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod view;
mod view_ticks;
mod visual;

pub use backoff::Backoff;
pub use config::ClientConfig;
pub use error::ClientError;
pub use event::ClientEvent;
pub use input_trace::InputTrace;
pub use known_game::{ClientGame, ClientRules};
pub use play::CORRECTION_UNITS;
pub(crate) use prediction::Mispredicted;
pub use reliable::CommandError;
pub use rendered_frame::{FineRow, RenderedFrame};
pub use saved::SavedSeat;
pub use stats::{ClientStats, SAMPLES_MAX, Sample};

use crate::coding::codec;
use crate::entity::Schema;
use crate::id::{EntityId, PlayerId, RoomId, SessionId};
use crate::limits::MEMBERS_MAX;
use crate::tick::{Tick, TickRate};
use crate::wire::control::{ClientControl, Role, RosterEntry, TAG_CONTROL};
use crate::wire::update::TAG_UPDATE;
use crate::wire::{Close, CloseCode, DecodeError};
use core::time::Duration;
use game_types::GameTypes;
use inputs::Inputs;
use interpolation::FRACTIONS;
use joined_room::JoinedRoom;
use reliable::{CommandQueue, EventNumbers};
use stats::Samples;
use std::collections::VecDeque;
use streams::StreamStates;

/// Events that may wait for the driver. At this limit the session ends: an event is never dropped silently.
const EVENTS_MAX: usize = 4 * MEMBERS_MAX;
/// Control messages that may wait for the driver: those of the handshake, one repair and one report.
const CONTROL_MAX: usize = 8;

/// The state of a client's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// `Hello` is queued or sent, `Welcome` has not arrived.
    Handshake,
    /// `Welcome` has arrived, `Joined` has not.
    Joining,
    /// In a room.
    Playing,
    /// The session ended.
    Closed(Close),
}

/// The client's side of a room, with prediction.
pub struct Client<G: ClientGame> {
    config: ClientConfig,
    types: GameTypes,
    state: State,
    session: Option<SessionId>,
    room: Option<JoinedRoom<G>>,
    roster: Vec<RosterEntry>,
    follows: Option<PlayerId>,
    inputs: Inputs<G::Input>,
    streams: StreamStates,
    reliable: Reliable,
    outgoing: Outgoing,
    events: VecDeque<ClientEvent<G>>,
    stats: ClientStats,
    samples: Samples,
    times: Times,
    resuming: bool,
    hidden: bool,
}

/// Reliable messages in both directions.
struct Reliable {
    commands: CommandQueue,
    events: EventNumbers,
}

/// What waits for the driver to send it.
#[derive(Default)]
struct Outgoing {
    control: VecDeque<Vec<u8>>,
    frame_due: bool,
    /// `Leave` is queued or sent: nothing comes after it.
    leaving: bool,
}

/// Times on the driver's clock.
#[derive(Default)]
struct Times {
    now: Duration,
    /// When the last message from the server arrived.
    heard_at: Duration,
    /// When `Join` was made.
    asked_at: Duration,
}

impl<G: ClientGame> core::fmt::Debug for Client<G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.config)
            .field("state", &self.state)
            .field("room", &self.room())
            .field("newest", &self.streams.newest())
            .finish_non_exhaustive()
    }
}

impl<G: ClientGame> Client<G> {
    /// Creates a client. Its `Hello` waits in [`Client::poll_transmit`].
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        let credential = config.credential.clone();
        let mut client = Self {
            config,
            types: GameTypes::of::<G>(),
            state: State::Handshake,
            session: None,
            room: None,
            roster: Vec::new(),
            follows: None,
            inputs: Inputs::new(TickRate::DEFAULT),
            streams: StreamStates::default(),
            reliable: Reliable { commands: CommandQueue::starting_after(0), events: EventNumbers::default() },
            outgoing: Outgoing::default(),
            events: VecDeque::new(),
            stats: ClientStats::default(),
            samples: Samples::default(),
            times: Times::default(),
            resuming: false,
            hidden: false,
        };
        client.say_hello(credential);
        client
    }

    /// Processes one message from the server.
    ///
    /// # Errors
    /// What is wrong; the state is then [`State::Closed`]. The driver sends what [`Client::poll_transmit`]
    /// still returns, which gives up the seat, and closes the connection.
    pub fn receive(&mut self, now: Duration, message: &[u8]) -> Result<(), ClientError> {
        if matches!(self.state, State::Closed(_)) {
            return Ok(());
        }
        self.times.now = self.times.now.max(now);
        self.times.heard_at = self.times.now;
        self.stats.messages += 1;
        self.stats.message_bytes += message.len() as u64;
        let result = match (&self.types.fault, message.first()) {
            (Some(fault), _) => Err(fault.clone().into()),
            (None, None) => Err(DecodeError::Truncated.into()),
            (None, Some(&TAG_UPDATE)) => self.on_update(now, message),
            (None, Some(&TAG_CONTROL)) => self.on_control(now, message),
            (None, Some(_)) => Err(DecodeError::UnknownTag.into()),
        };
        if let Err(error) = &result {
            if matches!(error, ClientError::Decode(_) | ClientError::Settings(_)) {
                self.stats.decode_errors += 1;
            }
            self.fail(error.close());
        }
        result
    }

    /// Ends the session and gives up the seat: a client that cannot read its server has nothing to come back
    /// to.
    fn fail(&mut self, close: Close) {
        let has_seat = self.has_seat();
        self.outgoing.control.clear();
        self.outgoing.frame_due = false;
        self.state = State::Closed(close);
        if has_seat {
            self.queue_control(&ClientControl::Leave);
        }
        if let Some(room) = &mut self.room {
            room.may_return = false;
        }
    }

    /// Sets the player's controls from now on. Button edges are kept until an input takes them.
    pub fn set_input(&mut self, input: G::Input) {
        if self.inputs.set(self.times.now, &input)
            && let Some(room) = &mut self.room
        {
            room.view_ticks.act();
        }
    }

    /// As [`Client::set_input`], with the time of the key press for the input's [`InputTrace`]. Otherwise the
    /// time of the last call into the client counts.
    pub fn set_input_at(&mut self, now: Duration, input: G::Input) {
        self.times.now = self.times.now.max(now);
        self.set_input(input);
    }

    /// The next completed input trace. Inputs are sampled a few times a second at most, and the last 16
    /// traces wait here.
    pub fn poll_input_trace(&mut self) -> Option<InputTrace> {
        self.room.as_mut()?.input_traces.poll()
    }

    /// Queues a reliable command. The game gets it in the step of the first input that is made after this
    /// call, or later, and in the order of the calls. Commands queued before the client has joined are sent
    /// once it has.
    ///
    /// # Errors
    /// The queue is full, the command is too long, the client is a spectator, or the session is over
    /// permanently.
    pub fn command(&mut self, command: G::Command) -> Result<(), CommandError> {
        if self.config.role == Role::Spectator {
            return Err(CommandError::Spectator);
        }
        let may_return = self.room.as_ref().is_some_and(|room| room.may_return);
        if matches!(self.state, State::Closed(_)) && !may_return {
            return Err(CommandError::Ended);
        }
        let bytes = codec::encode(&command).map_err(|_| CommandError::TooLong)?;
        self.reliable.commands.push(bytes)?;
        self.stats.commands += 1;
        Ok(())
    }

    /// Whether the server may hold a seat for the client: from `Hello` on when it resumes, otherwise from
    /// `Join` on, if the driver took what was queued.
    fn has_seat(&self) -> bool {
        let was_taken = self.outgoing.control.is_empty();
        match self.state {
            State::Playing => true,
            State::Joining => self.resuming || was_taken,
            State::Handshake => self.resuming && was_taken,
            State::Closed(_) => false,
        }
    }

    /// Gives up the seat permanently, in any state. Commands queued before are sent first. The server answers
    /// with a normal close; a client without a seat is closed at once. Between a cut and the next connection,
    /// `Leave` goes to the server after the `Hello` of [`Client::reconnect`]. A driver that can send nothing
    /// more closes the WebSocket with 1000, which has the same effect.
    pub fn leave(&mut self) {
        let is_open = !matches!(self.state, State::Closed(_));
        if is_open && !self.outgoing.leaving {
            // A `Hello` that resumes still has to be sent first.
            if self.has_seat() || self.resuming {
                self.send_last(&ClientControl::Leave);
                self.outgoing.leaving = true;
                self.outgoing.frame_due = false;
            } else {
                self.closed(CloseCode::Normal.into());
            }
        }
        if let Some(room) = &mut self.room {
            room.may_return = false;
        }
    }

    /// The next message for the server. Call it until it returns `None`.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        let message = match self.outgoing.control.pop_front() {
            Some(message) => message,
            None => self.take_frame()?,
        };
        self.stats.messages_sent += 1;
        self.stats.message_bytes_sent += message.len() as u64;
        Some(message)
    }

    /// The next event. Call it until it returns `None`.
    pub fn poll_event(&mut self) -> Option<ClientEvent<G>> {
        let has_state = self.room.as_ref().is_some_and(|room| room.clocks.snapshot_at.is_some());
        if !has_state && matches!(self.events.front(), Some(ClientEvent::Joined)) {
            if self.state == State::Playing {
                return None;
            }
            // The session ended, or was cut, before the room was seen.
            self.events.pop_front();
        }
        self.events.pop_front()
    }

    /// The configuration that the client was created with.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// The state of the session.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether the client is in a room.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.state == State::Playing
    }

    /// The session's number on the server.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// The room.
    #[must_use]
    pub fn room(&self) -> Option<RoomId> {
        Some(self.room.as_ref()?.id)
    }

    /// The room's tick rate.
    #[must_use]
    pub fn tick_rate(&self) -> Option<TickRate> {
        Some(self.room.as_ref()?.tick_rate)
    }

    /// The room's settings.
    #[must_use]
    pub fn settings(&self) -> Option<&G::Settings> {
        Some(&self.room.as_ref()?.settings)
    }

    /// The room's scene; `None` if only the schema is known.
    #[must_use]
    pub fn scene(&self) -> Option<&G::Scene> {
        Some(self.room.as_ref()?.rules.as_ref()?.scene())
    }

    /// The client's own player; `None` for a spectator.
    #[must_use]
    pub fn player(&self) -> Option<PlayerId> {
        Some(self.room.as_ref()?.player?.0)
    }

    /// The id of the entity that the player controls, even before its first row has arrived. `None` while the
    /// player controls none, and for a spectator.
    #[must_use]
    pub fn own_id(&self) -> Option<EntityId> {
        Some(self.room.as_ref()?.player?.1).filter(|entity| *entity != EntityId::NONE)
    }

    /// The player's own entity as predicted for the newest input.
    #[must_use]
    pub fn own(&self) -> Option<(EntityId, &G::Entity)> {
        let prediction = self.room.as_ref()?.own.prediction.as_ref()?;
        Some((prediction.id(), prediction.entity()?))
    }

    /// The players in the room.
    #[must_use]
    pub fn roster(&self) -> &[RosterEntry] {
        &self.roster
    }

    /// The kinds of the game's entities. `None` if they do not form a valid schema, and before `Joined` if
    /// they come from the server.
    #[must_use]
    pub fn schema(&self) -> Option<&Schema> {
        self.types.schema.as_ref()
    }

    /// The tick, with its fraction, that the server has reached at `now`: an estimate from the time stamps of
    /// both directions, exact up to half the difference between the two latencies.
    #[must_use]
    pub fn server_tick_at(&self, now: Duration) -> Option<f64> {
        self.room.as_ref()?.clocks.server_tick_at(now)
    }

    /// The tick, with its fraction, at which [`Client::view`] shows the other entities.
    #[must_use]
    pub fn shown_tick_at(&self, now: Duration) -> Option<f64> {
        let moment = self.room.as_ref()?.clocks.moment_at(now)?;
        Some(moment.0 as f64 / FRACTIONS as f64)
    }

    /// The tick of the newest input that was made.
    #[must_use]
    pub fn newest_input(&self) -> Option<Tick> {
        self.inputs.newest()
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> &ClientStats {
        &self.stats
    }

    /// Returns the samples measured since the last call; at most [`SAMPLES_MAX`] wait.
    pub fn drain_samples(&mut self) -> impl Iterator<Item = Sample> {
        self.samples.drain()
    }

    /// Changes one field of the newest state, as a memory fault would. For tests of state hashes and repair.
    pub(crate) fn corrupt(&mut self) -> bool {
        self.types.schema.as_ref().is_some_and(|schema| self.streams.corrupt(schema))
    }

    /// Removes rows from the newest state, as a worse fault would. For tests of repair.
    pub(crate) fn lose_rows(&mut self) -> bool {
        self.streams.lose_rows()
    }

    /// Queues the last message after all commands, which take at most eight frames.
    fn send_last(&mut self, message: &ClientControl) {
        self.reliable.commands.send_at_once();
        while self.reliable.commands.has_unsent() {
            self.outgoing.frame_due = true;
            let Some(frame) = self.take_frame() else { break };
            self.outgoing.control.push_back(frame);
        }
        self.outgoing.control.extend(message.encode());
    }

    fn queue_control(&mut self, message: &ClientControl) {
        // At the limit the driver has stopped taking messages: the connection is as good as cut.
        if self.outgoing.control.len() < CONTROL_MAX
            && let Ok(bytes) = message.encode()
        {
            self.outgoing.control.push_back(bytes);
        }
    }

    fn push_event(&mut self, event: ClientEvent<G>) -> Result<(), ClientError> {
        if self.events.len() >= EVENTS_MAX {
            return Err(ClientError::EventsNotTaken);
        }
        self.events.push_back(event);
        Ok(())
    }
}
