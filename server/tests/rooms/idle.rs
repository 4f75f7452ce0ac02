//! Members that do nothing are warned, then lose their seat. In virtual time.

use crate::game::{Ask, virtual_server};
use crate::player::Player;
use core::time::Duration;
use tickwire_server::Limits;
use tickwire_shared::client::State;
use tickwire_shared::wire::control::{Options, Role, Target};
use tickwire_shared::wire::{Advice, CloseCode};
use tokio::time::Instant;

const NEW: Target = Target::Create(Options::none());
const RATE_HZ: u16 = 10;

async fn play(player: &mut Player, seconds: u64) {
    player.play_for(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_player_whose_controls_stay_as_they_are_is_warned_and_closed() {
    let (_server, handle) = virtual_server(Limits::default(), RATE_HZ, 4);
    let mut player = Player::join(&handle, NEW).await;
    let began = Instant::now();
    play(&mut player, 265).await;
    assert_eq!((player.warnings, player.client.is_playing()), (0, true));
    play(&mut player, 10).await;
    assert_eq!((player.warnings, player.client.is_playing()), (1, true));
    play(&mut player, 60).await;
    let State::Closed(close) = player.client.state() else { panic!("it is not closed") };
    assert_eq!((close.code, close.advice), (CloseCode::Idle, Advice::Stop));
    assert!((295..=305).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(player.warnings, 1);
    assert_eq!(handle.rooms().iter().map(|room| room.players).sum::<u32>(), 0, "its seat is given up");
}

#[tokio::test(start_paused = true)]
async fn one_who_acts_upon_the_warning_stays() {
    let (_server, handle) = virtual_server(Limits::default(), RATE_HZ, 4);
    let mut player = Player::join(&handle, NEW).await;
    for warnings in 1..=2 {
        play(&mut player, 275).await;
        assert_eq!((player.warnings, player.client.is_playing()), (warnings, true));
        player.client.command(Ask::Echo(1)).unwrap();
    }
    play(&mut player, 200).await;
    assert_eq!((player.warnings, player.client.is_playing()), (2, true));
}

#[tokio::test(start_paused = true)]
async fn one_whose_page_is_hidden_has_longer_also_over_a_resume() {
    let (_server, handle) = virtual_server(Limits::default(), RATE_HZ, 4);
    let mut player = Player::join(&handle, NEW).await;
    player.client.set_hidden(true);
    play(&mut player, 500).await;
    assert_eq!((player.warnings, player.client.is_playing()), (0, true));
    player.reconnect(&handle);
    play(&mut player, 500).await;
    assert_eq!((player.warnings, player.client.is_playing()), (0, true));
    play(&mut player, 450).await;
    let State::Closed(close) = player.client.state() else { panic!("it is not closed") };
    assert_eq!(close.code, CloseCode::Idle, "but not forever");
}

#[tokio::test(start_paused = true)]
async fn a_spectator_whose_client_answers_may_watch_for_ever() {
    let (_server, handle) = virtual_server(Limits::default(), RATE_HZ, 4);
    let mut player = Player::join(&handle, NEW).await;
    let mut watcher = Player::connect_as(&handle, Role::Spectator, Target::Room(player.room()));
    for _ in 0..5 {
        player.client.command(Ask::Echo(1)).unwrap();
        tokio::join!(play(&mut player, 200), play(&mut watcher, 200));
    }
    assert_eq!((watcher.warnings, watcher.client.is_playing()), (0, true));
}
