//! The server's update: the message that a server sends a client per tick.
//!
//! ```text
//! byte 0    1 (update), then a bit stream, the private section:
//! 32        tick: the state that the streams lead to
//! EG0       quiet: how many ticks right after the last message went as predicted in all streams
//! EG0       rate step: the client gets updates at 1 / 2^step of the room's rate, because it did not keep up
//! 1 [16 14 16]  timing, if it was measured: the stamp of the newest frame;
//!           how long that frame waited for this message, 1/256 tick;
//!           the margin of its newest input, 1/256 tick, two's complement (positive: it arrived early)
//! 1 [EG2]   the last input that was applied: how many ticks it is before the message's
//! EG0 x 4   inputs since the last message: late, held, folded, refused
//! 1 [32]    command ack: the number of the last command received in order
//! EG0       events; if any: 32 the first one's number, then each: EG4 its bytes, 8 each
//! EG0       streams that left the view; for each, sorted by id: EG5 of (its id - the id before - 1), -1
//!           before the first
//! EG0 ...   which streams wait for bytes (see `wire::waiting`)
//! 1         something about the player's own entity. If so:
//!   1 [32]  the entity that the player controls from this tick on, 0 for none, if it has changed
//!   1 [EG4 n] its owner-only fields: one less than their bits, then the bits (see `snapshot::own`)
//! (zeros up to the next byte)
//! byte      streams, then each stream packet:
//!   LEB128  stream id
//!   LEB128  2 x behind + plain. Behind: how many ticks the packet's target is before the message's tick
//!           (0 except for a repair). Plain: a keyframe in profile 0, although the room has profile 1,
//!           because it is shorter
//!   byte    age: ticks between baseline and target; 0 for a keyframe
//!   LEB128  bytes of the payload, then the payload (see the delta)
//! ```
//! A stream that the client has, that does not wait, and that is not among the packets went as predicted
//! since its last packet.

use super::DecodeError;
use super::frame::{Numbered, read_option, write_option};
pub use super::own::OwnBits;
pub use super::waiting::Waiting;
use super::waiting::{read_rising, write_rising};
use crate::coding::bits::{BitCode, BitReader, BitWriter};
use crate::id::{EntityId, StreamId};
use crate::limits::{
    EVENT_BYTES_MAX, OUTBOUND_BYTES_MAX, PACKET_HEAD_BYTES_MAX, RATE_STEP_MAX, VIEW_STREAMS_MAX,
    WINDOW_TICKS_MAX,
};
use crate::tick::Tick;

/// The first byte of an update.
pub const TAG_UPDATE: u8 = 1;

/// The part of an update for one client alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Private {
    /// The state that the streams lead to.
    pub tick: Tick,
    /// How many ticks right after the client's last message went as predicted in all of its streams.
    pub quiet: u32,
    /// The client is served on ticks divisible by 2 to the power of this, because it did not keep up.
    pub rate_step: u8,
    /// Present if the arrival of a frame was measured since the last message.
    pub timing: Option<Timing>,
    /// The tick of the last input that was applied.
    pub input_applied: Option<Tick>,
    /// What became of the inputs since the last message.
    pub counts: InputCounts,
    /// The number of the last command received in order; `None` if it has not changed.
    pub command_ack: Option<u32>,
    /// Reliable events.
    pub events: Numbered,
    /// Streams that left the view, sorted by id: their entities that are in no other stream are out of view.
    pub dropped: Vec<StreamId>,
    /// Streams that are not sent although something happened in them.
    pub waiting: Waiting,
    /// The entity that the client's player controls at this tick, if it has changed; [`EntityId::NONE`] if it
    /// controls none.
    pub controls: Option<EntityId>,
    /// The changes in the owner-only fields of the client's own entity.
    pub own: Option<OwnBits>,
}

/// Feedback for the client's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// The stamp of the newest of those frames.
    pub stamp_ms: u16,
    /// How long that frame waited at the server, in 1/256 tick, at most [`Timing::WAIT_MAX`].
    pub wait: u16,
    /// How early the newest input arrived before its step, in 1/256 tick.
    pub margin: i16,
}

