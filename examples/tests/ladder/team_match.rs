//! Step 9.

#[path = "../../09-match/main.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod step;

use crate::playing::{play, server};
use core::time::Duration;
use step::{Command, Hunt, Hunter, News, Pad, Phase, Settings, Team, Thing, Treasure};
use tickwire_client_bot::Behaviour;
use tickwire_server::GameOptions;
use tickwire_shared::client::{Client, ClientEvent};
use tickwire_shared::harness::{Harness, Sandbox, check_determinism, check_prediction, random_input};
use tickwire_shared::prelude::*;

const QUICK: Settings = Settings { match_s: 2, result_s: 1 };

/// Gets ready, and runs to the treasure that it sees.
struct Seeker;

/// The way from a player's hunter to the treasure that its client sees.
fn way(client: &Client<Hunt>, now: Duration) -> IVec2 {
    let treasure =
        client.view(now).into_iter().find_map(|(_, thing)| Treasure::of(&thing).map(|found| found.pos));
    let own = client.own().and_then(|(_, own)| Hunter::of(own));
    own.zip(treasure).map_or(IVec2::ZERO, |(own, to)| (to - own.pos).signum())
}

impl Behaviour<Hunt> for Seeker {
    fn decide(&mut self, client: &Client<Hunt>, now: Duration, _: &mut Rng) -> Pad {
        Pad { way: way(client, now) }
    }

    fn command(&mut self, client: &Client<Hunt>, _: &mut Rng) -> Option<Command> {
        let is_ready = client.own().and_then(|(_, own)| Hunter::of(own)).is_some_and(|hunter| hunter.ready);
        let in_lobby = matches!(client.room_state(), Some(Phase::Lobby(_)));
        (in_lobby && !is_ready).then_some(Command::Ready(true))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_bots_get_ready_and_play_rounds() {
    let settings = Settings { match_s: 1, result_s: 1 };
    let host = server().game::<Hunt>("hunt", GameOptions::new(settings));
    let report = play::<Hunt>("hunt", host, Duration::from_secs(6), |_| Box::new(Seeker)).await;
    // To each bot: two starts and two ends, at least.
    assert!(report.events_received >= 16, "{}", report.events_received);
}

#[test]
fn the_match_is_deterministic_and_hunters_are_predicted() {
    check_determinism::<Hunt>(&QUICK, 1, 300, 4).expect("the same twice");
    check_prediction::<Hunt>(&QUICK, 1, 300, 4).expect("nothing pushes a hunter");
}

#[test]
fn the_match_starts_when_all_are_ready_locks_the_room_and_ends_with_a_result() {
    let mut game = Sandbox::<Hunt>::new(&QUICK, TickRate::DEFAULT, 1).expect("it starts");
    let (ada, bob) = (PlayerId(1), PlayerId(2));
    for player in [ada, bob] {
        game.join(player).expect("there is room");
    }
    game.command(ada, Command::Ready(true));
    game.run_ticks(10);
    assert!(matches!(&game.stage.state, Phase::Lobby(lobby) if (lobby.ready, lobby.players) == (1, 2)));
    game.command(bob, Command::Ready(true));
    game.step();
    assert!(matches!(game.stage.state, Phase::Running(_)), "{:?}", game.stage.state);
    assert_eq!(game.stage.access(), Access::Locked);
    // Red finds its treasure.
    let own = game.entity_of(ada).expect("it plays");
    let treasures = game.stage.world.iter_as::<Treasure>();
    let red: Vec<IVec2> =
        treasures.filter(|(_, found)| found.team == Team::Red).map(|(_, found)| found.pos).collect();
    game.stage.world.get_as_mut::<Hunter>(own).expect("a hunter").pos = red[0];
    game.run_ticks(10);
    assert_eq!(game.heard(ada), [News::Started, News::Found { by: ada }]);
    assert_eq!(game.heard(bob), [News::Started], "what a team finds is the team's secret");
    game.run_ticks(2 * 30);
    assert!(matches!(&game.stage.state, Phase::Result(outcome) if (outcome.red, outcome.blue) == (1, 0)));
    assert_eq!(game.heard(bob).last(), Some(&News::Ended { red: 1, blue: 0 }));
    game.run_ticks(30);
    assert!(matches!(&game.stage.state, Phase::Lobby(lobby) if lobby.ready == 0));
    assert_eq!((game.stage.access(), game.stage.world.len()), (Access::Open, 2));
}

#[test]
fn a_player_sees_the_treasure_of_its_own_team_alone() {
    let mut run = Harness::<Hunt>::new(Settings { match_s: 60, result_s: 1 }, 3);
    run.audit_leaks();
    let clients = ["ada", "bob", "cyd", "dan"].map(|name| run.join(name));
    let watcher = run.spectate("eve");
    run.run_ticks(10);
    for client in clients {
        run.client_mut(client).command(Command::Ready(true)).expect("it plays");
        run.drive(client, |_, rng| random_input(rng));
    }
    run.run_ticks(60);
    for client in clients {
        let own = run.client(client).own().and_then(|(_, own)| Hunter::of(own)).expect("a hunter").team;
        let seen = run.client(client).view(run.now());
        let treasures: Vec<Team> =
            seen.iter().filter_map(|(_, thing)| Treasure::of(thing)).map(|found| found.team).collect();
        assert_eq!(treasures, [own]);
        let events = run.take_events(client);
        assert!(events.iter().any(|event| matches!(event, ClientEvent::Game(News::Started))));
    }
    let seen = run.client(watcher).view(run.now());
    assert!(seen.iter().all(|(_, thing)| matches!(thing, Thing::Hunter(_))));
}
