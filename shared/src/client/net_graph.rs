//! Values for a net graph, besides the counters.

use super::{Client, ClientGame};
use core::time::Duration;

impl<G: ClientGame> Client<G> {
    /// How long ago the newest state arrived over this connection.
    #[must_use]
    pub fn snapshot_age(&self, now: Duration) -> Option<Duration> {
        Some(now.saturating_sub(self.room.as_ref()?.clocks.snapshot_at?))
    }
}
