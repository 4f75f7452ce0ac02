//! A look at what updates are made of while the room runs: one update a second, taken by chance, is metered after all
//! members were served. So nothing is counted for the others.

use super::streams::Streams;
use crate::Rng;
use crate::byte_profile::ByteProfile;
use crate::entity::Schema;
use crate::tick::{Tick, TickRate};

/// Takes samples.
#[derive(Debug)]
pub(super) struct Sampler {
    rng: Rng,
    /// Updates in this second, and in the one before.
    sent: u32,
    sent_before: u32,
    /// Which update of this second is taken; none if it was.
    wanted: Option<u32>,
    /// The update that was taken in this tick; empty if none was.
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

    /// All members were served. The states of this tick and of those from which packets started are still there.
    pub(super) fn end_tick(&mut self, tick: Tick, rate: TickRate, schema: &Schema, streams: &Streams) {
        if !self.taken.is_empty() {
            let state = |stream, tick| streams.get(stream)?.encoder.history().get(tick);
            let metered = self.profile.update(schema, &self.taken, state);
            debug_assert_eq!(metered, Ok(()), "the room holds what it has just sent");
            self.taken.clear();
        }
        if tick.0.is_multiple_of(u32::from(rate.hz())) {
            (self.sent_before, self.sent) = (self.sent, 0);
            // If fewer are sent than in the second before, it may be that none is taken.
            self.wanted = Some(self.rng.below(self.sent_before));
        }
    }
}
