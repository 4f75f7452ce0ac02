//! One client of the load generator: handshake, frames in, frames out. It decodes no snapshot and predicts
//! nothing.

use crate::frames::{self, Frame};
use mio::net::TcpStream;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};
use tickwire_shared::Rng;
use tickwire_shared::entity::{Input, OnGrid};
use tickwire_shared::id::{ResumeSecret, RoomId};
use tickwire_shared::limits::{PROTOCOL_VERSION, SUBPROTOCOL};
use tickwire_shared::tick::{Tick, TickRate};
use tickwire_shared::wire::control::{
    ClientControl, Credential, Hello, Join, Options, Role, ServerControl, Target,
};
use tickwire_shared::wire::frame::ClientFrame;
use tickwire_shared::wire::update::Update;
use tickwire_shared::wire::{Close, CloseCode, Text};

/// The controls that a client sends.
type Controls = <tickwire_arena::Arena as tickwire_shared::game::Game>::Input;

/// How many ticks ahead of the newest snapshot inputs are addressed.
const LEAD_TICKS: u32 = 3;
/// How many frames the same controls are held.
const HOLD_FRAMES: u32 = 24;

/// How far a client has got.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// Waits for the answer to its upgrade.
    Upgrading,
    /// Waits for Welcome or Joined.
    Joining,
    /// Sends its frames.
    Playing,
    /// The connection has ended, for this reason.
    Ended(String),
}

/// What the generator has counted over all clients, from the start of the measured time.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// Updates received.
    pub(crate) messages: u64,
    /// Their bytes, without the WebSocket heads.
    pub(crate) bytes: u64,
    /// Frames sent.
    pub(crate) sent: u64,
    /// Frames that a full socket did not take.
    pub(crate) blocked: u64,
    /// Frames left out because the generator itself was more than a period late.
    pub(crate) skipped: u64,
    /// Updates that could not be read.
    pub(crate) bad: u64,
}

/// What a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Random controls in every frame.
    Busy,
    /// Acknowledgements only.
    Silent,
    /// Few frames, all with the same controls: straight on, or none.
    Steady { moves: bool },
}

pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    pub(crate) state: State,
    /// The room, known from Joined on.
    pub(crate) room: Option<RoomId>,
    /// The close code with which the server ended the session, if it sent one.
    pub(crate) closed_with: Option<CloseCode>,
    /// Whether the seat was taken again after the server closed the session.
    pub(crate) resumed: bool,
    /// The newest tick that another client of the room has; kept by the generator.
    pub(crate) room_newest: u32,
    /// Messages received since it started to read again after a stall, until it has caught up.
    pub(crate) catching: Option<u32>,
    /// How many messages it took to catch up.
    pub(crate) caught_after: Option<u32>,
    secret: Option<ResumeSecret>,
    rate: TickRate,
    /// The target tick of the last packet: the next one must start from it.
    base: Option<Tick>,
    target: Target,
    /// The start of a frame.
    pending: Vec<u8>,
    /// The start of a message.
    fragments: Vec<u8>,
    newest: Option<u32>,
    event_ack: Option<u32>,
    events_received: u32,
    last_input: u32,
    last_update: Option<Instant>,
    frames: u32,
    row: Vec<i32>,
    rng: Rng,
}

impl Client {
    /// A client on a connected socket. Without a handshake it plays at once.
    pub(crate) fn new(socket: TcpStream, target: Target, handshake: bool, seed: u64) -> Self {
        let state = if handshake { State::Upgrading } else { State::Playing };
        Self {
            socket,
            state,
            room: None,
            closed_with: None,
            resumed: false,
            room_newest: 0,
            catching: None,
            caught_after: None,
            secret: None,
            rate: TickRate::DEFAULT,
            base: None,
            target,
            pending: Vec::new(),
            fragments: Vec::new(),
            newest: None,
            event_ack: None,
            events_received: 0,
            last_input: 0,
            last_update: None,
            // So that not all clients change their controls at once.
            frames: seed as u32 % HOLD_FRAMES,
            row: Vec::new(),
            rng: Rng::new(seed),
        }
    }

    /// Sends the HTTP request.
    pub(crate) fn upgrade(&mut self, host: &str) {
        let request = format!(
            "GET /play HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
        );
        self.write(request.as_bytes());
    }

    /// Reads everything that is available and acts on it.
    pub(crate) fn read(&mut self, now: Instant, totals: &mut Totals, gap: &mut impl FnMut(Duration)) {
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.socket.read(&mut bytes) {
                Ok(0) => return self.end("the server ended the connection"),
                Ok(read) => {
                    let Some(new) = bytes.get(..read) else { return };
                    self.take(new, now, totals, gap);
                    if read < bytes.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => return self.end(&error.to_string()),
            }
        }
    }

