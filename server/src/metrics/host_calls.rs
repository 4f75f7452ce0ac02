//! What became of calls to a host's own code and services: its authenticator, its directory.

use super::{Authentication, By, DirectoryCall, Gauge, KeyFetch, ServiceEvent, counter, counters, gauge};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// Counters of calls to a host's own code.
pub(crate) struct HostCalls {
    /// Clients that were asked about, by the result.
    pub(crate) authentications: By<Counter>,
    /// Questions for the keys of JWTs, by the result.
    pub(crate) jwt_key_fetches: By<Counter>,
    /// Questions that the service at `auth_url` did not decide.
    pub(crate) auth_service_failures: Counter,
    /// Events for the host's services, by what became of them.
    pub(crate) service_events: By<Counter>,
    /// Files with webhooks that wait.
    pub(crate) webhook_files: Gauge,
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
            jwt_key_fetches: counters(
                r,
                "jwt_key_fetches",
                "Questions for the keys of JWTs at their address",
                "result",
                KeyFetch::LABELS,
            ),
            auth_service_failures: counter(
                r,
                "auth_service_failures",
                "Questions that the service at auth_url did not decide",
            ),
            service_events: counters(
                r,
                "service_events",
                "Events for the host's services: delivered, attempts that failed, lost, given up",
                "result",
                ServiceEvent::LABELS,
            ),
            webhook_files: gauge(r, "webhook_files", "Files with webhooks that wait"),
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
