//! A small game for the tests of this crate: dots on a line that move, fire and drift.

use crate::entity::{Button, Entity, Field, Grid, Input, InputSchema, Kind, Predictor};
use crate::game::{BadSettings, Game, Joining, LeaveReason, Refusal, Setup, Stage, Step, Turn};
use crate::id::{EntityId, PlayerId};
use crate::tick::TickRate;
use crate::{Rng, entity::FieldType};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// Where the line ends.
const END: i32 = 100_000;

/// The command that pushes the player's dot, which no client predicts.
pub(crate) const PUSH: u32 = u32::MAX;

/// Controls: a speed and a button.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Press {
    pub(crate) go: i32,
    pub(crate) fire: Button,
}

/// The controls with `pressed` as the button's edge.
pub(crate) fn press(go: i32, pressed: bool) -> Press {
    Press { go, fire: Button { down: pressed, pressed } }
}

impl Input for Press {
    const GRIDS: &'static [Grid] = &[Grid::integers(-100, 100), Grid::integers(0, 3)];

    fn schema() -> InputSchema {
        let field = |name: &str, grid| Field {
            name: name.into(),
            grid,
            predictor: Predictor::Hold,
            own: false,
            interpolate: false,
            meaning: Default::default(),
        };
        InputSchema { fields: vec![field("go", Self::GRIDS[0]), field("fire", Self::GRIDS[1])] }
    }

    fn write_row(&self, row: &mut Vec<i32>) {
        row.push(Self::GRIDS[0].fit(i64::from(self.go)));
        self.fire.write_parts(&Self::GRIDS[1], row);
    }

    fn read_row(row: &[i32]) -> Option<Self> {
        let &[go, fire] = row else { return None };
        Some(Self { go, fire: Button::read_parts(&Self::GRIDS[1], &[fire]) })
    }

    fn held(&self) -> Self {
        Self { go: self.go, fire: self.fire.held() }
    }

    fn fold(&mut self, late: &Self) {
        self.fire.fold(&late.fire);
    }
}

/// A player's dot (kind 0), or a drifting one (kind 1).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dot {
    pub(crate) drifts: bool,
    pub(crate) pos: i32,
    pub(crate) vel: i32,
    pub(crate) fired: i32,
}

impl Entity for Dot {
    fn kinds() -> Vec<Kind> {
        let field = |name: &str, grid, predictor| Field {
            name: name.into(),
            grid,
            predictor,
            own: false,
            interpolate: predictor != Predictor::Hold,
            meaning: Default::default(),
        };
        let kind = |name: &str| Kind {
            name: name.into(),
            fields: vec![
                field("pos", Grid::integers(-END, END).with_per_unit(100), Predictor::Linear { velocity: 1 }),
                field("vel", Grid::integers(-100, 100).with_per_unit(100), Predictor::Hold),
                field("fired", Grid::integers(0, 65_535), Predictor::Hold),
            ],
        };
        vec![kind("dot"), kind("drift")]
    }

    fn kind(&self) -> u8 {
        u8::from(self.drifts)
    }

    fn write_row(&self, row: &mut Vec<i32>) {
        row.extend([self.pos.clamp(-END, END), self.vel.clamp(-100, 100), self.fired.clamp(0, 65_535)]);
    }

    fn read_row(kind: u8, row: &[i32]) -> Option<Self> {
        let &[pos, vel, fired] = row else { return None };
        (kind < 2).then_some(Self { drifts: kind == 1, pos, vel, fired })
    }
}

/// The game's events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Told {
    /// A player's command, sent back to all.
    Said(PlayerId, u32),
    /// A second began.
    Second(u32),
}

/// Settings, including faults for the check of determinism.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DotSettings {
    pub(crate) drifting: u8,
    pub(crate) no_scene: bool,
    pub(crate) unsound: bool,
}

pub(crate) struct Dots {
    rng: Rng,
    players: Vec<(PlayerId, EntityId)>,
    shaken: bool,
}

/// State outside of the game, which makes an unsound game unsound.
static ROOMS_MADE: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);

impl Game for Dots {
    type Settings = DotSettings;
    type Scene = i32;
    type Input = Press;
    type Entity = Dot;
    type State = ();
    type Context = ();
    type Event = Told;
    type Command = u32;

    fn scene(settings: &DotSettings, _: TickRate) -> Result<i32, BadSettings> {
        if settings.no_scene { Err(BadSettings("no_scene is set".into())) } else { Ok(END - 1_000) }
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let mut rng = Rng::new(setup.seed);
        for _ in 0..setup.settings.drifting {
            let (pos, vel) = (rng.range(-END, END), rng.range(-90, 90));
            let _ = stage.world.spawn(Dot { drifts: true, pos, vel, fired: 0 });
        }
        let made = ROOMS_MADE.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
        Self { rng, players: Vec::new(), shaken: setup.settings.unsound && made % 2 == 1 }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let pos = self.rng.range(-500, 500);
        let id = stage.world.spawn(Dot { drifts: false, pos, vel: 0, fired: 0 })?;
        self.players.push((joining.player, id));
        Ok(id)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for (_, id) in self.players.iter().filter(|(of, _)| *of == player) {
            stage.world.despawn(*id);
        }
        self.players.retain(|(of, _)| *of != player);
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(dot) = stage.world.get_mut(player.entity) {
                Self::apply_input(dot, &player.input, &turn.step());
            }
        }
        for (player, said) in turn.commands {
            stage.events.all(Told::Said(*player, *said)).unwrap();
            let pushed = turn.players.iter().find(|of| *said == PUSH && of.player == *player);
            if let Some(dot) = pushed.and_then(|of| stage.world.get_mut(of.entity)) {
                dot.pos += 50;
            }
        }
        if turn.is_every(Duration::from_secs(1)) {
            stage.events.all(Told::Second(turn.tick.0 / u32::from(turn.tick_rate.hz()))).unwrap();
        }
        let shake = self.shaken && turn.tick.0 == 50;
        for (_, dot) in stage.world.iter_mut().filter(|(_, dot)| dot.drifts) {
            dot.pos += dot.vel;
            if dot.pos.abs() >= END || self.rng.chance(100) {
                dot.vel = self.rng.range(-90, 90);
            }
            dot.fired += i32::from(shake);
        }
    }

    fn apply_input(own: &mut Dot, input: &Press, step: &Step<'_, Self>) {
        own.vel += (input.go - own.vel) / 2;
        own.pos = (own.pos + own.vel).clamp(-step.scene, *step.scene);
        own.fired += i32::from(input.fire.pressed);
    }
}
