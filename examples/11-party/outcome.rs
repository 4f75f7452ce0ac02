//! The end: what the players and the host are told.

use super::rules::Party;
use super::{News, Phase, Runner, Team};
use core::cmp::Ordering;
use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

/// The result, as the host's services get it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// `None`: a draw.
    pub winner: Option<Team>,
    pub red: u16,
    pub blue: u16,
    /// The seed of the match, as a text: JSON's numbers are too short for it in some languages.
    pub seed: String,
    pub players: Vec<PlayerOutcome>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlayerOutcome {
    pub player: PlayerId,
    /// Of a guest: none.
    pub account: Option<AccountId>,
    pub name: Name,
    pub team: Team,
    pub points: u16,
    /// It stayed to the end.
    pub stayed: bool,
}

impl Party {
    /// The match is over, and so is the room.
    pub(super) fn end(&mut self, stage: &mut Stage<Self>) {
        if stage.state.phase == Phase::Over {
            return;
        }
        self.enter(stage, Phase::Over, 0);
        let outcome = self.outcome(stage);
        let Outcome { winner, red, blue, .. } = outcome;
        let text = match winner {
            Some(team) => format!("team {} wins, {red} : {blue}", team.name()),
            None => format!("a draw, {red} : {blue}"),
        };
        stage.events.all(News::Ended { red, blue }).ok();
        // 16 players with the longest names and ids fit; should they not, the match is over all the same.
        if stage.end_with(&text, &outcome).is_err() {
            stage.end(&text);
        }
    }

    fn outcome(&self, stage: &Stage<Self>) -> Outcome {
        let (red, blue) = (stage.state.red, stage.state.blue);
        let there = self.members.iter().filter_map(|(player, member)| {
            let runner = stage.world.get_as::<Runner>(member.entity)?;
            Some(row(*player, &member.account, runner, true))
        });
        let gone = self.gone.iter().map(|(player, account, runner)| row(*player, account, runner, false));
        Outcome {
            winner: match red.cmp(&blue) {
                Ordering::Greater => Some(Team::Red),
                Ordering::Less => Some(Team::Blue),
                Ordering::Equal => None,
            },
            red,
            blue,
            seed: self.seed.to_string(),
            players: there.chain(gone).collect(),
        }
    }
}

fn row(player: PlayerId, account: &Account, runner: &Runner, stayed: bool) -> PlayerOutcome {
    let Account { id, name, .. } = account;
    let Runner { team, points, .. } = *runner;
    PlayerOutcome { player, account: id.clone(), name: name.clone(), team, points, stayed }
}
