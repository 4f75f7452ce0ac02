//! An authenticator of a host's own: whom it lets in and as whom, and what happens when it fails.

use crate::game::{Dots, Settings, builder, built};
use crate::lifecycle::settle;
use crate::raw::{Raw, hello, hello_as, join};
use core::future::pending;
use core::time::Duration;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::SystemTime;
use tickwire_server::tickets::{Keys, Ticket};
use tickwire_server::{
    Account, AccountId, AuthMode, AuthRefusal, AuthRequest, Authenticator, Config, GameOptions, Guests,
    Limits, Server, ServerBuilder, ServerHandle,
};
use tickwire_shared::wire::control::{Credential, Joined, List, Name, Options, Role, ServerControl, Target};
use tickwire_shared::wire::{Advice, Close, CloseCode, Text};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// Answers as the ticket says.
#[derive(Clone, Default)]
struct Desk(Arc<State>);

#[derive(Default)]
struct State {
    asked: AtomicU32,
    last: Mutex<Option<AuthRequest>>,
    open: AtomicBool,
}

impl Authenticator for Desk {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        *self.0.last.lock().unwrap() = Some(request.clone());
        let account = |name: &str| Account::new(AccountId::cut(name), Name::cut(name));
        match request.ticket.as_deref() {
            None => Guests.authenticate(request).await,
            Some(b"ada") => Ok(account("Ada of the table")),
            Some(b"unseen") => Ok(account("\u{200b}")),
            Some(b"denied") => Err(AuthRefusal::denied("this account is closed")),
            Some(b"later") => Err(AuthRefusal::try_later(Duration::from_millis(1_500))),
            Some(b"members only") => Err(AuthRefusal::TicketRequired),
            Some(b"hangs") => pending().await,
            Some(b"panics") => panic!("a ticket asked for it"),
            Some(b"blocks") => {
                let is_open = || self.0.open.load(Ordering::SeqCst);
                (0..2_000).take_while(|_| !is_open()).for_each(|_| thread::sleep(Duration::from_millis(5)));
                Ok(account("blocker"))
            }
            Some(b"slow") => {
                sleep(Duration::from_millis(20)).await;
                Ok(account("slow"))
            }
            Some(_) => Err(AuthRefusal::bad_credentials("the table has no such ticket")),
        }
    }
}

impl Desk {
    fn server(&self, limits: Limits) -> ServerBuilder {
        builder(limits, 60, Settings { players_max: 64, ..Settings::default() }).authenticator(self.clone())
    }

    fn asked(&self) -> u32 {
        self.0.asked.load(Ordering::SeqCst)
    }
}

fn ticket(text: &str) -> Credential {
    Credential::Ticket(List::try_from(text.as_bytes().to_vec()).unwrap())
}

async fn come(mut raw: Raw, credential: Credential, target: Target) -> (Raw, Result<Joined, Close>) {
    raw.send(hello(credential)).await;
    raw.send(join(target)).await;
    let answer = raw.joined().await;
    (raw, answer)
}

async fn refused(handle: &ServerHandle, text: &str) -> Close {
    come(Raw::connect(handle), ticket(text), Target::Match(Options::none())).await.1.expect_err("a refusal")
}

#[tokio::test]
async fn players_have_the_names_of_their_accounts() {
    let desk = Desk::default();
    let (_server, handle) = built(desk.server(Limits::default()));
    let any = || Target::Match(Options::none());
    let (_ada, joined) = come(Raw::connect(&handle), ticket("ada"), any()).await;
    assert_eq!(&*joined.unwrap().roster[0].name, "Ada of the table");
    let (_guest, joined) = come(Raw::connect(&handle), Credential::Guest, any()).await;
    assert_eq!(&*joined.unwrap().roster[1].name, "mallory", "guests come as before");
    let (_unseen, joined) = come(Raw::connect(&handle), ticket("unseen"), any()).await;
    let joined = joined.unwrap();
    let name = &*joined.roster.last().unwrap().name;
    assert!(name.starts_with("Guest "), "a name that nobody can see is replaced: {name:?}");
}

