//! A bad network as a pure state machine: what a connection over it does to messages, without a socket or a
//! clock.
//!
//! A [`LinkSimulator`] carries whole messages in both directions; each [`Path`] has its own values. It
//! behaves like a TCP connection: nothing is lost and nothing overtakes, so a lost segment shows as a stall
//! of everything after it. The harness runs it in virtual time, the load tester in real time between a bot
//! and its socket. The same seed and the same messages at the same times give the same arrivals.
//!
//! ```text
//! send -> bottleneck (bandwidth) -> delay, jitter -> lost: resent -> in order -> burst -> stall -> receive
//!         |________________ counts against the limit of the queue ________________|
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
    /// Creates an idle link. Times count from the same start in all calls. Outages depend only on `seed` and
    /// the time, so a client's next connection, created with the same seed, meets the remaining ones.
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

    /// How the link behaves.
    #[must_use]
    pub fn profile(&self) -> &LinkProfile {
        &self.profile
    }

    /// Changes how the link behaves from now on; messages in flight arrive as they would have.
    pub fn set_profile(&mut self, profile: LinkProfile) {
        self.profile = profile;
        self.stalls.set(profile.stall);
        self.cuts.set(profile.cut);
    }

    /// The client sends. Check [`LinkSimulator::takes_up`] first.
    pub fn send_up(&mut self, now: Duration, message: U) {
        self.up.send(now, message, &self.profile.up, self.profile.retransmit(), &self.stalls);
    }

    /// The server sends. Check [`LinkSimulator::takes_down`] first.
    pub fn send_down(&mut self, now: Duration, message: D) {
        self.down.send(now, message, &self.profile.down, self.profile.retransmit(), &self.stalls);
    }

    /// Whether the uplink accepts another message; otherwise the sender has to wait, as for a full socket.
    #[must_use]
    pub fn takes_up(&self) -> bool {
        self.up.takes(&self.profile.up)
    }

    /// Whether the downlink accepts another message.
    #[must_use]
    pub fn takes_down(&self) -> bool {
        self.down.takes(&self.profile.down)
    }

    /// Stalls both directions until `until`; then everything arrives at once.
    pub fn stall(&mut self, until: Duration) {
        self.up.stall(until);
        self.down.stall(until);
    }

    /// Drops all messages in flight: the connection no longer exists.
    pub fn clear(&mut self) {
        self.up.clear();
        self.down.clear();
    }

    /// The cut in progress at `now`, otherwise the next one: its start and its end.
    #[must_use]
    pub fn next_cut(&self, now: Duration) -> Option<(Duration, Duration)> {
        self.cuts.at_or_after(now)
    }
}
