//! What a host's own systems hear of rooms, whom they let in, and what they do with rooms.

use crate::game::built;
use crate::private_rooms::club::{Club, Heard, House, Notice, Score, Wish};
use crate::raw::{Raw, hello};
use core::time::Duration;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tickwire_server::{
    AccountId, Admission, AuthRefusal, AuthRequest, Authenticator, Config, GameOptions, Happened, RoomEvent,
    SendError, Server, ServerHandle, Services,
};
use tickwire_shared::client::{Client, ClientConfig, ClientEvent, State};
use tickwire_shared::id::RoomId;
use tickwire_shared::limits::{HOST_MESSAGES_MAX, PASSWORD_BYTES_MAX};
use tickwire_shared::prelude::*;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::{ClientControl, Credential, GameName, Join, Role, Target};
use tickwire_shared::wire::terms::{JoinTerms, Parameters, Pass};
use tokio::time::{Instant, sleep, timeout};

/// Keeps what it hears, as lines.
#[derive(Clone, Default)]
struct Desk(Arc<Kept>);

#[derive(Default)]
struct Kept {
    lines: Mutex<Vec<String>>,
    ids: Mutex<Vec<String>>,
    /// It has the result of a room.
    has_result: AtomicBool,
    /// It is asked about `late`, for whom it has no answer.
    thinks: AtomicBool,
}

impl Desk {
    fn lines(&self) -> Vec<String> {
        self.0.lines.lock().unwrap().clone()
    }

    async fn heard(&self, count: usize) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(10);
        while self.lines().len() < count {
            assert!(Instant::now() < end, "{:?}", self.lines());
            sleep(Duration::from_millis(5)).await;
        }
        self.lines()
    }
}

impl Services for Desk {
    async fn admit(&self, admission: &Admission) -> Result<(), AuthRefusal> {
        match &*admission.account.name {
            "eve" => Err(AuthRefusal::denied("you are banned until Monday")),
            "late" => {
                self.0.thinks.store(true, Ordering::SeqCst);
                std::future::pending().await
            }
            "panics" => panic!("the host's code fails"),
            _ => Ok(()),
        }
    }

    async fn happened(&self, event: &RoomEvent) {
        let line = match &event.what {
            Happened::Opened { options } => format!("opened {}", options.get("seats").unwrap_or("plain")),
            Happened::Joined { player, account } => format!("{player} {} joined", account.name),
            Happened::Left { player, reason, .. } => format!("{player} left: {reason:?}"),
            Happened::Reported(report) => format!("reported {}", report.text()),
            Happened::Ended { text, result } => format!("ended: {text} {}", result.text()),
            Happened::Closed { reason } => format!("closed: {reason}"),
            other => format!("{other:?}"),
        };
        if matches!(event.what, Happened::Ended { .. }) {
            sleep(Duration::from_millis(300)).await;
            self.0.has_result.store(true, Ordering::SeqCst);
        }
        self.0.ids.lock().unwrap().push(event.id.clone());
        self.0.lines.lock().unwrap().push(format!("{} {line}", event.number));
        assert!(!line.contains("reported {\"score\":1}"), "a bug of the host's");
    }
}

/// Lets everybody in under an account of the name.
struct ByName;

impl Authenticator for ByName {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        Ok(Account::new(AccountId::cut(&request.name), request.name.clone()))
    }
}

fn server(desk: &Desk) -> (Server, ServerHandle) {
    let mut options = GameOptions::new(House::default());
    options.tick_rate = TickRate::new(60).unwrap();
    let builder = Server::builder().config(Config::default()).authenticator(ByName);
    built(builder.services(desk.clone()).game::<Club>("club", options))
}

/// A client of the club over the in-memory transport.
struct Member {
    client: Client<Club>,
    link: tickwire_server::MemoryConnection,
    start: Instant,
    heard: Vec<Heard>,
}

