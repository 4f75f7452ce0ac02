//! Two teams, and what each of them may know.

use super::{Hunt, Hunter, Settings, Thing};
use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Choice, Serialize, Deserialize)]
pub enum Team {
    #[default]
    Red,
    Blue,
}

impl Team {
    pub const BOTH: [Self; 2] = [Self::Red, Self::Blue];

    /// The group of its secrets and news. Group 0 is everyone's.
    pub(super) fn group(self) -> Group {
        let number = match self {
            Self::Red => 1,
            Self::Blue => 2,
        };
        Group::new(number).unwrap_or_default()
    }
}

/// The room is one piece, except for what belongs to a team.
impl InterestRules for Hunt {
    fn interest(_: &Settings) -> Interest {
        Interest::GROUPS
    }

    fn location(thing: &Thing) -> Location {
        match thing {
            Thing::Hunter(_) => Location::EVERYWHERE,
            Thing::Treasure(treasure) => Location::in_group(treasure.team.group()),
        }
    }

    fn view(&self, world: &World<Thing>, _: PlayerId, own: EntityId) -> View {
        let team = world.get_as::<Hunter>(own).map(|hunter| hunter.team.group());
        View { reach: Reach::Nowhere, groups: team.map_or(Groups::PUBLIC, |team| Groups::PUBLIC.with(team)) }
    }
}
