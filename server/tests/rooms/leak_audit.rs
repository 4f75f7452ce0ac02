//! Nothing is left over after thousands of rooms.

use crate::game::{Ask, server};
use crate::lifecycle::settle;
use crate::player::Player;
use crate::raw::{Raw, hello, join};
use core::time::Duration;
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::{ClientControl, Credential, Options, Target};

const ROOMS: usize = 3_000;
const AT_ONCE: usize = 60;

/// Makes a room and leaves it in one of the possible ways.
async fn come_and_go(handle: &ServerHandle, number: usize) -> RoomId {
    let (mut raw, joined) = Raw::in_new_room(handle).await;
    match number % 5 {
        0 => raw.send(ClientControl::Leave.encode().unwrap()).await,
        1 => raw.send(vec![99]).await,
        2 => {
            let mut second = Raw::in_room(handle, joined.room).await;
            second.send(ClientControl::Leave.encode().unwrap()).await;
            second.close_message().await;
        }
        3 => raw.send(hello(Credential::Guest)).await,
        _ => (),
    }
    joined.room
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leak_audit_is_zero_after_thousands_of_rooms() {
    let mut limits = Limits::default();
    limits.room_idle_ms = 0;
    limits.resume_grace_ms = 0;
    let (_server, handle) = server(limits, 128, 4);
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|worker| {
            let handle = handle.clone();
            tokio::spawn(async move {
                for number in 0..ROOMS / AT_ONCE {
                    come_and_go(&handle, worker + number).await;
                }
            })
        })
        .collect();
    let mut seen_alive = 0;
    for worker in workers {
        worker.await.unwrap();
        seen_alive = seen_alive.max(handle.balance().rooms);
    }
    assert!(seen_alive > 0, "the leak audit counts");
    settle(&handle, Duration::from_secs(20)).await;
    assert!(handle.rooms().is_empty());
    let metrics = handle.metrics_text();
    assert!(metrics.contains(&format!("tickwire_rooms_made_total {ROOMS}")));
    for line in ["tickwire_rooms 0", "tickwire_sessions 0", "tickwire_members{role=\"player\"} 0"] {
        assert!(metrics.contains(line), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_that_races_with_the_rooms_end_gets_a_seat_or_4010() {
    let mut limits = Limits::default();
    limits.room_idle_ms = 0;
    limits.resume_grace_ms = 0;
    let (_server, handle) = server(limits, 128, 4);
    let (mut placed, mut refused) = (0, 0);
    for round in 0..120_u64 {
        let (raw, joined) = Raw::in_new_room(&handle).await;
        drop(raw);
        tokio::time::sleep(Duration::from_micros(round % 24 * 1_000)).await;
        let mut late = Raw::connect(&handle);
        late.send(hello(Credential::Guest)).await;
        late.send(join(Target::Room(joined.room))).await;
        match late.joined().await {
            Ok(again) => {
                assert_eq!(again.room, joined.room);
                placed += 1;
            }
            Err(close) => {
                assert_eq!(close.code, CloseCode::NoSuchRoom);
                refused += 1;
            }
        }
    }
    assert!(placed > 0 && refused > 0, "{placed} placed, {refused} refused: the race was not met");
    settle(&handle, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn the_leak_audit_is_zero_after_panics() {
    let mut limits = Limits::default();
    limits.room_idle_ms = 0;
    limits.resume_grace_ms = 0;
    let (_server, handle) = server(limits, 128, 4);
    for _ in 0..5 {
        let mut player = Player::join(&handle, Target::Create(Options::none())).await;
        player.client.command(Ask::Panic).unwrap();
        assert_eq!(player.close_message().await.code, CloseCode::Internal);
    }
    settle(&handle, Duration::from_secs(5)).await;
}
