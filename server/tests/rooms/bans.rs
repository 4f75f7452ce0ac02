//! Banned accounts and addresses: at the join, while they play, and while their seat is held.

use crate::game::{Dots, Settings, built};
use crate::player::Player;
use crate::raw::{Raw, hello, hello_as, join};
use core::time::Duration;
use std::path::PathBuf;
use std::sync::Arc;
use tickwire_server::{
    AccountId, Admission, AuthRefusal, AuthRequest, Authenticator, Config, GameOptions, RoomEvent, Server,
    Services,
};
use tickwire_shared::client::State;
use tickwire_shared::prelude::*;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::{Credential, Target};
use tokio::sync::Notify;

/// Everybody plays under an account of the name.
struct ByName;

impl Authenticator for ByName {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        Ok(Account::new(AccountId::cut(&request.name), request.name.clone()))
    }
}

/// A file that is removed in the end.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("tickwire-bans-{name}-{}", std::process::id())));
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn server(file: &File) -> (Server, tickwire_server::ServerHandle) {
    let mut config = Config::default();
    config.bans = Some(file.0.clone());
    let mut options = GameOptions::new(Settings::default());
    options.tick_rate = TickRate::new(60).unwrap();
    built(Server::builder().config(config).authenticator(ByName).game::<Dots>("dots", options))
}

const TESTER: &str = "[[ban]]\naccount = 'tester'\nreason = 'aimbot'\n";

#[tokio::test]
async fn a_banned_account_and_a_banned_network_do_not_come_in() {
    let file = File::new("join", &format!("{TESTER}[[ban]]\naddress = '192.0.2.0/24'\n"));
    let (_server, handle) = server(&file);
    let mut player = Player::connect(&handle, Target::Create(Options::none()));
    let close = player.close_message().await;
    assert_eq!((close.code, &*close.text), (CloseCode::Policy, "you are banned: aimbot"));
    let mut far = Raw::connect_from(&handle, "192.0.2.9");
    far.send(hello(Credential::Guest)).await;
    assert_eq!(&*far.close_message().await.text, "you are banned", "before it says what it wants");
    assert!(Raw::connect_from(&handle, "192.0.3.9").ask(Target::Create(Options::none())).await.is_ok());
}

#[tokio::test]
async fn a_reload_ends_the_sessions_of_those_who_are_banned_now_and_no_others() {
    let file = File::new("reload", "");
    let (_server, handle) = server(&file);
    let mut player = Player::join(&handle, Target::Create(Options::none())).await;
    let mut other = Raw::connect(&handle);
    other.send(hello_as(Text::cut("other"), Credential::Guest)).await;
    other.send(join(Target::Room(player.room()))).await;
    other.joined().await.unwrap();
    file.write("[[ban]]\nwho = 'tester'\n");
    assert!(handle.reload().unwrap_err().to_string().contains("who"), "a wrong file changes nothing");
    player.play_for(Duration::from_millis(100)).await;
    assert!(player.client.is_playing());
    file.write(TESTER);
    assert_eq!(handle.reload().unwrap(), ["the bans"]);
    assert_eq!(player.close_message().await.code, CloseCode::Policy);
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    while handle.rooms()[0].players != 1 {
        assert!(tokio::time::Instant::now() < end, "its seat is not held");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    file.write("");
    handle.reload().unwrap();
    assert!(Player::join(&handle, Target::Create(Options::none())).await.client.is_playing());
}

/// Asked whether a client may join, it takes its time.
#[derive(Clone, Default)]
struct Doorman {
    asked: Arc<Notify>,
    decides: Arc<Notify>,
}

impl Services for Doorman {
    async fn admit(&self, _: &Admission) -> Result<(), AuthRefusal> {
        self.asked.notify_one();
        self.decides.notified().await;
        Ok(())
    }

    async fn happened(&self, _: &RoomEvent) {}
}

#[tokio::test]
async fn one_who_is_banned_on_the_way_into_a_room_does_not_stay() {
    let (file, doorman) = (File::new("way", ""), Doorman::default());
    let mut config = Config::default();
    config.bans = Some(file.0.clone());
    let builder = Server::builder().config(config).authenticator(ByName).services(doorman.clone());
    let (_server, handle) = built(builder.game::<Dots>("dots", GameOptions::new(Settings::default())));
    let mut player = Player::connect(&handle, Target::Create(Options::none()));
    let joins = player.play_until(|client| matches!(client.state(), State::Closed(_)));
    let bans = async {
        doorman.asked.notified().await;
        file.write(TESTER);
        handle.reload().unwrap();
        doorman.decides.notify_one();
    };
    tokio::join!(joins, bans);
    assert_eq!(player.close_message().await.code, CloseCode::Policy);
}

#[tokio::test]
async fn one_who_is_banned_while_its_seat_is_held_does_not_come_back() {
    let file = File::new("resume", "");
    let (_server, handle) = server(&file);
    let mut player = Player::join(&handle, Target::Create(Options::none())).await;
    player.play_for(Duration::from_millis(200)).await;
    player.cut();
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    while !handle.metrics_text().contains("tickwire_sessions 0\n") {
        assert!(tokio::time::Instant::now() < end, "its session is over");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    file.write(TESTER);
    handle.reload().unwrap();
    assert_eq!(handle.rooms()[0].players, 1, "the seat is held");
    player.reconnect(&handle);
    player.play_until(|client| matches!(client.state(), State::Closed(_))).await;
    assert_eq!(player.close_message().await.code, CloseCode::Policy);
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    while handle.rooms().iter().any(|room| room.players > 0) {
        assert!(tokio::time::Instant::now() < end, "the seat is given up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
