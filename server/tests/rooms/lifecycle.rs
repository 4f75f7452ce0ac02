//! Joining, matching, resuming, ending.

use crate::game::{Ask, server};
use crate::player::Player;
use crate::raw::{Raw, hello, join};
use core::time::Duration;
use tickwire_server::{Balance, Limits, ServerHandle};
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::{Credential, OptionText, Options, Role, Target};
use tokio::time::{Instant, sleep};

/// Waits until nothing is alive any more.
pub(crate) async fn settle(server: &ServerHandle, limit: Duration) {
    let end = Instant::now() + limit;
    while server.balance() != Balance::default() {
        assert!(Instant::now() < end, "still alive: {:?}", server.balance());
        sleep(Duration::from_millis(10)).await;
    }
}

fn short_lived() -> Limits {
    let mut limits = Limits::default();
    limits.room_idle_ms = 50;
    limits.resume_grace_ms = 200;
    limits
}

fn mode(mode: &str) -> Options {
    Options::new(vec![(OptionText::new("mode").unwrap(), OptionText::new(mode).unwrap())]).unwrap()
}

#[tokio::test]
async fn a_player_creates_a_room_another_joins_it_and_it_ends_behind_them() {
    let (_server, handle) = server(short_lived(), 60, 8);
    let mut one = Player::join(&handle, Target::Create(Options::none())).await;
    let mut two = Player::join(&handle, Target::Room(one.room())).await;
    one.client.command(Ask::Echo(7)).unwrap();
    let (a, b) =
        tokio::join!(one.play_for(Duration::from_millis(600)), two.play_for(Duration::from_millis(600)));
    let ((), ()) = (a, b);
    assert_eq!(one.events, [7]);
    assert_eq!(one.client.latest().unwrap().rows().count(), 2);
    assert!(one.client.stats().snapshots > 10);
    let listed = handle.rooms();
    assert_eq!((listed.len(), listed[0].players), (1, 2));
    one.client.leave();
    assert_eq!(one.close_message().await.code, CloseCode::Normal);
    drop((one, two));
    settle(&handle, Duration::from_secs(5)).await;
    assert!(handle.rooms().is_empty());
}

#[tokio::test]
async fn a_match_fills_open_rooms_first_and_heeds_options() {
    let (_server, handle) = server(Limits::default(), 60, 4);
    let mut players = Vec::new();
    for _ in 0..9 {
        players.push(Player::join(&handle, Target::Match(Options::none())).await);
    }
    let other = Player::join(&handle, Target::Match(mode("duel"))).await;
    let mut counts: Vec<_> = handle.rooms().iter().map(|room| room.players).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 4, 4]);
    assert!(players.iter().all(|player| player.room() != other.room()));
}

#[tokio::test]
async fn many_who_look_for_a_room_at_once_do_not_make_one_each() {
    let (_server, handle) = server(Limits::default(), 60, 64);
    let joins: Vec<_> = (0..40)
        .map(|_| {
            let handle = handle.clone();
            tokio::spawn(async move { Player::join(&handle, Target::Match(Options::none())).await })
        })
        .collect();
    let mut players = Vec::new();
    for join in joins {
        players.push(join.await.unwrap());
    }
    assert_eq!(handle.rooms().len(), 1);
}

#[tokio::test]
async fn a_full_room_an_unknown_room_and_a_bad_option_are_refused_by_name() {
    let mut limits = Limits::default();
    limits.rooms_max = 1;
    let (_server, handle) = server(limits, 60, 1);
    let one = Player::join(&handle, Target::Create(Options::none())).await;
    for (target, code) in [
        (Target::Room(one.room()), CloseCode::Full),
        (Target::Room(RoomId::from_bits(one.room().bits() ^ 1)), CloseCode::NoSuchRoom),
        (Target::Create(Options::none()), CloseCode::TryLater),
        (Target::Match(Options::none()), CloseCode::TryLater),
    ] {
        let mut raw = Raw::connect(&handle);
        raw.send(hello(Credential::Guest)).await;
        raw.send(join(target.clone())).await;
        assert_eq!(raw.close_message().await.code, code, "{target:?}");
    }
    let (_server, handle) = server(Limits::default(), 60, 1);
    let mut raw = Raw::connect(&handle);
    raw.send(hello(Credential::Guest)).await;
    let wrong = Options::new(vec![(OptionText::new("mod").unwrap(), OptionText::new("x").unwrap())]).unwrap();
    raw.send(join(Target::Create(wrong))).await;
    let close = raw.close_message().await;
    assert_eq!(close.code, CloseCode::Policy);
    assert!(close.text.contains("mod"), "{close}");
    assert_eq!(handle.rooms().len(), 0, "a refused room does not count");
}

