//! Step 11: its rules.

#[path = "../../11-party/bots.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
pub(crate) mod step;

use core::time::Duration;
use step::Collector;
use step::party::outcome::Outcome;
use step::party::{Command, Gem, News, Party, Phase, Runner, SIDE, Settings, Team, Wish};
use tickwire_client_bot::Behaviour;
use tickwire_shared::client::State;
use tickwire_shared::harness::{
    Allowed, ClientIndex, Harness, Sandbox, check_determinism_with_bots, check_prediction,
    check_prediction_with_bots,
};
use tickwire_shared::prelude::*;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::terms::Parameters;

/// One second is 30 ticks.
const S: u32 = 30;

fn settings() -> Settings {
    Settings { team_max: 2, goal: 3, match_s: 10, countdown_s: 1, private: false }
}

fn empty(settings: &Settings) -> Sandbox<Party> {
    Sandbox::new(settings, TickRate::DEFAULT, 1).expect("it starts")
}

fn account(id: &str) -> Account {
    Account::new(AccountId::cut(id), Name::cut(id))
}

fn moderator(id: &str) -> Account {
    account(id).with_roles(vec![Text::cut("moderator")].try_into().expect("one role"))
}

/// Players 1 to `players` in the lobby, one after the other in the two teams.
fn lobby(players: u16) -> Sandbox<Party> {
    let mut game = empty(&settings());
    for player in 1..=players {
        game.join_as(PlayerId(player), &account(&format!("u-{player}"))).expect("there is room");
    }
    game.step();
    game
}

fn all_ready(game: &mut Sandbox<Party>) {
    for player in game.players().collect::<Vec<_>>() {
        game.command(player, Command::Ready(true));
    }
    game.step();
}

/// The same in the match.
fn running(players: u16) -> Sandbox<Party> {
    let mut game = lobby(players);
    all_ready(&mut game);
    game.run_ticks(S + 1);
    assert_eq!(game.stage.state.phase, Phase::Running);
    game
}

fn runner(game: &Sandbox<Party>, player: u16) -> Runner {
    let own = game.entity_of(PlayerId(player)).expect("it plays");
    game.stage.world.get_as::<Runner>(own).expect("a runner").clone()
}

/// Puts the runner onto a gem.
fn collect(game: &mut Sandbox<Party>, player: u16) {
    let gem = game.stage.world.iter_as::<Gem>().next().expect("a gem").1.pos;
    let own = game.entity_of(PlayerId(player)).expect("it plays");
    game.stage.world.get_as_mut::<Runner>(own).expect("a runner").pos = gem;
    game.step();
}

fn outcome(game: &Sandbox<Party>) -> Outcome {
    game.result().expect("it ended").read().expect("an outcome")
}

fn listed<'a>(game: &'a Sandbox<Party>, key: &str) -> &'a str {
    game.stage.metadata().and_then(|said| said.get(key)).unwrap_or_default()
}

#[test]
fn a_player_comes_into_the_team_that_it_wishes_for_or_hears_why_not() {
    let mut game = empty(&settings());
    let mut come = |player, wish: Parameters| {
        let joined = game.join_with(PlayerId(player), &account("u"), &wish);
        joined.map(|_| runner(&game, player).team).map_err(|refusal| refusal.to_string())
    };
    let red = || Parameters::of(&Wish { team: Team::Red }).expect("JSON");
    assert_eq!((come(1, red()), come(2, red())), (Ok(Team::Red), Ok(Team::Red)));
    assert_eq!(come(3, red()), Err("team red is full; choose the other one".to_owned()));
    let green = come(3, "{\"team\":\"green\"}".parse().expect("JSON")).expect_err("no such team");
    assert!(green.contains("`green`, expected `red` or `blue`"), "{green}");
    assert!(come(3, "{\"tea\":\"red\"}".parse().expect("JSON")).is_err());
    assert_eq!(come(3, Parameters::default()), Ok(Team::Blue), "the smaller one");
}

