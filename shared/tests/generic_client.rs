//! A client without the game's types, next to one that is built with them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use core::time::Duration;
use std::collections::VecDeque;
use tickwire_arena::{Arena, ArenaInput, Command};
use tickwire_shared::client::generic::{AnyGame, Opaque};
use tickwire_shared::client::{Client, ClientConfig, ClientError, ClientEvent, ClientGame};
use tickwire_shared::entity::{
    Entity as _, Field, GameSchema, Grid, Input as _, InputSchema, Kind, Predictor,
};
use tickwire_shared::harness::{Allowed, check_prediction_within};
use tickwire_shared::id::{MemberId, ResumeSecret, RoomId, SessionId};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{MemberEvent, Outbox, Room, RoomConfig, game_schema_hash};
use tickwire_shared::wire::control::*;
use tickwire_shared::wire::{Close, CloseCode, codec};

const RATE: TickRate = TickRate::DEFAULT;

/// What a room sent, by member.
#[derive(Default)]
struct Mail(VecDeque<(MemberId, Vec<u8>)>);

impl Outbox for Mail {
    fn ready(&self, _: MemberId) -> bool {
        true
    }
    fn control(&mut self, member: MemberId, message: bytes::Bytes) {
        self.0.push_back((member, message.to_vec()));
    }
    fn update(&mut self, member: MemberId, message: &[u8]) {
        self.0.push_back((member, message.to_vec()));
    }
    fn close(&mut self, member: MemberId, close: Close) {
        panic!("{member:?}: {close}");
    }
}

fn config(role: Role) -> ClientConfig {
    ClientConfig {
        name: Name::cut("ada"),
        credential: Credential::Guest,
        game: GameName::cut("arena"),
        role,
        target: Target::Match(Options::none()),
    }
}

fn welcome(schema_hash: u64) -> Vec<u8> {
    let limits =
        SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 30_000 };
    let games = vec![GameInfo { name: GameName::cut("arena"), schema_hash, tick_rate: RATE }];
    let games = games.try_into().unwrap();
    ServerControl::Welcome(Welcome { session: SessionId(1), limits, games }).encode().unwrap()
}

/// A room of `H` and one member of it, without a network between them.
struct Table<G: ClientGame, H: Game> {
    room: Room<H>,
    client: Client<G>,
    mail: Mail,
    now: Duration,
}

const MEMBER: MemberId = MemberId(1);

impl<G: ClientGame, H: Game<Context = ()>> Table<G, H> {
    fn new(role: Role, seed: u64) -> Self {
        let config_of_room = RoomConfig {
            id: RoomId::from_bits(1),
            tick_rate: RATE,
            spectators_max: 1,
            resume_grace: Duration::ZERO,
            client_bytes_per_s: 0,
        };
        let mut table = Self {
            room: Room::new(config_of_room, Default::default(), seed).unwrap(),
            client: Client::new(config(role)),
            mail: Mail::default(),
            now: Duration::ZERO,
        };
        table.client.poll_transmit().unwrap();
        table.client.receive(table.now, &welcome(game_schema_hash::<H>())).unwrap();
        let ClientControl::Join(join) =
            ClientControl::decode(&table.client.poll_transmit().unwrap()).unwrap()
        else {
            panic!("Join comes second")
        };
        let secret = ResumeSecret { room: RoomId::from_bits(1), key: [1; 16] };
        let wants_schema = join.schema_hash == 0;
        let event = MemberEvent::Join { name: Name::cut("ada"), role, secret, wants_schema, matched: false };
        table.room.handle(table.now, MEMBER, event, &mut table.mail);
        table
    }

    /// Delivers what the room sent; returns the client's events.
    fn deliver(&mut self) -> Vec<ClientEvent<G>> {
        while let Some((_, message)) = self.mail.0.pop_front() {
            self.client.receive(self.now, &message).unwrap();
        }
        core::iter::from_fn(|| self.client.poll_event()).collect()
    }

    fn tick(&mut self) -> Vec<ClientEvent<G>> {
        self.now += RATE.period();
        self.client.advance(self.now);
        while let Some(message) = self.client.poll_transmit() {
            let event = MemberEvent::decode(&message).unwrap();
            self.room.handle(self.now, MEMBER, event, &mut self.mail);
        }
        self.room.step(self.now, &mut self.mail);
        self.deliver()
    }
}

fn controls(tick: usize) -> ArenaInput {
    let fire = Button { down: tick % 20 < 3, pressed: tick.is_multiple_of(20) };
    ArenaInput { move_x: if tick % 60 < 30 { 127 } else { -127 }, move_y: -40, aim: tick as u16 % 256, fire }
}

