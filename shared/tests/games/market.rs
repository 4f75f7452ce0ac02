//! A market whose settings, commands and events are maps and sets, which have no order of their own, and a
//! text that reading changes.

use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{HashMap, HashSet};
use tickwire_shared::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Prices {
    pub(crate) of: HashMap<String, u32>,
    #[serde(deserialize_with = "trimmed")]
    pub(crate) title: String,
}

fn trimmed<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(String::deserialize(from)?.trim().to_owned())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Buttons {
    pub(crate) ready: Button,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Stall {
    pub(crate) ready: bool,
}

pub(crate) struct Market;

impl Game for Market {
    type Settings = Prices;
    type Scene = ();
    type Input = Buttons;
    type Entity = Stall;
    type State = ();
    type Context = ();
    /// What each of the wares costs.
    type Event = HashMap<String, u32>;
    /// The names of wares.
    type Command = HashSet<String>;

    fn scene(_: &Prices, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Stall { ready: false })?)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        if let Some(stall) = stage.world.controlled(player) {
            stage.world.despawn(stall);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(stall) = stage.world.get_mut(player.entity) {
                Self::apply_input(stall, &player.input, &turn.step());
            }
        }
        for (player, wares) in turn.commands {
            let bill = wares.iter().map(|ware| (ware.clone(), ware.len() as u32)).collect();
            stage.events.to(*player, bill).ok();
        }
    }

    fn apply_input(own: &mut Stall, input: &Buttons, _: &Step<'_, Self>) {
        own.ready ^= input.ready.pressed;
    }
}
