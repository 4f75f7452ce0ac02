//! A bad network as a pure state machine: what a connection over it does to messages, without a socket or a clock.
//!
//! A [`LinkSimulator`] carries whole messages both ways, each [`Path`] with values of its own. It behaves as a TCP connection
//! does: nothing is lost and nothing overtakes, so a lost segment shows as a stall of all that is behind it. The harness
//! runs it in virtual time, the load tester in real time between a bot and its socket. The same seed and the same
//! messages at the same times give the same arrivals.
//!
//! ```text
//!   send ─► bottleneck (bandwidth) ─► delay ± jitter ─► lost? + retransmission ─► in order ─► burst ─► stall ─► receive
//!           └──────────────────────── counts against the queue's bound ─────────────────────────────────────┘
//! ```
//!
//! Not modelled: congestion control (no window shrinks after a loss), lost acknowledgements, cross traffic.

mod outage;
mod path;
mod profile;
#[cfg(test)]
mod tests;

pub use outage::{Outage, Outages};
pub use path::{HEADER_BYTES, Path, SEGMENT_BYTES};
pub use profile::{LinkProfile, PathProfile};

use crate::Rng;
use core::time::Duration;

/// Both directions of one connection: messages `U` up to the server, `D` down to the client.
#[derive(Clone, Debug)]
pub struct LinkSimulator<U, D> {
    profile: LinkProfile,
    /// Client to server.
    pub up: Path<U>,
    /// Server to client.
    pub down: Path<D>,
    stalls: Outages,
    cuts: Outages,
}

impl<U: AsRef<[u8]>, D: AsRef<[u8]>> LinkSimulator<U, D> {
    /// A link that is idle. Times count from the same start in all calls; outages follow from `seed` and the time alone, so
    /// that a client's next connection, made with the same seed, meets the ones that are still to come.
    #[must_use]
    pub fn new(profile: LinkProfile, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        Self {
            profile,
            up: Path::new(rng.split()),
            down: Path::new(rng.split()),
            stalls: Outages::new(profile.stall, rng.next_u64()),
            cuts: Outages::new(profile.cut, rng.next_u64()),
        }
    }

    /// How it behaves.
    #[must_use]
    pub fn profile(&self) -> &LinkProfile {
        &self.profile
    }

    /// Behaves so from now on; what is on the way arrives as it would have.
    pub fn set_profile(&mut self, profile: LinkProfile) {
        self.profile = profile;
        self.stalls.set(profile.stall);
        self.cuts.set(profile.cut);
    }

    /// The client sends. Ask [`LinkSimulator::takes_up`] before.
    pub fn send_up(&mut self, now: Duration, message: U) {
        self.up.send(now, message, &self.profile.up, self.profile.retransmit(), &self.stalls);
    }

    /// The server sends. Ask [`LinkSimulator::takes_down`] before.
    pub fn send_down(&mut self, now: Duration, message: D) {
        self.down.send(now, message, &self.profile.down, self.profile.retransmit(), &self.stalls);
    }

    /// Whether the way up takes another message: else the sender has to wait, as for a full socket.
    #[must_use]
    pub fn takes_up(&self) -> bool {
        self.up.takes(&self.profile.up)
    }

    /// Whether the way down takes another message.
    #[must_use]
    pub fn takes_down(&self) -> bool {
        self.down.takes(&self.profile.down)
    }

    /// Nothing arrives in either direction before `until`; then all at once.
    pub fn stall(&mut self, until: Duration) {
        self.up.stall(until);
        self.down.stall(until);
    }

    /// The connection is gone, and all that was on its way with it.
    pub fn clear(&mut self) {
        self.up.clear();
        self.down.clear();
    }

    /// The cut that goes on at `now`, or else the next: from when until when there is no connection.
    #[must_use]
    pub fn next_cut(&self, now: Duration) -> Option<(Duration, Duration)> {
        self.cuts.at_or_after(now)
    }
}
