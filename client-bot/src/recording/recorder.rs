//! Writing: a connector that records what arrives over another connector's connections.

use super::{Header, RECORD_HEAD_BYTES};
use crate::connect::{Connect, ConnectError, Link, LinkEnd};
use bytes::Bytes;
use core::task::{Context, Poll, ready};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tickwire_shared::wire::control::{ServerControl, TAG_CONTROL};

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecorderConfig {
    /// Only the bots with numbers below this.
    pub bots: u32,
    /// The most bytes of the recording. Messages that no longer fit are left out and counted.
    pub bytes_max: u64,
}

impl RecorderConfig {
    /// Records the bots with numbers below `bots`, at most `bytes_max` bytes.
    #[must_use]
    pub fn new(bots: u32, bytes_max: u64) -> Self {
        Self { bots, bytes_max }
    }
}

/// Writes one recording. It writes only whole records, and none after a file error.
pub struct Recorder {
    config: RecorderConfig,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    to: Box<dyn Write + Send>,
    bytes: u64,
    connections: u32,
    left_out: u64,
    failed: Option<io::Error>,
}

impl core::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Recorder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Begins a recording with its header. `to` should be buffered.
    ///
    /// # Errors
    /// The header cannot be written.
    pub fn new(mut to: Box<dyn Write + Send>, header: &Header, config: RecorderConfig) -> io::Result<Self> {
        let mut line = serde_json::to_vec(header)?;
        line.push(b'\n');
        to.write_all(&line)?;
        let (bytes, connections) = (line.len() as u64, 0);
        let state = Mutex::new(State { to, bytes, connections, left_out: 0, failed: None });
        Ok(Self { config, began: Instant::now(), state })
    }

    fn connection(&self) -> u32 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.connections += 1;
        state.connections - 1
    }

    fn note(&self, connection: u32, message: &[u8]) {
        let without = without_secret(message);
        let message = without.as_deref().unwrap_or(message);
        let at_ms = u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = (RECORD_HEAD_BYTES + message.len()) as u64;
        // Once a message is left out, later ones of its connection could not be decoded.
        if state.left_out > 0 || state.bytes + bytes > self.config.bytes_max || state.failed.is_some() {
            state.left_out += 1;
            return;
        }
        state.bytes += bytes;
        if let Err(error) = state.write(connection, at_ms, message) {
            state.failed = Some(error);
        }
    }

    /// Ends the recording. Returns how many messages did not fit.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn finish(&self) -> io::Result<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.failed.take() {
            Some(error) => Err(error),
            None => state.to.flush().map(|()| state.left_out),
        }
    }
}

/// A `Joined` without the key that could take over the seat; its length is unchanged.
fn without_secret(message: &[u8]) -> Option<Vec<u8>> {
    if message.first() != Some(&TAG_CONTROL) {
        return None;
    }
    let Ok(ServerControl::Joined(mut joined)) = ServerControl::decode(message) else { return None };
    joined.secret.as_mut()?.key = [0; 16];
    ServerControl::Joined(joined).encode().ok()
}

impl State {
    fn write(&mut self, connection: u32, at_ms: u32, message: &[u8]) -> io::Result<()> {
        let mut head = [0; RECORD_HEAD_BYTES];
        let numbers = [connection, at_ms, message.len() as u32];
        for (slot, number) in head.chunks_exact_mut(4).zip(numbers) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        self.to.write_all(&head)?;
        self.to.write_all(message)
    }
}

/// Makes the connections of another connector and records some of them.
#[derive(Clone, Debug)]
pub struct RecordConnect<C> {
    inner: C,
    recorder: Option<Arc<Recorder>>,
}

impl<C> RecordConnect<C> {
    /// Without a recorder nothing is recorded.
    pub fn new(inner: C, recorder: Option<Arc<Recorder>>) -> Self {
        Self { inner, recorder }
    }
}

impl<C: Connect> Connect for RecordConnect<C> {
    type Link = RecordLink<C::Link>;

    async fn connect(&self, bot: u32) -> Result<Self::Link, ConnectError> {
        let inner = self.inner.connect(bot).await?;
        let recorder = self.recorder.as_ref().filter(|recorder| bot < recorder.config.bots);
        Ok(RecordLink { inner, recorder: recorder.map(|recorder| (recorder.clone(), recorder.connection())) })
    }
}

/// A connection that may be recorded.
#[derive(Debug)]
pub struct RecordLink<L> {
    inner: L,
    recorder: Option<(Arc<Recorder>, u32)>,
}

impl<L: Link> Link for RecordLink<L> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkEnd>> {
        let received = ready!(self.inner.poll_recv(cx));
        if let (Ok(message), Some((recorder, connection))) = (&received, &self.recorder) {
            recorder.note(*connection, message);
        }
        Poll::Ready(received)
    }

    fn send(&mut self, message: Vec<u8>) -> Result<(), LinkEnd> {
        self.inner.send(message)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkEnd>> {
        self.inner.poll_flush(cx)
    }
}