impl Timing {
    /// The longest wait that can be expressed: 64 ticks.
    pub const WAIT_MAX: u16 = (1 << 14) - 1;
}

/// What became of inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputCounts {
    /// Inputs that arrived after their tick.
    pub late: u32,
    /// Ticks without an input of their own: the last one was held.
    pub held: u32,
    /// Late inputs whose button edges were folded into the next tick.
    pub folded: u32,
    /// Inputs too far in the past or future, or for a tick that had one.
    pub refused: u32,
}

impl InputCounts {
    /// The difference to the earlier count `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            late: self.late.saturating_sub(before.late),
            held: self.held.saturating_sub(before.held),
            folded: self.folded.saturating_sub(before.folded),
            refused: self.refused.saturating_sub(before.refused),
        }
    }

    /// Adds `more` to these counts.
    pub fn add(&mut self, more: Self) {
        self.late = self.late.saturating_add(more.late);
        self.held = self.held.saturating_add(more.held);
        self.folded = self.folded.saturating_add(more.folded);
        self.refused = self.refused.saturating_add(more.refused);
    }
}

/// One stream packet, its payload not decoded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPacket<'a> {
    /// The stream.
    pub stream: StreamId,
    /// The tick that the packet leads to.
    pub target: Tick,
    /// The tick of its baseline; `None` for a keyframe.
    pub baseline: Option<Tick>,
    /// Whether this is the keyframe of an old tick that the client requested, not the live state.
    pub repair: bool,
    /// A keyframe in profile 0 in a room of profile 1.
    pub plain: bool,
    /// The delta.
    pub payload: &'a [u8],
}

impl StreamPacket<'_> {
    /// The number of bytes before the payload, in an update of this tick.
    #[must_use]
    pub fn head_bytes(&self, update: Tick) -> usize {
        let behind = update.since(self.target).max(0) as u32;
        let numbers =
            [u32::from(self.stream.0), 2 * behind + u32::from(self.plain), self.payload.len() as u32];
        numbers.into_iter().map(leb128_bytes).sum::<usize>() + 1
    }
}

/// A whole update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update<'a> {
    /// The part for this client alone.
    pub private: Private,
    /// The packets of streams in its view.
    pub streams: Vec<StreamPacket<'a>>,
}

/// Writes an update: first the private section, then stream packets that were encoded before.
#[derive(Debug)]
pub struct UpdateWriter {
    bytes: Vec<u8>,
    streams_at: usize,
}

impl UpdateWriter {
    /// Starts a message with its private section.
    #[must_use]
    pub fn new(private: &Private) -> Self {
        Self::reuse(Vec::new(), private)
    }

    /// As [`UpdateWriter::new`], in the memory of `bytes`, whose content is dropped.
    #[must_use]
    pub fn reuse(mut bytes: Vec<u8>, private: &Private) -> Self {
        bytes.clear();
        bytes.push(TAG_UPDATE);
        let mut to = BitWriter::append_to(bytes);
        private.write(&mut to);
        let mut bytes = to.finish();
        let streams_at = bytes.len();
        bytes.push(0);
        Self { bytes, streams_at }
    }

    /// Appends a packet as [`encode_packet`] made it.
    pub fn packet(&mut self, packet: &[u8]) {
        if let Some(count) = self.bytes.get_mut(self.streams_at) {
            *count += 1;
        }
        self.bytes.extend_from_slice(packet);
    }

