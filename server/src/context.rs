//! What the rooms and sessions of one server share: limits, metrics, charges, the leak audit, and the
//! rooms.

use crate::charges::Charges;
use crate::config::{AddressRange, Limits};
use crate::directory::Rooms;
use crate::leak_audit::LeakAudit;
use crate::metrics::Metrics;
use crate::room_threads::RoomThreads;
use crate::services::ServiceQueue;
use std::sync::Arc;
use tokio::time::Instant;

/// Shared by everything in a server. Nothing in it is touched per message.
pub(crate) struct ServerContext {
    /// What the operator permits.
    pub(crate) limits: Limits,
    /// What the operator measures.
    pub(crate) metrics: Arc<Metrics>,
    /// What is charged to whom.
    pub(crate) charges: Arc<Charges>,
    /// What is alive.
    pub(crate) leak_audit: Arc<LeakAudit>,
    /// Which rooms exist.
    pub(crate) rooms: Rooms,
    /// Where the rooms tick.
    pub(crate) room_threads: RoomThreads,
    /// Where rooms leave what happened, for the host's systems.
    pub(crate) services: ServiceQueue,
    /// When the server started; the rooms' phases are relative to it.
    pub(crate) epoch: Instant,
}

impl ServerContext {
    /// Nothing is alive yet. The addresses `exempt` are charged nothing.
    pub(crate) fn new(
        limits: Limits,
        exempt: Vec<AddressRange>,
        metrics: Arc<Metrics>,
        room_threads: RoomThreads,
        rooms: Rooms,
        services: ServiceQueue,
    ) -> Self {
        Self {
            charges: Arc::new(Charges::new(limits, exempt, metrics.clone())),
            limits,
            metrics,
            leak_audit: Arc::default(),
            rooms,
            room_threads,
            services,
            epoch: Instant::now(),
        }
    }
}
