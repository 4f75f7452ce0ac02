//! Which room a match leads to: refusals of rooms and games, and a game's say in who may join.

use crate::game::{Ask, Settings, refusals, server_of};
use crate::player::Player;
use crate::raw::{Raw, hello, join};
use core::time::Duration;
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{Credential, Options, Role, Target};
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::time::{Instant, sleep};

const ANY: Target = Target::Match(Options::none());

/// How many players the rooms have, the fullest first.
fn counts(handle: &ServerHandle) -> Vec<u32> {
    let mut counts: Vec<_> = handle.rooms().iter().map(|room| room.players).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

async fn refused(handle: &ServerHandle, target: Target) -> Close {
    let mut raw = Raw::connect(handle);
    raw.send(hello(Credential::Guest)).await;
    raw.send(join(target)).await;
    raw.close_message().await
}

/// Waits until the listing shows this access for a room: a command is confirmed before its step.
async fn listed_as(handle: &ServerHandle, id: RoomId, access: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    while !handle.rooms().iter().any(|room| room.id == id.to_string() && room.access == access) {
        assert!(Instant::now() < end, "{:?}", handle.rooms());
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_match_that_a_game_refuses_leads_to_the_next_room_and_then_to_a_new_one() {
    let settings = Settings { takes: 2, ..Settings::default() };
    let (_server, handle) = server_of(Limits::default(), 60, settings);
    let mut players = Vec::new();
    for _ in 0..6 {
        players.push(Player::join(&handle, ANY).await);
    }
    assert_eq!(counts(&handle), [2, 2, 2]);
}

#[tokio::test]
async fn those_who_are_refused_at_once_are_all_seated() {
    let settings = Settings { takes: 2, ..Settings::default() };
    let (_server, handle) = server_of(Limits::default(), 60, settings);
    let joins: Vec<_> = (0..20)
        .map(|_| {
            let handle = handle.clone();
            tokio::spawn(async move { Player::join(&handle, ANY).await })
        })
        .collect();
    let mut players = Vec::new();
    for join in joins {
        players.push(join.await.unwrap());
    }
    assert_eq!(counts(&handle).iter().sum::<u32>(), 20);
}

#[tokio::test]
async fn a_room_that_refused_is_not_asked_by_each_match_after_it() {
    let settings = Settings { takes: 1, tally: 1, ..Settings::default() };
    let (_server, handle) = server_of(Limits::default(), 60, settings);
    let began = Instant::now();
    let mut players = Vec::new();
    for _ in 0..30 {
        players.push(Player::join(&handle, ANY).await);
    }
    assert_eq!(counts(&handle), [1; 30]);
    // Each room is asked at most once a second, and each match asks three.
    let seconds = began.elapsed().as_secs() as u32 + 1;
    assert!(refusals(1) <= 30 * seconds.min(3), "{} refusals in {seconds} s", refusals(1));
}

#[tokio::test]
async fn a_game_that_takes_nobody_refuses_a_match_once_and_leaves_no_room() {
    let settings = Settings { takes: 0, tally: 2, ..Settings::default() };
    let (_server, handle) = server_of(Limits::default(), 60, settings);
    for _ in 0..3 {
        let close = refused(&handle, ANY).await;
        assert_eq!((close.code, close.advice), (CloseCode::Policy, Advice::Stop));
        assert!(close.text.contains("company enough"), "{close}");
    }
    assert!(refusals(2) <= 3 * 4, "{}", refusals(2));
    let end = Instant::now() + Duration::from_secs(5);
    while !handle.rooms().is_empty() {
        assert!(Instant::now() < end, "an unused room is still there: {:?}", handle.rooms());
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_room_closed_to_matches_takes_those_who_name_it() {
    let (_server, handle) = server_of(Limits::default(), 60, Settings::default());
    let mut host = Player::join(&handle, ANY).await;
    host.client.command(Ask::TakeNoMatches).unwrap();
    host.play_until(|client| client.stats().commands_confirmed == client.stats().commands).await;
    listed_as(&handle, host.room(), "no_matches").await;
    let matched = Player::join(&handle, ANY).await;
    assert_ne!(matched.room(), host.room());
    let friend = Player::join(&handle, Target::Room(host.room())).await;
    assert_eq!(friend.room(), host.room());
}

#[tokio::test]
async fn a_locked_room_takes_no_player_but_one_who_was_cut() {
    let (_server, handle) = server_of(Limits::default(), 60, Settings::default());
    let mut host = Player::join(&handle, ANY).await;
    host.client.command(Ask::Lock).unwrap();
    host.play_until(|client| client.stats().commands_confirmed == client.stats().commands).await;
    listed_as(&handle, host.room(), "locked").await;
    let close = refused(&handle, Target::Room(host.room())).await;
    assert_eq!((close.code, close.advice), (CloseCode::Full, Advice::Stop));
    assert!(close.text.contains("locked"), "{close}");
    let mut watcher = Player::connect_as(&handle, Role::Spectator, Target::Room(host.room()));
    watcher.play_until(|client| client.latest().is_some()).await;
    host.reconnect(&handle);
    host.play_until(|client| client.is_playing()).await;
    let elsewhere = Player::join(&handle, ANY).await;
    assert_ne!(elsewhere.room(), host.room());
    host.client.command(Ask::Open).unwrap();
    host.play_until(|client| client.stats().commands_confirmed == client.stats().commands).await;
    listed_as(&handle, host.room(), "open").await;
    let friend = Player::join(&handle, Target::Room(host.room())).await;
    assert_eq!(friend.room(), host.room());
}
