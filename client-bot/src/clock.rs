//! The time of a run.

use core::future::Future;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use tokio::time::Instant;

/// The fleet's time, counted from its start.
#[derive(Debug)]
pub(crate) struct FleetClock {
    start: Instant,
    stopped: AtomicBool,
}

impl FleetClock {
    /// Time starts now.
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), stopped: AtomicBool::new(false) }
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn instant(&self, at: Duration) -> Instant {
        self.start + at
    }

    pub(crate) async fn sleep_until(&self, at: Duration) {
        tokio::time::sleep_until(self.instant(at)).await;
    }

    /// Waits for `time`, but not beyond `until`.
    pub(crate) async fn pause(&self, time: Duration, until: Duration) {
        self.sleep_until(self.now().saturating_add(time).min(until)).await;
    }

    pub(crate) async fn timeout_at<F: Future>(&self, at: Duration, work: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.instant(at), work).await.ok()
    }

    /// Whether all bots have to leave early.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Makes all bots leave early.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}