#[test]
fn from_lobby_to_result() {
    let mut game = lobby(2);
    assert_eq!((listed(&game, "title"), listed(&game, "phase")), ("u-1's match", "lobby"));
    game.command(PlayerId(1), Command::Ready(true));
    game.run_ticks(3 * S);
    assert_eq!((game.stage.state.phase, game.stage.state.ready), (Phase::Lobby, 1));
    all_ready(&mut game);
    assert_eq!((game.stage.state.phase, listed(&game, "phase")), (Phase::Countdown, "countdown"));
    assert_eq!(game.stage.access(), Access::Open);
    game.run_ticks(S);
    assert_eq!((game.stage.state.phase, listed(&game, "phase")), (Phase::Running, "running"));
    assert_eq!(game.stage.access(), Access::Locked);
    for _ in 0..3 {
        assert_eq!(game.ended(), None);
        collect(&mut game, 1);
    }
    assert_eq!(runner(&game, 1).points, game.stage.state.red);
    assert_eq!(game.heard(PlayerId(2)).first(), Some(&News::Started));
    let Outcome { winner, red, blue, players, .. } = outcome(&game);
    assert_eq!(game.ended(), Some(&*format!("team red wins, {red} : {blue}")));
    assert_eq!(game.heard(PlayerId(2)).last(), Some(&News::Ended { red, blue }));
    assert_eq!((winner, red >= 3), (Some(Team::Red), true));
    let rows: Vec<_> = players.iter().map(|row| (row.account.as_deref(), row.points, row.stayed)).collect();
    assert_eq!(rows, [(Some("u-1"), red, true), (Some("u-2"), blue, true)]);
}

#[test]
fn a_countdown_stops_when_somebody_comes_goes_or_thinks_again() {
    type Change = fn(&mut Sandbox<Party>);
    let changes: [Change; 3] = [
        |game| drop(game.join(PlayerId(9))),
        |game| game.leave(PlayerId(1)),
        |game| game.command(PlayerId(1), Command::Ready(false)),
    ];
    for change in changes {
        let mut game = lobby(2);
        all_ready(&mut game);
        change(&mut game);
        game.run_ticks(3 * S);
        assert_eq!((game.stage.state.phase, game.stage.access()), (Phase::Lobby, Access::Open));
    }
}

#[test]
fn the_match_ends_when_its_time_is_over_or_a_team_has_left() {
    let mut game = running(2);
    let clock = game.stage.state.ticks_left as u32;
    game.run_ticks(clock - 1);
    assert_eq!(game.stage.state.phase, Phase::Running);
    game.step();
    assert!(game.ended().is_some());
    let mut game = running(3);
    game.leave(PlayerId(2));
    game.step();
    let rows: Vec<_> = outcome(&game).players.iter().map(|row| (row.player.0, row.stayed)).collect();
    assert_eq!(rows, [(1, true), (3, true), (2, false)]);
}

#[test]
fn walls_turn_gems_round() {
    let mut game = running(2);
    let (id, gem) = game.stage.world.iter_as_mut::<Gem>().next().expect("a gem");
    (gem.pos, gem.vel) = (IVec2::new(SIDE - 2, 7), IVec2::new(5, -5));
    game.run_ticks(2);
    let gem = game.stage.world.get_as::<Gem>(id).expect("nobody took it");
    assert_eq!((gem.pos, gem.vel), (IVec2::new(SIDE - 5, 0), IVec2::new(-5, 5)));
}

#[test]
fn most_of_the_others_vote_a_player_out() {
    let mut game = lobby(4);
    game.command(PlayerId(1), Command::Kick(PlayerId(4)));
    game.command(PlayerId(1), Command::Kick(PlayerId(4)));
    game.command(PlayerId(4), Command::Kick(PlayerId(4)));
    game.run_ticks(2);
    assert_eq!((runner(&game, 4).votes, game.kicked().len()), (1, 0), "each has one vote, against others");
    game.command(PlayerId(2), Command::Kick(PlayerId(4)));
    game.step();
    assert_eq!(game.kicked(), [(PlayerId(4), "you were voted out".to_owned())]);
    assert_eq!(game.heard(PlayerId(1)), [News::Kicked { whom: PlayerId(4), by_moderator: false }]);
}

#[test]
fn one_player_cannot_kick_another_alone_and_votes_of_one_who_left_do_not_count() {
    let mut game = lobby(4);
    game.command(PlayerId(1), Command::Kick(PlayerId(4)));
    game.step();
    game.leave(PlayerId(1));
    game.command(PlayerId(2), Command::Kick(PlayerId(4)));
    game.step();
    game.leave(PlayerId(3));
    game.run_ticks(2);
    assert_eq!((game.kicked().len(), runner(&game, 4).votes), (0, 1));
    game.leave(PlayerId(4));
    game.join(PlayerId(4)).expect("there is room");
    game.step();
    assert_eq!(runner(&game, 4).votes, 0, "another one has done nothing yet");
}