#[test]
fn a_client_without_the_games_types_sees_and_does_the_same_as_one_that_has_them() {
    let mut typed = Table::<Arena, Arena>::new(Role::Player, 11);
    let mut generic = Table::<AnyGame, Arena>::new(Role::Player, 11);
    typed.deliver();
    generic.deliver();
    let neutral = generic.client.neutral_input();
    generic.client.set_input(neutral.clone());
    let mut bytes = 0;
    for tick in 0..400 {
        let mut row = Vec::new();
        controls(tick).write_row(&mut row);
        typed.client.set_input(controls(tick));
        generic.client.set_input(neutral.with_values(&row));
        if tick % 100 == 50 {
            typed.client.command(Command::Emote(3)).unwrap();
            generic.client.command(Opaque(vec![0, 3])).unwrap();
        }
        let told: Vec<Vec<u8>> = typed.tick().iter().filter_map(event_bytes).collect();
        let heard: Vec<Vec<u8>> = generic.tick().iter().filter_map(opaque_bytes).collect();
        assert_eq!(told, heard, "tick {tick}");
        bytes += heard.iter().map(Vec::len).sum::<usize>();
        assert_eq!(typed.client.latest().unwrap(), generic.client.latest().unwrap(), "tick {tick}");
    }
    assert!(bytes > 0, "no event arrived");
    assert_eq!(typed.room.world().iter().count(), generic.room.world().iter().count());
    assert_eq!(generic.client.stats().hash_mismatches, 0);
    assert!(generic.client.stats().hash_checks >= 10);
    assert!(!generic.client.view(generic.now).is_empty());
    let state = generic.client.room_state_row().unwrap();
    assert_eq!((state, state.kind), (typed.client.room_state_row().unwrap(), 3));
    let is_state = |id: &EntityId| *id == EntityId::STATE;
    assert!(!generic.client.view(generic.now).iter().any(|(id, _)| is_state(id)), "it is no entity");
    let sent = generic.client.stats().inputs.folded + generic.client.stats().inputs.refused;
    assert_eq!(sent, 0, "the inputs differ from what the server expects");
}

/// A miner's bombs are owner-only; each miner gets one more each second.
#[derive(Clone, Debug, PartialEq, Entity)]
struct Miner {
    #[entity(range = 1..=99, owner_only)]
    bombs: u8,
    gold: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Dig {
    deep: Button,
}

struct Mine;

impl Game for Mine {
    type Settings = ();
    type Scene = ();
    type Input = Dig;
    type Entity = Miner;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        stage.world.spawn(Miner { bombs: 50, gold: 7 }).unwrap();
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Miner { bombs: 2, gold: 8 })?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (_, miner) in stage.world.iter_mut().filter(|_| turn.is_every(Duration::from_secs(1))) {
            miner.bombs += 1;
        }
    }

    fn apply_input(_: &mut Miner, _: &Dig, _: &Step<'_, Self>) {}
}

#[test]
fn on_its_own_entity_it_shows_what_only_the_owner_gets() {
    let mut table = Table::<AnyGame, Mine>::new(Role::Player, 1);
    table.deliver();
    table.client.set_input(table.client.neutral_input());
    for _ in 0..100 {
        table.tick();
    }
    let rows = table.client.view(table.now).into_iter().map(|(id, entity)| {
        let mut row = Vec::new();
        entity.write_row(&mut row);
        (Some(id) == table.client.own_id(), row)
    });
    assert_eq!(rows.collect::<Vec<_>>(), [(false, vec![1, 7]), (true, vec![5, 8])]);
}

#[test]
fn a_miner_is_predicted_but_for_its_bombs() {
    let allowed = Allowed { server_fields: &["bombs"], ..Allowed::default() };
    check_prediction_within::<Mine>(&(), 1, 300, 2, allowed).unwrap();
}

fn event_bytes(event: &ClientEvent<Arena>) -> Option<Vec<u8>> {
    let ClientEvent::Game(event) = event else { return None };
    Some(codec::encode(event).unwrap())
}

fn opaque_bytes(event: &ClientEvent<AnyGame>) -> Option<Vec<u8>> {
    let ClientEvent::Game(Opaque(bytes)) = event else { return None };
    Some(bytes.clone())
}

/// A server that sends `schema` and announces its hash.
fn client_of(schema: &GameSchema, announced: Option<u64>) -> Result<(), ClientError> {
    let mut client = Client::<AnyGame>::new(config(Role::Spectator));
    let bytes = schema.encode().unwrap();
    let hash = announced.unwrap_or_else(|| GameSchema::hash_of(&bytes));
    client.receive(Duration::ZERO, &welcome(hash))?;
    let joined = Joined {
        room: RoomId::from_bits(1),
        resumed: false,
        player: None,
        tick_rate: RATE,
        tick: Default::default(),
        secret: None,
        commands_received: 0,
        events_start: 0,
        profile: Default::default(),
        table: None,
        settings: Default::default(),
        roster: Default::default(),
        schema: Some(List::try_from(bytes).unwrap()),
    };
    client.receive(Duration::ZERO, &ServerControl::Joined(joined).encode().unwrap())
}

fn schema_with(predictor: Predictor) -> GameSchema {
    let field = Field {
        name: "pos".into(),
        grid: Grid::integers(0, 9),
        predictor,
        own: false,
        interpolate: true,
        meaning: Default::default(),
    };
    let kinds = vec![Kind { name: "thing".into(), fields: vec![field] }];
    GameSchema { version: 1, kinds, state_kinds: 0, input: InputSchema { fields: Vec::new() } }
}

#[test]
fn a_schema_that_needs_the_games_own_step_is_refused_clearly() {
    assert_eq!(client_of(&schema_with(Predictor::Hold), None), Ok(()));
    let error = client_of(&schema_with(Predictor::Custom), None).unwrap_err();
    assert_eq!(error.close().code, CloseCode::Mismatch);
    assert!(error.to_string().contains("`custom`"), "{error}");
}

#[test]
fn a_schema_other_than_announced_or_unsound_is_refused() {
    let other = client_of(&schema_with(Predictor::Hold), Some(5)).unwrap_err();
    assert_eq!(other, ClientError::NoSchema(GameName::cut("arena")));
    let bad = client_of(&schema_with(Predictor::Linear { velocity: 9 }), None).unwrap_err();
    assert!(matches!(bad, ClientError::OwnSchema(_)), "{bad}");
}