#[tokio::test]
async fn spectators_have_seats_of_their_own() {
    let (_server, handle) = server(Limits::default(), 60, 1);
    let one = Player::join(&handle, Target::Create(Options::none())).await;
    let mut watcher = Player::connect_as(&handle, Role::Spectator, Target::Room(one.room()));
    watcher.play_until(|client| client.latest().is_some()).await;
    assert_eq!(watcher.client.player(), None);
    let listed = &handle.rooms()[0];
    assert_eq!((listed.spectators, listed.spectators_max, listed.players, listed.players_max), (1, 4, 1, 1));
    let mut more = Vec::new();
    for _ in 0..3 {
        let mut next = Player::connect_as(&handle, Role::Spectator, Target::Room(one.room()));
        next.play_until(|client| client.latest().is_some()).await;
        more.push(next);
    }
    let mut fifth = Player::connect_as(&handle, Role::Spectator, Target::Room(one.room()));
    assert_eq!(fifth.close_message().await.code, CloseCode::Full);
}

#[tokio::test]
async fn a_cut_player_comes_back_to_its_seat_within_the_grace_time() {
    let (_server, handle) = server(Limits::default(), 60, 4);
    let mut one = Player::join(&handle, Target::Create(Options::none())).await;
    let (player, own) = (one.client.player(), one.client.own_id());
    one.client.command(Ask::Echo(1)).unwrap();
    one.play_for(Duration::from_millis(200)).await;
    one.reconnect(&handle);
    one.client.command(Ask::Echo(2)).unwrap();
    one.play_until(|client| client.is_playing()).await;
    one.play_for(Duration::from_millis(200)).await;
    assert_eq!((one.client.player(), one.client.own_id()), (player, own));
    assert_eq!(one.events, [1, 2]);
    assert_eq!(handle.rooms()[0].players, 1);
    let text = handle.metrics_text();
    assert!(
        text.contains("tickwire_resumes_total 1\n") && text.contains("tickwire_resumes_refused_total 0\n"),
        "{text}"
    );
    assert!(!text.contains("tickwire_tick_lateness_seconds_count 0\n"), "{text}");
}

/// Waits until the metrics say `part`: what ended is counted after its Close message is sent.
async fn counted(server: &ServerHandle, part: &str) {
    let waiting = async {
        while !server.metrics_text().contains(part) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect(part);
}

#[tokio::test]
async fn a_player_who_stays_away_loses_its_seat() {
    let (_server, handle) = server(short_lived(), 60, 4);
    let mut one = Player::join(&handle, Target::Create(Options::none())).await;
    let two = Player::join(&handle, Target::Room(one.room())).await;
    let room = one.room();
    one.reconnect(&handle);
    sleep(Duration::from_millis(600)).await;
    let close = one.close_message().await;
    assert_eq!(close.code, CloseCode::BadResume);
    counted(&handle, "tickwire_resumes_refused_total 1\n").await;
    assert!(handle.metrics_text().contains("tickwire_resumes_total 0\n"));
    assert_eq!(handle.rooms().iter().find(|listed| listed.id == room.to_string()).unwrap().players, 1);
    drop(two);
}

#[tokio::test]
async fn a_panic_ends_its_room_with_1011_and_no_other() {
    let (_server, handle) = server(short_lived(), 60, 4);
    let mut one = Player::join(&handle, Target::Create(Options::none())).await;
    let mut two = Player::join(&handle, Target::Room(one.room())).await;
    let mut beside = Player::join(&handle, Target::Create(Options::none())).await;
    let updates = beside.client.stats().snapshots;
    one.client.command(Ask::Panic).unwrap();
    let goes_on = beside.play_until(|client| client.stats().snapshots > updates + 30);
    let (a, b, ()) = tokio::join!(one.close_message(), two.close_message(), goes_on);
    assert_eq!((a.code, b.code), (CloseCode::Internal, CloseCode::Internal));
    assert!(beside.client.is_playing());
    assert_eq!(handle.rooms().len(), 1);
    counted(&handle, "tickwire_room_panics_total 1").await;
    drop((one, two, beside));
    settle(&handle, Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_client_that_never_reads_costs_its_bound_and_delays_nobody() {
    let (_server, handle) = server(Limits::default(), 60, 4);
    let mut honest = Player::join(&handle, Target::Create(Options::none())).await;
    let stalled = Raw::in_room(&handle, honest.room()).await;
    honest.play_for(Duration::from_secs(1)).await;
    let before = honest.client.stats().snapshots;
    honest.play_until(|client| client.stats().snapshots >= before + 30).await;
    assert!(handle.balance().queued_bytes < 1024, "{:?}", handle.balance());
    drop(stalled);
}
