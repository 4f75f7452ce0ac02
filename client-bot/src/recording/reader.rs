//! Reading: where the bytes of a recording went, and tables trained on it.

use super::{FORMAT, Header, RECORD_HEAD_BYTES, VERSION};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};
use tickwire_shared::byte_profile::{ByteProfile, FollowError, ProfileReport, UpdateFollower};
use tickwire_shared::entity::{Schema, SchemaError, Trainer};
use tickwire_shared::limits::OUTBOUND_BYTES_MAX;
use tickwire_shared::tick::TickRate;

/// The longest first line: far longer than any game's kinds.
const HEADER_BYTES_MAX: u64 = 1 << 20;
/// The most connections in one recording.
const CONNECTIONS_MAX: usize = 100_000;

/// A recording to read.
#[derive(Debug)]
pub struct Recording<R> {
    header: Header,
    schema: Schema,
    from: R,
    connections: BTreeMap<u32, UpdateFollower>,
    milliseconds: u32,
    cut_short: bool,
}

/// Where a recording's bytes went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Digest {
    /// The name under which the game was hosted.
    pub game: String,
    /// The number of connections.
    pub connections: usize,
    /// From the beginning to the last message, s.
    pub seconds: f64,
    /// Whether the file ends within a record, for example because the bots were killed.
    pub cut_short: bool,
    /// All messages.
    pub profile: ProfileReport,
}

impl<R: BufRead> Recording<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// It is not a recording of this version, or its game is needed to decode it.
    pub fn open(mut from: R) -> Result<Self, BadRecording> {
        let header = read_header(&mut from)?;
        // The first `Joined` has the rate.
        let schema = Schema::new(header.kinds.clone(), TickRate::DEFAULT)?;
        Ok(Self::with_schema(header, schema, from))
    }

    /// As [`Recording::open`], with the schema of a game that has its own step. The header's kinds are
    /// ignored.
    ///
    /// # Errors
    /// It is not a recording of this version.
    pub fn open_with(mut from: R, schema: Schema) -> Result<Self, BadRecording> {
        let header = read_header(&mut from)?;
        Ok(Self::with_schema(header, schema, from))
    }

    fn with_schema(header: Header, schema: Schema, from: R) -> Self {
        Self { header, schema, from, connections: BTreeMap::new(), milliseconds: 0, cut_short: false }
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads to the end and returns where all bytes went.
    ///
    /// # Errors
    /// A message cannot be decoded, or the file cannot be read.
    pub fn digest(mut self) -> Result<Digest, BadRecording> {
        let mut profile = ByteProfile::new();
        self.each(|follower, message| follower.profile(message, &mut profile))?;
        Ok(Digest {
            game: self.header.game,
            connections: self.connections.len(),
            seconds: f64::from(self.milliseconds) / 1e3,
            cut_short: self.cut_short,
            profile: profile.report(self.schema.kinds()),
        })
    }

    /// Reads to the end and lets `trainer` learn from all packets.
    ///
    /// # Errors
    /// As [`Recording::digest`].
    pub fn train(mut self, trainer: &mut Trainer) -> Result<(), BadRecording> {
        self.each(|follower, message| follower.train(message, trainer))
    }

    fn each(
        &mut self,
        mut take: impl FnMut(&mut UpdateFollower, &[u8]) -> Result<(), FollowError>,
    ) -> Result<(), BadRecording> {
        let mut message = Vec::new();
        while let Some(connection) = self.next_record(&mut message)? {
            if self.connections.len() >= CONNECTIONS_MAX && !self.connections.contains_key(&connection) {
                return Err(BadRecording::TooMany);
            }
            let follower =
                self.connections.entry(connection).or_insert_with(|| UpdateFollower::of(self.schema.clone()));
            let at_ms = self.milliseconds;
            take(follower, &message).map_err(|error| BadRecording::Message { connection, at_ms, error })?;
        }
        Ok(())
    }

    /// Reads a record's message and returns its connection, or `None` at the end.
    fn next_record(&mut self, message: &mut Vec<u8>) -> Result<Option<u32>, BadRecording> {
        let mut head = [0; RECORD_HEAD_BYTES];
        if !self.fill(&mut head)? {
            return Ok(None);
        }
        let mut numbers = head.chunks_exact(4).map(|four| four.try_into().map_or(0, u32::from_le_bytes));
        let mut number = || numbers.next().unwrap_or(0);
        let (connection, at_ms, length) = (number(), number(), number() as usize);
        if length > OUTBOUND_BYTES_MAX {
            return Err(BadRecording::TooLong(length));
        }
        message.resize(length, 0);
        if length > 0 && !self.fill(message)? {
            self.cut_short = true;
            return Ok(None);
        }
        self.milliseconds = at_ms;
        Ok(Some(connection))
    }

    /// Fills `bytes`; `false` if the file ends first.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<bool, BadRecording> {
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.from.read(rest) {
                Ok(0) => {
                    self.cut_short |= filled > 0;
                    return Ok(false);
                }
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

fn read_header(from: &mut impl BufRead) -> Result<Header, BadRecording> {
    let mut line = Vec::new();
    from.take(HEADER_BYTES_MAX).read_until(b'\n', &mut line)?;
    let header: Header = serde_json::from_slice(&line).map_err(|_| BadRecording::NoRecording)?;
    match () {
        () if header.format != FORMAT => Err(BadRecording::NoRecording),
        () if header.version != VERSION => Err(BadRecording::OtherVersion(header.version)),
        () => Ok(header),
    }
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadRecording {
    /// Its first line is not a header.
    #[error("this file is not a recording of bots (its first line is not a recording's header)")]
    NoRecording,
    /// It has another version.
    #[error("this recording has version {0}; this program reads version {VERSION}")]
    OtherVersion(u32),
    /// Its kinds are not a valid schema, or the schema needs the game.
    #[error("the recording cannot be decoded: {0}")]
    Schema(#[from] SchemaError),
    /// A record is longer than any message.
    #[error("a record says that it has {0} bytes: the file is damaged")]
    TooLong(usize),
    /// It names more connections than a recording may have.
    #[error("the recording names more than {CONNECTIONS_MAX} connections: the file is damaged")]
    TooMany,
    /// A message cannot be decoded.
    #[error("the message of connection {connection} at {at_ms} ms cannot be decoded: {error}")]
    Message {
        /// The connection.
        connection: u32,
        /// When it arrived.
        at_ms: u32,
        /// What is wrong with it.
        error: FollowError,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}
