//! Players click and give numbers as commands; the room counts both.

use core::time::Duration;
use tickwire_shared::prelude::*;

/// What the room counted of one player.
#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub(crate) struct Counter {
    #[entity(range = 0..=65_535)]
    pub(crate) clicks: u16,
    /// Steps with a click and a command.
    #[entity(range = 0..=65_535)]
    pub(crate) together: u16,
    /// Steps with only one of the two.
    #[entity(range = 0..=65_535)]
    pub(crate) apart: u16,
    /// Seconds that began, by the room's clock.
    #[entity(range = 0..=65_535)]
    pub(crate) seconds: u16,
    /// Ticks that passed in all turns.
    #[entity(range = 0..=1_048_575)]
    pub(crate) passed: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Mouse {
    pub(crate) button: Button,
}

pub(crate) const CLICK: Mouse = Mouse { button: Button { down: false, pressed: true } };

/// Numbers below 1,000 come back to their player, others to all.
pub(crate) struct Clicks(Vec<(PlayerId, EntityId)>);

impl Game for Clicks {
    type Settings = ();
    type Scene = ();
    type Input = Mouse;
    type Entity = Counter;
    type State = ();
    type Context = ();
    type Event = u16;
    type Command = u16;

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self(Vec::new())
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let entity = stage.world.spawn(Counter::default())?;
        self.0.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for (_, entity) in self.0.extract_if(.., |(id, _)| *id == player) {
            stage.world.despawn(entity);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (player, number) in turn.commands {
            match number {
                ..1_000 => stage.events.to(*player, *number).unwrap(),
                _ => stage.events.all(*number).unwrap(),
            }
        }
        for player in turn.players {
            let Some(counter) = stage.world.get_mut(player.entity) else { continue };
            Self::apply_input(counter, &player.input, &turn.step());
            counter.passed += turn.passed_ticks;
            counter.seconds += u16::from(turn.is_every(Duration::from_secs(1)));
            let commands = turn.commands.iter().any(|(by, _)| *by == player.player);
            match (commands, player.input.button.pressed) {
                (true, true) => counter.together += 1,
                (false, false) => {}
                _ => counter.apart += 1,
            }
        }
    }

    fn apply_input(own: &mut Counter, input: &Mouse, _: &Step<'_, Self>) {
        own.clicks += u16::from(input.button.pressed);
    }
}
