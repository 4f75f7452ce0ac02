//! One client of one room as a page sees it: bytes in, bytes out, and rows to draw.

use crate::page_game::PageGame;
use core::time::Duration;
use serde::Serialize;
use tickwire_shared::client::{
    Client, ClientConfig, ClientEvent, CommandError, InputTrace, RenderedFrame, Sample, SavedSeat, State,
};
use tickwire_shared::coding::codec;
use tickwire_shared::entity::{Input, OnGrid};
use tickwire_shared::id::{EntityId, PlayerId};
use tickwire_shared::limits::TICKET_BYTES_MAX;
use tickwire_shared::wire::control::{Credential, GameName, List, Name, Role, Target};
use tickwire_shared::wire::terms::JoinTerms;
use tickwire_shared::wire::{Advice, Close, DecodeError};

/// How many numbers [`Session::statistics`] has; `STATISTICS` in `core.js` names them in the same order.
pub const STATISTICS: usize = 28;

/// Why a command was not queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadCommand {
    /// It is not a command of the game: why, for the page's author.
    NotOfGame(String),
    /// The client refuses it.
    Refused(CommandError),
}

/// What happened: the first byte of [`Session::next_event`]. The rest is in the codec, except for a game's
/// event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Happened {
    /// The client has its seat, or has it again.
    Joined = 0,
    /// An event of the game: the bytes of [`PageGame::event_bytes`].
    Game = 1,
    /// `RosterEntry`.
    PlayerJoined = 2,
    /// `PlayerId`.
    PlayerLeft = 3,
    /// `(code: u16, reason: text, advice: u8, retry_after_ms: u32, text, by_server: bool)`.
    Closed = 4,
    /// A traced input: `(tick: u32, late: bool)`, then `f64`, in ms on the page's clock: pressed, made, sent,
    /// received (NaN if the server reported a newer one instead), applied, in a snapshot, decoded, shown.
    InputTrace = 5,
    /// `u32`: this many droppable events of the game are missing here.
    EventsDropped = 6,
    /// `RosterEntry`: a player controls a different entity, or none (0).
    PlayerChanged = 7,
    /// `closes_in_ms: u32`: the member was idle for too long.
    IdleWarning = 8,
    /// `option text`: the invitation that the page asked for.
    Invitation = 9,
}

/// A client and its measurements.
pub struct Session<P: PageGame> {
    client: Client<P::Game>,
    frame: RenderedFrame,
    /// The close reason that the client itself made and that the page has not received yet.
    fault: Option<Close>,
    error_units: f32,
}

impl<P: PageGame> core::fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Session").field("client", &self.client).finish_non_exhaustive()
    }
}

impl<P: PageGame> Session<P> {
    /// A session from `(name, game, role, target, ticket, terms)` in the codec, the ticket an option; its
    /// `Hello` waits to be sent.
    ///
    /// # Errors
    /// The bytes do not have this form.
    pub fn start(config: &[u8]) -> Result<Self, DecodeError> {
        type Start = (Name, GameName, Role, Target, Option<List<u8, TICKET_BYTES_MAX>>, JoinTerms);
        let (name, game, role, target, ticket, terms): Start = codec::decode(config)?;
        let mut config = ClientConfig::new(game, name);
        (config.role, config.target, config.terms) = (role, target, terms);
        config.credential = ticket.map_or(Credential::Guest, Credential::Ticket);
        Ok(Self::of(Client::new(config)))
    }

    /// A session that resumes a seat of [`Session::save_seat`], from `(name, game, seat)` in the codec.
    ///
    /// # Errors
    /// The bytes do not have this form.
    pub fn resume(saved: &[u8]) -> Result<Self, DecodeError> {
        let (name, game, seat): (Name, GameName, SavedSeat) = codec::decode(saved)?;
        Ok(Self::of(Client::resume(ClientConfig::new(game, name), &seat)))
    }

    fn of(client: Client<P::Game>) -> Self {
        Self { client, frame: RenderedFrame::default(), fault: None, error_units: 0.0 }
    }

