//! A server in the same process for tests of the fleet: arena rooms without sockets, with faults on demand.

pub(crate) mod socket;

use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tickwire_arena::{Arena, Settings};
use tickwire_client_bot::connect::{ChannelLink, Connect, ConnectError};
use tickwire_shared::game::Account;
use tickwire_shared::id::{MemberId, ResumeSecret, RoomId, SessionId};
use tickwire_shared::limits::{INBOUND_BYTES_MAX, RESUME_GRACE_MS};
use tickwire_shared::room::{Hold, JoinRequest, MemberEvent, Outbox, Room, RoomConfig, game_schema_hash};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::{
    ClientControl, Credential, GameInfo, GameName, List, ServerControl, SessionLimits, Target, Welcome,
};
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::Instant;

/// How many messages may be on their way to a bot.
const QUEUE: usize = 8;

/// Rooms of the arena, as a fleet connects to them.
#[derive(Clone)]
pub(crate) struct MiniServer {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    start: Instant,
    rooms: Vec<(Room<Arena>, Outboxes)>,
    members: u64,
    /// Ends the current sessions.
    sessions: Vec<tokio::task::AbortHandle>,
    /// New connections are refused.
    deaf: bool,
    /// Clients that join are closed with this text.
    turned_away: Option<&'static str>,
    /// How many clients were told that the server is full, or got no answer; `None` if it is not full.
    full: Option<u32>,
    /// The number of players who announced that they leave.
    left: u32,
    /// How many secrets were given out.
    secrets: u64,
    /// When each connection was made, from the start.
    connections: Vec<Duration>,
}

#[derive(Default)]
struct Outboxes(HashMap<MemberId, Sender<Bytes>>);

impl Outbox for Outboxes {
    fn ready(&self, member: MemberId) -> bool {
        self.0.get(&member).is_some_and(|to| to.capacity() > QUEUE / 2)
    }

    fn control(&mut self, member: MemberId, message: Bytes) {
        if let Some(to) = self.0.get(&member) {
            let _ = to.try_send(message);
        }
    }

    fn update(&mut self, member: MemberId, message: &[u8]) {
        self.control(member, Bytes::copy_from_slice(message));
    }

    fn close(&mut self, member: MemberId, close: Close) {
        self.control(member, ServerControl::Close(close).encode().unwrap().into());
        self.0.remove(&member);
    }
}

