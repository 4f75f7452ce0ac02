//! A room in one piece in which each team knows something that the other does not.

#![allow(clippy::unwrap_used)]

use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::{ClientIndex, Harness, Sandbox, check_determinism, check_prediction};
use tickwire_shared::prelude::*;

const TEAMS: [Group; 2] = [Group::new(1).unwrap(), Group::new(2).unwrap()];

fn team_of(player: PlayerId) -> Group {
    TEAMS[usize::from(player.0) % 2]
}

#[derive(Clone, Debug, PartialEq, Entity)]
enum Thing {
    Body(Body),
    Plan(Plan),
}

/// For everyone.
#[derive(Clone, Debug, PartialEq, Entity)]
struct Body {
    #[entity(range = 0..=999)]
    at: u16,
}

/// What a team has in mind: for its members alone.
#[derive(Clone, Debug, PartialEq, Entity)]
struct Plan {
    #[entity(range = 1..=2)]
    team: u8,
    #[entity(range = 0..=999)]
    target: u16,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Pad {
    #[input(range = -1..=1)]
    go: i8,
}

struct Siege;

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

fn teams_seen(run: &Harness<Siege>, client: ClientIndex) -> Vec<u8> {
    let view = run.client(client).view(run.now());
    view.into_iter()
        .filter_map(|(_, thing)| if let Thing::Plan(plan) = thing { Some(plan.team) } else { None })
        .collect()
}

#[test]
fn a_team_sees_its_plan_and_hears_its_news_and_a_spectator_neither() {
    let mut run = Harness::<Siege>::new((), 3);
    run.audit_leaks();
    let clients = [run.join("ada"), run.join("bob"), run.spectate("eve")];
    run.drive(clients[0], |_, rng| Pad { go: rng.range(-1, 1) as i8 });
    run.run_ticks(130);
    run.cut(clients[1]);
    run.run_ticks(60);
    assert!(run.resume(clients[1]));
    run.run_ticks(60);
    let expected: [(&[u8], &[u32]); 3] = [(&[2], &[2, 3]), (&[1], &[1, 3]), (&[], &[3])];
    for (client, (teams, news)) in clients.into_iter().zip(expected) {
        assert_eq!(teams_seen(&run, client), teams);
        let bodies = run.client(client).view(run.now()).len() - teams.len();
        assert_eq!(bodies, 2, "everyone sees both players");
        let mut heard: Vec<u32> = run
            .take_events(client)
            .into_iter()
            .filter_map(|event| if let ClientEvent::Game(news) = event { Some(news) } else { None })
            .collect();
        assert_eq!(heard.len(), 4 * news.len() + heard.len() % news.len(), "none is lost by a cut");
        heard.sort_unstable();
        heard.dedup();
        assert_eq!(heard, news);
    }
    run.settle();
    run.assert_in_sync();
}

#[test]
fn news_of_a_group_reach_its_members_without_a_room_too() {
    let mut game = Sandbox::<Siege>::new(&(), TickRate::DEFAULT, 1).unwrap();
    for player in [1, 2] {
        game.join(PlayerId(player)).unwrap();
    }
    game.run_ticks(50);
    assert_eq!(game.heard(PlayerId(1)), [2, 3]);
    assert_eq!(game.heard(PlayerId(2)), [1, 3]);
}

#[test]
fn the_siege_is_deterministic_and_predicted() {
    check_determinism::<Siege>(&(), 5, 200, 3).unwrap();
    check_prediction::<Siege>(&(), 5, 200, 3).unwrap();
}
