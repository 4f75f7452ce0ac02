//! Server messages.

use super::liar::Liar;
use tickwire_shared::client::{ClientError, State};
use tickwire_shared::coding::bits::BitWriter;
use tickwire_shared::id::{EntityId, StreamId};
use tickwire_shared::limits::{
    EVENT_BYTES_MAX, HELD_CHANGES_MAX, OUTBOUND_BYTES_MAX, OWN_BITS_MAX, PACKET_HEAD_BYTES_MAX,
    PRIVATE_BYTES_MAX, RELIABLE_PER_MESSAGE_MAX, VIEW_STREAMS_MAX, WINDOW_TICKS_MAX,
};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::frame::Numbered;
use tickwire_shared::wire::update::{
    InputCounts, OwnBits, Private, Timing, Update, UpdateWriter, Waiting, encode_packet, encode_plain_packet,
};
use tickwire_shared::wire::{CloseCode, DecodeError};

const TICK: Tick = Tick(100_000);

fn update(private: &Private, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = UpdateWriter::new(private);
    packets.iter().for_each(|packet| writer.packet(packet));
    writer.finish()
}

/// An update of this many bytes: one packet that no client can decode.
fn update_of(bytes: usize) -> Vec<u8> {
    let private = Private { tick: TICK, ..Private::default() };
    let of = |payload: usize| update(&private, &[encode_packet(StreamId(1), 0, 0, &vec![0; payload])]);
    let rest = of(bytes / 2).len() - bytes / 2;
    of(bytes - rest)
}

#[test]
fn outbound_bytes_max() {
    let longest = update_of(OUTBOUND_BYTES_MAX);
    assert_eq!(longest.len(), OUTBOUND_BYTES_MAX);
    assert_eq!(Update::decode(&longest).map(|update| update.streams.len()), Ok(1));
    assert_eq!(Update::decode(&update_of(OUTBOUND_BYTES_MAX + 1)), Err(DecodeError::TooBig));
    // A client reads the first; at the second it ends the session before decoding it.
    for (bytes, error) in [(OUTBOUND_BYTES_MAX, false), (OUTBOUND_BYTES_MAX + 1, true)] {
        for message in [update_of(bytes), vec![0; bytes]] {
            let mut liar = Liar::new();
            let heard = liar.say(&message);
            assert_eq!(heard == Err(ClientError::Decode(DecodeError::TooBig)), error, "{bytes} bytes");
            let code = if error { CloseCode::TooBig } else { CloseCode::DecodeError };
            assert!(matches!(liar.client().state(), State::Closed(close) if close.code == code));
        }
    }
}

#[test]
fn event_bytes_max() {
    let events = |bytes: usize| {
        let items = vec![vec![3; bytes].into(), vec![4; bytes].into()];
        update(&Private { tick: TICK, events: Numbered { first: 1, items }, ..Private::default() }, &[])
    };
    let longest = events(EVENT_BYTES_MAX);
    assert_eq!(Update::decode(&longest).unwrap().private.events.items[1].len(), EVENT_BYTES_MAX);
    for bytes in [EVENT_BYTES_MAX + 1, 10_000] {
        assert_eq!(Update::decode(&events(bytes)), Err(DecodeError::TooMany), "{bytes} bytes");
    }
}

#[test]
fn packet_head_bytes_max() {
    let private = Private { tick: TICK, ..Private::default() };
    // The farthest stream, the oldest baseline, and the longest payload that a message allows.
    let payload = vec![0; OUTBOUND_BYTES_MAX - 100];
    let longest = encode_plain_packet(StreamId(u16::MAX), WINDOW_TICKS_MAX - 1, &payload);
    assert_eq!(longest.len() - payload.len(), PACKET_HEAD_BYTES_MAX);
    let message = update(&private, std::slice::from_ref(&longest));
    let packet = Update::decode(&message).unwrap().streams[0];
    assert_eq!((packet.stream, packet.head_bytes(TICK)), (StreamId(u16::MAX), PACKET_HEAD_BYTES_MAX));
    assert_eq!(TICK.since(packet.target), i64::from(WINDOW_TICKS_MAX) - 1);
    // No head is longer: neither by a byte more than a number needs, nor by a stream id that does not exist.
    for (head, error) in [
        ([0xff, 0xff, 0x83, 0x00, 0, 0, 0].as_slice(), DecodeError::NotCanonical),
        (&[0x80, 0x80, 0x04, 0, 0, 0], DecodeError::OutOfRange),
        (&[1, 0x81, 0x80, 0x00, 0, 0], DecodeError::NotCanonical),
        (&[1, 0, 0, 0x80, 0x80, 0x80, 0x01], DecodeError::Truncated),
    ] {
        assert_eq!(Update::decode(&update(&private, &[head.to_vec()])), Err(error), "{head:?}");
    }
}

/// Streams or entities whose ids take the most bits: as far apart as `count` numbers can be.
fn far_apart(count: usize, last: u32) -> impl Iterator<Item = u32> {
    let step = last / count as u32;
    (1..=count as u32).map(move |at| at * step)
}

/// A private section with the maximum of everything, and more of it where `more` says so.
fn full(more: [usize; 6]) -> Private {
    let streams = |count| far_apart(count, u16::MAX.into()).map(|id| StreamId(id as u16)).collect();
    let entities = |count| far_apart(count, u32::MAX).map(EntityId).collect();
    let mut own = BitWriter::new();
    (0..OWN_BITS_MAX).for_each(|_| own.bit(true));
    let event = vec![0xff; EVENT_BYTES_MAX + more[1]];
    Private {
        tick: Tick(u32::MAX),
        quiet: WINDOW_TICKS_MAX,
        rate_step: 3,
        timing: Some(Timing { stamp_ms: u16::MAX, wait: Timing::WAIT_MAX, margin: -1 }),
        input_applied: Some(Tick(0)),
        counts: InputCounts {
            late: u32::MAX - 1,
            held: u32::MAX - 1,
            folded: u32::MAX - 1,
            refused: u32::MAX - 1,
        },
        command_ack: Some(u32::MAX),
        events: Numbered { first: u32::MAX, items: vec![event.into(); RELIABLE_PER_MESSAGE_MAX + more[0]] },
        dropped: streams(VIEW_STREAMS_MAX + more[2]),
        waiting: Waiting {
            // As many begin to wait as stop waiting.
            changed: streams(2 * VIEW_STREAMS_MAX + more[3]),
            held: entities(HELD_CHANGES_MAX + more[4]),
            released: entities(HELD_CHANGES_MAX + more[5]),
        },
        controls: Some(EntityId(u32::MAX)),
        own: OwnBits::new(own),
    }
}

#[test]
fn private_bytes_max() {
    let private = full([0; 6]);
    assert!(private.own.is_some());
    let message = update(&private, &[]);
    assert!(
        message.len() <= PRIVATE_BYTES_MAX && message.len() > PRIVATE_BYTES_MAX * 4 / 5,
        "{}",
        message.len()
    );
    assert_eq!(Update::decode(&message).unwrap().private, private);
    // None is longer, because no part of it can be longer.
    for part in 0..6 {
        let mut more = [0; 6];
        more[part] = 1;
        let message = update(&full(more), &[]);
        assert_eq!(Update::decode(&message).map(|_| ()), Err(DecodeError::TooMany), "part {part}");
    }
}
