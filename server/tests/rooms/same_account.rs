//! One account that comes twice: both play, the newer one plays, or the newer one is refused.

use crate::game::{Dots, Settings};
use crate::lifecycle::settle;
use crate::raw::{Raw, hello, join};
use core::time::Duration;
use futures_util::{SinkExt, StreamExt};
use tickwire_server::{
    Account, AccountId, AuthRefusal, AuthRequest, Authenticator, GameOptions, SameAccount, Server,
    ServerHandle,
};
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{
    ClientControl, Credential, Joined, List, Options, ServerControl, TAG_CONTROL, Target,
};
use tickwire_shared::wire::{Close, CloseCode, Text};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// The ticket is the account; without one it is a guest.
struct Names;

impl Authenticator for Names {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        let id = request.ticket.as_ref().map(|ticket| AccountId::cut(&String::from_utf8_lossy(ticket)));
        let name = request.name.clone();
        Ok(id.map_or_else(|| Account::guest(name.clone()), |id| Account::new(id, name.clone())))
    }
}

fn server(rule: SameAccount) -> (Server, ServerHandle) {
    let mut options = GameOptions::new(Settings::default());
    options.same_account = rule;
    let mut config = tickwire_server::Config::default();
    (config.limits.resume_grace_ms, config.limits.room_idle_ms) = (2_000, 500);
    let server = Server::builder().config(config).authenticator(Names).game::<Dots>("dots", options);
    let server = server.build().unwrap();
    let handle = server.handle();
    (server, handle)
}

async fn come(server: &ServerHandle, account: &str, target: Target) -> Result<(Raw, Joined), Close> {
    let mut raw = Raw::connect(server);
    let ticket = Credential::Ticket(List::try_from(account.as_bytes().to_vec()).unwrap());
    raw.send(hello(if account.is_empty() { Credential::Guest } else { ticket })).await;
    raw.send(join(target)).await;
    raw.joined().await.map(|joined| (raw, joined))
}

fn new_room() -> Target {
    Target::Create(Options::none())
}

