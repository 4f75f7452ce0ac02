//! The rules: who comes in, who goes, and what a step does.

use super::{Board, Command, News, Pad, Phase, Runner, SIDE, Settings, Thing, Wish};
use core::time::Duration;
use std::collections::BTreeMap;
use tickwire_shared::prelude::*;

/// What is to happen later.
pub(super) enum Due {
    Start,
    End,
}

/// Who plays, besides what its runner shows.
pub(super) struct Member {
    pub(super) entity: EntityId,
    pub(super) account: Account,
    /// Whom it wants out.
    pub(super) votes: Vec<PlayerId>,
}

pub struct Party {
    pub(super) members: BTreeMap<PlayerId, Member>,
    /// Those who left a running match, with their runners.
    pub(super) gone: Vec<(PlayerId, Account, Runner)>,
    pub(super) timers: Timers<Due>,
    pub(super) title: Text<64>,
    /// The seed of the match.
    pub(super) seed: u64,
    pub(super) rng: Rng,
}

impl Game for Party {
    type Settings = Settings;
    type Scene = Settings;
    type Input = Pad;
    type Entity = Thing;
    type State = Board;
    type Context = ();
    type Event = News;
    type Command = Command;

    fn settings(base: &Settings, options: &Options) -> Result<Settings, Refusal> {
        let mut settings = base.clone();
        for (key, value) in options.iter() {
            match (key, value.parse()) {
                ("private", Ok(private)) => settings.private = private,
                _ => return Err(Refusal::bad_option(key)),
            }
        }
        Ok(settings)
    }

    fn scene(settings: &Settings, _: TickRate) -> Result<Settings, BadSettings> {
        let Settings { team_max, goal, match_s, countdown_s, .. } = *settings;
        let fits = (1..=8).contains(&team_max) && (1..=9_999).contains(&goal);
        if fits && (1..=3_600).contains(&match_s) && countdown_s <= 60 {
            return Ok(settings.clone());
        }
        let text = "team_max must be 1 to 8, goal 1 to 9999, match_s 1 to 3600, countdown_s 0 to 60";
        Err(BadSettings(text.into()))
    }

    fn players_max(settings: &Settings) -> u16 {
        settings.team_max * 2
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        if setup.settings.private {
            stage.set_access(Access::Invited);
        }
        Self {
            members: BTreeMap::new(),
            gone: Vec::new(),
            timers: Timers::new(setup.tick_rate),
            title: Text::default(),
            seed: 0,
            rng: Rng::new(setup.seed),
        }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let wish: Option<Wish> = joining.parameters.read()?;
        let team = self.team_for(stage, joining.scene, wish)?;
        let pos = IVec2::new(self.rng.range(0, SIDE), self.rng.range(0, SIDE));
        let entity = stage.world.spawn(Runner { pos, team, ..Runner::default() }.into())?;
        if self.members.is_empty() {
            self.title = Text::cut(&format!("{}'s match", joining.account.name));
        }
        let member = Member { entity, account: joining.account.clone(), votes: Vec::new() };
        self.members.insert(joining.player, member);
        // In the lobby a seat is for those who are there.
        stage.set_grace(joining.player, Some(Duration::ZERO));
        self.show(stage);
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        let Some(member) = self.members.remove(&player) else { return };
        if let (Phase::Running, Some(Thing::Runner(runner))) =
            (stage.state.phase, stage.world.despawn(member.entity))
        {
            self.gone.push((player, member.account, runner));
        }
        for other in self.members.values_mut() {
            other.votes.retain(|against| *against != player);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            let Some(own) = stage.world.get_mut(player.entity) else { continue };
            Self::apply_input(own, &player.input, &turn.step());
            if let Thing::Runner(runner) = own {
                runner.away = !player.is_connected;
            }
        }
        stage.state.ticks_left =
            (stage.state.ticks_left + stage.state.pace * turn.passed_ticks as i32).max(0);
        for (by, command) in turn.commands {
            match command {
                Command::Ready(ready) => self.set_ready(stage, *by, *ready),
                Command::Kick(whom) => self.vote(stage, *by, *whom),
            }
        }
        match stage.state.phase {
            Phase::Lobby | Phase::Countdown => self.gather(stage, turn),
            Phase::Running => self.play(stage, turn),
            Phase::Over => (),
        }
        while let Some(due) = self.timers.take_due(turn.tick) {
            match due {
                Due::Start => self.start(stage, turn),
                Due::End => self.end(stage),
            }
        }
    }

    fn apply_input(own: &mut Thing, input: &Pad, step: &Step<'_, Self>) {
        if let Thing::Runner(runner) = own {
            runner.vel = input.way * step.tick_rate.per_tick(600);
            runner.pos = (runner.pos + runner.vel).clamp(IVec2::ZERO, IVec2::splat(SIDE));
        }
    }
}
