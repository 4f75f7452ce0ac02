//! The rules: phases and treasures.

use super::{
    Command, Hunter, Lobby, News, Outcome, Pad, Phase, Running, SIDE, Settings, Team, Thing, Treasure,
};
use tickwire_shared::prelude::*;

/// A hunter finds what is nearer than this.
const REACH: i32 = 30;

pub struct Hunt {
    rng: Rng,
}

impl Game for Hunt {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = Settings;
    type Scene = Settings;
    type Input = Pad;
    type Entity = Thing;
    type State = Phase;
    type Context = ();
    type Event = News;
    type Command = Command;

    fn scene(settings: &Settings, _: TickRate) -> Result<Settings, BadSettings> {
        let times = [settings.match_s, settings.result_s];
        let fits = times.iter().all(|seconds| (1..=3_600).contains(seconds));
        if fits { Ok(settings.clone()) } else { Err(BadSettings("times must be 1 to 3600 s".into())) }
    }

    fn players_max(_: &Settings) -> u16 {
        16
    }

    fn new(setup: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { rng: Rng::new(setup.seed) }
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Hunter { pos: self.anywhere(), ..Hunter::default() }.into())?)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        stage.world.controlled(player).and_then(|hunter| stage.world.despawn(hunter));
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
        let passed = turn.passed_ticks as i32;
        match &mut stage.state {
            Phase::Lobby(_) => self.gather(stage, turn),
            Phase::Running(running) => {
                running.ticks_left -= passed;
                if running.ticks_left > 0 { self.hunt(stage, turn) } else { end(stage, turn) }
            }
            Phase::Result(outcome) => {
                outcome.ticks_left -= passed;
                if outcome.ticks_left <= 0 {
                    stage.state = Phase::default();
                    stage.set_access(Access::Open);
                }
            }
        }
    }

    fn apply_input(own: &mut Thing, input: &Pad, step: &Step<'_, Self>) {
        if let Thing::Hunter(hunter) = own {
            hunter.vel = input.way * step.tick_rate.per_tick(150);
            hunter.pos = (hunter.pos + hunter.vel).clamp(IVec2::ZERO, IVec2::splat(SIDE));
        }
    }
}

impl Hunt {
    /// The lobby: when at least two are there and all are ready, the match starts.
    fn gather(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (player, Command::Ready(ready)) in turn.commands {
            let own = stage.world.controlled(*player);
            if let Some(hunter) = own.and_then(|own| stage.world.get_as_mut::<Hunter>(own)) {
                hunter.ready = *ready;
            }
        }
        let ready = stage.world.iter_as::<Hunter>().filter(|(_, hunter)| hunter.ready).count();
        let players = turn.players.len();
        stage.state = Phase::Lobby(Lobby { ready: ready as u8, players: players as u8 });
        if players >= 2 && ready == players {
            self.start(stage, turn);
        }
    }

    /// Players go to the two teams in turn, and nobody else comes in.
    fn start(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let ticks_left = ticks(turn.scene.match_s, turn);
        stage.state = Phase::Running(Running { red: 0, blue: 0, ticks_left, pace: -1 });
        stage.set_access(Access::Locked);
        let hunters = stage.world.iter_as_mut::<Hunter>();
        for ((_, hunter), team) in hunters.zip(Team::BOTH.into_iter().cycle()) {
            (hunter.team, hunter.ready) = (team, false);
        }
        for team in Team::BOTH {
            let treasure = Treasure { pos: self.anywhere(), team };
            // A room takes far more entities than these.
            stage.world.spawn(treasure.into()).ok();
        }
        // Events that are so short and rare always fit.
        stage.events.all(News::Started).ok();
    }

    /// A hunter that reaches its team's treasure finds it; a new one appears elsewhere.
    fn hunt(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            let Some(hunter) = stage.world.get_as::<Hunter>(player.entity).cloned() else { continue };
            let mut treasures = stage.world.iter_as_mut::<Treasure>();
            let own = treasures.find(|(_, treasure)| treasure.team == hunter.team);
            let Some((_, treasure)) = own else { continue };
            if (treasure.pos - hunter.pos).abs().max_element() < REACH {
                treasure.pos = self.anywhere();
                if let Phase::Running(running) = &mut stage.state {
                    let score = if hunter.team == Team::Red { &mut running.red } else { &mut running.blue };
                    *score = score.saturating_add(1);
                }
                stage.events.to_group(hunter.team.group(), News::Found { by: player.player }).ok();
            }
        }
    }

    fn anywhere(&mut self) -> IVec2 {
        IVec2::new(self.rng.range(0, SIDE), self.rng.range(0, SIDE))
    }
}

/// The match is over: everyone learns the result.
fn end(stage: &mut Stage<Hunt>, turn: &Turn<'_, Hunt>) {
    let Phase::Running(Running { red, blue, .. }) = stage.state else { return };
    let ticks_left = ticks(turn.scene.result_s, turn);
    stage.state = Phase::Result(Outcome { red, blue, ticks_left, pace: -1 });
    stage.world.retain(|_, thing| matches!(thing, Thing::Hunter(_)));
    stage.events.all(News::Ended { red, blue }).ok();
}

fn ticks(seconds: u16, turn: &Turn<'_, Hunt>) -> i32 {
    i32::from(seconds) * i32::from(turn.tick_rate.hz())
}
