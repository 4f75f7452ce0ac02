//! Fleets against rooms in the same process: what they play, count and report.

use crate::support::MiniServer;
use std::collections::BTreeMap;
use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_arena::bots::ArenaBehaviour;
use tickwire_client_bot::network::{Network, Networks};
use tickwire_client_bot::plan::{Plan, Stage};
use tickwire_client_bot::report::Report;
use tickwire_client_bot::{FleetConfig, run};
use tickwire_shared::link::{LinkProfile, Outage};
use tickwire_shared::wire::control::GameName;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn config(plan: Plan, rooms: u32) -> FleetConfig {
    let game = GameName::new("arena").expect("a name");
    let mut config = FleetConfig::new(game, plan);
    config.rooms = rooms;
    config.seed = 7;
    config
}

async fn play(server: &MiniServer, config: FleetConfig) -> Report {
    run::<Arena, _, _>(config, server.clone(), ArenaBehaviour::Mixed, std::future::pending(), |_| {}).await
}

fn assert_clean(report: &Report) {
    assert_eq!((report.failed(), report.disconnected()), (0, 0), "{report:?}");
    assert_eq!((report.hash_mismatches, report.decode_errors, report.events_lost), (0, 0, 0));
}

#[tokio::test(flavor = "current_thread")]
async fn bots_play_in_the_rooms_that_they_made() {
    let server = MiniServer::start();
    let report = play(&server, config(Plan::steady(12, ms(300), ms(2_500)), 3)).await;
    assert_clean(&report);
    assert_eq!((report.bots_joined, server.rooms()), (12, 3));
    assert!(report.all_joined_s.is_some_and(|at| at < 1.5), "{:?}", report.all_joined_s);
    assert!((20.0..31.0).contains(&report.snapshots_per_client_s), "{}", report.snapshots_per_client_s);
    assert!(report.hash_checks > 0 && report.keyframes == 12, "{report:?}");
    assert!(report.snapshot_gap_ms.p50.is_some_and(|gap| (20.0..50.0).contains(&gap)), "{report:?}");
    assert!(report.input_to_effect_ms.p50.is_some() && report.rtt_ms.p50.is_some());
    assert!(report.bytes_per_entity.is_some() && report.inputs_sent > 500, "{report:?}");
    assert!(report.bot_lag_ms.max.is_some() && report.timeline.len() >= 2);
    assert_eq!(report.timeline.iter().map(|second| second.bots).max(), Some(12));
}