#[tokio::test]
async fn each_refusal_has_its_code_and_advice() {
    let (_server, handle) = built(Desk::default().server(Limits::default()));
    for (text, code, advice, part) in [
        ("wrong", CloseCode::AuthFailed, Advice::Reauthenticate, "no such ticket"),
        ("members only", CloseCode::NotAuthenticated, Advice::Reauthenticate, "ticket"),
        ("denied", CloseCode::Policy, Advice::Stop, "closed"),
        ("later", CloseCode::TryLater, Advice::RetryAfter(1_500), "now"),
    ] {
        let close = refused(&handle, text).await;
        assert_eq!((close.code, close.advice), (code, advice), "{text}");
        assert!(close.text.contains(part), "{close}");
    }
    let metrics = handle.metrics_text();
    assert!(metrics.contains("tickwire_authentications_total{result=\"refused\"} 3"), "{metrics}");
    assert!(metrics.contains("tickwire_authentications_total{result=\"later\"} 1"), "{metrics}");
}

#[tokio::test]
async fn the_authenticator_gets_what_is_known_of_the_client() {
    let desk = Desk::default();
    let (_server, handle) = built(desk.server(Limits::default()));
    let mut raw = Raw::connect_from(&handle, "192.0.2.7");
    raw.send(hello_as(Name::new("  ada ").unwrap(), ticket("ada"))).await;
    assert!(matches!(raw.control().await, ServerControl::Welcome(_)));
    assert_eq!(desk.asked(), 0, "it has not said yet which game");
    let options = Options::new(vec![(Text::cut("map"), Text::cut("duel"))]).unwrap();
    raw.send(join(Target::Create(options.clone()))).await;
    assert_eq!(raw.joined().await.unwrap_err().code, CloseCode::Policy, "the game has no such option");
    let request = desk.0.last.lock().unwrap().clone().unwrap();
    assert_eq!((&*request.name, request.ticket.as_deref()), ("  ada ", Some(&b"ada"[..])));
    assert_eq!((&*request.game, request.role), ("dots", Role::Player));
    assert_eq!(request.target, Target::Create(options));
    assert_eq!((request.address, request.origin), (Some("192.0.2.7".parse().unwrap()), None));
}

#[tokio::test]
async fn a_ticket_is_good_for_one_seat_and_a_refused_join_leaves_it_good() {
    let key = format!("k {}\n", Keys::new_secret().unwrap());
    let (keys, file) = (key.parse::<Keys>().unwrap(), format!("tickwire-seat-{}", std::process::id()));
    let file = std::env::temp_dir().join(file);
    std::fs::write(&file, key).unwrap();
    let mut config = Config::default();
    (config.auth, config.ticket_keys) = (vec![AuthMode::Tickets], Some(file.clone()));
    let settings = Settings { players_max: 1, ..Settings::default() };
    let server = Server::builder().config(config).game::<Dots>("dots", GameOptions::new(settings));
    let server = server.build().unwrap();
    let handle = server.handle();
    std::fs::remove_file(&file).unwrap();
    let sign = |account| {
        let until = SystemTime::now() + Duration::from_secs(60);
        keys.sign(&Ticket::new(account, account, until).unwrap()).unwrap()
    };
    let (_ada, joined) =
        come(Raw::connect(&handle), ticket(&sign("ada")), Target::Create(Options::none())).await;
    let full = Target::Room(joined.unwrap().room);
    let bobs = sign("bob");
    let (_, refused) = come(Raw::connect(&handle), ticket(&bobs), full).await;
    assert_eq!(refused.unwrap_err().code, CloseCode::Full);
    let (_bob, joined) = come(Raw::connect(&handle), ticket(&bobs), Target::Create(Options::none())).await;
    joined.expect("the ticket got no seat before");
    let (_, again) = come(Raw::connect(&handle), ticket(&bobs), Target::Create(Options::none())).await;
    assert_eq!(again.unwrap_err().code, CloseCode::AuthFailed);
}

