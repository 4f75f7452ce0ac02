//! A lying server: a client that has joined a yard room is sent updates that no room sends.

use super::yard::{Plan, Yard};
use tickwire_shared::client::{Client, ClientError};
use tickwire_shared::entity::Schema;
use tickwire_shared::harness::{ClientIndex, Harness};
use tickwire_shared::id::{EntityId, StreamId};
use tickwire_shared::limits::ENTITIES_MAX;
use tickwire_shared::snapshot::{Snapshot, StreamEncoder};
use tickwire_shared::tick::{Tick, TickRate};
use tickwire_shared::wire::update::{Private, UpdateWriter};

pub(crate) struct Liar {
    harness: Harness<Yard>,
    ada: ClientIndex,
    /// The tick of the next update.
    pub(crate) tick: Tick,
}

impl Liar {
    pub(crate) fn new() -> Self {
        let mut harness = Harness::new(Plan::default(), 5);
        let ada = harness.join("ada");
        harness.run_ticks(10);
        assert!(harness.client(ada).is_playing());
        let tick = harness.tick().next();
        Self { harness, ada, tick }
    }

    pub(crate) fn client(&self) -> &Client<Yard> {
        self.harness.client(self.ada)
    }

    /// In the default profile of rooms.
    pub(crate) fn schema(&self) -> &Schema {
        self.harness.room().schema()
    }

    /// Sends these bytes.
    pub(crate) fn say(&mut self, message: &[u8]) -> Result<(), ClientError> {
        let now = self.harness.now();
        self.harness.client_mut(self.ada).receive(now, message)
    }

    /// Sends an update of the next tick.
    pub(crate) fn update(&mut self, private: Private, packets: &[bytes::Bytes]) -> Result<(), ClientError> {
        let mut writer = UpdateWriter::new(&Private { tick: self.tick, ..private });
        packets.iter().for_each(|packet| writer.packet(packet));
        self.tick = self.tick.next();
        self.say(&writer.finish())
    }

    /// A keyframe of the next tick with `count` entities, whose ids are consecutive.
    pub(crate) fn keyframe(&self, stream: u16, first: u32, count: usize) -> bytes::Bytes {
        let mut state = Snapshot::new(self.tick);
        (0..count as u32).for_each(|at| state.push(EntityId(first + at), 0, &[10, 10, 0]));
        keyframe_of(self.schema(), StreamId(stream), state)
    }

    /// Sends a keyframe of a stream.
    pub(crate) fn tell(&mut self, stream: u16, first: u32, count: usize) -> Result<(), ClientError> {
        let keyframe = self.keyframe(stream, first, count);
        self.update(Private::default(), &[keyframe])
    }

    /// The client has `streams` full streams, numbered from 1, besides the room's own.
    pub(crate) fn with_full_streams(streams: u16) -> Self {
        let mut liar = Self::new();
        for stream in 1..=streams {
            assert_eq!(liar.tell(stream, u32::from(stream) * 10_000, ENTITIES_MAX), Ok(()));
        }
        liar
    }
}

/// The keyframe of a stream with any content.
pub(crate) fn keyframe_of(schema: &Schema, stream: StreamId, state: Snapshot) -> bytes::Bytes {
    let mut encoder = StreamEncoder::new(stream, TickRate::DEFAULT);
    encoder.push(state);
    encoder.packet(schema, None).unwrap().bytes
}
