//! A club: members come with a team and a rank, as guests of one another, and its host hears what goes on.

use core::time::Duration;
use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Wave {
    pub(crate) hand: Button,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Member {
    pub(crate) is_red: bool,
    pub(crate) waves: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct House {
    /// Only invited ones come in.
    pub(crate) private: bool,
    pub(crate) seats: u16,
}

impl Default for House {
    fn default() -> Self {
        Self { private: false, seats: 4 }
    }
}

/// What a member says when it joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Introduction {
    pub(crate) team: Team,
    pub(crate) rank: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Team {
    Red,
    Blue,
}

/// What the host may send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) title: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wish {
    /// So many reports in one step.
    Report(u32),
    /// Its own seat is held for so many ms.
    Grace(u32),
    /// The club closes with this score.
    Close(u32),
    /// It reports each member who leaves from now on.
    ReportLeaves,
    /// Whether members may invite.
    Invites(bool),
    /// A new round.
    Draw,
    /// If the room is closed before its end, this is reported for each member, and is the result.
    Settle(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Heard {
    Seed(u64),
    Title(String),
    /// The game could not read it.
    Nonsense,
    /// So many reports were refused.
    Refused(u32),
}

/// What the host hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Score {
    pub(crate) score: u32,
}

pub(crate) struct Club {
    members: Vec<(PlayerId, EntityId)>,
    reports_leaves: bool,
    settles: Option<u32>,
}

impl Club {
    fn carry_out(&mut self, stage: &mut Stage<Self>, by: PlayerId, wish: &Wish) {
        match *wish {
            Wish::Report(count) => {
                let reports = (0..count).map(|score| stage.report(&Score { score }));
                let refused = reports.filter(Result::is_err).count();
                stage.events.all(Heard::Refused(refused as u32)).ok();
            }
            Wish::Grace(ms) => stage.set_grace(by, Some(Duration::from_millis(ms.into()))),
            Wish::Settle(score) => self.settles = Some(score),
            Wish::Close(score) => stage.end_with("closing time", &Score { score }).unwrap(),
            Wish::ReportLeaves => self.reports_leaves = true,
            Wish::Invites(may) => stage.set_invites(may),
            Wish::Draw => {
                let seed = stage.next_seed();
                stage.events.all(Heard::Seed(seed)).ok();
            }
        }
    }
}

fn said(key: &str, value: &str) -> Options {
    Options::of(&[(key, value)])
}

impl Game for Club {
    type Settings = House;
    type Scene = ();
    type Input = Wave;
    type Entity = Member;
    type State = ();
    type Context = ();
    type Event = Heard;
    type Command = Wish;

    fn settings(base: &House, options: &Options) -> Result<House, Refusal> {
        let mut house = base.clone();
        for (key, value) in options.iter() {
            match (key, value.parse()) {
                ("private", _) => house.private = value == "true",
                ("seats", Ok(seats)) => house.seats = seats,
                ("style", _) => (),
                _ => return Err(Refusal::bad_option(key)),
            }
        }
        Ok(house)
    }

    fn scene(_: &House, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn players_max(house: &House) -> u16 {
        house.seats
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        if setup.settings.private {
            stage.set_access(Access::Invited);
        }
        Self { members: Vec::new(), reports_leaves: false, settles: None }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let introduction: Option<Introduction> = joining.parameters.read()?;
        let Introduction { team, rank } =
            introduction.unwrap_or(Introduction { team: Team::Blue, rank: None });
        if let (Some(rank), true) = (rank, self.members.is_empty()) {
            stage.set_metadata(said("rank", &rank.to_string()));
        }
        let member = stage.world.spawn(Member { is_red: team == Team::Red, waves: false })?;
        self.members.push((joining.player, member));
        Ok(member)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, reason: LeaveReason) {
        if let (Some(score), LeaveReason::RoomClosed) = (self.settles, reason) {
            stage.report(&Score { score }).unwrap();
            stage.end_with("closed early", &Score { score }).unwrap();
        }
        let Some(at) = self.members.iter().position(|(of, _)| *of == player) else { return };
        stage.world.despawn(self.members.remove(at).1);
        if self.reports_leaves {
            stage.report(&Score { score: 0 }).unwrap();
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(member) = stage.world.get_mut(player.entity) {
                Self::apply_input(member, &player.input, &turn.step());
            }
        }
        for message in turn.messages {
            let heard = match message.read::<Notice>() {
                Ok(Notice { title }) => Heard::Title(title),
                Err(_) => Heard::Nonsense,
            };
            stage.events.all(heard).ok();
        }
        for (by, wish) in turn.commands {
            self.carry_out(stage, *by, wish);
        }
    }

    fn apply_input(own: &mut Member, input: &Wave, _: &Step<'_, Self>) {
        own.waves ^= input.hand.pressed;
    }
}
