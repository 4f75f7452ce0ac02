//! A room, its clients and a seeded link between them in one process, with virtual time: for tests of games
//! and hosts.
//!
//! The same seed gives the same run, byte for byte. A failed check reports the seed.
//!
//! ```text
//! let mut match_ = Harness::<MyGame>::new(settings, seed);
//! let ada = match_.join("ada");
//! match_.drive(ada, |client, rng| MyInput { go: rng.range(-1, 1), ..Default::default() });
//! match_.link(ada, LinkProfile::MOBILE_4G);
//! match_.run_ticks(300);
//! match_.cut(ada);
//! match_.run_ticks(30);
//! match_.resume(ada);
//! match_.settle();
//! match_.assert_in_sync();
//! ```

mod check;
mod connections;
mod determinism;
mod playing;
mod prediction;
mod run;
mod sandbox;
#[cfg(test)]
mod tests;

pub use crate::link::LinkProfile;
pub use determinism::{Determinism, Unsound, check_determinism, check_determinism_with_bots, random_input};
pub use prediction::{
    Allowed, Predictions, WrongPrediction, check_prediction, check_prediction_with_bots,
    check_prediction_within,
};
pub use sandbox::Sandbox;

use crate::Rng;
use crate::client::{Client, ClientConfig, ClientEvent, SavedSeat, State};
use crate::game::{Account, Game};
use crate::id::RoomId;
use crate::room::{FirstNumbers, Hold, MemberEvent, Room, RoomConfig, RoomPlan};
use crate::tick::{Tick, TickRate};
use crate::wire::control::{GameName, Name, Role};
use crate::wire::terms::JoinTerms;
use bytes::Bytes;
use connections::{ClientConnection, ClientConnections, LinkState};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

/// The most events of a client that wait for the test; older ones are dropped.
const EVENTS_KEPT: usize = 4096;

/// A client of a harness, numbered in the order of joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientIndex(pub usize);

/// What a client does at each of its inputs.
type Driver<G> = Box<dyn FnMut(&mut Client<G>, Duration, &mut Rng)>;

type Drawer<G> = Box<dyn FnMut(&Client<G>, Duration)>;

/// A client that is driven only when it renders a frame, as a page in a browser is.
struct Rendering<G: Game> {
    period: Duration,
    next_at: Duration,
    draw: Drawer<G>,
}

struct HarnessClient<G: Game> {
    client: Client<G>,
    /// As whom it plays; `None`: a guest with the client's name.
    account: Option<Account>,
    drive: Option<Driver<G>>,
    rendering: Option<Rendering<G>>,
    asleep_until: Duration,
    rng: Rng,
    events: VecDeque<ClientEvent<G>>,
}

/// A room with clients, in virtual time.
pub struct Harness<G: Game> {
    room: Room<G>,
    rate: TickRate,
    seats: Vec<HarnessClient<G>>,
    wires: ClientConnections,
    now: Duration,
    /// The server is paused until then.
    paused_until: Duration,
    seed: u64,
    rng: Rng,
    /// The client whose messages are recorded, and the messages.
    recorded: Option<(usize, Vec<Bytes>)>,
}

impl<G: Game> core::fmt::Debug for Harness<G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Harness {{ seed: {}, room: {:?}, clients: {} }}", self.seed, self.room, self.seats.len())
    }
}

impl<G: Game> Harness<G> {
    /// Creates a room at 30 Hz with these settings. All randomness is derived from `seed`.
    ///
    /// # Panics
    /// The room cannot be created: the settings or the game's types are invalid.
    #[must_use]
    pub fn new(settings: G::Settings, seed: u64) -> Self
    where
        G::Context: Default,
    {
        Self::at_rate(settings, seed, TickRate::DEFAULT)
    }

    /// As [`Harness::new`], at another tick rate.
    ///
    /// # Panics
    /// As [`Harness::new`].
    #[must_use]
    pub fn at_rate(settings: G::Settings, seed: u64, rate: TickRate) -> Self
    where
        G::Context: Default,
    {
        Self::with_context(settings, seed, rate, &G::Context::default())
    }

