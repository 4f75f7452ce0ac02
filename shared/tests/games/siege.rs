//! A room in one piece in which each team knows something that the other does not.

use tickwire_shared::prelude::*;

const TEAMS: [Group; 2] = [Group::new(1).unwrap(), Group::new(2).unwrap()];

fn team_of(player: PlayerId) -> Group {
    TEAMS[usize::from(player.0) % 2]
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) enum Thing {
    Body(Body),
    Plan(Plan),
}

/// For everyone.
#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Body {
    #[entity(range = 0..=999)]
    pub(crate) at: u16,
}

/// What a team has in mind: for its members alone.
#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Plan {
    #[entity(range = 1..=2)]
    pub(crate) team: u8,
    #[entity(range = 0..=999)]
    pub(crate) target: u16,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Pad {
    #[input(range = -1..=1)]
    pub(crate) go: i8,
}

pub(crate) struct Siege;

impl Game for Siege {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Thing;
    type State = ();
    type Context = ();
    type Event = u32;
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        for team in [1, 2] {
            stage.world.spawn(Thing::Plan(Plan { team, target: 0 })).unwrap();
        }
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Thing::Body(Body { at: 500 }))?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
        for (_, plan) in stage.world.iter_as_mut::<Plan>() {
            plan.target = (turn.tick.0 * u32::from(plan.team) % 1_000) as u16;
        }
        if turn.tick.0.is_multiple_of(50) {
            let [one, two] = TEAMS;
            stage.events.to_group(one, 1).unwrap();
            stage.events.to_group(two, 2).unwrap();
            stage.events.to_group(Group::PUBLIC, 3).unwrap();
        }
    }

    fn apply_input(own: &mut Thing, input: &Pad, _: &Step<'_, Self>) {
        if let Thing::Body(body) = own {
            body.at = body.at.saturating_add_signed(input.go.into()).min(999);
        }
    }
}

impl InterestRules for Siege {
    fn interest((): &()) -> Interest {
        Interest::GROUPS
    }

    fn location(thing: &Thing) -> Location {
        match thing {
            Thing::Body(_) => Location::EVERYWHERE,
            Thing::Plan(plan) => Location::in_group(TEAMS[usize::from(plan.team) - 1]),
        }
    }

    fn view(&self, _: &World<Thing>, player: PlayerId, _: EntityId) -> View {
        View { reach: Reach::Nowhere, groups: Groups::PUBLIC.with(team_of(player)) }
    }
}
