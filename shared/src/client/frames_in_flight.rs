//! When frames were made, and those whose arrival the server has not reported yet.

use crate::limits::window_ticks;
use crate::tick::TickRate;
use core::time::Duration;
use std::collections::VecDeque;

/// Frames are kept for this many windows (see [`window_ticks`]). Each update reports the newest frame that
/// arrived; the server never reports older ones.
const WINDOWS_MAX: u32 = 2;

/// The times of a client's frames.
pub(super) struct FrameTimes {
    /// When a spectator's next frame is due.
    pub(super) next_at: Duration,
    /// When the last frame was made.
    pub(super) last_at: Duration,
    pub(super) in_flight: SentFrames,
}

impl FrameTimes {
    pub(super) fn new(rate: TickRate, now: Duration) -> Self {
        Self { next_at: now, last_at: Duration::ZERO, in_flight: SentFrames::new(rate) }
    }
}

/// A frame in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    stamp_ms: u16,
    pub(super) at: Duration,
}

/// The frames in flight, oldest first.
#[derive(Clone, Debug)]
pub(super) struct SentFrames {
    frames: VecDeque<Sent>,
    frames_max: usize,
}

impl SentFrames {
    fn new(rate: TickRate) -> Self {
        Self { frames: VecDeque::new(), frames_max: (WINDOWS_MAX * window_ticks(rate)) as usize }
    }

    pub(super) fn push(&mut self, at: Duration) {
        if self.frames.len() >= self.frames_max {
            self.frames.pop_front();
        }
        self.frames.push_back(Sent { stamp_ms: stamp(at), at });
    }

    /// Removes and returns the frame with this stamp. Those before it are forgotten.
    pub(super) fn take(&mut self, stamp_ms: u16) -> Option<Sent> {
        let at = self.frames.iter().rposition(|sent| sent.stamp_ms == stamp_ms)?;
        self.frames.drain(..=at).next_back()
    }
}

/// A time as the stamp of a frame, which wraps.
pub(super) fn stamp(at: Duration) -> u16 {
    at.as_millis() as u16
}
