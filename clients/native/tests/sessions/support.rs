//! A server in the same process, and a line between it and its clients that can be cut.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_client_native::{Cause, Connection, End, Event};
use tickwire_server::{Config, GameOptions, Server, ServerHandle};
use tickwire_shared::client::ClientEvent;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle};

/// The longest wait for what has to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server of the arena.
pub(crate) struct GameServer {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl GameServer {
    pub(crate) async fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), Config::default()).await
    }

    pub(crate) async fn start_at(address: SocketAddr, config: Config) -> Self {
        let server = Server::builder().config(config).game::<Arena>("arena", GameOptions::default()).build();
        let server = server.expect("the server builds");
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let (address, handle) = (listener.local_addr().expect("it is bound"), server.handle());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            server.run(listener, stopped).await.expect("it ends well");
        });
        Self { address, handle, stop, running }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Stops it as an operator does: it closes all sessions first.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.running.await.expect("it does not panic");
    }

    /// Players with a seat, cut ones included.
    pub(crate) fn players(&self) -> u32 {
        self.handle.rooms().iter().map(|room| room.players).sum()
    }

    pub(crate) async fn wait_for_players(&self, count: u32) {
        let waited = tokio::time::timeout(Duration::from_secs(5), async {
            while self.players() != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(waited.await.is_ok(), "{} players, not {count}", self.players());
    }
}

/// The line to a server.
pub(crate) struct Line {
    pub(crate) address: SocketAddr,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
    accepting: JoinHandle<()>,
}

impl Line {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::<Mutex<Vec<AbortHandle>>>::default();
        let made = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let carried = tokio::spawn(carry(client, server));
                made.lock().expect("no panic").push(carried.abort_handle());
            }
        });
        Self { address, connections, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Cuts all connections without a word. New ones are possible.
    pub(crate) fn cut(&self) {
        std::mem::take(&mut *self.connections.lock().expect("no panic")).iter().for_each(AbortHandle::abort);
    }

    /// Cuts all connections, and refuses new ones from now on.
    pub(crate) fn cut_permanently(&self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(server).await {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}

/// The next event; it has to come.
pub(crate) async fn next(connection: &mut Connection<Arena>) -> Event<Arena> {
    let event = tokio::time::timeout(PATIENCE, connection.next_event()).await;
    event.expect("an event comes").expect("the connection has not ended")
}

/// Waits until the client is in a room, and passes over everything else.
pub(crate) async fn joined(connection: &mut Connection<Arena>) {
    loop {
        match next(connection).await {
            Event::Client(ClientEvent::Joined) => return,
            Event::Ended(end) => panic!("{end}"),
            _ => {}
        }
    }
}

/// Waits until there is no session for now. Returns why, and the pause.
pub(crate) async fn lost(connection: &mut Connection<Arena>) -> (Cause, Duration) {
    loop {
        match next(connection).await {
            Event::Retry { cause, wait } => return (cause, wait),
            Event::Ended(end) => panic!("{end}"),
            _ => {}
        }
    }
}

/// Waits until the connection has ended, which it has to without another attempt.
pub(crate) async fn ended(connection: &mut Connection<Arena>) -> End {
    loop {
        match next(connection).await {
            Event::Ended(end) => return end,
            Event::Retry { cause, .. } => panic!("another attempt after: {cause}"),
            _ => {}
        }
    }
}