async fn players(server: &ServerHandle, room: RoomId, wanted: u32) {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let rooms = server.rooms();
        let players = rooms.iter().find(|of| of.id == room.to_string()).map_or(0, |of| of.players);
        if players == wanted {
            return;
        }
        assert!(Instant::now() < end, "{players} players, not {wanted}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn both_play_unless_the_host_says_otherwise() {
    let (_server, handle) = server(SameAccount::default());
    let (_one, joined) = come(&handle, "ada", new_room()).await.unwrap();
    let (_two, again) = come(&handle, "ada", Target::Room(joined.room)).await.unwrap();
    assert_eq!(again.roster.len(), 2);
}

#[tokio::test]
async fn the_newer_session_plays_and_the_older_one_is_told() {
    let (_server, handle) = server(SameAccount::Replace);
    let (mut one, joined) = come(&handle, "ada", new_room()).await.unwrap();
    let (_bob, _) = come(&handle, "bob", Target::Room(joined.room)).await.unwrap();
    let (_two, _) = come(&handle, "ada", new_room()).await.expect("in another room");
    assert_eq!(one.close_message().await.code, CloseCode::Replaced);
    players(&handle, joined.room, 1).await;
    let guests = [come(&handle, "", new_room()).await, come(&handle, "", new_room()).await];
    assert!(guests.iter().all(Result::is_ok), "guests have no account");
}

#[tokio::test]
async fn a_seat_that_is_held_after_a_cut_gives_way_and_cannot_be_taken_back() {
    let (_server, handle) = server(SameAccount::Replace);
    let (one, joined) = come(&handle, "ada", new_room()).await.unwrap();
    let (_bob, _) = come(&handle, "bob", Target::Room(joined.room)).await.unwrap();
    drop(one);
    sleep(Duration::from_millis(200)).await;
    let (_two, _) = come(&handle, "ada", new_room()).await.unwrap();
    players(&handle, joined.room, 1).await;
    let mut back = Raw::connect(&handle);
    back.send(hello(Credential::Resume { secret: joined.secret.unwrap(), events_received: 0 })).await;
    assert_eq!(back.joined().await.unwrap_err().code, CloseCode::BadResume);
}

#[tokio::test]
async fn the_newer_session_is_refused_until_the_older_one_is_gone() {
    let (_server, handle) = server(SameAccount::Refuse);
    let (one, joined) = come(&handle, "ada", new_room()).await.unwrap();
    let refused = async || come(&handle, "ada", new_room()).await.err().expect("a refusal");
    let close = refused().await;
    assert_eq!(close.code, CloseCode::Policy);
    assert!(close.text.contains("plays already"), "{close}");
    drop(one);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(refused().await.code, CloseCode::Policy, "its seat is held");
    let mut back = Raw::connect(&handle);
    back.send(hello(Credential::Resume { secret: joined.secret.unwrap(), events_received: 0 })).await;
    assert!(back.joined().await.unwrap().resumed);
    assert_eq!(refused().await.code, CloseCode::Policy, "it is back");
    drop(back);
    sleep(Duration::from_millis(2_300)).await;
    assert!(come(&handle, "ada", new_room()).await.is_ok(), "its time is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_come_at_once_with_one_account_one_plays() {
    for rule in [SameAccount::Refuse, SameAccount::Replace] {
        let (_server, handle) = server(rule);
        let coming: Vec<_> = (0..20)
            .map(|_| {
                let handle = handle.clone();
                tokio::spawn(async move { come(&handle, "ada", Target::Match(Options::none())).await })
            })
            .collect();
        let mut inside = Vec::new();
        for come in coming {
            inside.extend(come.await.unwrap().ok());
        }
        assert!(!inside.is_empty(), "{rule:?}");
        let end = Instant::now() + Duration::from_secs(5);
        let count = || handle.rooms().iter().map(|room| room.players).sum::<u32>();
        while count() != 1 {
            assert!(Instant::now() < end, "{rule:?}: {} play", count());
            sleep(Duration::from_millis(20)).await;
        }
        drop(inside);
        settle(&handle, Duration::from_secs(8)).await;
    }
}

/// Such as a second tab with an old link.
#[tokio::test]
async fn a_newer_session_that_finds_no_room_leaves_the_older_one_its_seat() {
    let (_server, handle) = server(SameAccount::Replace);
    let (_one, joined) = come(&handle, "ada", new_room()).await.unwrap();
    let nowhere = come(&handle, "ada", Target::Room(RoomId::from_bits(77))).await.err().unwrap();
    assert_eq!(nowhere.code, CloseCode::NoSuchRoom);
    let options = Options::new(vec![(Text::cut("colour"), Text::cut("2"))]).unwrap();
    assert_eq!(come(&handle, "ada", Target::Create(options)).await.err().unwrap().code, CloseCode::Policy);
    let (mut bob, _) = come(&handle, "bob", Target::Room(joined.room)).await.unwrap();
    assert_eq!(handle.rooms()[0].players, 2, "both are there");
    bob.send(ClientControl::Leave.encode().unwrap()).await;
    bob.close_message().await;
    players(&handle, joined.room, 1).await;
}

/// Reads up to the server's `Close` message or to `Joined`, and no further.
async fn answer(socket: &mut tokio_tungstenite::WebSocketStream<TcpStream>) -> Option<CloseCode> {
    let reading = async {
        while let Some(Ok(message)) = socket.next().await {
            let Message::Binary(bytes) = message else { continue };
            if bytes[0] != TAG_CONTROL {
                continue;
            }
            match ServerControl::decode(&bytes).unwrap() {
                ServerControl::Close(close) => return Some(close.code),
                ServerControl::Joined(_) => return None,
                _ => (),
            }
        }
        panic!("no answer");
    };
    timeout(Duration::from_secs(10), reading).await.expect("an answer within 10 s")
}

#[tokio::test]
async fn one_who_left_may_come_again_before_its_connection_has_ended() {
    let (server, handle) = server(SameAccount::Refuse);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(server.run(listener, std::future::pending()));
    let mut request = format!("ws://{address}/play").into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "tickwire.v1".parse().unwrap());
    let socket = TcpStream::connect(address).await.unwrap();
    let mut socket = tokio_tungstenite::client_async(request, socket).await.unwrap().0;
    let ticket = || Credential::Ticket(List::try_from(b"ada".to_vec()).unwrap());
    for message in [hello(ticket()), join(new_room())] {
        socket.send(Message::binary(message)).await.unwrap();
    }
    assert_eq!(answer(&mut socket).await, None);
    socket.send(Message::binary(ClientControl::Leave.encode().unwrap())).await.unwrap();
    assert_eq!(answer(&mut socket).await, Some(CloseCode::Normal));
    assert!(come(&handle, "ada", new_room()).await.is_ok(), "it has left, though its socket is open");
}