    fn take(&mut self, new: &[u8], now: Instant, totals: &mut Totals, gap: &mut impl FnMut(Duration)) {
        let mut pending = std::mem::take(&mut self.pending);
        let joined;
        let mut rest = if pending.is_empty() {
            new
        } else {
            pending.extend_from_slice(new);
            joined = std::mem::take(&mut pending);
            &joined
        };
        if self.state == State::Upgrading {
            let Some(end) = rest.windows(4).position(|four| four == b"\r\n\r\n") else {
                self.pending = rest.to_vec();
                return;
            };
            let (head, body) = rest.split_at(end + 4);
            rest = body;
            self.upgraded(head);
        }
        while let Some(frame) = frames::first(rest) {
            self.frame(&frame, now, totals, gap);
            rest = rest.get(frame.bytes..).unwrap_or_default();
        }
        self.pending = rest.to_vec();
    }

    fn upgraded(&mut self, head: &[u8]) {
        if !head.starts_with(b"HTTP/1.1 101") {
            let first = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
            return self.end(&String::from_utf8_lossy(first));
        }
        self.state = State::Joining;
        let name = Text::cut("load");
        let credential = match self.secret {
            Some(secret) => Credential::Resume { secret, events_received: self.events_received },
            None => Credential::Guest,
        };
        self.control(&ClientControl::Hello(Hello { version: PROTOCOL_VERSION, name, credential }));
    }

    fn frame(
        &mut self,
        frame: &Frame<'_>,
        now: Instant,
        totals: &mut Totals,
        gap: &mut impl FnMut(Duration),
    ) {
        match frame.opcode {
            frames::BINARY if frame.last => self.message(frame.payload, now, totals, gap),
            frames::BINARY => self.fragments = frame.payload.to_vec(),
            frames::CONTINUATION => {
                self.fragments.extend_from_slice(frame.payload);
                if frame.last {
                    let message = std::mem::take(&mut self.fragments);
                    self.message(&message, now, totals, gap);
                }
            }
            frames::PING => self.write(&frames::from_client(frames::PONG, frame.payload)),
            frames::CLOSE => self.end("a close frame without a reason"),
            _ => {}
        }
    }

    fn message(&mut self, payload: &[u8], now: Instant, totals: &mut Totals, gap: &mut impl FnMut(Duration)) {
        match payload.first() {
            Some(1) => {
                totals.messages += 1;
                totals.bytes += payload.len() as u64;
                if let Some(last) = self.last_update.replace(now) {
                    gap(now - last);
                }
                match Update::decode(payload) {
                    Ok(update) => totals.bad += u64::from(!self.update(&update)),
                    Err(_) => totals.bad += 1,
                }
            }
            _ => match ServerControl::decode(payload) {
                Ok(message) => self.answer(message),
                Err(error) => self.end(&format!("a control message: {error}")),
            },
        }
    }

    /// Takes in an update; `false` if it starts from a state that this client does not have.
    fn update(&mut self, update: &Update<'_>) -> bool {
        let tick = update.private.tick.0;
        self.newest = Some(tick);
        let events = &update.private.events;
        if !events.items.is_empty() {
            self.events_received = events.first + events.items.len() as u32 - 1;
            self.event_ack = Some(self.events_received);
        }
        if let Some(messages) = &mut self.catching {
            *messages += 1;
            // Another client of the room may have been read a tick earlier.
            if tick + 1 >= self.room_newest {
                self.caught_after = self.catching.take();
            }
        }
        let mut fits = true;
        for packet in update.streams.iter().filter(|packet| !packet.repair) {
            fits &= packet.baseline.is_none() || self.base.is_none() || packet.baseline == self.base;
            self.base = Some(packet.target);
        }
        fits
    }

    fn answer(&mut self, message: ServerControl) {
        match message {
            ServerControl::Welcome(_) if self.secret.is_some() => {}
            ServerControl::Welcome(_) => {
                let join = Join::new(Text::cut("arena"), 0, Role::Player, self.target.clone());
                self.control(&ClientControl::Join(join));
            }
            ServerControl::Joined(joined) => {
                self.room = Some(joined.room);
                self.last_input = joined.tick.0;
                self.rate = joined.tick_rate;
                self.secret = joined.secret;
                self.resumed = joined.resumed;
                self.state = State::Playing;
            }
            ServerControl::IdleWarning { .. } | ServerControl::Invitation(_) => {}
            ServerControl::Close(Close { code, .. }) => {
                self.closed_with = Some(code);
                self.end(&format!("closed: {code:?}"));
            }
        }
    }

