//! One direction of a link.

use super::outage::Outages;
use super::profile::PathProfile;
use crate::Rng;
use core::time::Duration;
use std::collections::VecDeque;

/// The bytes of messages in one TCP segment.
pub const SEGMENT_BYTES: usize = 1_448;
/// The overhead of each segment: TCP and IP with options 52, WebSocket 4.
pub const HEADER_BYTES: usize = 56;

/// A segment that was lost this many times in a row gets through.
const LOSSES_MAX: u32 = 6;
/// The messages in flight at which a sender has to wait, however short they are.
const MESSAGES_MAX: usize = 1_024;

/// Messages in flight in one direction.
#[derive(Clone, Debug)]
pub struct Path<M> {
    on_the_way: VecDeque<(Duration, M)>,
    bytes: usize,
    /// When the bottleneck has passed everything sent so far.
    free_at: Duration,
    /// When the last message arrives.
    last: Duration,
    lost: u64,
    rng: Rng,
}

impl<M: AsRef<[u8]>> Path<M> {
    pub(super) fn new(rng: Rng) -> Self {
        let (free_at, last) = (Duration::ZERO, Duration::ZERO);
        Self { on_the_way: VecDeque::new(), bytes: 0, free_at, last, lost: 0, rng }
    }

    pub(super) fn send(
        &mut self,
        now: Duration,
        message: M,
        profile: &PathProfile,
        retransmit: Duration,
        stalls: &Outages,
    ) {
        let bytes = message.as_ref().len();
        let segments = bytes.div_ceil(SEGMENT_BYTES).max(1);
        self.free_at = self.free_at.max(now) + self.passage(bytes + segments * HEADER_BYTES, profile);
        let way = (profile.delay + self.jitter(profile)).saturating_sub(profile.jitter);
        let arrives = self.free_at + way + self.retransmissions(segments, profile, retransmit);
        // Bursts and stalls are applied after the ordering and keep it.
        let arrives = stalls.held(to_burst(arrives.max(self.last), profile.burst_every));
        self.last = arrives;
        self.bytes += bytes;
        self.on_the_way.push_back((arrives, message));
    }

    /// How long the bottleneck takes for `bytes`.
    fn passage(&self, bytes: usize, profile: &PathProfile) -> Duration {
        let bits = bytes as u128 * 8;
        let nanos = (bits * 1_000_000_000).checked_div(profile.bandwidth_bits_per_s.into()).unwrap_or(0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX / 4))
    }

    /// A random time from zero to twice the profile's jitter.
    fn jitter(&mut self, profile: &PathProfile) -> Duration {
        let jitter_us = u32::try_from(profile.jitter.as_micros() * 2).unwrap_or(u32::MAX - 1);
        Duration::from_micros(self.rng.below(jitter_us + 1).into())
    }

    /// How much later the last of `segments` arrives because some of them were lost.
    fn retransmissions(&mut self, segments: usize, profile: &PathProfile, retransmit: Duration) -> Duration {
        let mut longest = 0;
        if profile.loss_per_million == 0 {
            return Duration::ZERO;
        }
        for _ in 0..segments {
            let mut losses = 0;
            while losses < LOSSES_MAX && self.rng.below(1_000_000) < profile.loss_per_million {
                losses += 1;
            }
            self.lost += u64::from(losses);
            longest = longest.max(losses);
        }
        // The wait doubles with each loss: 1, 3, 7 times the first in total.
        retransmit * ((1 << longest) - 1)
    }

    /// Whether the path accepts another message. An idle path accepts one of any length.
    pub(super) fn takes(&self, profile: &PathProfile) -> bool {
        self.bytes < profile.queue_bytes_max.max(1) && self.on_the_way.len() < MESSAGES_MAX
    }

    /// Stalls the path: nothing arrives before `until`.
    pub fn stall(&mut self, until: Duration) {
        self.last = self.last.max(until);
        for (at, _) in &mut self.on_the_way {
            *at = (*at).max(until);
        }
    }

    /// When the next message arrives.
    #[must_use]
    pub fn next_at(&self) -> Option<Duration> {
        self.on_the_way.front().map(|(at, _)| *at)
    }

    /// The next message that has arrived at `now`, and its arrival time.
    pub fn receive(&mut self, now: Duration) -> Option<(Duration, M)> {
        if self.next_at()? > now {
            return None;
        }
        let (at, message) = self.on_the_way.pop_front()?;
        self.bytes = self.bytes.saturating_sub(message.as_ref().len());
        Some((at, message))
    }

    /// The segments lost so far.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Drops all messages in flight.
    pub(super) fn clear(&mut self) {
        self.on_the_way.clear();
        (self.bytes, self.free_at, self.last) = (0, Duration::ZERO, Duration::ZERO);
    }
}

/// The next burst at `at` or after it.
fn to_burst(at: Duration, every: Duration) -> Duration {
    let into = at.as_nanos().checked_rem(every.as_nanos()).unwrap_or(0);
    match u64::try_from(into) {
        Ok(0) | Err(_) => at,
        Ok(into) => at + every - Duration::from_nanos(into),
    }
}
