//! Clients that break the WebSocket's own rules, over real loopback sockets.

use crate::game::server;
use crate::raw::{hello, join};
use core::time::Duration;
use futures_util::{SinkExt, StreamExt};
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::wire::control::{Credential, Options, ServerControl, TAG_CONTROL, Target};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

struct Running {
    url: String,
    address: std::net::SocketAddr,
    handle: ServerHandle,
    _stop: oneshot::Sender<()>,
}

async fn start() -> Running {
    let (server, handle) = server(Limits::default(), 60, 8);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(server.run(listener, async {
        let _ = stopped.await;
    }));
    Running { url: format!("ws://{address}/play"), address, handle, _stop: stop }
}

async fn connect(running: &Running) -> WebSocketStream<TcpStream> {
    let mut request = running.url.as_str().into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "tickwire.v1".parse().unwrap());
    let socket = TcpStream::connect(running.address).await.unwrap();
    tokio_tungstenite::client_async(request, socket).await.unwrap().0
}

/// Reads to the end. Returns the code in the Close message and the code in the close frame.
async fn ending(socket: &mut WebSocketStream<TcpStream>) -> (Option<u16>, Option<u16>) {
    let (mut told, mut framed) = (None, None);
    let reading = async {
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Binary(bytes) if bytes[0] == TAG_CONTROL => {
                    if let ServerControl::Close(close) = ServerControl::decode(&bytes).unwrap() {
                        told = Some(close.code.code());
                    }
                }
                Message::Close(Some(frame)) => framed = Some(u16::from(frame.code)),
                _ => (),
            }
        }
    };
    timeout(Duration::from_secs(10), reading).await.expect("the server ends the connection");
    (told, framed)
}

/// A client frame with a zero mask. `first` has FIN and the opcode.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(long as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn each_broken_rule_is_told_by_message_and_by_close_frame() {
    let running = start().await;
    let mut announced = vec![0x82, 0x80 | 127];
    announced.extend_from_slice(&(1_u64 << 62).to_be_bytes());
    announced.extend_from_slice(&[0; 4]);
    let cases: [(&str, Vec<u8>, u16); 9] = [
        ("text", masked(0x81, b"hello"), 1003),
        ("text that is not UTF-8", masked(0x81, &[0xc3, 0x28]), 1007),
        ("no mask", vec![0x82, 1, 0], 1002),
        ("a reserved bit", masked(0xc2, &[0]), 1002),
        ("an unknown opcode", masked(0x83, &[0]), 1002),
        ("a continuation of nothing", masked(0x80, &[0]), 1002),
        ("a fragmented ping", masked(0x09, &[0]), 1002),
        ("a message of 5 KiB", masked(0x82, &[0; 5 * 1024]), 1009),
        ("an announced frame of 2^62 bytes", announced, 1009),
    ];
    for in_room in [false, true] {
        for (what, bytes, code) in &cases {
            let mut socket = connect(&running).await;
            if in_room {
                socket.send(hello(Credential::Guest).into()).await.unwrap();
                socket.send(join(Target::Match(Options::none())).into()).await.unwrap();
                let _ = (socket.next().await, socket.next().await);
            }
            socket.get_mut().write_all(bytes).await.unwrap();
            assert_eq!(ending(&mut socket).await, (Some(*code), Some(*code)), "{what}");
        }
    }
}

#[tokio::test]
async fn a_close_frame_is_answered_and_a_ping_too() {
    let running = start().await;
    let mut socket = connect(&running).await;
    socket.send(Message::Ping(bytes::Bytes::from_static(b"now"))).await.unwrap();
    let pong = timeout(Duration::from_secs(5), socket.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(pong, Message::Pong(bytes::Bytes::from_static(b"now")));
    socket.close(None).await.unwrap();
    assert_eq!(ending(&mut socket).await, (None, None));
}

#[tokio::test]
async fn frames_that_never_become_a_message_count_as_bytes() {
    let running = start().await;
    let mut socket = connect(&running).await;
    let io = socket.get_mut();
    io.write_all(&masked(0x02, b"x")).await.unwrap();
    let empty: Vec<u8> = (0..1_000).flat_map(|_| masked(0x00, &[])).collect();
    // First the kernel's buffers fill; then the server's rate limit applies: 64 KiB/s.
    let mut sent = 0;
    for phase in [Duration::from_millis(1_000), Duration::from_millis(1_000)] {
        sent = 0;
        let flood = async {
            while let Ok(bytes) = io.write(&empty).await {
                sent += bytes;
            }
        };
        let _ = timeout(phase, flood).await;
    }
    assert!(sent < 512 * 1024, "{sent} bytes were taken in a second");
    // The session has no Hello: after 5 s it gets that reason although the flood is unread.
    let (told, _) = ending(&mut socket).await;
    assert_eq!(told, Some(4009));
}

/// Joins, closes with `code` and returns how many seats are held after the session's end.
async fn held_after(code: Option<u16>) -> u64 {
    let running = start().await;
    let mut socket = connect(&running).await;
    for message in [hello(Credential::Guest), join(Target::Create(Options::none()))] {
        socket.send(Message::Binary(message.into())).await.unwrap();
    }
    let joined = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Binary(bytes) = message
                && matches!(ServerControl::decode(&bytes), Ok(ServerControl::Joined(_)))
            {
                return;
            }
        }
        panic!("the connection ended before it joined");
    };
    timeout(Duration::from_secs(10), joined).await.expect("it joins");
    let frame = code.map(|code| CloseFrame { code: code.into(), reason: "".into() });
    socket.close(frame).await.unwrap();
    while socket.next().await.is_some() {}
    let metric = |name: &str| -> u64 {
        let text = running.handle.metrics_text();
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_default()
    };
    let gone = async {
        while metric("tickwire_seats_held_briefly_total ") == 0
            && running.handle.rooms().iter().any(|room| room.players > 0)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), gone).await.expect("the room is notified");
    metric("tickwire_seats_held_briefly_total ")
}

#[tokio::test]
async fn a_close_frame_with_1000_leaves_and_any_other_keeps_the_seat() {
    for (code, held) in [(Some(1000), 0), (Some(1001), 1), (Some(4000), 1), (None, 1)] {
        assert_eq!(held_after(code).await, held, "{code:?}");
    }
}