    /// Takes the seat again over a new connection.
    pub(crate) fn resume(&mut self, socket: TcpStream, host: &str) {
        self.socket = socket;
        self.state = State::Upgrading;
        (self.newest, self.base, self.last_update) = (None, None, None);
        self.pending.clear();
        self.fragments.clear();
        self.upgrade(host);
    }

    /// Sends the frame of this turn: an acknowledgement and, unless silent, an input.
    pub(crate) fn send(&mut self, now: Instant, since_start: Duration, manner: Manner, totals: &mut Totals) {
        let Some(newest) = self.newest.filter(|_| self.state == State::Playing) else { return };
        let mut frame = ClientFrame::<Controls> {
            stamp_ms: since_start.as_millis() as u16,
            snapshot_ack: Some(Tick(newest)),
            event_ack: self.event_ack.take(),
            ..ClientFrame::default()
        };
        match manner {
            Manner::Silent => {}
            Manner::Busy => {
                if let Some(tick) = self.next_input_tick(newest) {
                    frame.inputs.push((Tick(tick), OnGrid::new(&self.controls())));
                }
                frame.view = Some((Tick(newest.saturating_sub(2)), 128));
            }
            Manner::Steady { moves } => {
                frame.steady = true;
                // Quiet ticks sent no message.
                let since = self.last_update.map_or(Duration::ZERO, |last| now - last);
                let tick = newest + LEAD_TICKS + self.rate.ticks_floor(since);
                if tick > self.last_input {
                    self.last_input = tick;
                    let controls = Controls { move_x: if moves { 127 } else { 0 }, ..Controls::default() };
                    frame.inputs.push((Tick(tick), OnGrid::new(&controls)));
                }
            }
        }
        let bytes = frames::from_client(frames::BINARY, &frame.encode());
        match self.socket.write(&bytes) {
            Ok(written) if written == bytes.len() => totals.sent += 1,
            Ok(_) => self.end("a frame was taken in part"),
            Err(error) if error.kind() == ErrorKind::WouldBlock => totals.blocked += 1,
            Err(error) => self.end(&error.to_string()),
        }
    }

    /// One tick after the last one; or near the lead, if stalls or drift moved it too far off.
    fn next_input_tick(&mut self, newest: u32) -> Option<u32> {
        let next = self.last_input + 1;
        let tick =
            if (newest + 2..=newest + 2 * LEAD_TICKS).contains(&next) { next } else { newest + LEAD_TICKS };
        (tick > self.last_input).then(|| {
            self.last_input = tick;
            tick
        })
    }

    /// Random controls, each held for most of a second; buttons are up most of the time.
    fn controls(&mut self) -> Controls {
        if self.frames.is_multiple_of(HOLD_FRAMES) || self.row.is_empty() {
            let rng = &mut self.rng;
            let value = |grid: &tickwire_shared::entity::Grid| match grid.span() {
                2 => grid.min + i32::from(rng.below(8) == 0),
                span => grid.min + rng.below(span as u32) as i32,
            };
            self.row = Controls::GRIDS.iter().map(value).collect();
        }
        self.frames += 1;
        Controls::read_row(&self.row).unwrap_or_default()
    }

    fn control(&mut self, message: &ClientControl) {
        match message.encode() {
            Ok(bytes) => self.write(&frames::from_client(frames::BINARY, &bytes)),
            Err(error) => self.end(&error.to_string()),
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        match self.socket.write(bytes) {
            Ok(written) if written == bytes.len() => {}
            Ok(_) => self.end("a message was taken in part"),
            Err(error) => self.end(&error.to_string()),
        }
    }

    /// The newest tick that it has.
    pub(crate) fn newest(&self) -> Option<u32> {
        self.newest
    }

    /// Why the connection ended, if it did.
    pub(crate) fn ended(&self) -> Option<&str> {
        match &self.state {
            State::Ended(why) => Some(why),
            _ => None,
        }
    }

    fn end(&mut self, why: &str) {
        if !matches!(self.state, State::Ended(_)) {
            self.state = State::Ended(why.to_owned());
        }
    }
}

/// A new room, for the first of its clients.
pub(crate) fn new_room() -> Target {
    Target::Create(Options::none())
}

/// A socket that connects to `to` from the address `127.0.0.(2 + number mod 50)`.
pub(crate) fn connect(to: std::net::SocketAddr, number: usize) -> io::Result<TcpStream> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    let from = std::net::SocketAddr::from(([127, 0, 0, 2 + (number % 50) as u8], 0));
    socket.bind(&from.into())?;
    socket.connect(&to.into())?;
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    Ok(TcpStream::from_std(socket.into()))
}
