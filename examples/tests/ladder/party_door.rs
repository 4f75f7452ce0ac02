//! Step 11 on a real server: who comes in, by invitation, password or ticket, and what attackers can do.

use crate::party::step::bots;
use crate::party::step::party::{Command, Party, Phase, Settings, Team, Wish};
use crate::playing::listener;
use core::time::Duration;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::SystemTime;
use tickwire_client_native::{Cause, Config as ClientConfig, Connection, End, Event, connect};
use tickwire_server::tickets::{Keys, Ticket};
use tickwire_server::{AuthMode, Config, GameOptions, Server, ServerHandle};
use tickwire_shared::client::{Client, ClientEvent};
use tickwire_shared::prelude::*;
use tickwire_shared::wire::control::{Credential, Target};
use tickwire_shared::wire::terms::{Invitation, Parameters, Pass};
use tickwire_shared::wire::{Close, CloseCode};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Nothing here takes longer.
const LONG: Duration = Duration::from_secs(20);

/// A server of this process that hosts the step.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Host {
    pub(crate) async fn start(config: Config, settings: Settings) -> Self {
        let server = Server::builder().config(config).game::<Party>("party", GameOptions::new(settings));
        let server = server.build().expect("the server builds");
        let (listener, address) = listener().await;
        let (stop, stopped) = oneshot::channel::<()>();
        let handle = server.handle();
        let ended = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
        Self { address, handle, stop, ended }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("the server runs");
        let ended = timeout(LONG, self.ended).await.expect("it ends in time");
        ended.expect("it does not panic").expect("it ends without an error");
    }

    /// A player who asks for this, once it has a seat or was told why not.
    async fn join(&self, name: &str, change: impl FnOnce(&mut ClientConfig)) -> Result<Player, Close> {
        let mut config = ClientConfig::player("party", name);
        config.attempts_max = 1;
        change(&mut config);
        let connection = connect::<Party>(&format!("ws://{}", self.address), config).expect("it starts");
        let mut player = Player(connection);
        match player.event(|event| matches!(event, ClientEvent::Joined).then_some(())).await {
            Ok(()) => Ok(player),
            Err(End::Failed(Cause::Closed(close))) => Err(close),
            Err(end) => panic!("{end}"),
        }
    }
}

struct Player(Connection<Party>);

impl Player {
    /// What `wanted` finds in an event, or the end.
    async fn event<T>(&mut self, wanted: impl Fn(ClientEvent<Party>) -> Option<T>) -> Result<T, End> {
        let waiting = async {
            loop {
                match self.0.next_event().await.expect("an end is an event") {
                    Event::Client(event) => {
                        if let Some(found) = wanted(event) {
                            return Ok(found);
                        }
                    }
                    Event::Ended(end) => return Err(end),
                    _ => (),
                }
            }
        };
        timeout(LONG, waiting).await.expect("it happens in time")
    }

    async fn until(&self, holds: impl Fn(&Client<Party>) -> bool) {
        let waiting = async {
            while !self.0.with(|client, _| holds(client)) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONG, waiting).await.expect("it happens in time");
    }

    fn command(&self, command: Command) {
        self.0.command(command).expect("it plays");
    }

    fn id(&self) -> PlayerId {
        self.0.with(|client, _| client.player()).expect("it plays")
    }

    fn room(&self) -> Target {
        Target::Room(self.0.with(|client, _| client.room()).expect("it is in a room"))
    }

    async fn invitation(&mut self) -> Invitation {
        self.0.with(|client, _| client.invite(1, Duration::from_secs(60)));
        let given = |event| if let ClientEvent::Invitation(given) = event { Some(given) } else { None };
        self.event(given).await.expect("it plays").expect("the game permits it")
    }

    async fn close(&mut self) -> Close {
        match self.event(|_| None::<()>).await {
            Err(End::Failed(Cause::Closed(close))) => close,
            other => panic!("{other:?}"),
        }
    }
}

