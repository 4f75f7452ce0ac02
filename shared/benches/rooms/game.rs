//! The codec's two synthetic matches as games of large rooms: divided into cells, each player sees what is
//! around its own thing.

use crate::workload::{Declared, Match, Style};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tickwire_shared::entity::{Kind, Trainer};
use tickwire_shared::prelude::*;
use tickwire_shared::snapshot::train;

/// Things in a room.
pub(crate) const COUNT: usize = 2_000;
/// Ticks per second.
pub(crate) const HZ: u16 = 20;
/// Steps of the grid in a unit.
pub(crate) const UNIT: i32 = 1024;
const TRAINING_SEED: u64 = 77;
const SETTLE_TICKS: u32 = 300;

thread_local! {
    /// The time that the match's own step took.
    pub(crate) static STEP_TIME: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The number of fields tells which match a thing belongs to: 7 for ARENA, 9 for SHOOTER, with the target
/// velocity.
const fn style<const FIELDS: usize>() -> (Style, Declared) {
    if FIELDS == 7 { (Style::Arena, Declared::Linear) } else { (Style::Shooter, Declared::Steer) }
}

#[derive(Clone, Debug)]
pub(crate) struct Thing<const FIELDS: usize>(pub(crate) [i32; FIELDS]);

impl<const FIELDS: usize> Entity for Thing<FIELDS> {
    fn kinds() -> Vec<Kind> {
        let (style, declared) = style::<FIELDS>();
        Match::new(style, COUNT, 1).kinds(declared)
    }

    fn kind(&self) -> u8 {
        0
    }

    fn write_row(&self, row: &mut Vec<i32>) {
        row.extend_from_slice(&self.0);
    }

    fn read_row(kind: u8, row: &[i32]) -> Option<Self> {
        (kind == 0).then_some(Self(row.try_into().ok()?))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Nothing {
    #[input(range = 0..=1)]
    none: u8,
}

/// Which things a client sees, and how the room is divided for that. Lengths in grid steps; a cell of 0: not
/// divided.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ClientView {
    pub(crate) radius: i32,
    pub(crate) cell: i32,
    pub(crate) slack: i32,
}

pub(crate) struct Field<const FIELDS: usize> {
    playing: Match,
    things: Vec<EntityId>,
    players: usize,
}

/// The side of the square.
pub(crate) fn side() -> i32 {
    (64.0 * COUNT as f64).sqrt().ceil() as i32 * UNIT
}

impl<const FIELDS: usize> Game for Field<FIELDS> {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = ClientView;
    type Scene = ();
    type Input = Nothing;
    type Entity = Thing<FIELDS>;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &ClientView, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    /// A room that is not divided is filled with spectators.
    fn players_max(view: &ClientView) -> u16 {
        if view.cell == 0 { 1 } else { 512 }
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let (style, declared) = style::<FIELDS>();
        let mut playing = Match::at_rate(style, COUNT, setup.seed, f64::from(HZ));
        (0..SETTLE_TICKS).for_each(|_| playing.step());
        let state = playing.snapshot(0, declared);
        let things = state.rows().map(|row| Thing(row.values.try_into().expect("a row of the match")));
        let things = things.map(|thing| stage.world.spawn(thing).expect("space for the thing")).collect();
        Self { playing, things, players: 0 }
    }

    fn join(&mut self, _: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        self.players += 1;
        self.things.get(self.players - 1).copied().ok_or(Refusal::Full)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, _: &Turn<'_, Self>) {
        let start = Instant::now();
        self.playing.step();
        let state = self.playing.snapshot(0, style::<FIELDS>().1);
        for ((_, thing), row) in stage.world.iter_mut().zip(state.rows()) {
            thing.0.copy_from_slice(row.values);
        }
        STEP_TIME.set(STEP_TIME.get() + start.elapsed());
    }

    fn apply_input(_: &mut Thing<FIELDS>, _: &Nothing, _: &Step<'_, Self>) {}
}

impl<const FIELDS: usize> InterestRules for Field<FIELDS> {
    fn interest(view: &ClientView) -> Interest {
        if view.cell == 0 {
            return Interest::Whole;
        }
        let cells = (side() / view.cell + 1) as u16;
        let &ClientView { radius, cell: size, slack } = view;
        Interest::Cells(Cells { origin: IVec2::ZERO, size, columns: cells, rows: cells, radius, slack })
    }

    fn location(thing: &Thing<FIELDS>) -> Location {
        Location::at(IVec2::new(thing.0[0], thing.0[1]))
    }
}

impl<const FIELDS: usize> Field<FIELDS> {
    /// A table that was trained on another match of the same style.
    pub(crate) fn table() -> &'static [u8] {
        static TABLES: [OnceLock<Vec<u8>>; 2] = [const { OnceLock::new() }; 2];
        TABLES[usize::from(FIELDS == 7)].get_or_init(|| trained(style::<FIELDS>()))
    }
}

fn trained((style, declared): (Style, Declared)) -> Vec<u8> {
    let mut playing = Match::at_rate(style, COUNT, TRAINING_SEED, f64::from(HZ));
    (0..SETTLE_TICKS).for_each(|_| playing.step());
    let (schema, mut trainer) = (playing.schema(declared), Trainer::new(playing.kinds(declared)));
    let mut before = playing.snapshot(1, declared);
    for tick in 2..32 {
        playing.step();
        let now = playing.snapshot(tick, declared);
        train(&mut trainer, &schema, Some(&before), &now);
        before = now;
    }
    train(&mut trainer, &schema, None, &before);
    trainer.table()
}