    /// What the next page needs to resume this seat; `None` if there is none to resume.
    #[must_use]
    pub fn save_seat(&self) -> Option<Vec<u8>> {
        self.client.save_seat()?.to_bytes().ok()
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client<P::Game> {
        &self.client
    }

    /// Takes a message from the server. `false`: it was invalid and the session is over; an event has the
    /// reason.
    pub fn receive(&mut self, now: Duration, message: &[u8]) -> bool {
        let was_playing = self.client.is_playing();
        if let Err(error) = self.client.receive(now, message) {
            self.fault = Some(error.close());
            return false;
        }
        if self.client.is_playing() && !was_playing && self.client.newest_input().is_none() {
            self.client.set_input_at(now, P::neutral_input(&self.client));
        }
        self.measure();
        true
    }

    fn measure(&mut self) {
        for sample in self.client.drain_samples() {
            if let Sample::PredictionError(units) = sample
                && units > 0.0
            {
                self.error_units = units;
            }
        }
    }

    /// Makes the inputs that are due. Returns when to call it next; `None` outside a room.
    pub fn advance(&mut self, now: Duration) -> Option<Duration> {
        self.client.advance(now);
        self.client.next_input_at()
    }

    /// The next message for the server.
    pub fn next_message(&mut self) -> Option<Vec<u8>> {
        self.client.poll_transmit()
    }

    /// The next event: a byte of [`Happened`] and its data.
    pub fn next_event(&mut self) -> Option<Vec<u8>> {
        let Some(event) = self.client.poll_event() else {
            let fault = self.fault.take().map(|fault| closed(&fault, false));
            return fault.or_else(|| self.client.poll_input_trace().map(|line| input_trace(&line)));
        };
        Some(match event {
            ClientEvent::Joined => vec![Happened::Joined as u8],
            ClientEvent::Game(event) => {
                let mut bytes = vec![Happened::Game as u8];
                bytes.extend(P::event_bytes(&event));
                bytes
            }
            ClientEvent::PlayerJoined(entry) => with_tag(Happened::PlayerJoined, &entry),
            ClientEvent::PlayerLeft(player) => with_tag(Happened::PlayerLeft, &player),
            ClientEvent::PlayerChanged(entry) => with_tag(Happened::PlayerChanged, &entry),
            ClientEvent::EventsDropped(count) => with_tag(Happened::EventsDropped, &count),
            ClientEvent::IdleWarning { closes_in } => {
                with_tag(Happened::IdleWarning, &u32::try_from(closes_in.as_millis()).unwrap_or(u32::MAX))
            }
            ClientEvent::Closed(close) => closed(&close, true),
            ClientEvent::Invitation(given) => with_tag(Happened::Invitation, &given),
            // A kind of event that this kit does not know yet.
            _ => return self.next_event(),
        })
    }

    /// Sets the controls from `now` on, as grid values in the order of the schema's input. `false`: the
    /// number of fields is wrong.
    pub fn input(&mut self, now: Duration, row: &[i32]) -> bool {
        let input = P::read_input(&self.client, row);
        let fits = input.is_some();
        if let Some(input) = input {
            self.client.set_input_at(now, input);
        }
        fits
    }

    /// Queues a command, as [`PageGame::read_command`] reads it.
    ///
    /// # Errors
    /// It is not a command of the game, or the client refuses it.
    pub fn command(&mut self, bytes: &[u8]) -> Result<(), BadCommand> {
        let command = P::read_command(bytes).map_err(BadCommand::NotOfGame)?;
        self.client.command(command).map_err(BadCommand::Refused)
    }

    /// What to draw at `now`, for each entity: its id, its kind, 1 if it is the client's own, and its fields
    /// in steps of their grids, with fractions where they are interpolated.
    pub fn view(&mut self, now: Duration, numbers: &mut Vec<f64>) {
        numbers.clear();
        let own = self.client.own_id();
        self.client.render_into(now, &mut self.frame);
        for row in self.frame.rows() {
            let is_own = f64::from(u8::from(Some(row.id) == own));
            numbers.extend([f64::from(row.id.0), f64::from(row.kind), is_own]);
            numbers.extend_from_slice(row.values);
        }
    }

    /// The room's own state in the newest snapshot: its kind, and its fields in steps of their grids. Empty
    /// if there is none.
    pub fn room_state(&self, numbers: &mut Vec<f64>) {
        numbers.clear();
        if let Some(row) = self.client.room_state_row() {
            numbers.push(f64::from(row.kind));
            numbers.extend(row.values.iter().map(|value| f64::from(*value)));
        }
    }

    /// `(room: text, player: option (u16, u32), tick_rate: u16, roster: list, settings: list of u8, schema:
    /// list of u8, neutral input: list of i32)` in the codec; `None` outside a room.
    #[must_use]
    pub fn facts(&self) -> Option<Vec<u8>> {
        let client = &self.client;
        let schema = client.game_schema()?.encode().ok()?;
        let mut neutral = Vec::new();
        OnGrid::new(&P::neutral_input(client)).write_row(&mut neutral);
        let facts = (
            client.room()?.to_string(),
            client.player().map(|player| (player, client.own_id().unwrap_or(EntityId::NONE))),
            client.tick_rate()?,
            client.roster(),
            P::settings_bytes(client.settings()?),
            schema,
            neutral,
        );
        codec::encode(&facts).ok()
    }

    /// The numbers that a net graph shows.
    #[must_use]
    pub fn statistics(&self, now: Duration) -> [f64; STATISTICS] {
        let (client, stats) = (&self.client, self.client.stats());
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        [
            stats.rtt.map_or(0.0, ms),
            ms(stats.jitter),
            ms(stats.jitter_up),
            stats.margin_ticks,
            client.snapshot_age(now).map_or(0.0, ms),
            stats.message_bytes as f64,
            stats.message_bytes_sent as f64,
            stats.messages as f64,
            stats.messages_sent as f64,
            stats.predictions as f64,
            stats.predictions_wrong as f64,
            f64::from(self.error_units),
            (stats.corrections + stats.corrections_snapped) as f64,
            ms(stats.view_delay),
            stats.frames as f64,
            stats.frames_starved as f64,
            stats.clock_jumps as f64,
            stats.hash_checks as f64,
            stats.hash_mismatches as f64,
            stats.keyframes as f64,
            stats.inputs.late as f64,
            stats.inputs.held as f64,
            stats.inputs.folded as f64,
            stats.inputs.refused as f64,
            stats.resumes as f64,
            client.streams_waiting() as f64,
            client.streams().map(|(_, state)| state.len()).sum::<usize>() as f64
                - f64::from(u8::from(client.room_state_row().is_some())),
            client.newest_tick().map_or(0.0, |tick| f64::from(tick.0)),
        ]
    }

    /// The hash of the newest state of a room that is one stream; 0 if there is none.
    #[must_use]
    pub fn state_hash(&self) -> u32 {
        self.client.latest().map_or(0, |state| state.hash())
    }

    /// Whether the session is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.client.state(), State::Closed(_))
    }

