//! Rooms with a state: a match that waits and then runs, and a clock alone.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

/// The side of the square yard.
const SIDE: i32 = 8_000;

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Walker {
    #[entity(range = 0..=8000)]
    pub(crate) pos: IVec2,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Pad {
    #[input(range = -8..=8)]
    pub(crate) x: i8,
    #[input(range = -8..=8)]
    pub(crate) y: i8,
}

/// Two kinds of state: the match waits, then it runs.
#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) enum Match {
    Lobby(Lobby),
    Running(Running),
}

#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub(crate) struct Lobby {
    #[entity(range = 0..=64)]
    pub(crate) ready: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Running {
    #[entity(range = 0..=1000)]
    pub(crate) score: u16,
    /// Falls by itself: a declared predictor, so that a running clock costs nothing.
    #[entity(range = 0..=100000, predict = linear(pace))]
    pub(crate) ticks_left: i32,
    #[entity(range = -1..=0)]
    pub(crate) pace: i32,
    /// Between the steps of its grid until the room has put it there.
    #[entity(range = 0.0..=1.0, grid = 4)]
    pub(crate) share: f32,
}

#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub(crate) struct Countdown {
    /// Falls by itself: a declared predictor.
    #[entity(range = 0..=100000, predict = linear(pace))]
    pub(crate) ticks_left: i32,
    #[entity(range = -1..=0)]
    pub(crate) pace: i32,
}

impl Default for Match {
    fn default() -> Self {
        Self::Lobby(Lobby::default())
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) divided: bool,
    /// How many walkers move about that nobody controls.
    pub(crate) crowd: u16,
}

/// How a host hears of its matches.
pub(crate) type Log = Option<std::sync::mpsc::Sender<(u32, Option<LeaveReason>)>>;

pub(crate) struct Rally {
    log: Log,
    ready: u8,
    crowd: Vec<EntityId>,
    rng: Rng,
}

impl Game for Rally {
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

impl Rally {
    fn tell(&self, tick: u32, reason: Option<LeaveReason>) {
        if let Some(log) = &self.log {
            log.send((tick, reason)).unwrap();
        }
    }
}

impl InterestRules for Rally {
    fn interest(settings: &Settings) -> Interest {
        let cells = Cells { origin: IVec2::ZERO, size: 1_000, columns: 8, rows: 8, radius: 300, slack: 50 };
        if settings.divided { Interest::Cells(cells) } else { Interest::Whole }
    }

    fn location(walker: &Walker) -> Location {
        Location::at(walker.pos)
    }
}

/// Nothing but a clock.
pub(crate) struct Clock;

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
        Rally::interest(settings)
    }

    fn location(walker: &Walker) -> Location {
        Location::at(walker.pos)
    }
}
