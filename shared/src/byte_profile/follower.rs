//! A client's decoding without the client: the states of its streams, from the messages of one connection.

use super::ByteProfile;
use crate::entity::{Kind, Schema, SchemaError, TableError, Trainer};
use crate::id::StreamId;
use crate::limits::VIEW_STREAMS_MAX;
use crate::snapshot::{Snapshot, decode_packet, train};
use crate::tick::{Tick, TickRate};
use crate::wire::DecodeError;
use crate::wire::control::{ServerControl, TAG_CONTROL};
use crate::wire::update::{StreamPacket, TAG_UPDATE, Update};

/// Follows the messages of one connection. It needs the kinds of the game's entities; the rest comes with
/// `Joined`.
#[derive(Clone, Debug)]
pub struct UpdateFollower {
    schema: Schema,
    streams: Vec<FollowedStream>,
}

#[derive(Clone, Debug)]
struct FollowedStream {
    id: StreamId,
    /// The state that the last packet led to, and the one before it.
    states: [Snapshot; 2],
    /// The keyframe of an old tick, in a repair.
    repair: Option<Snapshot>,
}

impl UpdateFollower {
    /// Creates a follower for a connection before its `Joined`.
    ///
    /// # Errors
    /// The kinds form no valid schema. [`UpdateFollower::of`] is needed for a game with fields predicted as
    /// `custom`.
    pub fn new(kinds: Vec<Kind>) -> Result<Self, SchemaError> {
        Ok(Self { schema: Schema::new(kinds, TickRate::DEFAULT)?, streams: Vec::new() })
    }

    /// As [`UpdateFollower::new`], from a schema that has the game's own step.
    #[must_use]
    pub fn of(schema: Schema) -> Self {
        Self { schema, streams: Vec::new() }
    }

    /// The schema; after `Joined`, with the profile of the room.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Processes one message from the server and adds it to `profile`.
    ///
    /// # Errors
    /// The message cannot be decoded.
    pub fn profile(&mut self, message: &[u8], profile: &mut ByteProfile) -> Result<(), FollowError> {
        if self.receive(message)? == Received::Control {
            profile.control(message);
            return Ok(());
        }
        let state = |stream, tick| self.state(stream, tick);
        Ok(profile.update(&self.schema, message, state)?)
    }

    /// Processes one message from the server and trains `trainer` with its packets.
    ///
    /// # Errors
    /// The message cannot be decoded.
    pub fn train(&mut self, message: &[u8], trainer: &mut Trainer) -> Result<(), FollowError> {
        if self.receive(message)? == Received::Control {
            return Ok(());
        }
        for packet in Update::decode(message)?.streams {
            let baseline = packet.baseline.and_then(|tick| self.state(packet.stream, tick));
            if let Some(current) = self.state(packet.stream, packet.target) {
                train(trainer, &self.schema, baseline, current);
            }
        }
        Ok(())
    }

    fn receive(&mut self, message: &[u8]) -> Result<Received, FollowError> {
        match message.first() {
            Some(&TAG_CONTROL) => self.control(message)?,
            Some(&TAG_UPDATE) => {
                let update = Update::decode(message)?;
                self.streams.retain(|stream| !update.private.dropped.contains(&stream.id));
                update.streams.iter().try_for_each(|packet| self.packet(packet))?;
                return Ok(Received::Update);
            }
            Some(_) => return Err(DecodeError::UnknownTag.into()),
            None => return Err(DecodeError::Truncated.into()),
        }
        Ok(Received::Control)
    }

    fn control(&mut self, message: &[u8]) -> Result<(), FollowError> {
        if let ServerControl::Joined(joined) = ServerControl::decode(message)? {
            let table = joined.table.as_ref().map(|table| &table[..]);
            self.schema =
                self.schema.clone().at_rate(joined.tick_rate).with_profile(joined.profile, table)?;
            self.streams.clear();
        }
        Ok(())
    }

    fn packet(&mut self, packet: &StreamPacket<'_>) -> Result<(), DecodeError> {
        let at = match self.streams.iter().position(|stream| stream.id == packet.stream) {
            Some(at) => at,
            None if self.streams.len() >= 2 * VIEW_STREAMS_MAX => return Err(DecodeError::TooMany),
            None => {
                let states = [Snapshot::default(), Snapshot::default()];
                self.streams.push(FollowedStream { id: packet.stream, states, repair: None });
                self.streams.len() - 1
            }
        };
        let stream = self.streams.get_mut(at).ok_or(DecodeError::TooMany)?;
        if packet.repair {
            let mut repair = Snapshot::new(packet.target);
            decode_packet(&self.schema, None, packet, &mut repair)?;
            stream.repair = Some(repair);
            return Ok(());
        }
        let [newest, next] = &mut stream.states;
        let baseline = match packet.baseline {
            Some(tick) if tick == newest.tick => Some(&*newest),
            Some(_) => return Err(DecodeError::UnknownBaseline),
            None => None,
        };
        next.reset(packet.target);
        decode_packet(&self.schema, baseline, packet, next)?;
        stream.states.swap(0, 1);
        Ok(())
    }

    fn state(&self, stream: StreamId, tick: Tick) -> Option<&Snapshot> {
        let stream = self.streams.iter().find(|other| other.id == stream)?;
        stream.states.iter().chain(&stream.repair).find(|state| state.tick == tick)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Received {
    Control,
    Update,
}

/// Why messages cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// A message cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The room's table is not for these kinds.
    #[error(transparent)]
    Table(#[from] TableError),
}
