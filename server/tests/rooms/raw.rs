//! A client that sends whatever bytes it likes.

use core::time::Duration;
use tickwire_server::{MemoryConnection, ServerHandle};
use tickwire_shared::id::RoomId;
use tickwire_shared::limits::PROTOCOL_VERSION;
use tickwire_shared::wire::Close;
use tickwire_shared::wire::control::{
    ClientControl, Credential, GameName, Hello, Join, Joined, Name, Options, Role, ServerControl,
    TAG_CONTROL, Target,
};
use tokio::time::timeout;

pub(crate) struct Raw {
    link: MemoryConnection,
}

pub(crate) fn hello(credential: Credential) -> Vec<u8> {
    hello_as(Name::new("mallory").unwrap(), credential)
}

pub(crate) fn hello_as(name: Name, credential: Credential) -> Vec<u8> {
    ClientControl::Hello(Hello { version: PROTOCOL_VERSION, name, credential }).encode().unwrap()
}

pub(crate) fn join(target: Target) -> Vec<u8> {
    let game = GameName::new("dots").unwrap();
    ClientControl::Join(Join::new(game, 0, Role::Player, target)).encode().unwrap()
}

impl Raw {
    pub(crate) fn connect(server: &ServerHandle) -> Self {
        Self { link: server.connect_memory() }
    }

    /// As if from this address, which pays for what the client does.
    pub(crate) fn connect_from(server: &ServerHandle, address: &str) -> Self {
        Self { link: server.connect_memory_from(address.parse().unwrap()) }
    }

    /// Asks for a seat.
    pub(crate) async fn ask(&mut self, target: Target) -> Result<Joined, Close> {
        self.send(hello(Credential::Guest)).await;
        self.send(join(target)).await;
        self.joined().await
    }

    /// A client that is in `room`.
    pub(crate) async fn in_room(server: &ServerHandle, room: RoomId) -> Self {
        let mut raw = Self::connect(server);
        raw.send(hello(Credential::Guest)).await;
        raw.send(join(Target::Room(room))).await;
        raw.joined().await.expect("a seat");
        raw
    }

    /// A client in its own new room.
    pub(crate) async fn in_new_room(server: &ServerHandle) -> (Self, Joined) {
        let mut raw = Self::connect(server);
        raw.send(hello(Credential::Guest)).await;
        raw.send(join(Target::Create(Options::none()))).await;
        let joined = raw.joined().await.expect("a seat");
        (raw, joined)
    }

    pub(crate) async fn send(&mut self, bytes: Vec<u8>) {
        let _ = self.link.send(bytes).await;
    }

    /// The next message of the server; `None` at the end.
    pub(crate) async fn recv(&mut self) -> Option<bytes::Bytes> {
        timeout(Duration::from_secs(20), self.link.recv()).await.expect("an answer within 20 s")
    }

    /// Waits for `Joined` or `Close`.
    pub(crate) async fn joined(&mut self) -> Result<Joined, Close> {
        loop {
            match self.control().await {
                ServerControl::Joined(joined) => return Ok(joined),
                ServerControl::Close(close) => return Err(close),
                ServerControl::Welcome(_)
                | ServerControl::IdleWarning { .. }
                | ServerControl::Invitation(_) => (),
            }
        }
    }

    /// The next control message; updates are skipped.
    pub(crate) async fn control(&mut self) -> ServerControl {
        loop {
            let message = self.recv().await.expect("a control message before the end");
            if message[0] == TAG_CONTROL {
                return ServerControl::decode(&message).expect("the server sends nothing wrong");
            }
        }
    }

    /// Waits for the Close message, then for the end of the connection, which must have the same code.
    pub(crate) async fn close_message(&mut self) -> Close {
        let close = loop {
            if let ServerControl::Close(close) = self.control().await {
                break close;
            }
        };
        assert_eq!(self.recv().await, None, "nothing follows the Close message");
        assert_eq!(self.link.close_code(), Some(close.code.code()));
        close
    }
}
