//! What a fleet measured in one second.

use serde::Serialize;

/// One second of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Second {
    /// The number of the second, from 0.
    pub second: u32,
    /// Bots in a room at its end.
    pub bots: u32,
    /// Connections that ended in it and that the bots did not end themselves.
    pub disconnects: u64,
    /// Snapshots that were decoded in it.
    pub snapshots: u64,
    /// Messages that arrived in it.
    pub messages: u64,
    /// Bytes of messages that arrived in it.
    pub bytes: u64,
    /// The 99th percentile of the time between two snapshots.
    pub gap_p99_ms: Option<f64>,
    /// The longest time between two snapshots.
    pub gap_max_ms: Option<f64>,
    /// The 99th percentile of how late the bots' own timers fired.
    pub lag_p99_ms: Option<f64>,
}
