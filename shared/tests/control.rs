//! A game in which a player controls different entities over time: soldiers that die and return as new ones,
//! cars that are driven, and players who only watch for a while.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde::{Deserialize, Serialize};
use tickwire_shared::client::generic::AnyGame;
use tickwire_shared::client::{Client, ClientConfig, ClientEvent};
use tickwire_shared::harness::{ClientIndex, Harness, check_prediction};
use tickwire_shared::id::{MemberId, ResumeSecret, RoomId, SessionId};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{MemberEvent, Outbox, Room, RoomConfig, game_schema_hash};
use tickwire_shared::wire::Close;
use tickwire_shared::wire::control::{
    Credential, GameInfo, GameName, Name, Role, ServerControl, SessionLimits, Target, Welcome,
};

#[derive(Clone, Debug, PartialEq, Entity)]
struct Soldier {
    #[entity(range = -4_000..=4_000, predict = linear(speed))]
    at: i32,
    #[entity(range = -50..=50)]
    speed: i32,
    /// Owner-only; it differs for each body.
    #[entity(range = 0..=200, owner_only)]
    ammo: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Car {
    #[entity(range = -4_000..=4_000, predict = linear(speed))]
    at: i32,
    #[entity(range = -200..=200)]
    speed: i32,
    #[entity(range = 0..=200, owner_only)]
    fuel: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
enum Thing {
    Soldier(Soldier),
    Car(Car),
}

impl Thing {
    fn at(&self) -> i32 {
        let (Self::Soldier(Soldier { at, .. }) | Self::Car(Car { at, .. })) = self;
        *at
    }
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Walk {
    #[input(range = -5..=5)]
    push: i8,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Wish {
    /// Die, and return at once as another soldier.
    Respawn,
    /// Die and stay dead.
    Die,
    /// Enter the car, or leave it.
    Car,
    /// Despawn the body without telling the room.
    Vanish,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Ground {
    cells: bool,
    starts_dead: bool,
}

struct Bodies {
    players: Vec<(PlayerId, Option<EntityId>)>,
    car: EntityId,
    bodies: u8,
    starts_dead: bool,
}

impl Bodies {
    fn body(&mut self, world: &mut World<Thing>, at: i32) -> EntityId {
        self.bodies += 1;
        world.spawn(Thing::Soldier(Soldier { at, speed: 0, ammo: self.bodies })).unwrap()
    }
}

impl Game for Bodies {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = Ground;
    type Scene = ();
    type Input = Walk;
    type Entity = Thing;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = Wish;

    fn scene(_: &Ground, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let car = stage.world.spawn(Thing::Car(Car { at: 3_000, speed: 0, fuel: 150 })).unwrap();
        Self { players: Vec::new(), car, bodies: 0, starts_dead: setup.settings.starts_dead }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let body = (!self.starts_dead).then(|| self.body(&mut stage.world, -3_000));
        self.players.push((joining.player, body));
        Ok(body.unwrap_or(EntityId::NONE))
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        if let Some(at) = self.players.iter().position(|one| one.0 == player) {
            self.players.remove(at).1.map(|body| stage.world.despawn(body));
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            assert_eq!(stage.world.controlled(player.player).unwrap_or(EntityId::NONE), player.entity);
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
        for (player, wish) in turn.commands {
            let at = self.players.iter().position(|one| one.0 == *player).unwrap();
            let body = self.players[at].1;
            match wish {
                Wish::Respawn => {
                    body.map(|body| stage.world.despawn(body));
                    let body = self.body(&mut stage.world, 1_000);
                    self.players[at].1 = Some(body);
                    stage.world.set_controlled(*player, Some(body));
                }
                Wish::Die => stage.world.set_controlled(*player, None),
                Wish::Car if stage.world.controlled(*player) == Some(self.car) => {
                    stage.world.set_controlled(*player, body)
                }
                Wish::Car => stage.world.set_controlled(*player, Some(self.car)),
                Wish::Vanish => {
                    body.map(|body| stage.world.despawn(body));
                    self.players[at].1 = None;
                }
            }
        }
    }

    fn apply_input(own: &mut Thing, input: &Walk, _: &Step<'_, Self>) {
        match own {
            Thing::Soldier(Soldier { at, speed, ammo }) => {
                *speed = (i32::from(input.push) * 2).clamp(-50, 50);
                *at = (*at + *speed).clamp(-4_000, 4_000);
                *ammo = ammo.wrapping_add(u8::from(*at % 7 == 0)) % 200;
            }
            Thing::Car(Car { at, speed, fuel }) => {
                *speed = (*speed + i32::from(input.push)).clamp(-200, 200);
                *at = (*at + *speed).clamp(-4_000, 4_000);
                *fuel = fuel.saturating_sub(u8::from(*at % 5 == 0));
            }
        }
    }
}

impl InterestRules for Bodies {
    fn interest(ground: &Ground) -> Interest {
        let cells =
            Cells { origin: IVec2::new(-4_000, 0), size: 500, columns: 16, rows: 1, radius: 400, slack: 50 };
        if ground.cells { Interest::Cells(cells) } else { Interest::Whole }
    }

    fn location(thing: &Thing) -> Location {
        Location { at: Some(IVec2::new(thing.at(), 0)), group: Group::PUBLIC }
    }

    fn spectator_view(&self, world: &World<Thing>, follows: Option<(PlayerId, EntityId)>) -> View {
        let nothing = View { reach: Reach::Nowhere, groups: Groups::PUBLIC };
        follows.map_or(nothing, |(player, entity)| self.view(world, player, entity))
    }
}

fn lively(ground: Ground) -> (Harness<Bodies>, ClientIndex, ClientIndex) {
    let mut harness = Harness::<Bodies>::new(ground, 7);
    harness.audit_leaks();
    let (ada, bob) = (harness.join("ada"), harness.join("bob"));
    harness.drive(ada, |_, rng| Walk { push: rng.range(-3, 5) as i8 });
    harness.run_ticks(60);
    (harness, ada, bob)
}

fn wish(harness: &mut Harness<Bodies>, who: ClientIndex, wish: Wish) {
    harness.client_mut(who).command(wish).unwrap();
    harness.run_ticks(10);
}

/// The entity that a player controls, according to the room.
fn controlled(harness: &Harness<Bodies>, who: ClientIndex) -> Option<EntityId> {
    harness.room().world().controlled(harness.client(who).player().unwrap())
}

/// The entity of a player according to a client's roster and events.
fn in_roster(harness: &Harness<Bodies>, at: ClientIndex, who: ClientIndex) -> EntityId {
    let player = harness.client(who).player().unwrap();
    harness.client(at).roster().iter().find(|entry| entry.player == player).unwrap().entity
}

/// Plays on for two seconds and checks that every prediction is right.
#[track_caller]
fn assert_predicted(harness: &mut Harness<Bodies>, who: ClientIndex) {
    let before = harness.client(who).stats().clone();
    harness.run_ticks(60);
    let stats = harness.client(who).stats();
    assert!(stats.predictions >= before.predictions + 55, "{} ticks", stats.predictions - before.predictions);
    assert_eq!(stats.predictions_wrong, before.predictions_wrong);
    let (id, own) = harness.client(who).own().unwrap();
    assert_eq!(Some(id), controlled(harness, who));
    let (Thing::Soldier(Soldier { ammo: hidden, .. }) | Thing::Car(Car { fuel: hidden, .. })) = own;
    assert!(*hidden > 0, "owner-only fields arrived too");
}

#[test]
fn soldiers_are_predicted() {
    check_prediction::<Bodies>(&Ground::default(), 1, 300, 2).unwrap();
}

#[test]
fn a_player_that_comes_back_as_another_entity_is_predicted_as_that_one() {
    for cells in [false, true] {
        let (mut harness, ada, bob) = lively(Ground { cells, ..Ground::default() });
        let first = harness.client(ada).own_id();
        assert_predicted(&mut harness, ada);
        harness.take_events(bob);
        wish(&mut harness, ada, Wish::Respawn);
        let second = controlled(&harness, ada);
        assert!(second.is_some() && second != first);
        assert_eq!(harness.client(ada).own_id(), second);
        for at in [ada, bob] {
            assert_eq!(Some(in_roster(&harness, at, ada)), second);
        }
        let told = harness.take_events(bob);
        let changes = |event: &&ClientEvent<Bodies>| {
            let ClientEvent::PlayerChanged(entry) = event else { return false };
            Some(entry.entity) == second
        };
        assert_eq!(told.iter().filter(changes).count(), 1, "{told:?}");
        assert_eq!(harness.take_events(ada).iter().filter(changes).count(), 1);
        assert_predicted(&mut harness, ada);
        harness.settle();
        harness.assert_in_sync();
    }
}

#[test]
fn what_is_driven_may_be_of_another_kind_and_far_away() {
    for cells in [false, true] {
        let (mut harness, ada, bob) = lively(Ground { cells, ..Ground::default() });
        let body = harness.client(ada).own_id().unwrap();
        wish(&mut harness, ada, Wish::Car);
        assert!(matches!(harness.client(ada).own(), Some((_, Thing::Car(_)))));
        assert_predicted(&mut harness, ada);
        let view = harness.client(ada).view(harness.now());
        let own: Vec<_> = view.iter().filter(|(id, _)| Some(*id) == harness.client(ada).own_id()).collect();
        assert_eq!(own.len(), 1, "the car, as it is predicted");
        assert_eq!(view.iter().any(|(id, _)| *id == body), !cells, "the body stays where it was");
        wish(&mut harness, bob, Wish::Car);
        assert_eq!(controlled(&harness, bob), controlled(&harness, ada), "a second player in the car");
        wish(&mut harness, ada, Wish::Car);
        assert_eq!(harness.client(ada).own_id(), Some(body));
        assert_predicted(&mut harness, ada);
        harness.assert_in_sync();
    }
}

#[test]
fn a_player_may_control_nothing_and_is_told_in_the_tick_in_which_that_changes() {
    let (mut harness, ada, bob) = lively(Ground::default());
    wish(&mut harness, ada, Wish::Die);
    let client = harness.client(ada);
    assert_eq!((client.own_id(), client.own().is_some(), controlled(&harness, ada)), (None, false, None));
    assert_eq!(in_roster(&harness, bob, ada), EntityId::NONE);
    let before = client.stats().predictions;
    harness.run_ticks(30);
    assert_eq!(harness.client(ada).stats().predictions, before);
    wish(&mut harness, ada, Wish::Respawn);
    assert_predicted(&mut harness, ada);
    // No player controls a despawned entity, whether the game says so or not.
    wish(&mut harness, ada, Wish::Vanish);
    assert_eq!((harness.client(ada).own_id(), in_roster(&harness, bob, ada)), (None, EntityId::NONE));

    // A crowd of other events delays nothing: the update of the tick itself says what the player now
    // controls.
    harness.client_mut(ada).command(Wish::Respawn).unwrap();
    while controlled(&harness, ada).is_none() {
        harness.run_ticks(1);
    }
    let born = harness.tick();
    while harness.client(ada).newest_tick().unwrap() < born {
        harness.run_ticks(1);
    }
    assert_eq!(harness.client(ada).own_id(), controlled(&harness, ada));
    assert!(harness.client(ada).own().is_some());
}

#[test]
fn a_player_may_join_without_an_entity() {
    let (mut harness, ada, bob) = lively(Ground { starts_dead: true, ..Ground::default() });
    assert_eq!((harness.client(ada).own_id(), in_roster(&harness, bob, ada)), (None, EntityId::NONE));
    assert!(harness.client(ada).player().is_some());
    wish(&mut harness, ada, Wish::Respawn);
    assert_predicted(&mut harness, ada);
    let late = harness.join("late");
    harness.run_ticks(20);
    assert_eq!(Some(in_roster(&harness, late, ada)), controlled(&harness, ada));
    assert_eq!(in_roster(&harness, late, bob), EntityId::NONE);
}

#[test]
fn what_changes_during_a_cut_is_known_after_it() {
    let (mut harness, ada, bob) = lively(Ground::default());
    let player = harness.client(ada).player();
    harness.client_mut(ada).command(Wish::Respawn).unwrap();
    harness.client_mut(bob).command(Wish::Car).unwrap();
    harness.run_ticks(2);
    harness.cut(ada);
    harness.run_ticks(60);
    harness.take_events(ada);
    assert!(harness.resume(ada));
    harness.run_ticks(30);
    assert_eq!(harness.client(ada).player(), player);
    assert_eq!(Some(in_roster(&harness, ada, bob)), controlled(&harness, bob));
    assert_predicted(&mut harness, ada);
    for at in [ada, bob] {
        assert_eq!(Some(in_roster(&harness, at, ada)), controlled(&harness, ada));
    }
}

#[test]
fn who_follows_a_player_follows_it_into_another_entity() {
    let (mut harness, ada, bob) = lively(Ground { cells: true, ..Ground::default() });
    let watcher = harness.spectate("watcher");
    harness.run_ticks(20);
    let followed = harness.client(ada).player();
    harness.client_mut(watcher).follow(followed);
    harness.run_ticks(40);
    let sees = |harness: &Harness<Bodies>, id: Option<EntityId>| {
        harness.client(watcher).rows().iter().any(|row| Some(row.id) == id)
    };
    assert!(sees(&harness, controlled(&harness, ada)));
    wish(&mut harness, ada, Wish::Car);
    harness.run_ticks(40);
    assert!(sees(&harness, controlled(&harness, ada)), "the car is far from the soldier");
    assert!(!sees(&harness, controlled(&harness, bob)));
    assert_eq!(Some(in_roster(&harness, watcher, ada)), controlled(&harness, ada));
}

/// Carries messages to one generic client.
#[derive(Default)]
struct Mail(Vec<Vec<u8>>);

impl Outbox for Mail {
    fn ready(&self, _: MemberId) -> bool {
        true
    }
    fn control(&mut self, _: MemberId, message: bytes::Bytes) {
        self.0.push(message.to_vec());
    }
    fn update(&mut self, _: MemberId, message: &[u8]) {
        self.0.push(message.to_vec());
    }
    fn close(&mut self, _: MemberId, close: Close) {
        panic!("{close}");
    }
}

#[test]
fn a_client_that_knows_the_schema_alone_follows_too() {
    let id = RoomId::from_bits(1);
    let config = RoomConfig {
        id,
        tick_rate: TickRate::DEFAULT,
        spectators_max: 1,
        resume_grace: core::time::Duration::ZERO,
        client_bytes_per_s: 0,
    };
    let mut room = Room::<Bodies>::new(config, Ground::default(), 3).unwrap();
    let mut client = Client::<AnyGame>::new(ClientConfig {
        name: Name::cut("ada"),
        credential: Credential::Guest,
        game: GameName::cut("bodies"),
        role: Role::Player,
        target: Target::Room(id),
    });
    let limits = SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 0 };
    let schema_hash = game_schema_hash::<Bodies>();
    let game = GameInfo { name: GameName::cut("bodies"), schema_hash, tick_rate: TickRate::DEFAULT };
    let welcome = Welcome { session: SessionId(1), limits, games: vec![game].try_into().unwrap() };
    let mut now = core::time::Duration::ZERO;
    client.receive(now, &ServerControl::Welcome(welcome).encode().unwrap()).unwrap();
    while client.poll_transmit().is_some() {}
    let mut mail = Mail::default();
    let secret = ResumeSecret { room: id, key: [1; 16] };
    let join = MemberEvent::Join {
        name: Name::cut("ada"),
        role: Role::Player,
        secret,
        wants_schema: true,
        matched: true,
    };
    room.handle(now, MemberId(1), join, &mut mail);
    let mut seen = Vec::new();
    for tick in 0..90_u32 {
        for message in mail.0.drain(..) {
            client.receive(now, &message).unwrap();
        }
        if tick == 0 {
            client.set_input(client.neutral_input());
        }
        if tick % 30 == 10 {
            let wish = [0, 1, 2][tick as usize / 30];
            client.command(tickwire_shared::client::generic::Opaque(vec![wish])).unwrap();
        }
        now += TickRate::DEFAULT.period();
        client.advance(now);
        while let Some(message) = client.poll_transmit() {
            room.handle(now, MemberId(1), MemberEvent::decode(&message).unwrap(), &mut mail);
        }
        room.step(now, &mut mail);
        if tick % 30 == 29 {
            let player = client.player().unwrap();
            assert_eq!(client.own_id(), room.world().controlled(player), "tick {tick}");
            assert_eq!(client.roster()[0].entity, client.own_id().unwrap_or(EntityId::NONE));
            seen.push(client.own_id());
        }
    }
    let changes = core::iter::from_fn(|| client.poll_event());
    let changes = changes.filter(|event| matches!(event, ClientEvent::PlayerChanged(_))).count();
    assert_eq!((changes, seen[1]), (3, None), "another soldier, none, the car");
}
