//! What became of calls to a host's own code: its authenticator, its directory.

use super::{Authentication, By, DirectoryCall, counter, counters};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// Counters of calls to a host's own code.
pub(crate) struct HostCalls {
    /// Clients that were asked about, by the result.
    pub(crate) authentications: By<Counter>,
    /// Calls of the directory that gave no result, by what was called.
    pub(crate) directory_failures: By<Counter>,
    /// Rooms that ended and that the directory could not be made to forget.
    pub(crate) directory_records_left: Counter,
}

impl HostCalls {
    pub(super) fn new(r: &mut Registry) -> Self {
        Self {
            authentications: counters(
                r,
                "authentications",
                "Clients whom the authenticator decided on, or could not",
                "result",
                Authentication::LABELS,
            ),
            directory_failures: counters(
                r,
                "directory_failures",
                "Calls of the directory that failed or took too long",
                "call",
                DirectoryCall::LABELS,
            ),
            directory_records_left: counter(
                r,
                "directory_records_left",
                "Rooms that ended and are still in the directory, which did not release them",
            ),
        }
    }
}
