//! A game for tests: dots that drift, commands that get answers, and one that makes the room panic.

use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU32, Ordering};
use tickwire_server::{Config, GameOptions, Limits, Server, ServerBuilder, ServerHandle};
use tickwire_shared::prelude::*;
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::Text;

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Dot {
    #[entity(range = -1000..=1000, predict = linear(velocity))]
    position: i32,
    #[entity(range = -10..=10)]
    velocity: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Stick {
    #[input(range = -10..=10)]
    pub(crate) push: i8,
    pub(crate) stop: Button,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Ask {
    Echo(u32),
    Panic,
    /// Sets who may join from now on.
    Open,
    TakeNoMatches,
    Lock,
    /// Removes a player, who may not come back for so many seconds.
    Kick(PlayerId, u64),
    Hide,
    End,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) players_max: u16,
    /// How many players its `join` accepts; it refuses further ones by a rule.
    pub(crate) takes: u16,
    /// Where its refusals are counted, see [`refusals`].
    pub(crate) tally: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { players_max: 64, takes: u16::MAX, tally: 0 }
    }
}

static REFUSALS: [AtomicU32; 256] = [const { AtomicU32::new(0) }; 256];

/// How often rooms with this `tally` in their settings refused a client.
pub(crate) fn refusals(tally: u8) -> u32 {
    REFUSALS[usize::from(tally)].load(Ordering::SeqCst)
}

pub(crate) struct Dots {
    settings: Settings,
    owned: Vec<(PlayerId, EntityId)>,
}

impl Game for Dots {
    type Settings = Settings;
    type Scene = ();
    type Input = Stick;
    type Entity = Dot;
    type State = ();
    type Context = ();
    type Event = u32;
    type Command = Ask;

    fn settings(base: &Settings, options: &Options) -> Result<Settings, Refusal> {
        match options.iter().find(|(key, _)| *key != "mode") {
            None => Ok(base.clone()),
            Some((key, _)) => Err(Refusal::bad_option(key)),
        }
    }

    fn scene(_: &Settings, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn players_max(settings: &Settings) -> u16 {
        settings.players_max
    }

    fn new(setup: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { settings: setup.settings.clone(), owned: Vec::new() }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        if self.owned.len() >= usize::from(self.settings.takes) {
            REFUSALS[usize::from(self.settings.tally)].fetch_add(1, Ordering::SeqCst);
            return Err(Refusal::Rule(Text::cut("the dots have company enough")));
        }
        let id = stage.world.spawn(Dot { position: 0, velocity: 1 })?;
        self.owned.push((joining.player, id));
        Ok(id)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        self.owned.retain(|(owner, id)| {
            let stays = *owner != player;
            if !stays {
                stage.world.despawn(*id);
            }
            stays
        });
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(dot) = stage.world.get_mut(player.entity) {
                Self::apply_input(dot, &player.input, &turn.step());
            }
        }
        for (player, ask) in turn.commands {
            match ask {
                Ask::Echo(number) => {
                    stage.events.to(*player, *number).unwrap();
                }
                Ask::Panic => panic!("a player asked for it"),
                Ask::Open => stage.set_access(Access::Open),
                Ask::TakeNoMatches => stage.set_access(Access::NoMatches),
                Ask::Lock => stage.set_access(Access::Locked),
                Ask::Kick(whom, seconds) => stage.kick(*whom, "out", Duration::from_secs(*seconds)),
                Ask::Hide => {
                    stage.set_hidden(true);
                    let title = vec![(Text::cut("title"), Text::cut("secret"))];
                    stage.set_metadata(Options::new(title).unwrap());
                }
                Ask::End => {
                    stage.events.all(99).unwrap();
                    stage.end("red has won");
                }
            }
        }
    }

    fn apply_input(own: &mut Dot, input: &Stick, _: &Step<'_, Self>) {
        own.velocity = i32::from(input.push);
        own.position = (own.position + own.velocity).clamp(-1000, 1000);
    }
}

#[test]
fn players_predict_their_dots() {
    tickwire_shared::harness::check_prediction::<Dots>(&Settings::default(), 1, 300, 3).unwrap();
}

/// A server of [`Dots`] that needs no listener.
pub(crate) fn server(limits: Limits, tick_rate_hz: u16, players_max: u16) -> (Server, ServerHandle) {
    server_of(limits, tick_rate_hz, Settings { players_max, ..Settings::default() })
}

/// The same with all of the game's settings.
pub(crate) fn server_of(limits: Limits, tick_rate_hz: u16, settings: Settings) -> (Server, ServerHandle) {
    built(builder(limits, tick_rate_hz, settings))
}

/// The same for tests in virtual time.
pub(crate) fn virtual_server(limits: Limits, tick_rate_hz: u16, players_max: u16) -> (Server, ServerHandle) {
    let settings = Settings { players_max, ..Settings::default() };
    built(builder(limits, tick_rate_hz, settings).rooms_in_runtime())
}

/// What all of these are made of.
pub(crate) fn builder(limits: Limits, tick_rate_hz: u16, settings: Settings) -> ServerBuilder {
    let mut options = GameOptions::new(settings);
    options.tick_rate = TickRate::new(tick_rate_hz).unwrap();
    options.spectators_max = 4;
    let mut config = Config::default();
    config.limits = limits;
    Server::builder().config(config).game::<Dots>("dots", options)
}

pub(crate) fn built(builder: ServerBuilder) -> (Server, ServerHandle) {
    let server = builder.build().unwrap();
    let handle = server.handle();
    (server, handle)
}