impl MiniServer {
    pub(crate) fn start() -> Self {
        let inner = Inner {
            start: Instant::now(),
            rooms: Vec::new(),
            members: 0,
            sessions: Vec::new(),
            deaf: false,
            turned_away: None,
            full: None,
            left: 0,
            secrets: 0,
            connections: Vec::new(),
        };
        let server = Self { inner: Arc::new(Mutex::new(inner)) };
        let clock = server.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(TickRate::DEFAULT.period());
            loop {
                ticks.tick().await;
                let inner = &mut *clock.inner.lock().unwrap();
                let now = inner.start.elapsed();
                inner.rooms.iter_mut().for_each(|(room, outboxes)| room.step(now, outboxes));
            }
        });
        server
    }

    pub(crate) fn rooms(&self) -> usize {
        self.inner.lock().unwrap().rooms.len()
    }

    /// Cuts every current connection as a network does: without a close.
    pub(crate) fn cut_all(&self) {
        let sessions = std::mem::take(&mut self.inner.lock().unwrap().sessions);
        sessions.iter().for_each(tokio::task::AbortHandle::abort);
    }

    /// Lets no client into a room from now on, and says why.
    #[allow(dead_code)]
    pub(crate) fn turn_away(&self, text: &'static str) {
        self.inner.lock().unwrap().turned_away = Some(text);
    }

    /// Tells the next client that joins that the server is full; later clients get no answer.
    #[allow(dead_code)]
    pub(crate) fn fill(&self) {
        self.inner.lock().unwrap().full = Some(0);
    }

    /// Sends every member of a room a message that no client can decode.
    #[allow(dead_code)]
    pub(crate) fn talk_nonsense(&self) {
        let inner = self.inner.lock().unwrap();
        for to in inner.rooms.iter().flat_map(|(_, outboxes)| outboxes.0.values()) {
            let _ = to.try_send(Bytes::from_static(&[9, 9]));
        }
    }

    /// How many players said that they leave.
    #[allow(dead_code)]
    pub(crate) fn left(&self) -> u32 {
        self.inner.lock().unwrap().left
    }

    /// When each connection was made, from the start.
    #[allow(dead_code)]
    pub(crate) fn connections(&self) -> Vec<Duration> {
        self.inner.lock().unwrap().connections.clone()
    }

    /// Refuses new connections from now on.
    pub(crate) fn refuse(&self) {
        self.inner.lock().unwrap().deaf = true;
    }

    fn admit(
        &self,
        first: MemberEvent<Arena>,
        target: &Target,
        to: &Sender<Bytes>,
    ) -> Option<(RoomId, MemberId)> {
        let inner = &mut *self.inner.lock().unwrap();
        let now = inner.start.elapsed();
        let id = match target {
            Target::Room(id) => *id,
            Target::Match(_) | Target::Create(_) => {
                let id = RoomId::from_bits(inner.rooms.len() as u64 + 1);
                let mut config = RoomConfig::new(id);
                config.spectators_max = 16;
                inner.rooms.push((Room::new(config, Settings::default(), 1).unwrap(), Outboxes::default()));
                id
            }
        };
        inner.members += 1;
        let member = MemberId(inner.members);
        let (room, outboxes) = inner.rooms.iter_mut().find(|(room, _)| room.config().id == id)?;
        outboxes.0.insert(member, to.clone());
        room.handle(now, member, first, outboxes);
        Some((id, member))
    }

    fn handle(&self, room: RoomId, member: MemberId, event: MemberEvent<Arena>) {
        let inner = &mut *self.inner.lock().unwrap();
        let now = inner.start.elapsed();
        inner.left += u32::from(matches!(event, MemberEvent::Leave(_)));
        let (room, outboxes) = inner.rooms.iter_mut().find(|(own, _)| own.config().id == room).unwrap();
        room.handle(now, member, event, outboxes);
    }

    #[expect(clippy::too_many_lines, reason = "a whole conversation, message by message")]
    async fn serve(self, mut from: Receiver<Vec<u8>>, to: Sender<Bytes>) -> Option<()> {
        let ClientControl::Hello(hello) = ClientControl::decode(&from.recv().await?).unwrap() else {
            panic!("Hello comes first")
        };
        let game = GameInfo {
            name: GameName::new("arena").unwrap(),
            schema_hash: game_schema_hash::<Arena>(),
            tick_rate: TickRate::DEFAULT,
        };
        let limits = SessionLimits {
            inbound_bytes_max: INBOUND_BYTES_MAX as u32,
            inbound_bytes_per_s: 65_536,
            resume_grace_ms: RESUME_GRACE_MS as u32,
        };
        let games = List::try_from(vec![game]).unwrap();
        let welcome = ServerControl::Welcome(Welcome { session: SessionId(1), limits, games });
        to.send(welcome.encode().unwrap().into()).await.ok()?;
        let secret = |room| {
            let inner = &mut *self.inner.lock().unwrap();
            inner.secrets += 1;
            let mut key = [0; 16];
            key[..8].copy_from_slice(&inner.secrets.to_le_bytes());
            ResumeSecret { room, key }
        };
        let (event, target) = match hello.credential {
            Credential::Resume { secret: shown, events_received } => {
                let next = secret(shown.room);
                (MemberEvent::Resume { shown, events_received, next }, Target::Room(shown.room))
            }
            _ => {
                let ClientControl::Join(join) = ClientControl::decode(&from.recv().await?).unwrap() else {
                    panic!("Join comes second")
                };
                let room = match join.target {
                    Target::Room(room) => room,
                    _ => RoomId::from_bits(self.rooms() as u64 + 1),
                };
                let account = Arc::new(Account::guest(hello.name));
                let mut request = JoinRequest::new(account, join.role, secret(room));
                request.wants_schema = join.schema_hash == 0;
                (request.into(), join.target)
            }
        };
        let turned_away = self.inner.lock().unwrap().turned_away;
        if let Some(text) = turned_away {
            // With the advice to stop, as servers answer an unknown game or option.
            let close = Close { advice: Advice::Stop, ..Close::new(CloseCode::NoSuchRoom, text) };
            return to.send(ServerControl::Close(close).encode().unwrap().into()).await.ok();
        }
        let full = self.inner.lock().unwrap().full.as_mut().map(|told| std::mem::replace(told, *told + 1));
        match full {
            None => (),
            Some(0) => {
                let close = ServerControl::Close(CloseCode::Full.into());
                return to.send(close.encode().unwrap().into()).await.ok();
            }
            Some(_) => std::future::pending().await,
        }
        let Some((room, member)) = self.admit(event, &target, &to) else {
            let close = ServerControl::Close(CloseCode::NoSuchRoom.into());
            return to.send(close.encode().unwrap().into()).await.ok();
        };
        drop(to);
        let cut = CutOnDrop { server: self.clone(), room, member };
        while let Some(message) = from.recv().await {
            let event = MemberEvent::decode(&message).expect("a bot sends no bad messages");
            self.handle(cut.room, cut.member, event);
        }
        Some(())
    }
}

/// Tells the room that the connection has ended, also if the session was aborted.
struct CutOnDrop {
    server: MiniServer,
    room: RoomId,
    member: MemberId,
}

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.server.handle(self.room, self.member, MemberEvent::Cut(Hold::Firm));
        let inner = &mut *self.server.inner.lock().unwrap();
        inner.rooms.iter_mut().for_each(|(_, outboxes)| drop(outboxes.0.remove(&self.member)));
    }
}

impl Connect for MiniServer {
    type Link = ChannelLink;

    async fn connect(&self, _: u32) -> Result<ChannelLink, ConnectError> {
        let (to_server, from_client) = channel(QUEUE);
        let (to_client, from_server) = channel(QUEUE);
        if self.inner.lock().unwrap().deaf {
            return Err(ConnectError::TimedOut);
        }
        let session = tokio::spawn(self.clone().serve(from_client, to_client));
        let inner = &mut *self.inner.lock().unwrap();
        inner.sessions.push(session.abort_handle());
        inner.connections.push(inner.start.elapsed());
        Ok(ChannelLink::new(to_server, from_server))
    }
}