    /// Starts again after a cut. `false`: there is no seat to resume.
    pub fn reconnect(&mut self, now: Duration) -> bool {
        self.fault = None;
        self.client.reconnect(now)
    }

    /// As a spectator, asks for a player's view, or for its own again.
    pub fn follow(&mut self, player: Option<PlayerId>) {
        self.client.follow(player);
    }

    /// As a player, asks for an invitation to the room.
    pub fn invite(&mut self, uses: u16, valid: Duration) {
        self.client.invite(uses, valid);
    }

    /// Tells the server whether the page is hidden.
    pub fn set_hidden(&mut self, hidden: bool) {
        self.client.set_hidden(hidden);
    }

    /// Gives the seat up permanently.
    pub fn leave(&mut self) {
        self.client.leave();
    }
}

fn with_tag(happened: Happened, value: &impl Serialize) -> Vec<u8> {
    let mut bytes = vec![happened as u8];
    // Roster entries and numbers are far below the codec's limit.
    let _ = codec::encode_into(value, &mut bytes);
    bytes
}

fn input_trace(line: &InputTrace) -> Vec<u8> {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let times = [
        ms(line.pressed_at),
        ms(line.made_at),
        ms(line.sent_at),
        line.received_at.map_or(f64::NAN, ms),
        ms(line.applied_at),
        ms(line.snapshot_at),
        ms(line.decoded_at),
        ms(line.shown_at),
    ];
    with_tag(Happened::InputTrace, &(line.tick.0, line.late, times))
}

