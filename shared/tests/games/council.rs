//! A council: members vote others out, and close the session. It says in listings how many votes there were.

use core::time::Duration;
use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Nod {
    pub(crate) yes: Button,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Chair {
    pub(crate) nods: bool,
    /// Whether its member is there.
    pub(crate) away: bool,
}

/// What was written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Entity)]
pub(crate) struct Minutes {
    pub(crate) closed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Motion {
    /// This member is to go and stay away for so many seconds.
    Out(PlayerId, u32),
    /// The session is over.
    Close,
    /// The session is over, and no event says so.
    Adjourn,
    /// Who is not here need not find us.
    Hide,
}

pub(crate) struct Council {
    chairs: Vec<(PlayerId, EntityId)>,
    left: Vec<(PlayerId, LeaveReason)>,
}

impl Game for Council {
    type Settings = ();
    type Scene = ();
    type Input = Nod;
    type Entity = Chair;
    type State = Minutes;
    type Context = ();
    /// What happened, in words.
    type Event = String;
    type Command = Motion;

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { chairs: Vec::new(), left: Vec::new() }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let chair = stage.world.spawn(Chair { nods: false, away: false })?;
        self.chairs.push((joining.player, chair));
        Ok(chair)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, reason: LeaveReason) {
        let Some(at) = self.chairs.iter().position(|(of, _)| *of == player) else { return };
        stage.world.despawn(self.chairs.remove(at).1);
        self.left.push((player, reason));
        stage.events.all(format!("{player} left: {reason:?}")).ok();
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(chair) = stage.world.get_mut(player.entity) {
                chair.away = !player.is_connected;
                Self::apply_input(chair, &player.input, &turn.step());
            }
        }
        for (by, motion) in turn.commands {
            match motion {
                Motion::Out(whom, seconds) => {
                    stage.events.to(*whom, "the vote is 2 to 1".to_owned()).ok();
                    stage.kick(
                        *whom,
                        &format!("{by} voted you out"),
                        Duration::from_secs(u64::from(*seconds)),
                    );
                }
                Motion::Close => {
                    stage.events.all("the session is closed".to_owned()).ok();
                    stage.state.closed = true;
                    stage.end("the council has spoken");
                    stage.end("nobody reads this");
                }
                Motion::Adjourn => {
                    stage.state.closed = true;
                    stage.end("adjourned");
                }
                Motion::Hide => {
                    stage.set_hidden(true);
                    stage.set_metadata(Options::of(&[("title", "in camera")]));
                }
            }
        }
    }

    fn apply_input(own: &mut Chair, input: &Nod, _: &Step<'_, Self>) {
        own.nods ^= input.yes.pressed;
    }
}
