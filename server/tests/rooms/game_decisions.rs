//! What a game decides about its room, seen through a server: who is kicked, what listings say, its end.

use crate::game::{Ask, Settings, builder, built};
use crate::lifecycle::settle;
use crate::player::Player;
use crate::raw::Raw;
use core::time::Duration;
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::prelude::PlayerId;
use tickwire_shared::wire::control::{Options, Target};
use tickwire_shared::wire::{Advice, CloseCode};
use tokio::time::{Instant, sleep};

fn server() -> (tickwire_server::Server, ServerHandle) {
    built(builder(Limits::default(), 60, Settings::default()))
}

async fn until(mut holds: impl FnMut() -> bool, what: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "not within 10 s: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_kicked_guest_stays_out_of_the_room_for_its_time_and_others_of_another_address_come() {
    let (_server, handle) = server();
    let mut host = Player::join(&handle, Target::Create(Options::none())).await;
    let room = host.room();
    let mut guest = Raw::connect_from(&handle, "192.0.2.7");
    let joined = guest.ask(Target::Room(room)).await.unwrap();
    let (player, _) = joined.player.unwrap();
    assert_ne!(player, PlayerId(1));
    host.client.command(Ask::Kick(player, 60)).unwrap();
    host.play_for(Duration::from_millis(200)).await;
    let close = guest.close_message().await;
    assert_eq!((close.code, close.advice, &*close.text), (CloseCode::Kicked, Advice::Stop, "out"));
    let again = Raw::connect_from(&handle, "192.0.2.7").ask(Target::Room(room)).await.unwrap_err();
    assert_eq!((again.code, &*again.text), (CloseCode::Policy, "out"));
    let matched = Raw::connect_from(&handle, "192.0.2.7").ask(Target::Match(Options::none())).await.unwrap();
    assert_ne!(matched.room, room, "a match leads elsewhere");
    assert!(Raw::connect_from(&handle, "192.0.2.8").ask(Target::Room(room)).await.is_ok());
}

#[tokio::test]
async fn a_game_hides_its_room_and_changes_what_listings_say() {
    let (_server, handle) = server();
    let mut host = Player::join(&handle, Target::Create(Options::none())).await;
    let listed = || handle.rooms().pop().unwrap();
    assert!(!listed().hidden && !listed().metadata.contains_key("title"));
    host.client.command(Ask::Hide).unwrap();
    host.play_for(Duration::from_millis(2_500)).await;
    assert!(listed().hidden);
    assert_eq!(listed().metadata["title"], "secret");
}

#[tokio::test]
async fn a_room_that_its_game_ends_is_gone_and_its_players_know_why() {
    let (_server, handle) = server();
    let mut host = Player::join(&handle, Target::Create(Options::none())).await;
    let room = host.room();
    host.client.command(Ask::End).unwrap();
    let close = host.close_message().await;
    assert_eq!((close.code, close.advice, &*close.text), (CloseCode::Normal, Advice::Stop, "red has won"));
    assert_eq!(host.events, [99], "the last event came before the end");
    until(|| handle.rooms().is_empty(), "the room is listed no more").await;
    let late = Raw::connect(&handle).ask(Target::Room(room)).await.unwrap_err();
    assert_eq!(late.code, CloseCode::NoSuchRoom);
    drop(host);
    settle(&handle, Duration::from_secs(2)).await;
}
