//! Bytes that no client sends.

use super::super::context::Attack;
use super::super::socket::{FIN, OP_BINARY, OP_CONTINUATION, OP_PING, OP_TEXT, RawSocket, framed, message};
use super::super::wire::{FrameContent, control, hello};
use core::time::Duration;
use tickwire_shared::Rng;
use tickwire_shared::id::StreamId;
use tickwire_shared::limits::INBOUND_BYTES_MAX;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::{ClientControl, Credential};
use tokio::time::timeout;

/// How long a server may take to end a session for a frame that is not permitted.
const END_MAX: Duration = Duration::from_secs(10);
/// How long messages are waited for that may be good by chance.
const GOOD_MAX: Duration = Duration::from_millis(50);

/// Sends bad bytes in one session after the other.
pub(super) async fn attacker(attack: &Attack, number: u32) {
    let mut rng = Rng::new(attack.seed ^ u64::from(number) << 32);
    let mut bad_frames = bad_frames().into_iter().cycle().skip(number as usize);
    loop {
        let Some(mut socket) = at_some_stage(attack, number, &mut rng).await else { continue };
        if rng.chance(3) {
            let Some((name, bytes)) = bad_frames.next() else { return };
            // The server may have ended the session before all is written.
            let _ = attack.write(&mut socket.outgoing, &bytes).await;
            match timeout(END_MAX, socket.incoming.end()).await {
                Ok(reason) => attack.done.ended(reason),
                Err(_) => attack.done.fault(format!("the server did not end a session after {name}")),
            }
        } else {
            let bytes = message(&bad_message(attack, &mut rng));
            let _ = attack.write(&mut socket.outgoing, &bytes).await;
            let end = timeout(GOOD_MAX, socket.incoming.end()).await;
            attack.done.ended(end.unwrap_or_else(|_| "not yet".to_owned()));
        }
    }
}

/// A session before Hello, before Join or, seldom because joins are few, in a room.
async fn at_some_stage(attack: &Attack, number: u32, rng: &mut Rng) -> Option<RawSocket> {
    if rng.chance(8) {
        let (incoming, outgoing, _) = attack.member(number).await?;
        return Some(RawSocket { incoming, outgoing });
    }
    let mut socket = attack.connect().await?;
    if rng.chance(2) {
        let hello = message(&hello("mallory", attack.credential(number).await?));
        attack.write(&mut socket.outgoing, &hello).await?;
    }
    Some(socket)
}

/// A message that is cut short, has flipped bits, or is random.
fn bad_message(attack: &Attack, rng: &mut Rng) -> Vec<u8> {
    let tick = Tick(rng.below(1_000));
    let mut bytes = match rng.below(5) {
        0 => attack.wire.frame(&FrameContent { inputs: vec![tick], ..FrameContent::default() }),
        1 => attack.wire.join(attack.wire.open_room()),
        2 => control(&ClientControl::Repair { stream: StreamId::ROOM, tick }),
        3 => hello("mallory", Credential::Guest),
        _ => (0..rng.below(INBOUND_BYTES_MAX as u32)).map(|_| rng.next_u64() as u8).collect(),
    };
    if rng.chance(2) {
        bytes.truncate(rng.below(bytes.len().max(1) as u32) as usize);
    }
    let length = bytes.len().max(1) as u32;
    if let Some(byte) = bytes.get_mut(rng.below(length) as usize) {
        *byte ^= 1 << rng.below(8);
    }
    bytes
}

/// WebSocket frames after which a server has to end the session, each with its name.
fn bad_frames() -> Vec<(&'static str, Vec<u8>)> {
    let unmasked = vec![FIN | OP_BINARY, 3, 0, 2, 0];
    let announced = [&[FIN | OP_BINARY, 0xff][..], &u64::MAX.to_be_bytes(), &[0; 64]].concat();
    let part = framed(OP_CONTINUATION, &[0; 1024]);
    let endless = [framed(OP_BINARY, &[0; 1024]), part.repeat(INBOUND_BYTES_MAX / 1024 + 1)].concat();
    vec![
        ("a text message", framed(FIN | OP_TEXT, b"hello")),
        ("a text that is no UTF-8", framed(FIN | OP_TEXT, &[0xff, 0xfe])),
        ("a frame without a mask", unmasked),
        ("a message that is too long", message(&vec![0; INBOUND_BYTES_MAX + 1])),
        ("a frame of 2^64 bytes", announced),
        ("a message of too many fragments", endless),
        ("a fragment of no message", framed(FIN | OP_CONTINUATION, &[0])),
        (
            "a message in the middle of another",
            [framed(OP_BINARY, &[0]), framed(FIN | OP_BINARY, &[0])].concat(),
        ),
        ("a reserved bit", framed(FIN | 0x40 | OP_BINARY, &[0])),
        ("an unknown opcode", framed(FIN | 3, &[0])),
        ("an unknown control frame", framed(FIN | 0xb, &[0])),
        ("a ping that is too long", framed(FIN | OP_PING, &[0; 126])),
        ("a ping in fragments", framed(OP_PING, &[0])),
        ("a close frame of one byte", framed(FIN | 8, &[3])),
        ("a close frame with a code that is not permitted", framed(FIN | 8, &999_u16.to_be_bytes())),
        ("no WebSocket at all", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("an empty message", message(&[])),
    ]
}
