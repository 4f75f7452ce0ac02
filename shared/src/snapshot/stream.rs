//! The sending side of one stream of a room: each packet is encoded once, no matter how many clients need it.

use super::delta::encode_delta_with;
use super::delta::is_long;
use super::{History, Keyframe, Snapshot, encode_keyframe};
use crate::entity::Schema;
use crate::id::StreamId;
use crate::limits::{HASH_PERIOD_TICKS, WINDOW_TICKS_MIN};
use crate::tick::{Tick, TickRate};
use crate::wire::update::{encode_packet, encode_plain_packet};
use bytes::Bytes;

/// A packet with its header, shared by all clients with the same baseline.
#[derive(Clone, Debug)]
pub struct Packet {
    /// What is appended to an update after its private section.
    pub bytes: Bytes,
    /// Bytes of the payload alone.
    pub payload_bytes: usize,
    /// Whether it is a keyframe, which has no baseline.
    pub keyframe: bool,
    /// Whether it is in profile 0 although the room has profile 1.
    pub plain: bool,
}

/// The ring of a stream's last snapshots, and this tick's packets, encoded on demand and kept for the tick.
#[derive(Debug)]
pub struct StreamEncoder {
    stream: StreamId,
    history: History,
    packets: Vec<(Option<Tick>, Packet)>,
    /// Whether this tick's state is the one predicted from a baseline.
    predicted: Vec<(Tick, bool)>,
    /// The baseline from which the game's own step predicted this tick last, and what it predicted. The
    /// packet from that baseline needs it again.
    stepped_from: Option<Tick>,
    stepped: Snapshot,
    repairs: Vec<(Tick, Packet)>,
    spare: Option<Snapshot>,
    entities_encoded: u64,
}

impl StreamEncoder {
    /// Packets of one tick that are kept; each further one is encoded for one client alone.
    const PACKETS_MAX: usize = WINDOW_TICKS_MIN as usize + 1;

    /// An encoder without a snapshot.
    #[must_use]
    pub fn new(stream: StreamId, rate: TickRate) -> Self {
        Self {
            stream,
            history: History::new(rate),
            packets: Vec::new(),
            predicted: Vec::new(),
            stepped_from: None,
            stepped: Snapshot::default(),
            repairs: Vec::new(),
            spare: None,
            entities_encoded: 0,
        }
    }

    /// A snapshot to fill for the next tick; its memory is reused.
    pub fn take_spare(&mut self) -> Snapshot {
        self.spare.take().unwrap_or_default()
    }

    /// Moves on to the next tick's state.
    pub fn push(&mut self, snapshot: Snapshot) {
        self.packets.clear();
        self.predicted.clear();
        self.stepped_from = None;
        self.repairs.clear();
        self.spare = self.history.push(snapshot);
    }

    /// Discards the states that can no longer be a client's baseline.
    pub fn retain(&mut self, keep: impl FnMut(Tick) -> bool) {
        if let Some(forgotten) = self.history.retain(keep) {
            self.spare = Some(forgotten);
        }
    }

    /// The states that are still stored.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The number of entities encoded so far, each counted once per packet: a measure of the encoder's work.
    #[must_use]
    pub fn entities_encoded(&self) -> u64 {
        self.entities_encoded
    }

    /// Whether a client that has the state of `baseline` needs nothing: the newest state is what it predicts,
    /// and no hash is due.
    pub fn is_as_predicted(&mut self, schema: &Schema, baseline: Option<Tick>) -> bool {
        let is_hashed = |tick: Tick| tick.0.is_multiple_of(HASH_PERIOD_TICKS);
        let Some(baseline) = baseline else { return false };
        !self.history.newest().is_some_and(|current| is_hashed(current.tick))
            && self.follows(schema, baseline)
    }

    /// Whether the newest state is what a client that has the state of `baseline` predicts.
    pub fn follows(&mut self, schema: &Schema, baseline: Tick) -> bool {
        if let Some((_, predicted)) = self.predicted.iter().find(|(of, _)| *of == baseline) {
            return *predicted;
        }
        let predicted = match (self.history.get(baseline), self.history.newest()) {
            (Some(start), Some(current)) if !current.follows_declared(schema, start) => false,
            (Some(_), Some(_)) if schema.step().is_none() => true,
            (Some(start), Some(current)) => {
                self.stepped.predict(schema, start, current.tick);
                self.stepped_from = Some(baseline);
                self.stepped == *current
            }
            _ => false,
        };
        self.predicted.push((baseline, predicted));
        predicted
    }

    /// The packet from `baseline` to the newest state. A keyframe if there is no baseline, if the baseline is
    /// no longer stored, or if the delta would be larger. `None` only before the first snapshot.
    pub fn packet(&mut self, schema: &Schema, baseline: Option<Tick>) -> Option<Packet> {
        if let Some((_, packet)) = self.packets.iter().find(|(of, _)| *of == baseline) {
            return Some(packet.clone());
        }
        let current = self.history.newest()?;
        let start =
            baseline.and_then(|tick| self.history.get(tick)).filter(|start| start.tick < current.tick);
        let packet = match start {
            None if baseline.is_some() => self.packet(schema, None)?,
            None => {
                let keyframe = encode_keyframe(schema, current);
                self.entities_encoded += current.len() as u64;
                wrap_keyframe(self.stream, 0, &keyframe)
            }
            Some(start) => {
                let age = current.tick.since(start.tick) as u8;
                let stepped = (self.stepped_from == Some(start.tick)).then_some(&self.stepped);
                let payload = encode_delta_with(schema, Some(start), current, stepped);
                let is_long = is_long(schema, current, payload.len());
                self.entities_encoded += current.len() as u64;
                let keyframe = if is_long { self.packet(schema, None) } else { None };
                match keyframe.filter(|keyframe| keyframe.payload_bytes < payload.len()) {
                    Some(keyframe) => keyframe,
                    None => wrap_delta(self.stream, age, &payload),
                }
            }
        };
        if self.packets.len() < Self::PACKETS_MAX {
            self.packets.push((baseline, packet.clone()));
        }
        Some(packet)
    }

    /// The keyframe of an old tick, for a client whose state has a different hash. `None` if the state is not
    /// stored.
    pub fn repair(&mut self, schema: &Schema, tick: Tick) -> Option<Packet> {
        if let Some((_, packet)) = self.repairs.iter().find(|(of, _)| *of == tick) {
            return Some(packet.clone());
        }
        let newest = self.history.newest()?.tick;
        let snapshot = self.history.get(tick).filter(|snapshot| snapshot.tick < newest)?;
        let packet =
            wrap_keyframe(self.stream, newest.since(tick) as u32, &encode_keyframe(schema, snapshot));
        self.entities_encoded += snapshot.len() as u64;
        if self.repairs.len() < Self::PACKETS_MAX {
            self.repairs.push((tick, packet.clone()));
        }
        Some(packet)
    }
}

fn wrap_keyframe(stream: StreamId, behind: u32, Keyframe { payload, plain }: &Keyframe) -> Packet {
    let encode = |payload: &[u8]| match plain {
        true => encode_plain_packet(stream, behind, payload),
        false => encode_packet(stream, behind, 0, payload),
    };
    Packet { bytes: encode(payload).into(), payload_bytes: payload.len(), keyframe: true, plain: *plain }
}

fn wrap_delta(stream: StreamId, age: u8, payload: &[u8]) -> Packet {
    let bytes = encode_packet(stream, 0, age, payload).into();
    Packet { bytes, payload_bytes: payload.len(), keyframe: false, plain: false }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