impl Member {
    fn connect(handle: &ServerHandle, name: &str, target: Target, terms: JoinTerms) -> Self {
        let mut config = ClientConfig::new(GameName::cut("club"), Text::cut(name));
        (config.target, config.terms) = (target, terms);
        let link = handle.connect_memory();
        Self { client: Client::new(config), link, start: Instant::now(), heard: Vec::new() }
    }

    async fn join(handle: &ServerHandle, name: &str, target: Target) -> Self {
        let mut member = Self::connect(handle, name, target, JoinTerms::default());
        member.until(|member| member.client.is_playing()).await;
        member
    }

    fn room(&self) -> RoomId {
        self.client.room().unwrap()
    }

    async fn wish(&mut self, wish: Wish) {
        self.client.command(wish).unwrap();
        let sent = self.client.stats().commands_confirmed;
        self.until(|member| member.client.stats().commands_confirmed > sent || member.is_closed()).await;
    }

    fn is_closed(&self) -> bool {
        matches!(self.client.state(), State::Closed(_))
    }

    async fn closed(&mut self) -> (CloseCode, String) {
        self.until(Self::is_closed).await;
        match self.client.state() {
            State::Closed(close) => (close.code, close.text.to_string()),
            _ => unreachable!(),
        }
    }

    async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let playing = async {
            while !done(self) {
                self.client.advance(self.start.elapsed());
                while let Some(message) = self.client.poll_transmit() {
                    let _ = self.link.send(message).await;
                }
                if let Ok(Some(message)) = timeout(Duration::from_millis(10), self.link.recv()).await {
                    self.client.receive(self.start.elapsed(), &message).unwrap();
                }
                while let Some(event) = self.client.poll_event() {
                    if let ClientEvent::Game(event) = event {
                        self.heard.push(event);
                    }
                }
            }
        };
        timeout(Duration::from_secs(10), playing).await.expect("it happens within 10 s");
    }
}

fn create() -> Target {
    Target::Create(Options::none())
}

#[tokio::test]
async fn a_host_hears_everything_in_its_order_and_the_result_before_the_players_are_told() {
    let desk = Desk::default();
    let (_server, handle) = server(&desk);
    let mut ada = Member::join(&handle, "ada", create()).await;
    let bob = Member::join(&handle, "bob", Target::Room(ada.room())).await;
    drop(bob);
    ada.wish(Wish::Grace(1)).await;
    ada.wish(Wish::Close(7)).await;
    let (code, text) = ada.closed().await;
    assert_eq!((code, text.as_str()), (CloseCode::Normal, "closing time"));
    assert!(desk.0.has_result.load(Ordering::SeqCst), "the host has the result before the players go");
    let lines = desk.heard(7).await;
    assert_eq!(lines[..3], ["1 opened plain", "2 1 ada joined", "3 2 bob joined"]);
    assert_eq!(lines[3], "4 ended: closing time {\"score\":7}");
    assert!(lines[4..6].iter().any(|line| line.ends_with("1 left: RoomClosed")), "{lines:?}");
    assert_eq!(lines[6], "7 closed: ended");
    let mut ids = desk.0.ids.lock().unwrap().clone();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 7, "each event has an id of its own");
}

