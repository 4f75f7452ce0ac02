//! The frames whose arrival the server did not tell yet.

use core::time::Duration;
use std::collections::VecDeque;

/// Frames kept. The server tells of the newest one in each update; older ones it never will.
const SENT_MAX: usize = 128;

/// A frame on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    stamp_ms: u16,
    pub(super) at: Duration,
}

/// Frames on their way, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct SentFrames {
    frames: VecDeque<Sent>,
}

impl SentFrames {
    pub(super) fn push(&mut self, at: Duration) {
        if self.frames.len() >= SENT_MAX {
            self.frames.pop_front();
        }
        self.frames.push_back(Sent { stamp_ms: stamp(at), at });
    }

    /// The frame with this stamp. Those before it are forgotten.
    pub(super) fn take(&mut self, stamp_ms: u16) -> Option<Sent> {
        let at = self.frames.iter().rposition(|sent| sent.stamp_ms == stamp_ms)?;
        self.frames.drain(..=at).next_back()
    }
}

/// A time as frames have it.
pub(super) fn stamp(at: Duration) -> u16 {
    at.as_millis() as u16
}
