//! Units that walk about at random in a room of cells; one may die in each tick.

use core::time::Duration;
use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

pub(crate) const CELL: i32 = 4_096;
const SIDE: i32 = 8 * CELL;

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Pad {
    #[input(range = -1..=1)]
    pub(crate) x: i8,
    #[input(range = -1..=1)]
    pub(crate) y: i8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Unit {
    #[entity(range = 0..=32_767)]
    pub(crate) pos: IVec2,
    #[entity(range = 0..=255)]
    pub(crate) health: u8,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Field {
    pub(crate) units: u16,
    /// Steps per tick.
    pub(crate) speed: i32,
    pub(crate) radius: i32,
    /// One unit dies in each tick.
    pub(crate) deadly: bool,
}

impl Default for Field {
    fn default() -> Self {
        Self { units: 100, speed: 10, radius: 9_000, deadly: false }
    }
}

pub(crate) struct War {
    rng: Rng,
    ways: Vec<(EntityId, IVec2)>,
    players: Vec<(PlayerId, EntityId)>,
    speed: i32,
    deadly: bool,
}

impl Game for War {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = Field;
    type Scene = ();
    type Input = Pad;
    type Entity = Unit;
    type State = ();
    type Context = ();
    /// The floor that the game received.
    type Event = u32;
    type Command = ();

    fn scene(_: &Field, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let (mut rng, speed) = (Rng::new(setup.seed), setup.settings.speed);
        let mut ways = Vec::new();
        for _ in 0..setup.settings.units {
            let pos = IVec2::new(rng.range(0, SIDE - 1), rng.range(0, SIDE - 1));
            let way = IVec2::new(rng.range(-speed, speed), rng.range(-speed, speed));
            ways.extend(stage.world.spawn(Unit { pos, health: 255 }).map(|id| (id, way)));
        }
        Self { rng, ways, players: Vec::new(), speed, deadly: setup.settings.deadly }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let entity = stage.world.spawn(Unit { pos: IVec2::splat(SIDE / 2 + 300), health: 100 })?;
        self.players.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for (_, entity) in self.players.extract_if(.., |(other, _)| *other == player) {
            stage.world.despawn(entity);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if turn.is_every(Duration::from_secs(2)) {
                let _ = stage.events.to(player.player, player.floor_bytes_per_s);
            }
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
        if self.deadly && !self.ways.is_empty() {
            let (victim, _) = self.ways.swap_remove(self.rng.range(0, self.ways.len() as i32 - 1) as usize);
            stage.world.despawn(victim);
        }
        for (id, way) in &mut self.ways {
            let Some(unit) = stage.world.get_mut(*id) else { continue };
            if self.rng.chance(20) {
                *way = IVec2::new(
                    self.rng.range(-self.speed, self.speed),
                    self.rng.range(-self.speed, self.speed),
                );
            }
            unit.pos = (unit.pos + *way).clamp(IVec2::ZERO, IVec2::splat(SIDE - 1));
        }
    }

    fn apply_input(own: &mut Unit, input: &Pad, _: &Step<'_, Self>) {
        let way = IVec2::new(i32::from(input.x), i32::from(input.y)) * 12;
        own.pos = (own.pos + way).clamp(IVec2::ZERO, IVec2::splat(SIDE - 1));
    }
}

impl InterestRules for War {
    fn interest(field: &Field) -> Interest {
        let radius = field.radius;
        Interest::Cells(Cells { origin: IVec2::ZERO, size: CELL, columns: 8, rows: 8, radius, slack: 100 })
    }

    fn location(unit: &Unit) -> Location {
        Location::at(unit.pos)
    }
}