#[tokio::test]
async fn a_host_that_fails_with_one_event_hears_the_next() {
    let desk = Desk::default();
    let (_server, handle) = server(&desk);
    let mut ada = Member::join(&handle, "ada", create()).await;
    ada.wish(Wish::Report(3)).await;
    let lines = desk.heard(5).await;
    assert_eq!(lines[2..5].iter().filter(|line| line.contains("reported")).count(), 3, "{lines:?}");
    let end = Instant::now() + Duration::from_secs(10);
    while !handle.metrics_text().contains("tickwire_service_events_total{result=\"failed\"} 1") {
        assert!(Instant::now() < end, "{}", handle.metrics_text());
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_says_who_may_join_and_is_not_waited_for_longer_than_it_may_take() {
    let desk = Desk::default();
    let mut options = GameOptions::new(House::default());
    options.tick_rate = TickRate::new(60).unwrap();
    let builder = Server::builder().config(Config::default()).authenticator(ByName).rooms_in_runtime();
    let (_server, handle) = built(builder.services(desk.clone()).game::<Club>("club", options));
    for (name, code, part) in [
        ("eve", CloseCode::Policy, "until Monday"),
        ("late", CloseCode::TryLater, "cannot say now"),
        ("panics", CloseCode::Internal, "cannot say now"),
    ] {
        let close = Member::connect(&handle, name, create(), JoinTerms::default()).closed().await;
        assert!(close.0 == code && close.1.contains(part), "{name}: {close:?}");
    }
    Member::join(&handle, "ada", create()).await;
    assert_eq!(handle.rooms().len(), 1, "nobody made a room who may not join");
}

#[tokio::test]
async fn a_host_makes_a_room_speaks_to_it_and_closes_it() {
    let desk = Desk::default();
    let (_server, handle) = server(&desk);
    let options = Options::new(vec![(Text::cut("seats"), Text::cut("2"))]).unwrap();
    let room = handle.create_room("club", &options, Some("sesame")).await.unwrap();
    let close = handle.create_room("chess", &options, None).await.unwrap_err();
    assert!(close.code == CloseCode::Mismatch && close.text.contains("`club`"), "{close}");
    let wrong = Options::new(vec![(Text::cut("colour"), Text::cut("2"))]).unwrap();
    assert_eq!(handle.create_room("club", &wrong, None).await.unwrap_err().code, CloseCode::Policy);
    let without = Member::connect(&handle, "bob", Target::Room(room), JoinTerms::default()).closed().await;
    assert_eq!(without.0, CloseCode::PassNeeded);
    let mut terms = JoinTerms::default();
    terms.pass = Pass::Password(Text::cut("sesame"));
    let mut ada = Member::connect(&handle, "ada", Target::Room(room), terms);
    ada.until(|ada| ada.client.is_playing()).await;
    handle.send(room, &Notice { title: "quiz night".to_owned() }).unwrap();
    ada.until(|ada| ada.heard == [Heard::Title("quiz night".to_owned())]).await;
    let nowhere = handle.send(RoomId::from_bits(1), &Score { score: 1 });
    assert_eq!(nowhere, Err(SendError::NoSuchRoom));
    assert!(matches!(handle.send(room, &"x".repeat(20_000)), Err(SendError::Message(_))));
    let full = (0..=10 * HOST_MESSAGES_MAX).find_map(|_| handle.send(room, &1).err());
    assert_eq!(full, Some(SendError::Full));
    assert_eq!(handle.kick(&AccountId::cut("nobody")), 0);
    assert_eq!(handle.kick(&AccountId::cut("ada")), 1);
    assert_eq!(ada.closed().await.0, CloseCode::Kicked);
    assert!(handle.close_room(room) && !handle.close_room(RoomId::from_bits(1)));
    let lines = desk.heard(3).await;
    assert_eq!(lines[0], "1 opened 2");
    for wrong in ["", &"x".repeat(PASSWORD_BYTES_MAX + 1)] {
        let close = handle.create_room("club", &options, Some(wrong)).await.unwrap_err();
        assert!(close.code == CloseCode::Policy && close.text.contains("a password has"), "{close}");
    }
}

#[tokio::test]
async fn events_of_different_rooms_have_different_ids() {
    let desk = Desk::default();
    let (_server, handle) = server(&desk);
    for _ in 0..2 {
        handle.create_room("club", &Options::none(), None).await.unwrap();
    }
    assert_eq!(desk.heard(2).await, ["1 opened plain", "1 opened plain"]);
    let ids = desk.0.ids.lock().unwrap().clone();
    assert!(ids[0] != ids[1], "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn a_room_that_nobody_joins_stays_open_for_a_minute() {
    let mut options = GameOptions::new(House::default());
    options.tick_rate = TickRate::new(10).unwrap();
    let builder = Server::builder().config(Config::default()).rooms_in_runtime();
    let (_server, handle) = built(builder.game::<Club>("club", options));
    let _room = handle.create_room("club", &Options::none(), None).await.unwrap();
    sleep(Duration::from_secs(55)).await;
    assert_eq!(handle.rooms().len(), 1);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(handle.rooms().len(), 0);
}

#[tokio::test]
async fn parameters_reach_the_host_before_the_room() {
    struct OnlyRed;
    impl Services for OnlyRed {
        async fn admit(&self, admission: &Admission) -> Result<(), AuthRefusal> {
            let team: Option<String> = admission.parameters.read().unwrap_or_default();
            (team.as_deref() == Some("red")).then_some(()).ok_or_else(|| AuthRefusal::denied("red only"))
        }
        async fn happened(&self, _: &RoomEvent) {}
    }
    let builder = Server::builder().config(Config::default()).services(OnlyRed);
    let (_server, handle) = built(builder.game::<Club>("club", GameOptions::new(House::default())));
    let mut raw = Raw::connect(&handle);
    raw.send(hello(Credential::Guest)).await;
    let mut join = Join::new(GameName::cut("club"), 0, Role::Player, create());
    join.terms.parameters = Parameters::of(&"blue").unwrap();
    raw.send(ClientControl::Join(join).encode().unwrap()).await;
    assert_eq!(&*raw.joined().await.unwrap_err().text, "red only");
}

/// A kick or a ban of an account ends all its sessions, also the one that is about to join.
#[tokio::test]
async fn one_who_is_kicked_or_banned_while_the_host_is_asked_does_not_come_in() {
    let file = std::env::temp_dir().join(format!("tickwire-late-bans-{}", std::process::id()));
    std::fs::write(&file, "").unwrap();
    let mut config = Config::default();
    config.bans = Some(file.clone());
    let desk = Desk::default();
    let builder = Server::builder().config(config).authenticator(ByName).services(desk.clone());
    let (_server, handle) = built(builder.game::<Club>("club", GameOptions::new(House::default())));
    for is_ban in [false, true] {
        desk.0.thinks.store(false, Ordering::SeqCst);
        let mut late = Member::connect(&handle, "late", create(), JoinTerms::default());
        late.until(|_| desk.0.thinks.load(Ordering::SeqCst)).await;
        if is_ban {
            std::fs::write(&file, "[[ban]]\naccount = 'late'\n").unwrap();
            handle.reload().unwrap();
        } else {
            assert_eq!(handle.kick(&AccountId::cut("late")), 1);
        }
        let code = if is_ban { CloseCode::Policy } else { CloseCode::Kicked };
        assert_eq!(late.closed().await.0, code);
    }
    std::fs::remove_file(file).unwrap();
}

/// Such as at a stop of the server: no step follows in which the game could say it.
#[tokio::test]
async fn what_a_game_says_when_its_room_is_closed_reaches_the_host() {
    let desk = Desk::default();
    let (_server, handle) = server(&desk);
    let mut ada = Member::join(&handle, "ada", create()).await;
    ada.wish(Wish::Settle(5)).await;
    // The wish is confirmed before its step, which the next one follows.
    ada.wish(Wish::Report(1)).await;
    desk.heard(3).await;
    handle.close_room(ada.room());
    let lines = desk.heard(7).await;
    assert_eq!(lines[2..4], ["3 reported {\"score\":0}", "4 1 left: RoomClosed"]);
    assert_eq!(lines[4], "5 reported {\"score\":5}");
    assert_eq!(lines[5..], ["6 ended: closed early {\"score\":5}", "7 closed: closed"]);
}
