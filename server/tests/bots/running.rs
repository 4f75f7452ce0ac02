//! A server in this process, and the two ways in which bots reach it.

#[path = "../../examples/own_bots.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod own_bots;

use bytes::Bytes;
use core::task::{Context, Poll};
use core::time::Duration;
pub(crate) use own_bots::tag::{Pad, Tag};
pub(crate) use own_bots::{Runs, bots};
use std::net::SocketAddr;
use tickwire_arena::Arena;
use tickwire_client_bot::connect::{Connect, ConnectError, Link, LinkEnd, Sources, WebSocketConnect};
use tickwire_server::{Config, GameOptions, MemoryConnection, Server, ServerHandle};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server with the arena and tag, on its own port.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub(crate) async fn start() -> Self {
        let server = Server::builder()
            .config(Config::default())
            .game::<Arena>("arena", GameOptions::default())
            .game::<Tag>("tag", GameOptions::default())
            .build()
            .expect("the server builds");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (stop, stopped) = oneshot::channel();
        let (handle, address) = (server.handle(), listener.local_addr().expect("it is bound"));
        let ended = tokio::spawn(server.run(listener, async {
            let _ = stopped.await;
        }));
        Self { address, handle, stop, ended }
    }

    /// Over the loopback.
    pub(crate) fn over_sockets(&self) -> WebSocketConnect {
        let url = format!("ws://{}", self.address).parse().expect("a URL");
        WebSocketConnect::new(url, self.address, Sources::default(), None).expect("no TLS is asked for")
    }

    /// Without a socket.
    pub(crate) fn over_memory(&self) -> Memory {
        Memory(self.handle.clone())
    }

    /// Stops the server and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("the server runs");
        let ended = tokio::time::timeout(Duration::from_secs(20), self.ended).await;
        ended.expect("it ends in time").expect("it does not panic").expect("it ends without an error");
    }
}

/// Connects within this process.
pub(crate) struct Memory(ServerHandle);

impl Connect for Memory {
    type Link = MemoryLink;

    async fn connect(&self, _: u32) -> Result<MemoryLink, ConnectError> {
        Ok(MemoryLink { connection: self.0.connect_memory(), waiting: None })
    }
}

impl Memory {
    /// To another server.
    pub(crate) fn to(server: &ServerHandle) -> Self {
        Self(server.clone())
    }
}

/// A link without a socket.
pub(crate) struct MemoryLink {
    connection: MemoryConnection,
    waiting: Option<Bytes>,
}

impl MemoryLink {
    fn end(&self) -> LinkEnd {
        LinkEnd::Closed { code: self.connection.close_code(), text: String::new() }
    }
}

impl Link for MemoryLink {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkEnd>> {
        self.connection.poll_recv(cx).map(|message| message.ok_or_else(|| self.end()))
    }

    fn send(&mut self, message: Vec<u8>) -> Result<(), LinkEnd> {
        self.waiting = self.connection.try_send(message).map_err(|_| self.end())?;
        Ok(())
    }

    /// If the queue is full, the bot's own timer retries.
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LinkEnd>> {
        let Some(message) = self.waiting.take() else { return Poll::Ready(Ok(())) };
        self.waiting = self.connection.try_send(message).map_err(|_| self.end())?;
        if self.waiting.is_some() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }
}
