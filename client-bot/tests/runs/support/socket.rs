//! The rooms of `MiniServer`, served over a WebSocket, for tests of the program.

use super::MiniServer;
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use tickwire_shared::limits::SUBPROTOCOL;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::channel;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// Serves on a free port of the loopback until the runtime ends.
pub(crate) async fn listen(server: MiniServer) -> SocketAddr {
    serve(server, TcpListener::bind("127.0.0.1:0").await.unwrap())
}

/// Serves clients of `listener` until the runtime ends.
pub(crate) fn serve(server: MiniServer, listener: TcpListener) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            tokio::spawn(carry(server.clone(), socket));
        }
    });
    address
}

/// Carries the messages of one connection. `None` at its end.
async fn carry(server: MiniServer, socket: TcpStream) -> Option<()> {
    #[expect(clippy::result_large_err, reason = "the callback's type is given")]
    let callback = |request: &Request, mut response: Response| {
        assert_eq!(request.uri().path(), "/play");
        response.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async(socket, callback).await.ok()?;
    let (to_server, from_client) = channel(super::QUEUE);
    let (to_client, mut from_server) = channel(super::QUEUE);
    tokio::spawn(server.serve(from_client, to_client));
    loop {
        tokio::select! {
            message = socket.next() => match message?.ok()? {
                Message::Binary(bytes) => to_server.send(bytes.into()).await.ok()?,
                Message::Close(_) => return None,
                _ => {}
            },
            message = from_server.recv() => match message {
                Some(message) => socket.send(Message::Binary(message)).await.ok()?,
                None => return socket.close(None).await.ok(),
            },
        }
    }
}
