//! Measures what updates consist of while the room runs: one random update a second is metered after all
//! members were served. The other updates cost no counting.

use super::streams::Streams;
use crate::Rng;
use crate::byte_profile::ByteProfile;
use crate::entity::Schema;
use crate::tick::{Tick, TickRate};

/// Takes the samples.
#[derive(Debug)]
pub(super) struct Sampler {
    rng: Rng,
    /// Updates in this second, and in the one before.
    sent: u32,
    sent_before: u32,
    /// Which update of this second to take; `None` if it was already taken.
    wanted: Option<u32>,
    /// The update taken in this tick; empty if there is none.
    taken: Vec<u8>,
    pub(super) profile: ByteProfile,
}

impl Sampler {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
            sent: 0,
            sent_before: 0,
            wanted: Some(0),
            taken: Vec::new(),
            profile: ByteProfile::new(),
        }
    }

    /// An update was written.
    pub(super) fn sent(&mut self, update: &[u8]) {
        if self.wanted == Some(self.sent) {
            self.wanted = None;
            self.taken.extend_from_slice(update);
        }
        self.sent = self.sent.saturating_add(1);
    }

    /// All members were served. The states of this tick and of the packets' baselines are still stored.
    pub(super) fn end_tick(&mut self, tick: Tick, rate: TickRate, schema: &Schema, streams: &Streams) {
        if !self.taken.is_empty() {
            let state = |stream, tick| streams.get(stream)?.encoder.history().get(tick);
            let metered = self.profile.update(schema, &self.taken, state);
            debug_assert_eq!(metered, Ok(()), "the room still stores what it has just sent");
            self.taken.clear();
        }
        if tick.0.is_multiple_of(u32::from(rate.hz())) {
            (self.sent_before, self.sent) = (self.sent, 0);
            // If fewer updates are sent than in the second before, possibly none is taken.
            self.wanted = Some(self.rng.below(self.sent_before));
        }
    }
}
