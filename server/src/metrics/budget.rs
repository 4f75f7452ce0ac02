//! What clients did not get because of their byte budget or the size limit of a view.

use super::counter;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use tickwire_shared::room::RoomStats;

/// Counters of byte budgets and of views.
pub(crate) struct Budgets {
    floor_bytes: Counter,
    floors_above: Counter,
    waiting: Counter,
    not_held: Counter,
    left_out: Counter,
}

impl Budgets {
    pub(super) fn new(r: &mut Registry) -> Self {
        Self {
            floor_bytes: counter(
                r,
                "budget_floor_bytes",
                "Bytes that were sent whatever the byte budget was",
            ),
            floors_above: counter(
                r,
                "budget_floors_above",
                "Updates to clients whose floor alone took more than the byte budget",
            ),
            waiting: counter(r, "streams_waiting", "Streams that had to wait for bytes, once per update"),
            not_held: counter(
                r,
                "entities_not_held",
                "Entities lost from a client's view between two streams, because it held the maximum",
            ),
            left_out: counter(r, "streams_left_out", "Streams left out because a view exceeded its limit"),
        }
    }

    /// Adds what a room counted since the counts `told`, which were added last time.
    pub(crate) fn add(&self, now: &RoomStats, told: &RoomStats) {
        for (counter, count) in [
            (&self.floor_bytes, now.floor_bytes - told.floor_bytes),
            (&self.floors_above, now.floors_above_budget - told.floors_above_budget),
            (&self.waiting, now.streams_waiting - told.streams_waiting),
            (&self.not_held, now.entities_not_held - told.entities_not_held),
            (&self.left_out, now.streams_left_out - told.streams_left_out),
        ] {
            super::add(counter, count);
        }
    }
}