    /// As [`Harness::at_rate`], with what a host hands to its rooms.
    ///
    /// # Panics
    /// As [`Harness::new`].
    #[must_use]
    pub fn with_context(settings: G::Settings, seed: u64, rate: TickRate, context: &G::Context) -> Self {
        Self::make(settings, seed, rate, context, G::FEATURES.table())
    }

    /// As [`Harness::new`], without the game's table, for training one.
    ///
    /// # Panics
    /// As [`Harness::new`].
    #[must_use]
    pub fn untrained(settings: G::Settings, seed: u64) -> Self
    where
        G::Context: Default,
    {
        Self::with_table(settings, seed, None)
    }

    /// As [`Harness::new`], with this table instead of the game's, or none.
    ///
    /// # Panics
    /// As [`Harness::new`]; or the table does not fit the game's entities.
    #[must_use]
    pub fn with_table(settings: G::Settings, seed: u64, table: Option<&[u8]>) -> Self
    where
        G::Context: Default,
    {
        Self::make(settings, seed, TickRate::DEFAULT, &G::Context::default(), table)
    }

    fn make(
        settings: G::Settings,
        seed: u64,
        rate: TickRate,
        context: &G::Context,
        table: Option<&[u8]>,
    ) -> Self {
        let mut rng = Rng::new(seed);
        let config =
            RoomConfig { tick_rate: rate, spectators_max: 64, ..RoomConfig::new(RoomId::from_bits(1)) };
        let plan = match RoomPlan::with_table(settings, rate, table) {
            Ok(plan) => Arc::new(plan),
            Err(error) => panic!("seed {seed}: the room cannot be created: {error}"),
        };
        let mut room = Room::with_plan(config, plan, rng.next_u64(), context);
        room.keep_states();
        let (seats, wires) = (Vec::new(), ClientConnections::default());
        Self {
            room,
            rate,
            seats,
            wires,
            now: Duration::ZERO,
            paused_until: Duration::ZERO,
            seed,
            rng,
            recorded: None,
        }
    }

    /// Starts the room's numbers at other values, to test what happens at their end. Call it before any
    /// client joins.
    #[doc(hidden)] // As `Room::start_at`.
    pub fn start_at(&mut self, first: FirstNumbers) {
        self.room.start_at(first);
        self.now = self.rate.time_of(first.tick);
        self.wires.now = self.now;
    }

    /// Connects a player, which asks to join. It is in the room some ticks later.
    pub fn join(&mut self, name: &str) -> ClientIndex {
        self.connect(name, Role::Player, JoinTerms::default())
    }

    /// As [`Harness::join`], with this account, under its name.
    pub fn join_as(&mut self, account: Account) -> ClientIndex {
        let client = self.join(&account.name);
        self.seat_mut(client).account = Some(account);
        client
    }

    /// As [`Harness::join_as`], on these terms. A password always fits, and so does every invitation that a
    /// client got here.
    pub fn join_with(&mut self, account: Account, terms: JoinTerms) -> ClientIndex {
        let client = self.connect(&account.name, Role::Player, terms);
        self.seat_mut(client).account = Some(account);
        client
    }

    /// Connects a spectator, which asks to join.
    pub fn spectate(&mut self, name: &str) -> ClientIndex {
        self.connect(name, Role::Spectator, JoinTerms::default())
    }

    fn connect(&mut self, name: &str, role: Role, terms: JoinTerms) -> ClientIndex {
        let config =
            ClientConfig { role, terms, ..ClientConfig::new(GameName::cut("game"), Name::cut(name)) };
        let client = Client::new(config);
        let at = self.seats.len();
        self.seats.push(HarnessClient {
            client,
            account: None,
            drive: None,
            rendering: None,
            asleep_until: Duration::ZERO,
            rng: self.rng.split(),
            events: VecDeque::new(),
        });
        self.wires.wires.push(ClientConnection::new(self.rng.split()));
        self.transmit(at);
        ClientIndex(at)
    }

    /// Limits the bytes of updates that each client gets from now on, 1/s; 0: no limit.
    pub fn budget(&mut self, client_bytes_per_s: u32) {
        self.room.set_client_bytes_per_s(client_bytes_per_s);
    }

