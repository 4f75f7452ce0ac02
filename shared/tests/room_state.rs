//! The room's own state: one replicated value that every client has, whatever it sees.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use tickwire_shared::client::ClientEvent;
use tickwire_shared::entity::{Field, GameSchema, Schema, SchemaError};
use tickwire_shared::harness::{
    Harness, LinkProfile, Sandbox, check_determinism, check_prediction, random_input,
};
use tickwire_shared::id::MemberId;
use tickwire_shared::prelude::*;
use tickwire_shared::room::{Outbox, game_schema, game_schema_hash};
use tickwire_shared::wire::{Close, CloseCode};

/// The side of the square yard.
const SIDE: i32 = 8_000;

#[derive(Clone, Debug, PartialEq, Entity)]
struct Walker {
    #[entity(range = 0..=8000)]
    pos: IVec2,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Pad {
    #[input(range = -8..=8)]
    x: i8,
    #[input(range = -8..=8)]
    y: i8,
}

/// Two kinds of state: the match waits, then it runs.
#[derive(Clone, Debug, PartialEq, Entity)]
enum Match {
    Lobby(Lobby),
    Running(Running),
}

#[derive(Clone, Debug, Default, PartialEq, Entity)]
struct Lobby {
    #[entity(range = 0..=64)]
    ready: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Running {
    #[entity(range = 0..=1000)]
    score: u16,
    /// Falls by itself: a declared predictor, so that a running clock costs nothing.
    #[entity(range = 0..=100000, predict = linear(pace))]
    ticks_left: i32,
    #[entity(range = -1..=0)]
    pace: i32,
    /// Between the steps of its grid until the room has put it there.
    #[entity(range = 0.0..=1.0, grid = 4)]
    share: f32,
}

#[derive(Clone, Debug, Default, PartialEq, Entity)]
struct Countdown {
    /// Falls by itself: a declared predictor.
    #[entity(range = 0..=100000, predict = linear(pace))]
    ticks_left: i32,
    #[entity(range = -1..=0)]
    pace: i32,
}

impl Default for Match {
    fn default() -> Self {
        Self::Lobby(Lobby::default())
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Settings {
    divided: bool,
    /// How many walkers move about that nobody controls.
    crowd: u16,
}

struct Nobody;

impl Outbox for Nobody {
    fn ready(&self, _: MemberId) -> bool {
        false
    }

    fn control(&mut self, _: MemberId, _: Bytes) {}

    fn update(&mut self, _: MemberId, _: &[u8]) {}

    fn close(&mut self, _: MemberId, _: Close) {}
}

/// How a host hears of its matches.
type Log = Option<std::sync::mpsc::Sender<(u32, Option<LeaveReason>)>>;

struct Yard {
    log: Log,
    ready: u8,
    crowd: Vec<EntityId>,
    rng: Rng,
}

impl Game for Yard {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = Settings;
    type Scene = ();
    type Input = Pad;
    type Entity = Walker;
    type State = Match;
    type Context = Log;
    type Event = u8;
    type Command = bool;

    fn scene(_: &Settings, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let mut rng = Rng::new(setup.seed);
        let crowd = (0..setup.settings.crowd).map(|_| {
            let pos = IVec2::new(rng.range(0, SIDE), rng.range(0, SIDE));
            stage.world.spawn(Walker { pos }).unwrap()
        });
        let crowd = crowd.collect();
        Self { log: setup.context.clone(), ready: 0, crowd, rng }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        self.tell(joining.tick.0, None);
        let far = i32::from(joining.player.0) * 1_900 % SIDE;
        stage.events.all(joining.player.0 as u8).unwrap();
        Ok(stage.world.spawn(Walker { pos: IVec2::splat(far) })?)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, _: PlayerId, reason: LeaveReason) {
        self.tell(0, Some(reason));
        stage.events.all(200).unwrap();
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
        for id in &self.crowd {
            let walker = stage.world.get_mut(*id).unwrap();
            let way = IVec2::new(self.rng.range(-9, 9), self.rng.range(-9, 9));
            walker.pos = (walker.pos + way).clamp(IVec2::ZERO, IVec2::splat(SIDE));
        }
        self.ready += turn.commands.iter().filter(|(_, ready)| *ready).count() as u8;
        match &mut stage.state {
            Match::Lobby(lobby) => lobby.ready = self.ready,
            Match::Running(running) => {
                running.ticks_left -= turn.passed_ticks as i32;
                running.score = (turn.tick.0 / 16 % 1_000) as u16;
                running.share = turn.tick.0 as f32 * 0.01 % 1.0;
            }
        }
        if self.ready == 2 {
            self.ready = 0;
            let running = Running { score: 0, ticks_left: 90_000, pace: -1, share: 0.0 };
            stage.state = Match::Running(running);
        }
    }

    fn apply_input(own: &mut Walker, input: &Pad, _: &Step<'_, Self>) {
        let way = IVec2::new(input.x.into(), input.y.into());
        own.pos = (own.pos + way).clamp(IVec2::ZERO, IVec2::splat(SIDE));
    }
}

impl Yard {
    fn tell(&self, tick: u32, reason: Option<LeaveReason>) {
        if let Some(log) = &self.log {
            log.send((tick, reason)).unwrap();
        }
    }
}

impl InterestRules for Yard {
    fn interest(settings: &Settings) -> Interest {
        let cells = Cells { origin: IVec2::ZERO, size: 1_000, columns: 8, rows: 8, radius: 300, slack: 50 };
        if settings.divided { Interest::Cells(cells) } else { Interest::Whole }
    }

    fn location(walker: &Walker) -> Location {
        Location::at(walker.pos)
    }
}

/// Nothing but a clock.
struct Clock;

impl Game for Clock {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = Settings;
    type Scene = ();
    type Input = Pad;
    type Entity = Walker;
    type State = Countdown;
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &Settings, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        stage.state = Countdown { ticks_left: 90_000, pace: -1 };
        Self
    }

    fn join(&mut self, _: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(EntityId::NONE)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        stage.state.ticks_left -= turn.passed_ticks as i32;
    }

    fn apply_input(_: &mut Walker, _: &Pad, _: &Step<'_, Self>) {}
}

impl InterestRules for Clock {
    fn interest(settings: &Settings) -> Interest {
        Yard::interest(settings)
    }

    fn location(walker: &Walker) -> Location {
        Location::at(walker.pos)
    }
}

fn divided_or_not() -> [Settings; 2] {
    [Settings::default(), Settings { divided: true, crowd: 0 }]
}

#[test]
fn every_client_has_the_state_whatever_it_sees_and_however_bad_its_link_is() {
    for settings in divided_or_not() {
        let mut run = Harness::<Yard>::new(settings.clone(), 7);
        run.audit_leaks();
        let clients = [run.join("ada"), run.join("bob"), run.spectate("eve")];
        for client in clients {
            run.link(client, LinkProfile::MOBILE_4G);
        }
        for client in &clients[..2] {
            run.drive(*client, |_, rng| random_input(rng));
        }
        run.run_ticks(30);
        assert_eq!(*run.room().room_state(), Match::default());
        for client in &clients[..2] {
            run.client_mut(*client).command(true).unwrap();
        }
        for round in 0..40 {
            run.run_ticks(25);
            if round == 20 {
                run.cut(clients[0]);
                run.run_ticks(20);
                assert!(run.resume(clients[0]));
            }
        }
        run.settle();
        run.assert_in_sync();
        let state = run.room().room_state().clone();
        let Match::Running(Running { score, share, .. }) = state else { panic!("{state:?}") };
        assert!(score > 20 && (share * 4.0).fract() == 0.0, "{score} {share}");
        for client in clients {
            let client = run.client(client);
            assert!(client.stats().hash_checks > 10 && client.stats().hash_mismatches == 0);
            let Some(Match::Running(seen)) = client.room_state() else { panic!("no state") };
            assert!(score.abs_diff(seen.score) <= 1, "{score} {seen:?}");
            assert!(client.view(run.now()).iter().all(|(id, _)| *id != EntityId::STATE));
        }
    }
}

#[test]
fn under_a_byte_budget_the_state_never_waits() {
    let mut run = Harness::<Yard>::new(Settings { divided: true, crowd: 400 }, 7);
    run.budget(1_000);
    let clients = [run.join("ada"), run.join("bob")];
    run.run_ticks(30);
    for client in clients {
        run.client_mut(client).command(true).unwrap();
    }
    run.run_ticks(30);
    let mut waited = 0;
    for _ in 0..600 {
        run.run_ticks(1);
        let Match::Running(Running { score, .. }) = *run.room().room_state() else { panic!("not running") };
        for client in clients {
            let client = run.client(client);
            waited += client.streams_waiting();
            let Some(Match::Running(seen)) = client.room_state() else { panic!("no state") };
            assert!(score.abs_diff(seen.score) <= 1, "{score} {seen:?}");
        }
    }
    assert!(waited > 1_000, "the budget is too large to matter: {waited}");
}

#[test]
fn a_clock_that_runs_as_declared_costs_nothing() {
    for settings in divided_or_not() {
        let mut run = Harness::<Clock>::new(settings, 7);
        let ada = run.join("ada");
        run.run_ticks(90);
        let before = run.client(ada).stats().stream_bytes;
        run.run_ticks(64);
        let bytes = run.client(ada).stats().stream_bytes - before;
        // Two hashes of two streams, and nothing else.
        assert!(bytes <= 2 * 2 * 6, "{bytes} bytes");
        // The newest snapshot may be as old as the longest quiet time.
        let left = run.client(ada).room_state().unwrap().ticks_left;
        assert!((0..=9).contains(&(left - run.room().room_state().ticks_left)));
    }
}

#[test]
fn the_state_has_kinds_of_its_own_in_the_schema_and_is_no_entity() {
    let schema = game_schema::<Yard>();
    assert_eq!((schema.kinds.len(), schema.state_kinds), (3, 2));
    assert_eq!(schema.hash(), game_schema_hash::<Yard>());
    assert_ne!(GameSchema { state_kinds: 0, ..schema.clone() }.hash(), schema.hash());
    let mut run = Harness::<Yard>::new(Settings { divided: true, crowd: 0 }, 3);
    let ada = run.join("ada");
    run.run_ticks(20);
    let row = run.client(ada).room_state_row().unwrap();
    assert_eq!((row.id, row.kind, row.values), (EntityId::STATE, 1, &[0][..]));
}

#[test]
fn joined_comes_with_the_own_entity_and_the_state() {
    let mut run = Harness::<Yard>::new(Settings::default(), 9);
    let ada = run.join("ada");
    run.link(ada, LinkProfile::delayed(Duration::from_millis(60)));
    let joined = (0..60).find_map(|_| {
        run.run_ticks(1);
        let events = run.take_events(ada);
        let joined = events.iter().any(|event| matches!(event, ClientEvent::Joined));
        joined.then(|| (run.client(ada).own().is_some(), run.client(ada).room_state().is_some()))
    });
    assert_eq!(joined, Some((true, true)));
}

#[test]
fn a_game_hears_why_a_player_leaves_and_gets_what_its_host_hands_to_it() {
    let (log, heard) = std::sync::mpsc::channel();
    let mut run = Harness::<Yard>::with_context(Settings::default(), 1, TickRate::DEFAULT, &Some(log));
    let clients = [run.join("ada"), run.join("bob")];
    run.run_ticks(30);
    let joined: Vec<_> = heard.try_iter().collect();
    assert_eq!(joined.len(), 2);
    assert!(joined.iter().all(|(_, reason)| reason.is_none()));
    run.leave(clients[0]);
    run.run_ticks(10);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [(0, Some(LeaveReason::Left))]);
    run.cut(clients[1]);
    run.run_ticks(31 * 30);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [(0, Some(LeaveReason::TimedOut))]);
    let eve = run.join("eve");
    run.run_ticks(10);
    assert!(heard.try_iter().all(|(_, reason)| reason.is_none()));
    run.room_mut().close_all(&CloseCode::GoingAway.into(), &mut Nobody);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [(0, Some(LeaveReason::RoomClosed))]);
    let _ = eve;
}

#[test]
fn what_is_told_in_join_and_leave_arrives_and_the_one_who_joins_gets_it_too() {
    let mut run = Harness::<Yard>::new(Settings::default(), 1);
    let ada = run.join("ada");
    run.run_ticks(10);
    let bob = run.join("bob");
    run.run_ticks(10);
    run.leave(bob);
    run.run_ticks(10);
    let heard: Vec<u8> = run
        .take_events(ada)
        .into_iter()
        .filter_map(|event| if let ClientEvent::Game(event) = event { Some(event) } else { None })
        .collect();
    assert_eq!(heard, [1, 2, 200]);
}

#[test]
fn a_game_with_a_state_is_deterministic_predictable_and_testable_without_a_room() {
    for settings in divided_or_not() {
        check_determinism::<Yard>(&settings, 5, 200, 3).unwrap();
        check_prediction::<Yard>(&settings, 5, 200, 3).unwrap();
    }
    let mut game = Sandbox::<Yard>::new(&Settings::default(), TickRate::DEFAULT, 1).unwrap();
    for player in [1, 2] {
        game.join(PlayerId(player)).unwrap();
        game.command(PlayerId(player), true);
    }
    game.run_ticks(30);
    let Match::Running(running) = &game.stage.state else { panic!("{:?}", game.stage.state) };
    assert_eq!((running.ticks_left, running.share), (90_000 - 29, 0.25));
    assert_eq!(game.heard(PlayerId(1)), [1, 2]);
}

#[test]
fn a_state_with_a_field_that_not_everybody_may_see_is_refused() {
    let with = |change: fn(&mut Field)| {
        let mut kinds = game_schema::<Yard>().kinds;
        change(&mut kinds[2].fields[0]);
        Schema::new(kinds, TickRate::DEFAULT).and_then(|schema| schema.with_state(2))
    };
    assert!(with(|_| {}).is_ok());
    let error = with(|field| field.own = true).unwrap_err();
    assert!(matches!(&error, SchemaError::BadState { field, .. } if field == "score"), "{error}");
    let all = Schema::new(game_schema::<Yard>().kinds, TickRate::DEFAULT).unwrap();
    assert_eq!(all.with_state(3), Err(SchemaError::KindCount(3)), "no entity would be left");
}