#[test]
fn a_moderator_kicks_alone() {
    let mut game = lobby(3);
    game.join_as(PlayerId(4), &moderator("m-1")).expect("there is room");
    game.command(PlayerId(4), Command::Kick(PlayerId(1)));
    game.step();
    assert_eq!(game.kicked(), [(PlayerId(1), "a moderator removed you".to_owned())]);
}

#[test]
fn each_match_has_a_seed_that_follows_from_the_rooms() {
    let seed_of = |seed| {
        let mut game = Sandbox::<Party>::new(&settings(), TickRate::DEFAULT, seed).expect("it starts");
        for player in [1, 2] {
            game.join(PlayerId(player)).expect("there is room");
        }
        all_ready(&mut game);
        game.run_ticks(13 * S);
        outcome(&game).seed
    };
    assert_eq!(seed_of(1), seed_of(1));
    assert_ne!(seed_of(1), seed_of(2));
}

fn joined(run: &mut Harness<Party>) -> [ClientIndex; 2] {
    let clients = ["ada", "bob"].map(|name| run.join_as(account(name)));
    run.run_ticks(10);
    clients
}

#[test]
fn who_is_cut_in_the_lobby_loses_the_seat_and_in_the_match_it_is_held() {
    let mut run = Harness::<Party>::new(Settings { match_s: 60, ..settings() }, 1);
    let [ada, bob] = joined(&mut run);
    run.cut(bob);
    run.run_ticks(3);
    assert_eq!(run.room().players(), 1);
    let bob = run.join("bob");
    run.run_ticks(10);
    for client in [ada, bob] {
        run.client_mut(client).command(Command::Ready(true)).expect("it plays");
    }
    run.run_ticks(3 * S);
    run.cut(bob);
    run.run_ticks(10 * S);
    assert_eq!(run.room().players(), 2);
    let away = |run: &Harness<Party>| {
        let seen = run.client(ada).view(run.now());
        seen.iter().filter_map(|(_, thing)| Runner::of(thing)).filter(|runner| runner.away).count()
    };
    assert_eq!(away(&run), 1, "the others see it");
    assert!(run.resume(bob));
    run.run_ticks(S);
    assert_eq!(away(&run), 0);
    run.assert_in_sync();
}

#[test]
fn whoever_is_voted_out_is_told_and_stays_away_for_a_while() {
    let mut run = Harness::<Party>::new(settings(), 1);
    let clients = ["ada", "bob", "cyd", "dan"].map(|name| run.join_as(account(name)));
    run.run_ticks(10);
    let whom = run.client(clients[3]).player().expect("it plays");
    for client in &clients[..2] {
        run.client_mut(*client).command(Command::Kick(whom)).expect("it plays");
    }
    run.run_ticks(10);
    let code = |run: &Harness<Party>, client| match run.client(client).state() {
        State::Closed(close) => Some(close.code),
        _ => None,
    };
    assert_eq!(code(&run, clients[3]), Some(CloseCode::Kicked));
    run.run_ticks(50 * S);
    let again = run.join_as(account("dan"));
    run.run_ticks(10);
    assert_eq!(code(&run, again), Some(CloseCode::Policy));
    run.run_ticks(10 * S);
    let later = run.join_as(account("dan"));
    run.run_ticks(10);
    assert_eq!(code(&run, later), None);
}

fn bots(_: u32) -> Box<dyn Behaviour<Party>> {
    Box::new(Collector)
}

#[test]
fn the_match_is_deterministic_and_runners_are_predicted() {
    let long = Settings { goal: 9_999, match_s: 60, ..settings() };
    check_determinism_with_bots::<Party>(&long, 1, 300, 4, &bots).expect("the same twice");
    check_prediction::<Party>(&long, 1, 300, 4).expect("nothing pushes a runner");
    let server_fields = ["ready", "points", "votes", "away"];
    let allowed = Allowed { server_fields: &server_fields, ..Allowed::default() };
    check_prediction_with_bots::<Party>(&long, 1, 300, 4, &bots, allowed).expect("nothing pushes a runner");
}

#[test]
fn bots_play_a_match_to_its_result() {
    let mut run = Harness::<Party>::new(Settings { match_s: 60, ..settings() }, 1);
    let clients = [0, 1, 2, 3].map(|bot| {
        let client = run.join_as(account(&format!("bot-{bot}")));
        run.play(client, bots(bot));
        client
    });
    for _ in 0..70 {
        run.run_ticks(S);
    }
    for client in clients {
        let State::Closed(close) = run.client(client).state() else { panic!("the room goes on") };
        assert!(close.code == CloseCode::Normal && close.text.contains(" : "), "{close:?}");
    }
    assert!(run.now() < Duration::from_secs(80));
}
