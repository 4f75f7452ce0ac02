//! The client's frame: the message that a client sends every tick.
//!
//! ```text
//! byte 0    1 (frame), then a bit stream:
//! 16        stamp: the client's clock in ms, modulo 2^16; echoed in an update
//! 1         steady: a missing input repeats the last one, for at most 250 ms, and is not a loss
//! 1 [32]    snapshot ack: the newest tick that the client decoded
//! 1 [32]    event ack: the number of the last reliable event received in order
//! 1 [32 8]  view tick and its fraction in 1/256: at which the player sees the other entities
//! EG0       commands; if any: 32 the first one's number, then each: EG4 its bytes, 8 each
//! EG0       inputs; if any: 32 the first one's tick, then each: EG0 ticks skipped (except the first), fields
//! ```

use super::DecodeError;
use crate::coding::bits::{BitCode, BitReader, BitWriter};
use crate::entity::{Input, OnGrid};
use crate::limits::{INBOUND_BYTES_MAX, INPUTS_PER_FRAME_MAX, RELIABLE_BYTES_MAX, RELIABLE_PER_MESSAGE_MAX};
use crate::tick::Tick;
use smallvec::SmallVec;

/// The first byte of a client frame.
pub const TAG_FRAME: u8 = 1;

/// The inputs of a frame. Usually there is one, which is stored inline.
pub type FrameInputs<I> = SmallVec<[(Tick, OnGrid<I>); 1]>;

/// The message that a client sends every tick. `I` is the game's input.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFrame<I> {
    /// The client's clock in ms, modulo 2^16, when the frame was made.
    pub stamp_ms: u16,
    /// The client sends an input only when it changes, and at least one every
    /// [`QUIET_MS_MAX`](crate::limits::QUIET_MS_MAX): in between the last one is held.
    pub steady: bool,
    /// The newest tick that the client decoded.
    pub snapshot_ack: Option<Tick>,
    /// The number of the last reliable event received in order; `None` if it has not changed.
    pub event_ack: Option<u32>,
    /// The tick at which the player sees the other entities, and its fraction in 1/256.
    pub view: Option<(Tick, u8)>,
    /// Reliable commands.
    pub commands: Numbered,
    /// Inputs with the ticks that they are for, in ascending order.
    pub inputs: FrameInputs<I>,
}

impl<I> Default for ClientFrame<I> {
    fn default() -> Self {
        Self {
            stamp_ms: 0,
            steady: false,
            snapshot_ack: None,
            event_ack: None,
            view: None,
            commands: Numbered::default(),
            inputs: SmallVec::new(),
        }
    }
}

/// Reliable messages with consecutive numbers, as bytes. Numbers continue with 0 after 2^32 - 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbered {
    /// The number of the first; 0 if there is none.
    pub first: u32,
    /// The messages.
    pub items: Vec<bytes::Bytes>,
}

impl Numbered {
    pub(super) fn write(&self, to: &mut BitWriter) {
        to.exp_golomb(self.items.len() as u32, 0);
        if self.items.is_empty() {
            return;
        }
        to.raw(self.first, 32);
        for item in &self.items {
            to.exp_golomb(item.len() as u32, 4);
            to.bytes(item);
        }
    }

    /// Reads messages of at most `bytes_max` bytes each.
    pub(super) fn read(from: &mut BitReader<'_>, bytes_max: usize) -> Result<Self, DecodeError> {
        let count = from.exp_golomb_max(0, RELIABLE_PER_MESSAGE_MAX)?;
        if count == 0 {
            return Ok(Self::default());
        }
        let first = from.raw(32)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            let bytes = from.exp_golomb_max(4, bytes_max)?;
            items.push(from.bytes(bytes)?.into());
        }
        Ok(Self { first, items })
    }
}

/// How many numbers `to` is after `from`; `None` if it is before. Numbers of reliable messages are counted
/// modulo 2^32, and far fewer are in flight at one time: a distance of half of 2^32 or more counts as before.
pub(crate) fn numbers_between(from: u32, to: u32) -> Option<u32> {
    let ahead = to.wrapping_sub(from);
    (ahead < 1 << 31).then_some(ahead)
}

pub(super) fn write_option(to: &mut BitWriter, value: Option<u32>, bits: u32) {
    to.bit(value.is_some());
    if let Some(value) = value {
        to.raw(value, bits);
    }
}

pub(super) fn read_option(from: &mut BitReader<'_>, bits: u32) -> Result<Option<u32>, DecodeError> {
    if from.bit()? { from.raw(bits).map(Some) } else { Ok(None) }
}

impl<I: Input> ClientFrame<I> {
    /// The bytes of the frame, including the tag. The caller keeps the counts within their limits.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        bytes.push(TAG_FRAME);
        let mut to = BitWriter::append_to(bytes);
        to.raw(u32::from(self.stamp_ms), 16);
        to.bit(self.steady);
        write_option(&mut to, self.snapshot_ack.map(|tick| tick.0), 32);
        write_option(&mut to, self.event_ack, 32);
        to.bit(self.view.is_some());
        if let Some((tick, fraction)) = self.view {
            to.raw(tick.0, 32);
            to.raw(u32::from(fraction), 8);
        }
        self.commands.write(&mut to);
        debug_assert!(self.inputs.len() <= INPUTS_PER_FRAME_MAX);
        to.exp_golomb(self.inputs.len() as u32, 0);
        let mut previous: Option<Tick> = None;
        for (tick, input) in &self.inputs {
            match previous {
                None => to.raw(tick.0, 32),
                Some(previous) => to.exp_golomb((tick.since(previous) - 1) as u32, 0),
            }
            input.write(&mut to);
            previous = Some(*tick);
        }
        to.finish()
    }

    /// Reads a frame, including the tag.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > INBOUND_BYTES_MAX {
            return Err(DecodeError::TooBig);
        }
        let body = match bytes.split_first() {
            None => return Err(DecodeError::Truncated),
            Some((&TAG_FRAME, body)) => body,
            Some(_) => return Err(DecodeError::UnknownTag),
        };
        let mut from = BitReader::new(body);
        let stamp_ms = from.raw(16)? as u16;
        let steady = from.bit()?;
        let snapshot_ack = read_option(&mut from, 32)?.map(Tick);
        let event_ack = read_option(&mut from, 32)?;
        let view = if from.bit()? { Some((Tick(from.raw(32)?), from.raw(8)? as u8)) } else { None };
        let commands = Numbered::read(&mut from, RELIABLE_BYTES_MAX)?;
        let count = from.exp_golomb_max(0, INPUTS_PER_FRAME_MAX)?;
        let mut inputs = SmallVec::with_capacity(count);
        let mut previous: Option<Tick> = None;
        for _ in 0..count {
            let tick = match previous {
                None => from.raw(32)?,
                Some(previous) => {
                    let skipped = from.exp_golomb(0)?;
                    previous
                        .0
                        .checked_add(1)
                        .and_then(|t| t.checked_add(skipped))
                        .ok_or(DecodeError::OutOfRange)?
                }
            };
            inputs.push((Tick(tick), OnGrid::read(&mut from)?));
            previous = Some(Tick(tick));
        }
        from.finish()?;
        Ok(Self { stamp_ms, steady, snapshot_ack, event_ack, view, commands, inputs })
    }
}