    /// Audits every update from now on when it is sent: the run fails at the first entity that its receiver
    /// may not see. See [`Room::audit`].
    pub fn audit_leaks(&mut self) {
        self.wires.audited = Some(Vec::new());
    }

    /// Records the messages that a client receives from now on, for [`Harness::take_recorded`].
    pub fn record(&mut self, client: ClientIndex) {
        self.recorded = Some((client.0, Vec::new()));
    }

    /// The messages that the recorded client has received since the last call, in order.
    pub fn take_recorded(&mut self) -> Vec<Bytes> {
        self.recorded.as_mut().map(|(_, messages)| core::mem::take(messages)).unwrap_or_default()
    }

    /// Drives a client `hz` times a second from now on, and only then: it advances the client and renders a
    /// frame.
    pub fn render_at(
        &mut self,
        client: ClientIndex,
        hz: u16,
        draw: impl FnMut(&Client<G>, Duration) + 'static,
    ) {
        let (now, period) = (self.now, Duration::from_secs(1) / u32::from(hz.max(1)));
        self.seat_mut(client).rendering = Some(Rendering { period, next_at: now, draw: Box::new(draw) });
    }

    /// Pauses a client's program for `time`, as in a closed laptop: it reads nothing and sends nothing.
    pub fn sleep(&mut self, client: ClientIndex, time: Duration) {
        let until = self.now + time;
        self.seat_mut(client).asleep_until = until;
    }

    /// Pauses the server for `time`, as when a virtual machine is paused: it reads nothing and steps nothing.
    /// Then it catches up on the last ticks and skips those before them, as a room on a real server does.
    pub fn pause_room(&mut self, time: Duration) {
        self.paused_until = self.now + time;
    }

    /// Sets how a client's link behaves from now on. A client that its link cuts comes back by itself when
    /// the cut is over.
    pub fn link(&mut self, client: ClientIndex, profile: LinkProfile) {
        self.wire_mut(client).link.set_profile(profile);
    }

    /// Stalls a client's link, in both directions, for `time`; then everything arrives at once.
    pub fn stall(&mut self, client: ClientIndex, time: Duration) {
        let until = self.now + time;
        self.wire_mut(client).link.stall(until);
    }

    /// Blocks a client's slot from now on, as if its socket accepted no more bytes.
    pub fn block_slot(&mut self, client: ClientIndex) {
        self.wire_mut(client).blocked = true;
    }

    /// Unblocks a blocked slot.
    pub fn unblock_slot(&mut self, client: ClientIndex) {
        let now = self.now;
        let wire = self.wire_mut(client);
        wire.blocked = false;
        wire.flush(now);
    }

    /// Breaks the connection: messages in flight are lost, and the room is notified.
    pub fn cut(&mut self, client: ClientIndex) {
        let now = self.now;
        let wire = self.wire_mut(client);
        let stage = wire.stage;
        wire.reset(LinkState::Cut);
        if let LinkState::Member(member) = stage {
            self.room.handle(now, member, MemberEvent::Cut(Hold::Firm), &mut self.wires);
        }
    }

    /// Brings back a client whose connection was cut. `false` if it has nothing to come back to.
    pub fn resume(&mut self, client: ClientIndex) -> bool {
        let now = self.now;
        if !self.seat_mut(client).client.reconnect(now) {
            return false;
        }
        self.cut(client);
        self.wire_mut(client).reset(LinkState::Hello);
        self.transmit(client.0);
        true
    }

    /// Replaces the client by a new one that takes its seat, as when a page is reloaded. `false` if it has no
    /// seat. Events that the test did not take from the old client are lost with it.
    pub fn restart(&mut self, client: ClientIndex) -> bool {
        let old = &self.seat_mut(client).client;
        let Some(saved) = old.save_seat() else { return false };
        let bytes = saved.to_bytes().unwrap_or_default();
        let Ok(saved) = SavedSeat::from_bytes(&bytes) else { return false };
        let new = Client::resume(old.config().clone(), &saved);
        self.cut(client);
        self.seat_mut(client).client = new;
        self.wire_mut(client).reset(LinkState::Hello);
        self.transmit(client.0);
        true
    }

