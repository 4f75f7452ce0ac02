//! The direct path with a slot, and with a link over a real socket.

use super::lease::tests::frame;
use super::shared_socket::tests::pair;
use super::*;
use crate::outbox::Slots;
use crate::passes::Passes;
use crate::slot::{Next, Slot};
use crate::transport::stream::ByteStream;
use crate::transport::websocket::WebSocketLink;
use crate::transport::{Link, LinkError, Received};
use bytes::Bytes;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tickwire_shared::Rng;
use tickwire_shared::id::MemberId;
use tickwire_shared::room::Outbox;
use tickwire_shared::wire::{Close, CloseCode};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::Instant;

#[tokio::test]
async fn an_update_goes_straight_to_the_wire_only_while_the_session_is_idle() {
    let (session, _peer) = pair().await;
    let slot = Arc::new(Slot::new(&Arc::default()));
    let mut slots = Slots::new(Arc::new(Passes::new(None).unwrap()));
    let (asks, _answer) = oneshot::channel();
    slots.add(MemberId(1), slot.clone(), asks);
    let direct = session.direct().unwrap();
    slot.attach(direct.clone());
    slots.receive_ready(Instant::now(), |_, _, _| ());
    let mut put = || {
        slots.update(MemberId(1), b"update");
        slots.flush();
    };
    put();
    assert_eq!((direct.updates_sent(), slot.is_ready(), slot.take()), (1, true, None));
    slot.put_control(Bytes::from_static(b"first"));
    put();
    assert_eq!(slot.take(), Some(Next::Control(Bytes::from_static(b"first"))));
    assert_eq!(slot.take(), Some(Next::Update(Bytes::from_static(b"update"))));
    slot.written(true);
    slot.put_control(Bytes::from_static(b"second"));
    assert!(matches!(slot.take(), Some(Next::Control(_))));
    // The session's timer comes through the slot, too.
    Waker::from(slot.clone()).wake_by_ref();
    put();
    assert_eq!(slot.take(), Some(Next::Update(Bytes::from_static(b"update"))), "the session is writing");
    slot.written(true);
    direct.end_writing();
    put();
    assert_eq!((direct.updates_sent(), slot.is_ready()), (1, false));
}

#[tokio::test]
async fn the_last_update_goes_out_before_what_ends_the_session() {
    for all in [false, true] {
        let (session, _peer) = pair().await;
        let slot = Arc::new(Slot::new(&Arc::default()));
        let (asks, _answer) = oneshot::channel();
        let mut slots = Slots::new(Arc::new(Passes::new(None).unwrap()));
        slots.add(MemberId(1), slot.clone(), asks);
        assert!(slots.admit(MemberId(1), None));
        let direct = session.direct().unwrap();
        slot.attach(direct.clone());
        slots.receive_ready(Instant::now(), |_, _, _| ());
        slots.update(MemberId(1), b"the result");
        let close = Close::from(CloseCode::Kicked);
        if all {
            slots.close_all(&close)
        } else {
            slots.close(MemberId(1), close)
        }
        assert_eq!(direct.updates_sent(), 1);
        assert!(matches!(slot.take(), Some(Next::Close(_))));
    }
}

/// All kinds of messages through a real socket, in random pieces, read by a room and a session in turn.
#[cfg(any(target_os = "android", target_os = "linux"))]
#[tokio::test]
async fn messages_come_whole_and_in_order_whoever_reads_them() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    peer.set_nodelay(true).unwrap();
    let wired = super::stream(listener.accept().await.unwrap().0);
    let mut link = WebSocketLink::open(wired, &Bytes::new(), 1 << 30);
    let reader = Reader::start(&mut *link).unwrap();
    let room = reader.handle().unwrap();

    let mut rng = Rng::new(7);
    let (mut stream, mut ends, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..600_u32 {
        if rng.below(8) == 0 {
            stream.extend(frame(0x89, b"there?"));
        }
        let length = if rng.below(10) == 0 { rng.below(3000) } else { rng.below(60) } as usize;
        let message = vec![n as u8; length];
        stream.extend(frame(0x82, &message));
        ends.push(stream.len());
        expected.push(message);
    }
    let mut cx = Context::from_waker(Waker::noop());
    let (mut got, mut sent, mut receiver) = (Vec::new(), 0, Receiver::new());
    let (mut by_room, mut counted, mut handed_over) = (0, 0, 0);
    while got.len() < expected.len() {
        // Mostly whole messages, as clients send them.
        let whole = ends.iter().find(|end| **end > sent).map_or(0, |end| end - sent);
        let piece = if rng.below(4) == 0 { rng.below(400) as usize } else { whole };
        let piece = piece.min(stream.len() - sent);
        peer.write_all(&stream[sent..sent + piece]).await.unwrap();
        sent += piece;
        tokio::task::yield_now().await;
        receiver.begin(Instant::now());
        let before = got.len();
        receiver.receive_ready(&room, |_, message| got.push(message.to_vec()));
        by_room += got.len() - before;
        assert!(!reader.may_read(), "not before the room says so");
        receiver.let_sessions_read();
        if reader.may_read() {
            handed_over += 1;
            counted += reader.begin(&mut *link).total();
            loop {
                match link.poll_recv(&mut cx) {
                    Poll::Ready(Ok(Received::Message(message))) => got.push(message.to_vec()),
                    Poll::Ready(Ok(Received::Heartbeat)) => (),
                    Poll::Ready(Err(error)) => panic!("{error:?}"),
                    Poll::Pending => break,
                }
            }
            reader.pause(&mut *link, i64::from(1 + rng.below(30)));
        }
    }
    assert_eq!(got, expected);
    assert!(by_room > 100 && handed_over > 20, "{by_room} by the room, {handed_over} times handed over");
    // From here on arriving bytes wake the session again.
    counted += reader.stop(&mut *link).0.total();
    assert_eq!(counted, by_room as u64);
    drop(peer);
    let end = std::future::poll_fn(|cx| link.poll_recv(cx).map(|got| got.map(|_| ()))).await;
    assert_eq!(end, Err(LinkError::Cut));
}
