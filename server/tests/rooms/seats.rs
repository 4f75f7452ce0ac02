//! What one address can take from others: rooms, and the seats of players who have left.

use crate::game::{Stick, server};
use crate::player::Player;
use crate::raw::{Raw, hello};
use core::time::Duration;
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::entity::OnGrid;
use tickwire_shared::id::RoomId;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::{Credential, Joined, Options, Target};
use tickwire_shared::wire::frame::ClientFrame;
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::time::{Instant, sleep};

const MALLORY: &str = "203.0.113.66";
const ADA: &str = "198.51.100.7";
const NEW: Target = Target::Create(Options::none());

/// Joins and disconnects at once.
async fn touch(handle: &ServerHandle, address: &str, target: Target) -> Result<Joined, Close> {
    Raw::connect_from(handle, address).ask(target).await
}

/// Joins, sends an input and disconnects.
async fn play_once(handle: &ServerHandle, address: &str, room: RoomId) -> Result<Joined, Close> {
    let mut raw = Raw::connect_from(handle, address);
    let joined = raw.ask(Target::Room(room)).await?;
    let inputs = [(Tick(joined.tick.0 + 10), OnGrid::new(&Stick::default()))].into();
    raw.send(ClientFrame { inputs, ..ClientFrame::default() }.encode()).await;
    // The session reads before it notices that the client has left.
    sleep(Duration::from_millis(50)).await;
    Ok(joined)
}

fn players(handle: &ServerHandle, room: RoomId) -> u32 {
    handle.rooms().iter().find(|listed| listed.id == room.to_string()).map_or(0, |listed| listed.players)
}

fn metric(handle: &ServerHandle, name: &str) -> u64 {
    let text = handle.metrics_text();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} is missing in\n{text}"))
}

#[tokio::test]
async fn one_address_cannot_make_all_the_rooms() {
    let mut limits = Limits::default();
    limits.rooms_max = 100;
    limits.rooms_per_address_max = 10;
    let (_server, handle) = server(limits, 30, 8);
    let mut refused = None;
    for made in 0..100 {
        match touch(&handle, MALLORY, NEW).await {
            Ok(_) => assert!(made < 10, "{made} rooms"),
            Err(close) => {
                refused = Some(close);
                break;
            }
        }
    }
    let close = refused.expect("a refusal");
    assert_eq!(close.code, CloseCode::RateLimited);
    assert!(matches!(close.advice, Advice::RetryAfter(1..)), "{close}");
    assert!(close.text.contains("10 rooms"), "{close}");
    assert_eq!(metric(&handle, "tickwire_charges_refused_total{what=\"rooms\"}"), 1);
    touch(&handle, ADA, NEW).await.expect("a room for another address");
    touch(&handle, ADA, Target::Match(Options::none())).await.expect("a match for another address");
}

#[tokio::test]
async fn many_addresses_together_leave_a_room_for_one_more() {
    let mut limits = Limits::default();
    limits.rooms_max = 40;
    let (_server, handle) = server(limits, 10, 8);
    for round in 0..20 {
        let mut made = 0;
        for address in 0..5 {
            made += u32::from(touch(&handle, &format!("203.0.113.{address}"), NEW).await.is_ok());
        }
        if made == 0 {
            break;
        }
        assert!(round < 19, "they are never refused");
    }
    assert!(handle.rooms().len() > 10, "{}", handle.rooms().len());
    assert!(metric(&handle, "tickwire_charges_refused_total{what=\"rooms_share\"}") > 0);
    touch(&handle, ADA, NEW).await.expect("a room for another address");
}

#[tokio::test]
async fn joins_of_one_address_have_a_rate() {
    let mut limits = Limits::default();
    limits.joins_per_address_per_min = 5;
    let (_server, handle) = server(limits, 60, 8);
    let room = touch(&handle, ADA, NEW).await.unwrap().room;
    for _ in 0..5 {
        touch(&handle, MALLORY, Target::Room(room)).await.unwrap();
    }
    let close = touch(&handle, MALLORY, Target::Room(room)).await.unwrap_err();
    assert_eq!(close.code, CloseCode::RateLimited);
    let Advice::RetryAfter(ms) = close.advice else { panic!("{close}") };
    assert!((1..=12_001).contains(&ms), "{close}");
    touch(&handle, ADA, Target::Room(room)).await.expect("a seat for another address");
}

#[tokio::test]
async fn a_seat_of_one_who_never_played_gives_way_and_is_held_for_a_moment() {
    let (_server, handle) = server(Limits::default(), 60, 8);
    let mut host = Player::join(&handle, NEW).await;
    host.play_for(Duration::from_millis(100)).await;
    let room = host.room();
    for _ in 0..40 {
        touch(&handle, MALLORY, Target::Room(room)).await.expect("a seat: those before it gave way");
    }
    touch(&handle, ADA, Target::Room(room)).await.expect("a seat for a friend");
    let end = Instant::now() + Duration::from_secs(15);
    while metric(&handle, "tickwire_members{role=\"player\"}") > 1 {
        assert!(Instant::now() < end, "seats are still held");
        host.play_for(Duration::from_millis(50)).await;
    }
    assert!(metric(&handle, "tickwire_seats_yielded_total") >= 34);
    assert!(metric(&handle, "tickwire_seats_held_briefly_total") >= 41);
    assert_eq!(players(&handle, room), 1);
}

#[tokio::test]
async fn an_address_keeps_a_quarter_of_a_room_for_cut_players_and_the_rest_gives_way() {
    let (_server, handle) = server(Limits::default(), 60, 8);
    let mut host = Player::join(&handle, NEW).await;
    host.play_for(Duration::from_millis(100)).await;
    let room = host.room();
    for _ in 0..7 {
        play_once(&handle, MALLORY, room).await.expect("a seat");
    }
    // Two of the seven seats are held firmly; the others are held as long as no newcomer needs them.
    let mut friends = Vec::new();
    for friend in 0..5 {
        let mut raw = Raw::connect_from(&handle, &format!("198.51.100.{friend}"));
        raw.ask(Target::Room(room)).await.expect("a seat for a friend");
        friends.push(raw);
    }
    let mut one_more = Raw::connect_from(&handle, ADA);
    assert_eq!(one_more.ask(Target::Room(room)).await.unwrap_err().code, CloseCode::Full);
}

#[tokio::test]
async fn beyond_its_bound_an_address_holds_seats_for_a_moment_only() {
    let mut limits = Limits::default();
    limits.held_seats_per_address_max = 1;
    let (_server, handle) = server(limits, 60, 64);
    let room = touch(&handle, ADA, NEW).await.unwrap().room;
    let kept = play_once(&handle, MALLORY, room).await.unwrap();
    let lost = play_once(&handle, MALLORY, room).await.unwrap();
    let end = Instant::now() + Duration::from_secs(15);
    while metric(&handle, "tickwire_members{role=\"player\"}") > 1 {
        assert!(Instant::now() < end, "seats are still held");
        sleep(Duration::from_millis(20)).await;
    }
    let resumed = async |joined: Joined| {
        let mut raw = Raw::connect_from(&handle, MALLORY);
        let secret = joined.secret.unwrap();
        raw.send(hello(Credential::Resume { secret, events_received: 0 })).await;
        raw.joined().await
    };
    assert_eq!(resumed(lost).await.unwrap_err().code, CloseCode::BadResume);
    resumed(kept).await.expect("its seat was kept");
}
