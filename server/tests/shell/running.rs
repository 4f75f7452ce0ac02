//! A server in this process, and hand-written requests.

use core::time::Duration;
use std::net::SocketAddr;
use std::time::Instant;
use tickwire_arena::{Arena, ArenaInput};
use tickwire_server::{Config, GameOptions, MemoryConnection, Server, ServerBuilder, ServerHandle};
use tickwire_shared::client::{Client, ClientConfig, State};
use tickwire_shared::game::Game;
use tickwire_shared::wire::Close;
use tickwire_shared::wire::control::{GameName, Name, Target};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A valid upgrade.
pub(crate) const UPGRADE: &str = "GET /play HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
     Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
     Sec-WebSocket-Protocol: tickwire.v1\r\n\r\n";

pub(crate) struct Running {
    pub(crate) players: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) handle: ServerHandle,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub(crate) async fn start(config: Config) -> Self {
        Self::of(Server::builder().config(config).game::<Arena>("arena", GameOptions::default())).await
    }

    pub(crate) async fn of(server: ServerBuilder) -> Self {
        let server = server.build().expect("the server builds");
        let players = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let (handle, addresses) =
            (server.handle(), (players.local_addr().unwrap(), admin.local_addr().unwrap()));
        let ended = tokio::spawn(server.with_admin(admin).run(players, async {
            let _ = stopped.await;
        }));
        Self { players: addresses.0, admin: addresses.1, handle, stop, ended }
    }

    /// Waits until the metrics say `part`: what is counted after an answer may appear later than the answer.
    pub(crate) async fn counted(&self, part: &str) {
        let waiting = async {
            while !self.handle.metrics_text().contains(part) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(timeout(Duration::from_secs(10), waiting).await.is_ok(), "the metrics do not say {part}");
    }

    pub(crate) fn begin_stop(self) -> JoinHandle<std::io::Result<()>> {
        let _ = self.stop.send(());
        self.ended
    }

    pub(crate) async fn stop(self) {
        self.begin_stop().await.unwrap().unwrap();
    }
}

/// An address on which nothing listens now.
pub(crate) fn free_port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("the server takes connections")
}

/// Writes `request` on a new connection and reads the head and the body of the answer.
pub(crate) async fn ask(address: SocketAddr, request: &str) -> String {
    let mut socket = connect(address).await;
    ask_on(&mut socket, request).await
}

/// Writes `request` and reads one answer: its head, and as many bytes as the head announces.
pub(crate) async fn ask_on<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut S, request: &str) -> String {
    // A server that refuses a long head may close before all of it is written.
    let _ = socket.write_all(request.as_bytes()).await;
    timeout(Duration::from_secs(10), read_answer(socket)).await.expect("an answer within 10 s")
}

async fn read_answer<S: AsyncRead + Unpin>(socket: &mut S) -> String {
    let mut text = Vec::new();
    let mut chunk = [0; 4096];
    while !is_whole(&String::from_utf8_lossy(&text)) {
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(count) => text.extend_from_slice(&chunk[..count]),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let promised = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    body.len() >= promised.unwrap_or(0)
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
}

#[track_caller]
pub(crate) fn assert_status(answer: &str, status: u16) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "wanted {status}, got:\n{answer}");
}

/// A player on a connection in memory.
pub(crate) struct Player<G: Game = Arena> {
    client: Client<G>,
    connection: MemoryConnection,
    start: Instant,
}

impl Player {
    /// Joins the room of the arena that `target` names.
    pub(crate) async fn join(server: &Running, target: Target) -> Self {
        Self::join_game(server, "arena", target).await
    }

    /// Holds these controls from now on.
    pub(crate) fn hold(&mut self, controls: ArenaInput) {
        self.client.set_input(controls);
    }
}

impl<G: Game> Player<G> {
    /// Joins the room of `game` that `target` names.
    pub(crate) async fn join_game(server: &Running, game: &str, target: Target) -> Self {
        let mut player = Self::connect(server, game, target);
        player.play_until(|client| client.is_playing() && client.latest().is_some()).await;
        player
    }

    pub(crate) fn connect(server: &Running, game: &str, target: Target) -> Self {
        let mut config = ClientConfig::new(GameName::cut(game), Name::cut("ann"));
        config.target = target;
        let connection = server.handle.connect_memory();
        Self { client: Client::new(config), connection, start: Instant::now() }
    }

    pub(crate) fn client(&self) -> &Client<G> {
        &self.client
    }

    pub(crate) fn command(&mut self, command: G::Command) {
        self.client.command(command).expect("the command is taken");
    }

    /// Plays until `done` is true or the server has closed.
    pub(crate) async fn play_until(&mut self, done: impl Fn(&Client<G>) -> bool) {
        let play = async {
            while !done(&self.client) {
                self.client.advance(self.start.elapsed());
                while let Some(message) = self.client.poll_transmit() {
                    let _ = self.connection.send(message).await;
                }
                let next = timeout(Duration::from_millis(20), self.connection.recv()).await;
                match next {
                    Ok(Some(message)) => {
                        self.client.receive(self.start.elapsed(), &message).expect("a good message");
                    }
                    Ok(None) => return,
                    Err(_) => (),
                }
            }
        };
        timeout(Duration::from_secs(10), play).await.expect("what was waited for came within 10 s");
    }

    /// Plays until the server closes, and returns the close reason.
    pub(crate) async fn closed(mut self) -> Close {
        self.play_until(|client| matches!(client.state(), State::Closed(_))).await;
        match self.client.state() {
            State::Closed(close) => close.clone(),
            other => panic!("the connection ended without a Close message: {other:?}"),
        }
    }
}