fn options(pairs: &[(&str, &str)]) -> Options {
    Options::new(pairs.iter().map(|(key, value)| (Text::cut(key), Text::cut(value))).collect())
        .expect("each key once")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_friend_comes_into_a_private_room_by_invitation() {
    let host = Host::start(Config::default(), Settings::default()).await;
    let private = |config: &mut ClientConfig| {
        config.client.target = Target::Create(options(&[("private", "true")]));
    };
    let mut ada = host.join("ada", private).await.expect("her own room");
    let room = ada.room();
    let named = |config: &mut ClientConfig| config.client.target = room.clone();
    let refused = host.join("eve", named).await.err().expect("it is private");
    assert!(refused.code == CloseCode::PassNeeded && refused.text.contains("invitation"), "{refused:?}");
    let invitation = ada.invitation().await;
    let invited = |config: &mut ClientConfig| {
        config.client.target = room.clone();
        config.client.terms.pass = Pass::Invitation(invitation.clone());
    };
    let bob = host.join("bob", invited).await.expect("he is invited");
    let used_up = host.join("eve", invited).await.err().expect("it was for one");
    assert_eq!(used_up.code, CloseCode::PassNeeded);
    assert!(host.handle.rooms().iter().any(|room| room.access == "invited" && room.players == 2));
    drop(bob);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listings_say_how_far_it_is_and_nobody_comes_late() {
    let settings = Settings { team_max: 2, countdown_s: 0, ..Settings::default() };
    let host = Host::start(Config::default(), settings).await;
    let mut seated = Vec::new();
    for name in ["ada", "bob"] {
        seated.push(host.join(name, |_| ()).await.expect("a match finds a seat"));
    }
    let room = seated[0].room();
    let listed = async |phase: &str| {
        let waiting = async {
            while host.handle.rooms()[0].metadata.get("phase").is_none_or(|said| said != phase) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONG, waiting).await.expect("it is listed in time");
    };
    listed("lobby").await;
    assert_eq!(host.handle.rooms()[0].metadata["title"], "ada's match");
    let blue = |config: &mut ClientConfig| {
        config.client.target = room.clone();
        config.client.terms.parameters = Parameters::of(&Wish { team: Team::Blue }).expect("JSON");
    };
    seated.push(host.join("cyd", blue).await.expect("one more for the blue team"));
    let full = host.join("dan", blue).await.err().expect("it is full");
    assert_eq!((full.code, &*full.text), (CloseCode::Policy, "team blue is full; choose the other one"));
    for player in &seated {
        player.command(Command::Ready(true));
    }
    seated[0].until(|client| client.room_state().is_some_and(|board| board.phase == Phase::Running)).await;
    listed("running").await;
    let late = host.join("dan", |config| config.client.target = room.clone()).await.err().expect("locked");
    assert!(late.code == CloseCode::Full && late.text.contains("locked"), "{late:?}");
    let elsewhere = host.join("dan", |_| ()).await.expect("a match makes another room");
    assert_ne!(elsewhere.room(), room);
    host.stop().await;
}

/// A folder that is removed in the end.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tickwire-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> std::path::PathBuf {
        let file = self.0.join(name);
        std::fs::write(&file, content).expect("a file");
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Takes tickets that one of these keys signed, and nobody else.
pub(crate) fn with_tickets(folder: &Folder) -> (Config, Keys) {
    let text = format!("k1 {}\n", Keys::new_secret().expect("randomness"));
    let mut config = Config::default();
    (config.auth, config.ticket_keys) = (vec![AuthMode::Tickets], Some(folder.file("keys", &text)));
    (config, text.parse().expect("keys"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moderators_ticket_lets_it_kick_alone() {
    let folder = Folder::new("party-tickets");
    let (config, keys) = with_tickets(&folder);
    let host = Host::start(config, Settings::default()).await;
    let ticket = |account: &str, roles: &[&str]| {
        let expires = SystemTime::now() + Duration::from_secs(60);
        let mut ticket = Ticket::new(account, account, expires).expect("a ticket");
        ticket.roles = roles.iter().map(ToString::to_string).collect();
        let signed = keys.sign(&ticket).expect("it fits").into_bytes();
        let credential = Credential::Ticket(signed.try_into().expect("it fits"));
        move |config: &mut ClientConfig| config.client.credential = credential
    };
    let ada = host.join("ada", ticket("u-ada", &["moderator"])).await.expect("she has a ticket");
    let mut bob = host.join("bob", ticket("u-bob", &[])).await.expect("he has a ticket");
    assert_eq!(
        host.join("eve", |_| ()).await.err().map(|close| close.code),
        Some(CloseCode::NotAuthenticated)
    );
    bob.command(Command::Kick(ada.id()));
    ada.command(Command::Kick(bob.id()));
    let close = bob.close().await;
    assert_eq!((close.code, &*close.text), (CloseCode::Kicked, "a moderator removed you"));
    let again = ticket("u-bob", &[]);
    let room = ada.room();
    let again = host.join("bob", |config| {
        again(config);
        config.client.target = room;
    });
    assert_eq!(again.await.err().map(|close| close.code), Some(CloseCode::Policy), "for a minute");
    host.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attackers_do_not_disturb_a_match() {
    // The match outlasts every case.
    let settings = Settings { team_max: 8, goal: 9_999, match_s: 3_600, ..Settings::default() };
    let host = Host::start(Config::default(), settings).await;
    let folder = Folder::new("party-attack");
    let (url, report) = (format!("ws://{}", host.address), folder.file("report.json", ""));
    let json = report.display().to_string();
    let attack = std::thread::spawn(move || {
        let line = ["party-bots", "attack", &url, "--seconds", "1", "--gap-margin-ms", "60000"];
        let cases = ["malformed", "flood-messages", "flood-commands", "join-storm", "--connections", "8"];
        bots().run_from([&line[..], &cases, &["--json", &json]].concat())
    });
    let ended = tokio::task::spawn_blocking(|| attack.join().expect("it does not panic")).await;
    let text = std::fs::read_to_string(report).expect("the report");
    assert_eq!(ended.expect("it ends"), ExitCode::SUCCESS, "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&json["game"], &json["passed"]), (&"party".into(), &4.into()), "{text}");
    host.stop().await;
}