fn closed(close: &Close, by_server: bool) -> Vec<u8> {
    let (advice, retry_after_ms) = match close.advice {
        Advice::Stop => (0_u8, 0),
        Advice::RetryAfter(ms) => (1, ms),
        Advice::Resume => (2, 0),
        Advice::Reauthenticate => (3, 0),
        Advice::Upgrade => (4, 0),
    };
    let code = close.code;
    with_tag(Happened::Closed, &(code.code(), code.reason(), advice, retry_after_ms, &close.text, by_server))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::page_game::Json;
    use tickwire_arena::Arena;
    use tickwire_shared::client::generic::AnyGame;
    use tickwire_shared::wire::CloseCode;
    use tickwire_shared::wire::control::Options;

    fn session<P: PageGame>() -> Session<P> {
        let target = Target::Match(Options::none());
        let ticket = None::<List<u8, TICKET_BYTES_MAX>>;
        let config =
            (Name::cut("ada"), GameName::cut("arena"), Role::Player, target, ticket, JoinTerms::default());
        Session::start(&codec::encode(&config).unwrap()).unwrap()
    }

    #[test]
    fn what_a_page_says_wrongly_is_refused() {
        assert!(Session::<Json<Arena>>::start(&[]).is_err());
        assert!(Session::<AnyGame>::start(&[250, 1, 2]).is_err());
        let mut arena = session::<Json<Arena>>();
        assert!(!arena.input(Duration::ZERO, &[1, 2, 3]));
        assert!(arena.input(Duration::ZERO, &[1, 2, 3, 0]));
        let fault = arena.command(br#"{"Dance":1}"#).unwrap_err();
        let why = "unknown variant `Dance`, expected `Emote`";
        assert!(matches!(&fault, BadCommand::NotOfGame(text) if text.contains(why)), "{fault:?}");
        assert_eq!(arena.command(br#"{"Emote":1}"#), Ok(()));
        let mut generic = session::<AnyGame>();
        assert!(!generic.input(Duration::ZERO, &[1]), "no schema came yet");
        assert_eq!(generic.command(&[0; 513]), Err(BadCommand::Refused(CommandError::TooLong)));
    }

    #[test]
    fn only_a_spectator_in_a_room_follows() {
        let mut session = session::<Json<Arena>>();
        assert!(session.next_message().is_some(), "the Hello");
        session.follow(Some(PlayerId(3)));
        assert_eq!((session.next_message(), session.client().follows()), (None, None));
    }

    #[test]
    fn nonsense_ends_the_session_with_a_reason_that_is_told_once() {
        let mut session = session::<AnyGame>();
        assert!(session.next_message().is_some(), "the Hello");
        assert!(!session.receive(Duration::ZERO, &[7, 7]));
        assert!(session.is_closed());
        let told = session.next_event().unwrap();
        assert_eq!(told[0], Happened::Closed as u8);
        type Told = (u16, String, u8, u32, String, bool);
        let (code, reason, advice, _, text, by_server): Told = codec::decode(&told[1..]).unwrap();
        let expected = CloseCode::UnknownMessage;
        assert_eq!((code, reason.as_str(), advice), (expected.code(), expected.reason(), 4));
        assert!(!text.is_empty() && !by_server);
        assert_eq!(session.next_event(), None);
        assert!(session.facts().is_none() && !session.reconnect(Duration::ZERO));
    }
}
