//! A game that hangs: when it counts as hung, and what is recorded when it continues.

use super::worker::{Subject, WorkerState};
use crate::metrics::{HungStep, Metrics};

/// Beats of the watchdog after which a game counts as hung: 0.3 s, nine ticks at 30 Hz.
pub(super) const HUNG_BEATS: u32 = 6;

/// A thread has finished its job. Returns whether that was in time.
pub(super) fn done(metrics: &Metrics, was: &WorkerState) -> bool {
    let Some(subject) = &was.subject else { return true };
    if was.beats >= HUNG_BEATS {
        metrics.forget_hung_step(&hung_step(subject));
        return false;
    }
    if let Some(port) = subject.port().filter(|port| port.is_hung()) {
        port.set_hung(false);
        let (game, room, tick) = (subject.game(), subject.room(), subject.tick());
        tracing::info!(%game, %room, %tick, "the game continues");
    }
    true
}

/// The labels of the metric that shows a hung game.
pub(super) fn hung_step(subject: &Subject) -> HungStep {
    [
        ("game", subject.game().to_string()),
        ("room", subject.room().to_string()),
        ("tick", subject.tick().0.to_string()),
    ]
}
