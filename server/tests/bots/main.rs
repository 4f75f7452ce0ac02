//! The whole system: a real server, and fleets of bots that play on it.

#![expect(clippy::expect_used, reason = "tests")]

mod accounts;
mod running;
#[cfg(unix)]
mod services;
#[cfg(unix)]
mod staged;
#[cfg(unix)]
mod tickets;

use core::time::Duration;
use running::{Pad, Running, Runs, Tag, bots};
use std::process::ExitCode;
use tickwire_arena::Arena;
use tickwire_arena::bots::ArenaBehaviour;
use tickwire_client_bot::plan::Plan;
use tickwire_client_bot::report::Report;
use tickwire_client_bot::{Behaviour, FleetConfig, run};
use tickwire_server::Balance;
use tickwire_shared::harness::{Allowed, Harness, check_prediction, check_prediction_within, random_input};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::GameName;
use tokio::time::sleep;

fn fleet(game: &str, bots: u32, rooms: u32) -> FleetConfig {
    let plan = Plan::steady(bots, Duration::from_millis(500), Duration::from_secs(3));
    let mut config = FleetConfig::new(GameName::new(game).expect("a name"), plan);
    config.rooms = rooms;
    config.threads = 2;
    config
}

/// What must be true on any machine, however slow.
fn assert_sound(report: &Report, bots: u32) {
    assert_eq!(report.bots_joined, bots, "{:?}", report.bots_failed);
    assert_eq!(report.disconnected(), 0, "{:?}", report.disconnects);
    assert_eq!((report.hash_mismatches, report.decode_errors, report.events_lost), (0, 0, 0), "{report:?}");
    assert!(report.hash_checks > 0 && report.keyframes >= bots.into(), "{report:?}");
    assert!(report.input_to_effect_ms.p50.is_some() && report.rtt_ms.p50.is_some(), "{report:?}");
    assert!(report.snapshots_per_client_s > 15.0, "{}", report.snapshots_per_client_s);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_bots_play_in_two_rooms_over_the_loopback() {
    let server = Running::start().await;
    let (handle, connect) = (server.handle.clone(), server.over_sockets());
    let mut rooms_seen = 0;
    let report = run::<Arena, _, _>(
        fleet("arena", 30, 2),
        connect,
        ArenaBehaviour::Mixed,
        core::future::pending(),
        |second| {
            if second.bots == 30 {
                rooms_seen = handle.rooms().len();
            }
        },
    )
    .await;
    assert_sound(&report, 30);
    assert_eq!(rooms_seen, 2);
    assert!(report.bytes_per_entity.is_some_and(|bytes| bytes < 4.0), "{:?}", report.bytes_per_entity);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_plays_without_a_socket_and_leaves_nothing_behind() {
    let server = Running::start().await;
    let (handle, connect) = (server.handle.clone(), server.over_memory());
    let report = run::<Arena, _, _>(
        fleet("arena", 24, 3),
        connect,
        ArenaBehaviour::Hunt,
        core::future::pending(),
        |_| {},
    )
    .await;
    assert_sound(&report, 24);
    server.stop().await;
    assert_eq!(handle.balance(), Balance::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spectators_watch_what_the_players_play_and_count_apart() {
    let server = Running::start().await;
    let (handle, connect) = (server.handle.clone(), server.over_sockets());
    let mut config = fleet("arena", 16, 1);
    config.spectators = 6;
    let mut listed = Vec::new();
    let report =
        run::<Arena, _, _>(config, connect, ArenaBehaviour::Mixed, core::future::pending(), |second| {
            if second.bots == 16 {
                listed = handle.rooms();
            }
        })
        .await;
    assert_sound(&report, 16);
    let room = listed.first().expect("there was a room");
    assert_eq!((listed.len(), room.players, room.spectators, room.spectators_max), (1, 10, 6, 64));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_game_of_ones_own_is_played_beside_the_arena() {
    let server = Running::start().await;
    let runs = |_| -> Box<dyn Behaviour<Tag>> { Box::new(Runs::default()) };
    let (tag, arena) = tokio::join!(
        run::<Tag, _, _>(fleet("tag", 12, 1), server.over_sockets(), runs, core::future::pending(), |_| {}),
        run::<Arena, _, _>(
            fleet("arena", 8, 1),
            server.over_sockets(),
            ArenaBehaviour::Wander,
            core::future::pending(),
            |_| {}
        ),
    );
    assert_sound(&tag, 12);
    assert_sound(&arena, 8);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_with_bots_of_ones_own_game_has_all_flags() {
    let server = Running::start().await;
    let file = std::env::temp_dir().join(format!("tag-bots-{}.json", std::process::id()));
    let (url, report) = (format!("ws://{}", server.address), file.display().to_string());
    let run = move |more: &[&str]| {
        let line = ["tag-bots", "--url", &url, "--bots", "4", "--duration", "2s", "--quiet"];
        let args = line.iter().chain(more).map(ToString::to_string).collect::<Vec<_>>();
        std::thread::spawn(|| bots().run_from(args))
    };
    let ended = async |thread: std::thread::JoinHandle<ExitCode>| {
        tokio::task::spawn_blocking(|| thread.join().expect("it does not panic")).await.expect("it ends")
    };
    let played = ended(run(&["--report", &report, "--assert", "bots_joined==4"])).await;
    assert_eq!(played, ExitCode::SUCCESS);
    let text = std::fs::read_to_string(&file).expect("the report");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(json["hash_checks"].as_u64().is_some_and(|checks| checks > 0), "{text}");
    let failed = ended(run(&["--behaviour", "idle", "--assert", "bots_joined>9"])).await;
    assert_eq!(failed, ExitCode::from(1));
    let _ = std::fs::remove_file(file);
    server.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_with_bots_of_ones_own_game_attacks_beside_its_own_players() {
    let server = Running::start().await;
    let (url, file) = (format!("ws://{}", server.address), std::env::temp_dir());
    let file = file.join(format!("tag-attack-{}.json", std::process::id()));
    let report = file.display().to_string();
    let attack = std::thread::spawn(move || {
        let cases = ["flood-commands", "speed-hack", "malformed"];
        let line = ["tag-bots", "attack", &url, "--seconds", "1", "--gap-margin-ms", "60000"];
        bots().run_from([&line[..], &cases, &["--connections", "8", "--json", &report]].concat())
    });
    let ended = tokio::task::spawn_blocking(|| attack.join().expect("it does not panic")).await;
    let text = std::fs::read_to_string(&file).expect("the report");
    let _ = std::fs::remove_file(file);
    assert_eq!(ended.expect("it ends"), ExitCode::SUCCESS, "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&json["game"], &json["passed"]), (&"tag".into(), &3.into()), "{text}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_of_another_game_are_told_that_it_does_not_fit() {
    let server = Running::start().await;
    let config = fleet("tag", 2, 1);
    let report = run::<Arena, _, _>(
        config,
        server.over_sockets(),
        ArenaBehaviour::Idle,
        sleep(Duration::from_secs(5)),
        |_| {},
    )
    .await;
    assert_eq!(report.bots_joined, 0);
    assert_eq!(report.bots_failed.get("version_or_schema"), Some(&2), "{:?}", report.bots_failed);
    server.stop().await;
}

#[test]
fn a_hosts_games_players_predict_their_runners() {
    let alone = check_prediction::<Tag>(&Default::default(), 1, 600, 1).expect("no other player interferes");
    assert_eq!(alone.wrong, 0);
    let allowed = Allowed { server_fields: &["it", "score"], ..Allowed::default() };
    check_prediction_within::<Tag>(&Default::default(), 1, 600, 4, allowed).expect("no player pushes");
}

#[test]
fn a_hosts_game_tells_nobody_what_it_may_not_see() {
    let mut harness = Harness::<Tag>::new(Default::default(), 3);
    harness.audit_leaks();
    for _ in 0..6 {
        let player = harness.join("ada");
        harness.drive(player, |_, rng| random_input(rng));
    }
    harness.run_ticks(300);
    harness.assert_caught_up(1);
}

#[test]
fn a_hosts_game_is_the_same_at_every_tick_rate() {
    let way = |hz| {
        let rate = TickRate::new(hz).expect("a rate");
        let mut harness = Harness::<Tag>::at_rate(Default::default(), 4, rate);
        let ada = harness.join("ada");
        harness.run_ticks(2 * u32::from(hz));
        let own = harness.client(ada).own_id().expect("a runner");
        let at = |harness: &Harness<Tag>| harness.room().world().get(own).expect("a runner").clone();
        let start = at(&harness).pos.x;
        harness.set_input(ada, Pad { x: if start < 0.0 { 1 } else { -1 }, ..Pad::default() });
        while at(&harness).wish.x == 0.0 {
            harness.run_ticks(1);
        }
        harness.run_ticks(2 * u32::from(hz) - 1);
        (at(&harness).pos.x - start).abs()
    };
    let usual = way(30);
    for hz in [10, 60, 128] {
        let off = (way(hz) / usual - 1.0).abs();
        assert!(off < 0.02, "{hz} Hz: {} units, at 30 Hz {usual}", way(hz));
    }
}
