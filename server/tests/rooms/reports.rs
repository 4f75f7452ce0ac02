//! Reports of states that differ: how far a client can influence the metric that alarms an operator.

use crate::game::server;
use crate::player::Player;
use crate::raw::Raw;
use core::time::Duration;
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::id::{EntityId, StreamId};
use tickwire_shared::limits::HASH_PERIOD_TICKS;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::{ClientControl, Desync, Options, Target};
use tokio::time::{sleep, timeout};

const NEW: Target = Target::Create(Options::none());

/// Mismatches, then the reports that counted, came too soon and were false.
fn counted(handle: &ServerHandle) -> [u64; 4] {
    let text = handle.metrics_text();
    [
        "tickwire_hash_mismatches_total ",
        "tickwire_hash_reports_total{verdict=\"counted\"} ",
        "tickwire_hash_reports_total{verdict=\"excess\"} ",
        "tickwire_hash_reports_total{verdict=\"false\"} ",
    ]
    .map(|name| text.lines().find_map(|line| line.strip_prefix(name)?.parse().ok()).expect(name))
}

/// Waits until the metrics say `wanted`: a room's numbers follow what it sends in the same tick.
async fn until_counted(handle: &ServerHandle, wanted: [u64; 4]) {
    let waiting = async {
        while counted(handle) != wanted {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let in_time = timeout(Duration::from_secs(10), waiting).await;
    assert!(in_time.is_ok(), "{:?} instead of {wanted:?}", counted(handle));
}

/// The position of the player's dot at a tick whose state the server keeps.
async fn known(player: &mut Player) -> (Tick, EntityId, i32) {
    let mut found = None;
    player
        .play_until(|client| {
            let newest = client.newest_tick().map_or(0, |tick| tick.0);
            let tick = Tick(newest / HASH_PERIOD_TICKS * HASH_PERIOD_TICKS);
            let state = client.history(StreamId::ROOM).and_then(|history| history.get(tick));
            let own = client.own_id().unwrap();
            found = state.and_then(|state| state.get(own)).map(|row| (tick, own, row.values[0]));
            found.is_some()
        })
        .await;
    found.unwrap()
}

/// Makes the server send the state of a tick again; it does so at most once a second.
async fn have_repaired(player: &mut Player) -> (Tick, EntityId, i32) {
    for _ in 0..100 {
        let known = known(player).await;
        let keyframes = player.client.stats().keyframes;
        player.send(&ClientControl::Repair { stream: StreamId::ROOM, tick: known.0 }).await;
        player.play_for(Duration::from_millis(150)).await;
        if player.client.stats().keyframes > keyframes {
            return known;
        }
    }
    panic!("no repair arrived");
}

fn report((tick, entity, server): (Tick, EntityId, i32), claimed: i32) -> ClientControl {
    let (stream, field, client) = (StreamId::ROOM, Some(0), server + 1);
    ClientControl::Desync(Desync { stream, tick, entity, field, client, server: claimed })
}

#[tokio::test]
async fn a_report_that_follows_no_repair_ends_the_session_and_alarms_nobody() {
    let (_server, handle) = server(Limits::default(), 30, 4);
    let (mut raw, joined) = Raw::in_new_room(&handle).await;
    let own = joined.player.unwrap().1;
    for _ in 0..100 {
        raw.send(report((joined.tick, own, 0), 0).encode().unwrap()).await;
    }
    assert_eq!(raw.close_message().await.code, CloseCode::Policy);
    until_counted(&handle, [0, 0, 0, 1]).await;
}

#[tokio::test]
async fn what_the_server_can_confirm_counts_once_in_a_while() {
    let (_server, handle) = server(Limits::default(), 30, 4);
    let mut player = Player::join(&handle, NEW).await;
    for wanted in [[1, 1, 0, 0], [1, 1, 1, 0]] {
        let known = have_repaired(&mut player).await;
        player.send(&report(known, known.2)).await;
        player.play_for(Duration::from_millis(200)).await;
        assert!(player.client.is_playing(), "{:?}", player.client.state());
        until_counted(&handle, wanted).await;
    }
}

#[tokio::test]
async fn in_one_room_reports_of_many_sessions_raise_the_alarm_no_faster_than_one() {
    let (_server, handle) = server(Limits::default(), 30, 4);
    let mut first = Player::join(&handle, NEW).await;
    let mut second = Player::join(&handle, Target::Room(first.room())).await;
    for (player, wanted) in [(&mut first, [1, 1, 0, 0]), (&mut second, [1, 1, 1, 0])] {
        let known = have_repaired(player).await;
        player.send(&report(known, known.2)).await;
        player.play_for(Duration::from_millis(200)).await;
        until_counted(&handle, wanted).await;
    }
}

#[tokio::test]
async fn a_report_of_a_value_that_the_server_never_had_ends_the_session() {
    let (_server, handle) = server(Limits::default(), 30, 4);
    let mut player = Player::join(&handle, NEW).await;
    let known = have_repaired(&mut player).await;
    player.send(&report(known, known.2 + 5)).await;
    assert_eq!(player.close_message().await.code, CloseCode::Policy);
    until_counted(&handle, [0, 0, 0, 1]).await;
}