    /// The whole message.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// A stream packet with its header, shared by all clients that get it in a message of tick `target + behind`.
#[must_use]
pub fn encode_packet(stream: StreamId, behind: u32, age: u8, payload: &[u8]) -> Vec<u8> {
    wrap(stream, 2 * behind, age, payload)
}

/// As [`encode_packet`], for a keyframe in profile 0 in a room of profile 1.
#[must_use]
pub fn encode_plain_packet(stream: StreamId, behind: u32, payload: &[u8]) -> Vec<u8> {
    wrap(stream, 2 * behind + 1, 0, payload)
}

fn wrap(stream: StreamId, target: u32, age: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + PACKET_HEAD_BYTES_MAX);
    leb128(u32::from(stream.0), &mut bytes);
    leb128(target, &mut bytes);
    bytes.push(age);
    leb128(payload.len() as u32, &mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

impl<'a> Update<'a> {
    /// Reads an update, including the tag. Payloads are not decoded.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > OUTBOUND_BYTES_MAX {
            return Err(DecodeError::TooBig);
        }
        let body = match bytes.split_first() {
            None => return Err(DecodeError::Truncated),
            Some((&TAG_UPDATE, body)) => body,
            Some(_) => return Err(DecodeError::UnknownTag),
        };
        let mut from = BitReader::new(body);
        let private = Private::read(&mut from)?;
        let mut rest = Bytes { bytes: from.into_rest()? };
        let count = usize::from(rest.byte()?);
        if count > VIEW_STREAMS_MAX {
            return Err(DecodeError::TooMany);
        }
        let mut streams = Vec::with_capacity(count);
        for _ in 0..count {
            streams.push(rest.packet(private.tick)?);
        }
        if rest.bytes.is_empty() { Ok(Self { private, streams }) } else { Err(DecodeError::Leftover) }
    }
}

/// A part of a private section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrivatePart {
    /// The tick.
    Tick,
    /// The number of quiet ticks.
    Quiet,
    /// The part of the room's rate at which the client is served.
    RateStep,
    /// Feedback for the clock.
    Timing,
    /// The last input applied.
    InputApplied,
    /// Inputs that were not on time.
    InputCounts,
    /// The last command received.
    CommandAck,
    /// Reliable events.
    Events,
    /// Streams that left the view.
    Dropped,
    /// Streams that wait, and entities that are held because of it.
    Waiting,
    /// The entity that the player controls, and its owner-only fields.
    Own,
}

impl Private {
    /// Measures the number of bits of each part.
    pub fn meter(&self, mut to: impl FnMut(PrivatePart, usize)) {
        let mut before = 0;
        self.write_parts(&mut BitWriter::new(), |part, bits| {
            to(part, bits.len_bits() - before);
            before = bits.len_bits();
        });
    }

    /// Writes all parts, and reports each part after it is written.
    #[inline]
    fn write_parts(&self, to: &mut BitWriter, mut wrote: impl FnMut(PrivatePart, &BitWriter)) {
        to.raw(self.tick.0, 32);
        wrote(PrivatePart::Tick, to);
        to.exp_golomb(self.quiet, 0);
        wrote(PrivatePart::Quiet, to);
        to.exp_golomb(u32::from(self.rate_step), 0);
        wrote(PrivatePart::RateStep, to);
        to.bit(self.timing.is_some());
        if let Some(timing) = self.timing {
            to.raw(u32::from(timing.stamp_ms), 16);
            to.raw(u32::from(timing.wait.min(Timing::WAIT_MAX)), 14);
            to.raw(u32::from(timing.margin as u16), 16);
        }
        wrote(PrivatePart::Timing, to);
        to.bit(self.input_applied.is_some());
        if let Some(applied) = self.input_applied {
            to.exp_golomb(self.tick.0.wrapping_sub(applied.0), 2);
        }
        wrote(PrivatePart::InputApplied, to);
        let InputCounts { late, held, folded, refused } = self.counts;
        for count in [late, held, folded, refused] {
            to.exp_golomb(count, 0);
        }
        wrote(PrivatePart::InputCounts, to);
        write_option(to, self.command_ack, 32);
        wrote(PrivatePart::CommandAck, to);
        self.events.write(to);
        wrote(PrivatePart::Events, to);
        write_streams(to, &self.dropped);
        wrote(PrivatePart::Dropped, to);
        self.waiting.write(to);
        wrote(PrivatePart::Waiting, to);
        let is_told = self.controls.is_some() || self.own.is_some();
        to.bit(is_told);
        if is_told {
            write_option(to, self.controls.map(|entity| entity.0), 32);
            to.bit(self.own.is_some());
        }
        if let Some(own) = &self.own {
            own.write(to);
        }
        wrote(PrivatePart::Own, to);
    }
}

