//! What the bytes to clients are spent on: by part of a message, entity kind, field and stream.
//!
//! [`ByteProfile::update`] takes a message apart and measures each packet by encoding it once more into a
//! meter, so nothing is counted while messages are made. All parts together are the bytes of the messages,
//! exact to the bit. A [`UpdateFollower`] provides the states that a client had.

mod follower;
mod report;

pub use follower::{FollowError, UpdateFollower};
pub use report::{FieldBytes, KindBytes, PartBytes, ProfileReport, StreamReport};

use crate::entity::Schema;
use crate::id::StreamId;
use crate::snapshot::{PacketPart, Snapshot, meter_delta};
use crate::tick::Tick;
use crate::wire::DecodeError;
use crate::wire::update::{PrivatePart, Update};
use std::collections::BTreeMap;

/// The most streams that are counted separately; further ones are counted together.
pub const STREAMS_MAX: usize = 1024;

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The head of a message's WebSocket frame.
    WebSocketHead,
    /// A whole control message.
    Control,
    /// An update's tag and its number of packets.
    MessageHead,
    /// The private section.
    Private(PrivatePart),
    /// The zero padding of the private section.
    PrivateFill,
    /// The header before each payload.
    PacketHead,
    /// A payload.
    Packet(PacketPart),
    /// The rest of a payload: the end of its coder and the padding of its last byte. It may be below 0,
    /// because trailing zero bytes are left out.
    PacketEnd,
}

/// The packets and bytes of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamBytes {
    /// Packets.
    pub packets: u64,
    /// The number of keyframes in them.
    pub keyframes: u64,
    /// Bytes, including packet headers.
    pub bytes: u64,
}

/// The bytes of messages by what they are spent on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByteProfile {
    messages: u64,
    bytes: u64,
    /// In bits.
    parts: BTreeMap<Part, f64>,
    streams: BTreeMap<StreamId, StreamBytes>,
    other_streams: StreamBytes,
}

impl ByteProfile {
    /// An empty profile.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of messages.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Their bytes, including the headers of their WebSocket frames.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The bits of each part that has any.
    pub fn parts(&self) -> impl Iterator<Item = (Part, f64)> {
        self.parts.iter().map(|(part, bits)| (*part, *bits))
    }

    /// The streams, except those beyond [`STREAMS_MAX`].
    pub fn streams(&self) -> impl Iterator<Item = (StreamId, StreamBytes)> {
        self.streams.iter().map(|(stream, bytes)| (*stream, *bytes))
    }

    /// Adds a control message.
    pub fn control(&mut self, message: &[u8]) {
        self.message(message);
        self.add_bits(Part::Control, message.len() as f64 * 8.0);
    }

    /// Adds an update. `state` returns the state of a stream at a tick, for each packet's target and
    /// baseline.
    ///
    /// # Errors
    /// The message cannot be decoded, or a state is unknown. Then nothing is added.
    pub fn update<'a>(
        &mut self,
        schema: &Schema,
        message: &[u8],
        state: impl Fn(StreamId, Tick) -> Option<&'a Snapshot>,
    ) -> Result<(), DecodeError> {
        let update = Update::decode(message)?;
        let mut states = Vec::with_capacity(update.streams.len());
        for packet in &update.streams {
            let current = state(packet.stream, packet.target).ok_or(DecodeError::UnknownBaseline)?;
            let baseline = match packet.baseline {
                Some(tick) => Some(state(packet.stream, tick).ok_or(DecodeError::UnknownBaseline)?),
                None => None,
            };
            states.push((baseline, current));
        }
        self.message(message);
        self.add_bits(Part::MessageHead, 16.0);
        let mut private_bits = 0;
        update.private.meter(|part, bits| {
            private_bits += bits;
            self.add_bits(Part::Private(part), bits as f64);
        });
        self.add_bits(Part::PrivateFill, (private_bits.next_multiple_of(8) - private_bits) as f64);
        for (packet, (baseline, current)) in update.streams.iter().zip(states) {
            let head = packet.head_bytes(update.private.tick);
            self.add_bits(Part::PacketHead, head as f64 * 8.0);
            let payload_bits = packet.payload.len() as f64 * 8.0;
            let mut metered = 0.0;
            meter_delta(schema, baseline, current, packet.plain, &mut |part, bits| {
                metered += bits;
                self.add_bits(Part::Packet(part), bits);
            });
            self.add_bits(Part::PacketEnd, payload_bits - metered);
            let stream = self.stream_mut(packet.stream);
            stream.packets += 1;
            stream.keyframes += u64::from(packet.baseline.is_none());
            stream.bytes += (head + packet.payload.len()) as u64;
        }
        Ok(())
    }

    /// Adds the numbers of `other`.
    pub fn add(&mut self, other: &Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        for (&part, &bits) in &other.parts {
            self.add_bits(part, bits);
        }
        for (&id, stream) in &other.streams {
            self.stream_mut(id).add(stream);
        }
        self.other_streams.add(&other.other_streams);
    }

    fn message(&mut self, message: &[u8]) {
        let head = websocket_head_bytes(message.len());
        self.messages += 1;
        self.bytes += (head + message.len()) as u64;
        self.add_bits(Part::WebSocketHead, head as f64 * 8.0);
    }

    fn add_bits(&mut self, part: Part, bits: f64) {
        if bits != 0.0 {
            *self.parts.entry(part).or_default() += bits;
        }
    }

    fn stream_mut(&mut self, id: StreamId) -> &mut StreamBytes {
        if self.streams.len() >= STREAMS_MAX && !self.streams.contains_key(&id) {
            return &mut self.other_streams;
        }
        self.streams.entry(id).or_default()
    }
}

impl StreamBytes {
    fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.keyframes += other.keyframes;
        self.bytes += other.bytes;
    }
}

/// The header bytes of a frame from a server that carries a whole message of this length (RFC 6455, section
/// 5.2).
const fn websocket_head_bytes(message: usize) -> usize {
    match message {
        0..=125 => 2,
        126..=65_535 => 4,
        _ => 10,
    }
}