#[tokio::test(flavor = "current_thread")]
async fn cut_bots_take_their_seats_again() {
    let server = MiniServer::start();
    let cutter = server.clone();
    let cut = tokio::spawn(async move {
        tokio::time::sleep(ms(1_000)).await;
        cutter.cut_all();
    });
    let report = play(&server, config(Plan::steady(6, ms(0), ms(3_000)), 1)).await;
    cut.await.expect("the cut");
    assert_eq!((report.bots_joined, report.failed(), server.rooms()), (6, 0, 1));
    assert_eq!(report.disconnects, BTreeMap::from([("1006".to_owned(), 6)]));
    assert_eq!((report.resumes, report.events_lost, report.hash_mismatches), (6, 0, 0), "{report:?}");
    assert_eq!((report.cuts_not_resumed, report.outages), (0, 0), "{report:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn bots_that_lost_their_server_at_once_come_back_one_after_the_other() {
    let server = MiniServer::start();
    let cutter = server.clone();
    let cut = tokio::spawn(async move {
        tokio::time::sleep(ms(1_000)).await;
        cutter.cut_all();
    });
    let report = play(&server, config(Plan::steady(60, ms(0), ms(3_000)), 1)).await;
    cut.await.expect("the cut");
    assert_eq!((report.bots_joined, report.resumes), (60, 60), "{report:?}");
    let mut back: Vec<_> = server.connections().into_iter().filter(|at| *at >= ms(1_000)).collect();
    back.sort_unstable();
    assert_eq!(back.len(), 60);
    assert!(back.last().is_some_and(|last| *last < ms(1_600)), "{back:?}");
    let at_once = |from: &Duration| back.iter().filter(|at| (*from..*from + ms(50)).contains(*at)).count();
    let most = back.iter().map(at_once).max();
    assert!(most.is_some_and(|most| most < 20), "{most:?} of 60 within 50 ms: {back:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn bots_that_cannot_read_their_server_leave_and_join_again() {
    let server = MiniServer::start();
    let hostile = server.clone();
    let left_by_then = tokio::spawn(async move {
        tokio::time::sleep(ms(1_000)).await;
        hostile.talk_nonsense();
        tokio::time::sleep(ms(300)).await;
        hostile.left()
    });
    let report = play(&server, config(Plan::steady(4, ms(0), ms(3_000)), 1)).await;
    assert_eq!(left_by_then.await.expect("the nonsense"), 4);
    assert_eq!((report.bots_joined, report.resumes, report.decode_errors), (4, 0, 4), "{report:?}");
    assert_eq!((report.cuts_not_resumed, report.outages), (4, 0), "{report:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn bots_for_whom_there_is_no_room_are_named() {
    let server = MiniServer::start();
    let report = play(&server, config(Plan::steady(66, ms(200), ms(1_500)), 1)).await;
    assert_eq!(report.bots_joined, 64);
    assert_eq!(report.bots_failed, BTreeMap::from([("full".to_owned(), 2)]));
    assert_eq!(report.all_joined_s, None);
}

#[tokio::test(flavor = "current_thread")]
async fn an_attempt_that_the_end_cuts_short_hides_no_refusal() {
    let server = MiniServer::start();
    server.fill();
    let report = play(&server, config(Plan::steady(1, ms(0), ms(2_000)), 1)).await;
    assert_eq!(report.bots_failed, BTreeMap::from([("full".to_owned(), 1)]));
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_answers_nobody_ends_the_run_early() {
    let server = MiniServer::start();
    server.refuse();
    let report = play(&server, config(Plan::steady(4, ms(0), ms(60_000)), 2)).await;
    assert!(report.seconds < 30.0);
    assert_eq!((report.bots_joined, report.failed()), (0, 4), "{:?}", report.bots_failed);
}

#[tokio::test(flavor = "current_thread")]
async fn bots_come_and_go_with_the_stages() {
    let server = MiniServer::start();
    let stage = |time, bots| Stage { time: ms(time), bots };
    let plan = Plan::stages(vec![stage(0, 8), stage(1_200, 8), stage(0, 2), stage(1_300, 2)]);
    let report = play(&server, config(plan, 1)).await;
    assert_clean(&report);
    let bots: Vec<_> = report.timeline.iter().map(|second| second.bots).collect();
    assert_eq!(bots.first_chunk(), Some(&[8, 2]), "{bots:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_stop_ends_the_run_with_a_report() {
    let server = MiniServer::start();
    let config = config(Plan::steady(4, ms(0), ms(60_000)), 1);
    let stop = tokio::time::sleep(ms(700));
    let report = run::<Arena, _, _>(config, server, ArenaBehaviour::Hunt, stop, |_| {}).await;
    assert_clean(&report);
    assert!(report.seconds < 5.0 && report.snapshots > 40, "{report:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn bots_that_a_stop_kept_from_coming_are_not_missing() {
    let server = MiniServer::start();
    let config = config(Plan::steady(1_000, ms(100_000), ms(60_000)), 1);
    let stop = tokio::time::sleep(ms(700));
    let report = run::<Arena, _, _>(config, server, ArenaBehaviour::Idle, stop, |_| {}).await;
    assert!((1..50).contains(&report.bots_joined) && report.failed() > 900, "{report:?}");
    assert_eq!(report.bots_missing, BTreeMap::new());
}

#[tokio::test(flavor = "current_thread")]
async fn a_short_run_that_nobody_joins_has_all_bots_missing() {
    let server = MiniServer::start();
    server.refuse();
    let report = play(&server, config(Plan::steady(2, ms(0), ms(0)), 1)).await;
    assert_eq!((report.bots_joined, report.bots_missing.values().sum::<u64>()), (0, 2), "{report:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn spectators_only_watch() {
    let server = MiniServer::start();
    let mut config = config(Plan::steady(4, ms(0), ms(1_500)), 1);
    config.spectators = 3;
    let report = play(&server, config).await;
    assert_clean(&report);
    let one_player = (15..=60).contains(&report.inputs_sent);
    assert!(report.snapshots > 120 && one_player, "{report:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn bots_play_over_networks_of_their_own_and_come_back_after_cuts() {
    let server = MiniServer::start();
    let mut config = config(Plan::steady(8, ms(0), ms(20_000)), 1);
    let rough = LinkProfile {
        stall: Outage::millis(200, 3_000),
        cut: Outage::millis(500, 6_000),
        ..LinkProfile::MOBILE_4G
    };
    let network = |name: &str, profile, share| Network { name: name.into(), profile, share };
    config.networks =
        Networks::new(vec![network("wifi", LinkProfile::WIFI, 1), network("rough", rough, 1)]).unwrap();
    let report = play(&server, config).await;
    assert_eq!((report.bots_joined, report.failed(), report.disconnected()), (8, 0, 0), "{report:?}");
    assert_eq!((report.hash_mismatches, report.decode_errors, report.events_lost), (0, 0, 0), "{report:?}");
    let [rough, wifi] = ["rough", "wifi"].map(|name| &report.networks[name]);
    // Three periods of 6 s: at least three cuts of each bot, except for a cut before a bot was in its room.
    assert!((9..=16).contains(&rough.cuts) && rough.resumes == rough.cuts, "{rough:?}");
    assert_eq!((wifi.cuts, wifi.resumes, report.cuts), (0, 0, rough.cuts));
    // The cut, two round trips to connect, two to be in the room again.
    assert!(rough.resume_ms.p50.is_some_and(|ms| (700.0..1_500.0).contains(&ms)), "{rough:?}");
    assert!(wifi.rtt_ms.p50.is_some_and(|ms| (15.0..35.0).contains(&ms)), "{wifi:?}");
    assert!(rough.rtt_ms.p50.is_some_and(|ms| (60.0..130.0).contains(&ms)), "{rough:?}");
    // Across the cut.
    assert!(rough.snapshot_gap_ms.max.is_some_and(|ms| (700.0..2_000.0).contains(&ms)), "{rough:?}");
    assert!(wifi.snapshot_gap_ms.max.is_some_and(|ms| ms < 300.0), "{wifi:?}");
    assert_eq!((report.cuts_not_resumed, report.outages), (0, 0), "{report:?}");
    assert!(wifi.frames > 1_000 && wifi.frames_starved < wifi.frames / 20, "{wifi:?}");
    assert!(wifi.inputs_late_or_held_percent.is_some_and(|percent| percent < 5.0), "{wifi:?}");
    assert!(rough.client_seconds > 60.0 && wifi.client_seconds > 75.0);
}