#[tokio::test]
async fn an_authenticator_that_reads_an_impossible_header_is_refused_at_the_start() {
    struct Odd;
    impl Authenticator for Odd {
        async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
            Guests.authenticate(request).await
        }
        fn headers(&self) -> Vec<String> {
            vec!["x user".to_owned()]
        }
    }
    let builder = builder(Limits::default(), 60, Settings::default()).authenticator(Odd);
    let error = builder.build().unwrap_err();
    assert!(error.to_string().contains("`x user`, which is not a header's name"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_closes_its_client_with_1013_and_delays_nobody_else() {
    let (_server, handle) = built(Desk::default().server(Limits::default()).rooms_in_runtime());
    let mut hung = Raw::connect(&handle);
    hung.send(hello(ticket("hangs"))).await;
    hung.send(join(Target::Match(Options::none()))).await;
    let began = Instant::now();
    let (_ada, joined) = come(Raw::connect(&handle), ticket("ada"), Target::Create(Options::none())).await;
    assert!(joined.is_ok() && began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let close = hung.close_message().await;
    assert_eq!((close.code, close.advice), (CloseCode::TryLater, Advice::RetryAfter(10_000)));
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn one_that_panics_ends_one_session() {
    let (_server, handle) = built(Desk::default().server(Limits::default()));
    let (_ada, joined) = come(Raw::connect(&handle), ticket("ada"), Target::Create(Options::none())).await;
    let room = joined.unwrap().room;
    assert_eq!(refused(&handle, "panics").await.code, CloseCode::Internal);
    let (_again, joined) = come(Raw::connect(&handle), ticket("ada"), Target::Room(room)).await;
    assert_eq!(joined.unwrap().roster.len(), 2, "the room and the authenticator go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_blocks_its_thread_ends_one_session() {
    let desk = Desk::default();
    let (_server, handle) = built(desk.server(Limits::default()));
    let mut blocked = Raw::connect(&handle);
    blocked.send(hello(ticket("blocks"))).await;
    blocked.send(join(Target::Match(Options::none()))).await;
    while desk.asked() == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    let (_ada, joined) = come(Raw::connect(&handle), ticket("ada"), Target::Create(Options::none())).await;
    joined.unwrap();
    assert_eq!(blocked.close_message().await.code, CloseCode::TryLater);
    desk.0.open.store(true, Ordering::SeqCst);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_come_at_once_are_all_let_in() {
    let desk = Desk::default();
    let (_server, handle) = built(desk.server(Limits::default()));
    let coming: Vec<_> = (0..300)
        .map(|_| tokio::spawn(come(Raw::connect(&handle), ticket("slow"), Target::Match(Options::none()))))
        .collect();
    let mut inside = Vec::new();
    for come in coming {
        let (raw, joined) = come.await.unwrap();
        joined.expect("a seat");
        inside.push(raw);
    }
    assert_eq!(desk.asked(), 300);
}

#[tokio::test]
async fn one_who_resumes_shows_the_rooms_secret_and_is_not_asked_again() {
    let desk = Desk::default();
    let (_server, handle) = built(desk.server(Limits::default()));
    let (raw, joined) = come(Raw::connect(&handle), ticket("ada"), Target::Create(Options::none())).await;
    let secret = joined.unwrap().secret.unwrap();
    drop(raw);
    let mut again = Raw::connect(&handle);
    again.send(hello(Credential::Resume { secret, events_received: 0 })).await;
    let joined = again.joined().await.unwrap();
    assert!(joined.resumed);
    assert_eq!(&*joined.roster[0].name, "Ada of the table", "not what this Hello says");
    assert_eq!(desk.asked(), 1);
}

#[tokio::test]
async fn one_address_that_asks_too_often_has_to_wait() {
    let desk = Desk::default();
    let mut limits = Limits::default();
    limits.joins_per_address_per_min = 3;
    let (_server, handle) = built(desk.server(limits));
    let attempt = async |address: &str| {
        let raw = Raw::connect_from(&handle, address);
        come(raw, ticket("wrong"), Target::Match(Options::none())).await.1.expect_err("a refusal")
    };
    for _ in 0..3 {
        assert_eq!(attempt("192.0.2.7").await.code, CloseCode::AuthFailed);
    }
    let close = attempt("192.0.2.7").await;
    assert_eq!(close.code, CloseCode::RateLimited);
    assert!(matches!(close.advice, Advice::RetryAfter(1..=60_000)), "{close}");
    assert_eq!(desk.asked(), 3, "the authenticator did not notice");
    assert_eq!(attempt("192.0.2.8").await.code, CloseCode::AuthFailed, "another address is free to try");
    let metrics = handle.metrics_text();
    assert!(metrics.contains("tickwire_charges_refused_total{what=\"authentications\"} 1"), "{metrics}");
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_an_answer() {
    let desk = Desk::default();
    let (server, handle) = built(desk.server(Limits::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(listener, async {
        let _ = stopped.await;
    }));
    let mut hung = Raw::connect(&handle);
    hung.send(hello(ticket("hangs"))).await;
    hung.send(join(Target::Match(Options::none()))).await;
    while desk.asked() == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    stop.send(()).unwrap();
    assert_eq!(hung.close_message().await.code, CloseCode::GoingAway);
    running.await.unwrap().unwrap();
    settle(&handle, Duration::from_secs(1)).await;
}
