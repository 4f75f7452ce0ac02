//! A seeded link: ordered delivery with a delay, jitter, stalls. What a TCP connection does, without one.

use crate::Rng;
use core::time::Duration;
use std::collections::VecDeque;

/// How a link behaves, the same in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkProfile {
    /// The least time that a message takes.
    pub delay: Duration,
    /// A message takes up to this much longer, at random. Messages never overtake each other.
    pub jitter: Duration,
    /// Messages that the link takes before the sender's slot stays full: the kernel's buffers.
    pub buffered_max: usize,
    /// A message starts a stall once in this many; 0 for never.
    pub stall_one_in: u32,
    /// How long such a stall lasts.
    pub stall: Duration,
}

impl LinkProfile {
    /// Nothing takes time.
    pub const CLEAN: Self = Self {
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        buffered_max: 16,
        stall_one_in: 0,
        stall: Duration::ZERO,
    };
    /// A common home connection: 30 to 45 ms each way.
    pub const HOME: Self =
        Self { delay: Duration::from_millis(30), jitter: Duration::from_millis(15), ..Self::CLEAN };
    /// A bad mobile connection: 60 to 140 ms each way, and a stall of half a second every ten seconds or so.
    pub const MOBILE: Self = Self {
        delay: Duration::from_millis(60),
        jitter: Duration::from_millis(80),
        stall_one_in: 300,
        stall: Duration::from_millis(500),
        ..Self::CLEAN
    };
}

impl Default for LinkProfile {
    fn default() -> Self {
        Self::CLEAN
    }
}

/// One direction of a link.
#[derive(Debug, Default)]
pub(super) struct Pipe<M> {
    on_the_way: VecDeque<(Duration, M)>,
    last: Duration,
    stalled_until: Duration,
}

impl<M> Pipe<M> {
    pub(super) fn new() -> Self {
        Self { on_the_way: VecDeque::new(), last: Duration::ZERO, stalled_until: Duration::ZERO }
    }

    pub(super) fn send(&mut self, now: Duration, message: M, profile: &LinkProfile, rng: &mut Rng) {
        let jitter_us = u32::try_from(profile.jitter.as_micros()).unwrap_or(u32::MAX);
        let jitter = Duration::from_micros(u64::from(rng.below(jitter_us.saturating_add(1))));
        if rng.chance(profile.stall_one_in) {
            self.stall(now + profile.stall);
        }
        let arrives = (now + profile.delay + jitter).max(self.last).max(self.stalled_until);
        self.last = arrives;
        self.on_the_way.push_back((arrives, message));
    }

    /// Nothing arrives before `until`.
    pub(super) fn stall(&mut self, until: Duration) {
        self.stalled_until = self.stalled_until.max(until);
        self.last = self.last.max(until);
        for (at, _) in &mut self.on_the_way {
            *at = (*at).max(until);
        }
    }

    pub(super) fn next_at(&self) -> Option<Duration> {
        self.on_the_way.front().map(|(at, _)| *at)
    }

    pub(super) fn receive(&mut self, now: Duration) -> Option<M> {
        if self.next_at()? > now {
            return None;
        }
        self.on_the_way.pop_front().map(|(_, message)| message)
    }

    pub(super) fn len(&self) -> usize {
        self.on_the_way.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_order_and_a_stall_holds_them_all() {
        let (mut pipe, mut rng) = (Pipe::new(), Rng::new(1));
        let ms = Duration::from_millis;
        for n in 0..100 {
            pipe.send(ms(n), n, &LinkProfile::HOME, &mut rng);
        }
        pipe.stall(ms(1_000));
        assert!(pipe.receive(ms(999)).is_none());
        let got: Vec<_> = core::iter::from_fn(|| pipe.receive(ms(1_000))).collect();
        assert_eq!(got, (0..100).collect::<Vec<_>>());
    }
}
