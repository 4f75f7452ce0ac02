//! A room with many members in one process: most of them only acknowledge, some are whole clients.

use crate::game::HZ;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tickwire_shared::client::{Client, ClientConfig};
use tickwire_shared::game::{Account, Game};
use tickwire_shared::id::{MemberId, ResumeSecret, RoomId, SessionId};
use tickwire_shared::room::{
    JoinRequest, MemberEvent, MemberFrame, Outbox, Room, RoomConfig, RoomPlan, game_schema_hash,
};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::Close;
use tickwire_shared::wire::control::{GameInfo, GameName, Name, Role, ServerControl, SessionLimits, Welcome};
use tickwire_shared::wire::frame::ClientFrame;
use tickwire_shared::wire::update::Update;

const JOINS_PER_TICK: usize = 10;

/// What members received in one tick.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) messages: Vec<(MemberId, Vec<u8>)>,
}

impl Outbox for Inbox {
    fn ready(&self, _: MemberId) -> bool {
        true
    }

    fn control(&mut self, member: MemberId, message: bytes::Bytes) {
        self.messages.push((member, message.to_vec()));
    }

    fn update(&mut self, member: MemberId, message: &[u8]) {
        self.messages.push((member, message.to_vec()));
    }

    fn close(&mut self, member: MemberId, close: Close) {
        panic!("member {member:?} was closed: {close:?}");
    }
}

/// A room, its members, and those that are whole clients.
pub(crate) struct RoomBench<G: Game> {
    pub(crate) room: Room<G>,
    pub(crate) inbox: Inbox,
    /// The first members.
    pub(crate) clients: Vec<Client<G>>,
    /// The time of all steps, including the game's.
    pub(crate) spent: Duration,
    now: Duration,
}

impl<G: Game<Context = ()>> RoomBench<G> {
    /// A room with `players` and `spectators`, of which the first `whole` decode everything.
    pub(crate) fn new(
        settings: G::Settings,
        table: &[u8],
        seed: u64,
        players: usize,
        spectators: usize,
        whole: usize,
    ) -> Self {
        let mut config = RoomConfig::new(RoomId::from_bits(1));
        config.tick_rate = TickRate::new(HZ).expect("a rate");
        config.spectators_max = 512;
        let plan = RoomPlan::with_table(settings, config.tick_rate, Some(table)).expect("a plan");
        let room = Room::with_plan(config, Arc::new(plan), seed, &());
        let (inbox, clients) = (Inbox::default(), Vec::new());
        let mut bench = Self { room, inbox, clients, spent: Duration::ZERO, now: Duration::ZERO };
        for at in 0..players + spectators {
            let role = if at < players { Role::Player } else { Role::Spectator };
            let secret = ResumeSecret { room: RoomId::from_bits(1), key: [0; 16] };
            let account = Account::guest(Name::cut("member")).into();
            let join = JoinRequest::new(account, role, secret).into();
            if at < whole {
                bench.clients.push(client::<G>(role));
            }
            bench.room.handle(bench.now, member(at), join, &mut bench.inbox);
            // Every member receives every join, and must acknowledge them in between.
            if (at + 1).is_multiple_of(JOINS_PER_TICK) || at + 1 == players + spectators {
                bench.deliver();
                bench.tick();
                bench.inbox.messages.clear();
            }
        }
        bench
    }

    /// One tick: the room steps, its members get their messages and acknowledge them.
    pub(crate) fn tick(&mut self) {
        self.now += self.room.config().tick_rate.period();
        self.inbox.messages.clear();
        let start = Instant::now();
        self.room.step(self.now, &mut self.inbox);
        self.spent += start.elapsed();
        self.deliver();
        let mut nothing = Inbox::default();
        for (to, message) in &self.inbox.messages {
            if (to.0 as usize) < self.clients.len() {
                continue;
            }
            let events = Update::decode(message).expect("an update").private.events;
            let event_ack = (!events.items.is_empty()).then(|| events.first + events.items.len() as u32 - 1);
            let frame =
                ClientFrame { snapshot_ack: Some(self.room.tick()), event_ack, ..ClientFrame::default() };
            let frame = MemberFrame { frame, commands: Vec::new(), timed: true };
            self.room.handle(self.now, *to, MemberEvent::Frame(frame), &mut nothing);
        }
        for (at, client) in self.clients.iter_mut().enumerate() {
            client.advance(self.now);
            while let Some(bytes) = client.poll_transmit() {
                if let Ok(event) = MemberEvent::decode(&bytes) {
                    self.room.handle(self.now, member(at), event, &mut nothing);
                }
            }
            while client.poll_event().is_some() {}
        }
    }

    fn deliver(&mut self) {
        for (to, message) in &self.inbox.messages {
            if let Some(client) = self.clients.get_mut(to.0 as usize) {
                client.receive(self.now, message).expect("the room sends valid messages");
            }
        }
    }
}

fn member(at: usize) -> MemberId {
    MemberId(at as u64)
}

/// A client that waits for `Joined`.
fn client<G: Game>(role: Role) -> Client<G> {
    let game = GameName::cut("match");
    let mut config = ClientConfig::new(game.clone(), Name::cut("member"));
    config.role = role;
    let mut client = Client::new(config);
    let limits = SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 0 };
    let info = GameInfo { name: game, schema_hash: game_schema_hash::<G>(), tick_rate: TickRate::DEFAULT };
    let games = vec![info].try_into().expect("one game");
    let welcome = Welcome { session: SessionId(1), limits, games };
    let bytes = ServerControl::Welcome(welcome).encode().expect("a message");
    client.receive(Duration::ZERO, &bytes).expect("the game is there");
    while client.poll_transmit().is_some() {}
    client
}
