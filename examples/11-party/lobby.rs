//! Before the match: teams, who is ready, votes, and what listings say.

use super::rules::{Due, Member, Party};
use super::{Board, News, Phase, Runner, Settings, Team, Wish};
use core::time::Duration;
use tickwire_shared::prelude::*;

/// How long whoever was kicked may not come back.
const BARRED: Duration = Duration::from_secs(60);
/// How many gems there are.
const GEMS: usize = 12;

impl Party {
    /// The team that a player comes into: the one that it wishes for, or else the smaller one.
    pub(super) fn team_for(
        &self,
        stage: &Stage<Self>,
        settings: &Settings,
        wish: Option<Wish>,
    ) -> Result<Team, Refusal> {
        let size = |team| stage.world.iter_as::<Runner>().filter(|(_, runner)| runner.team == team).count();
        let smaller = if size(Team::Blue) < size(Team::Red) { Team::Blue } else { Team::Red };
        let team = wish.map_or(smaller, |wish| wish.team);
        if size(team) < usize::from(settings.team_max) {
            return Ok(team);
        }
        Err(Refusal::Rule(Text::cut(&format!("team {} is full; choose the other one", team.name()))))
    }

    pub(super) fn set_ready(&self, stage: &mut Stage<Self>, player: PlayerId, ready: bool) {
        let Some(member) = self.members.get(&player) else { return };
        if let Some(runner) = stage.world.get_as_mut::<Runner>(member.entity) {
            runner.ready = ready;
        }
    }

    /// A moderator decides alone. Of the others it takes more than half, and at least two.
    pub(super) fn vote(&mut self, stage: &mut Stage<Self>, by: PlayerId, whom: PlayerId) {
        if by == whom || !self.members.contains_key(&whom) {
            return;
        }
        let Some(voter) = self.members.get_mut(&by) else { return };
        let by_moderator = voter.account.has_role("moderator");
        if !voter.votes.contains(&whom) {
            voter.votes.push(whom);
        }
        let votes = self.votes_against(whom);
        let others = self.members.len() - 1;
        if by_moderator || (votes >= 2 && votes * 2 > others) {
            stage.kick(
                whom,
                if by_moderator { "a moderator removed you" } else { "you were voted out" },
                BARRED,
            );
            // Events that are so short and rare always fit.
            stage.events.all(News::Kicked { whom, by_moderator }).ok();
        }
        self.show_votes(stage);
    }

    fn votes_against(&self, whom: PlayerId) -> usize {
        self.members.values().filter(|member| member.votes.contains(&whom)).count()
    }

    fn show_votes(&self, stage: &mut Stage<Self>) {
        for (player, Member { entity, .. }) in &self.members {
            if let Some(runner) = stage.world.get_as_mut::<Runner>(*entity) {
                runner.votes = self.votes_against(*player) as u8;
            }
        }
    }

    /// When all are ready, and both teams are there, the match starts soon; unless somebody thinks again.
    pub(super) fn gather(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let runners = || stage.world.iter_as::<Runner>().map(|(_, runner)| runner);
        let ready = runners().filter(|runner| runner.ready).count();
        let both = [Team::Red, Team::Blue].iter().all(|team| runners().any(|runner| runner.team == *team));
        let all = both && ready == self.members.len();
        (stage.state.ready, stage.state.players) = (ready as u8, self.members.len() as u8);
        let counts = stage.state.phase == Phase::Countdown;
        if all && !counts {
            let time = Duration::from_secs(turn.scene.countdown_s.into());
            self.timers.set(turn.tick, time, Due::Start);
            self.enter(stage, Phase::Countdown, turn.tick_rate.ticks_ceil(time));
        } else if !all && counts {
            self.timers.cancel(|due| matches!(due, Due::Start));
            self.enter(stage, Phase::Lobby, 0);
        }
        self.show_votes(stage);
    }

    /// Nobody else comes in, and whoever is cut keeps its seat for a while.
    pub(super) fn start(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let time = Duration::from_secs(turn.scene.match_s.into());
        self.timers.set(turn.tick, time, Due::End);
        self.enter(stage, Phase::Running, turn.tick_rate.ticks_ceil(time));
        stage.set_access(Access::Locked);
        for player in self.members.keys() {
            // No longer than the server permits.
            stage.set_grace(*player, None);
        }
        self.seed = stage.next_seed();
        self.rng = Rng::new(self.seed);
        for _ in 0..GEMS {
            let gem = self.new_gem(turn.tick_rate);
            // A room takes far more entities than these.
            stage.world.spawn(gem.into()).ok();
        }
        stage.events.all(News::Started).ok();
    }

    pub(super) fn enter(&self, stage: &mut Stage<Self>, phase: Phase, ticks_left: u32) {
        let pace = if ticks_left > 0 { -1 } else { 0 };
        stage.state = Board { phase, ticks_left: ticks_left as i32, pace, ..stage.state.clone() };
        self.show(stage);
    }

    /// Tells listings about the room.
    pub(super) fn show(&self, stage: &mut Stage<Self>) {
        let phase = stage.state.phase.name();
        stage.set_metadata(Options::of(&[("title", &self.title), ("phase", phase)]));
    }
}