impl BitCode for Private {
    fn write(&self, to: &mut BitWriter) {
        self.write_parts(to, |_, _| {});
    }

    fn read(from: &mut BitReader<'_>) -> Result<Self, DecodeError> {
        let tick = Tick(from.raw(32)?);
        let quiet = from.exp_golomb_max(0, WINDOW_TICKS_MAX as usize)? as u32;
        let rate_step = from.exp_golomb_max(0, usize::from(RATE_STEP_MAX))? as u8;
        let timing = if from.bit()? {
            let stamp_ms = from.raw(16)? as u16;
            let wait = from.raw(14)? as u16;
            Some(Timing { stamp_ms, wait, margin: from.raw(16)? as u16 as i16 })
        } else {
            None
        };
        let input_applied = if from.bit()? {
            Some(Tick(tick.0.checked_sub(from.exp_golomb(2)?).ok_or(DecodeError::OutOfRange)?))
        } else {
            None
        };
        let mut private = Self {
            tick,
            quiet,
            rate_step,
            timing,
            input_applied,
            counts: InputCounts {
                late: from.exp_golomb(0)?,
                held: from.exp_golomb(0)?,
                folded: from.exp_golomb(0)?,
                refused: from.exp_golomb(0)?,
            },
            command_ack: read_option(from, 32)?,
            events: Numbered::read(from, EVENT_BYTES_MAX)?,
            dropped: read_streams(from)?,
            waiting: Waiting::read(from)?,
            ..Self::default()
        };
        if from.bit()? {
            private.controls = read_option(from, 32)?.map(EntityId);
            private.own = if from.bit()? { Some(OwnBits::read(from)?) } else { None };
            if private.controls.is_none() && private.own.is_none() {
                return Err(DecodeError::NotCanonical);
            }
        }
        Ok(private)
    }
}

fn write_streams(to: &mut BitWriter, streams: &[StreamId]) {
    to.exp_golomb(streams.len() as u32, 0);
    write_rising(to, streams.iter().map(|stream| u32::from(stream.0)));
}

fn read_streams(from: &mut BitReader<'_>) -> Result<Vec<StreamId>, DecodeError> {
    let count = from.exp_golomb_max(0, VIEW_STREAMS_MAX)?;
    read_rising(from, count, |id| u16::try_from(id).ok().map(StreamId))
}

fn leb128_bytes(value: u32) -> usize {
    (32 - value.max(1).leading_zeros()).div_ceil(7) as usize
}

fn leb128(mut value: u32, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

struct Bytes<'a> {
    bytes: &'a [u8],
}

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (&first, rest) = self.bytes.split_first().ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }

    fn leb128(&mut self) -> Result<u32, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(DecodeError::NotCanonical);
                }
                return u32::try_from(value).map_err(|_| DecodeError::OutOfRange);
            }
        }
        Err(DecodeError::OutOfRange)
    }

    fn packet(&mut self, tick: Tick) -> Result<StreamPacket<'a>, DecodeError> {
        let stream = u16::try_from(self.leb128()?).map_err(|_| DecodeError::OutOfRange)?;
        let target = self.leb128()?;
        let (behind, plain) = (target >> 1, target & 1 != 0);
        let age = self.byte()?;
        let length = self.leb128()? as usize;
        if length > self.bytes.len() {
            return Err(DecodeError::Truncated);
        }
        let (payload, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        if u32::from(age) >= WINDOW_TICKS_MAX || (target > 0 && age != 0) {
            return Err(DecodeError::OutOfRange);
        }
        let target = Tick(tick.0.checked_sub(behind).ok_or(DecodeError::OutOfRange)?);
        let baseline = match age {
            0 => None,
            age => Some(Tick(target.0.checked_sub(u32::from(age)).ok_or(DecodeError::OutOfRange)?)),
        };
        Ok(StreamPacket { stream: StreamId(stream), target, baseline, repair: behind > 0, plain, payload })
    }
}