    /// Brings a cut client back, or joins from scratch if it never was in the room.
    pub(super) fn come_back(&mut self, client: ClientIndex) {
        if !self.resume(client) {
            let seat = self.seat_mut(client);
            seat.client = Client::new(seat.client.config().clone());
            self.wire_mut(client).reset(LinkState::Hello);
            self.transmit(client.0);
        }
    }

    /// Makes a client leave permanently.
    pub fn leave(&mut self, client: ClientIndex) {
        self.seat_mut(client).client.leave();
        self.transmit(client.0);
    }

    /// Changes one field of a client's newest snapshot, as a memory fault would. `false` if it has none.
    pub fn corrupt(&mut self, client: ClientIndex) -> bool {
        self.seat_mut(client).client.corrupt()
    }

    /// Removes every second row of a client's newest snapshot, so that deltas no longer fit it. `false` if it
    /// has none.
    pub fn lose_rows(&mut self, client: ClientIndex) -> bool {
        self.seat_mut(client).client.lose_rows()
    }

    /// Ends all disturbances (cuts, blocked slots, bad links) and runs for two seconds until they have no
    /// effect.
    pub fn settle(&mut self) {
        for at in 0..self.seats.len() {
            let client = ClientIndex(at);
            self.link(client, LinkProfile::CLEAN);
            self.unblock_slot(client);
            if self.wire_mut(client).stage == LinkState::Cut {
                self.come_back(client);
            }
        }
        self.run_ticks(2 * u32::from(self.rate.hz()));
    }

    /// A client.
    ///
    /// # Panics
    /// There is no such client.
    #[must_use]
    pub fn client(&self, client: ClientIndex) -> &Client<G> {
        match self.seats.get(client.0) {
            Some(seat) => &seat.client,
            None => self.fail(&format!("there is no {client:?}")),
        }
    }

    /// A client, to give it commands. Its messages are sent with its next input.
    pub fn client_mut(&mut self, client: ClientIndex) -> &mut Client<G> {
        &mut self.seat_mut(client).client
    }

    /// The events of a client since the last call; at most the last 4,096.
    pub fn take_events(&mut self, client: ClientIndex) -> Vec<ClientEvent<G>> {
        self.seat_mut(client).events.drain(..).collect()
    }

    /// The clients that are in the room and connected.
    pub fn connected(&self) -> impl Iterator<Item = ClientIndex> {
        let seats = self.seats.iter().zip(&self.wires.wires).enumerate();
        seats
            .filter(|(_, (seat, wire))| {
                matches!(wire.stage, LinkState::Member(_)) && *seat.client.state() == State::Playing
            })
            .map(|(at, _)| ClientIndex(at))
    }

    /// The room.
    #[must_use]
    pub fn room(&self) -> &Room<G> {
        &self.room
    }

    /// The room, to change how it runs.
    pub fn room_mut(&mut self) -> &mut Room<G> {
        &mut self.room
    }

    /// The room's tick.
    #[must_use]
    pub fn tick(&self) -> Tick {
        self.room.tick()
    }

    /// The time since the room's start.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The seed of this run.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    fn seat_mut(&mut self, client: ClientIndex) -> &mut HarnessClient<G> {
        let (seed, tick) = (self.seed, self.room.tick());
        match self.seats.get_mut(client.0) {
            Some(seat) => seat,
            None => panic!("seed {seed}, tick {tick}: there is no {client:?}"),
        }
    }

    fn wire_mut(&mut self, client: ClientIndex) -> &mut ClientConnection {
        let (seed, tick) = (self.seed, self.room.tick());
        match self.wires.wires.get_mut(client.0) {
            Some(wire) => wire,
            None => panic!("seed {seed}, tick {tick}: there is no {client:?}"),
        }
    }

    /// Fails the test and reports the seed.
    #[track_caller]
    fn fail(&self, text: &str) -> ! {
        panic!("seed {}, tick {}: {text}", self.seed, self.room.tick())
    }
}
