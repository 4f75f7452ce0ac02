//! Watches the room threads: reports jobs that take too long, and makes sure that others need not wait for
//! them.
//!
//! It counts how often it has seen a thread at the same job, not the time: if the whole process was stopped
//! for a while, no game has hung.

use super::hang::{HUNG_BEATS, hung_step};
use super::pool::Pool;
use super::worker::Worker;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// How often it looks.
const BEAT: Duration = Duration::from_millis(50);
/// A game that still hangs is reported again after this many beats: 10 s.
const REMINDER_BEATS: u32 = 200;

/// Starts the watchdog's thread, which ends with the pool. Returns whether it started.
pub(super) fn start(pool: Weak<Pool>) -> bool {
    let watch = move || {
        while let Some(pool) = pool.upgrade().filter(|pool| !pool.is_closed()) {
            for worker in pool.workers() {
                look(&pool, &worker);
            }
            drop(pool);
            thread::sleep(BEAT);
        }
    };
    let started = thread::Builder::new().name("watchdog".to_owned()).spawn(watch);
    started.inspect_err(|error| tracing::error!(%error, "cannot start the watchdog's thread")).is_ok()
}

fn look(pool: &Arc<Pool>, worker: &Worker) {
    let mut worker_state = worker.state();
    let Some(subject) = worker_state.subject.clone() else { return };
    worker_state.beats += 1;
    let beats = worker_state.beats;
    let seconds = worker_state.seen_at.get_or_insert_with(Instant::now).elapsed().as_secs_f64();
    if beats < HUNG_BEATS {
        return;
    }
    // Under the lock, so that the thread, once done, removes it after this.
    pool.metrics().hung_step(&hung_step(&subject)).set(seconds);
    let was_known = subject.port().is_some_and(|port| port.is_hung());
    if let Some(port) = subject.port() {
        port.set_hung(true);
    }
    drop(worker_state);
    if beats == HUNG_BEATS {
        pool.metrics().hangs.inc();
    }
    let (game, room, tick) = (subject.game(), subject.room(), subject.tick());
    let is_news = !was_known && beats == HUNG_BEATS;
    if is_news || beats.is_multiple_of(REMINDER_BEATS) {
        tracing::error!(
            %game, %room, %tick, seconds,
            "a game hangs; the operator's listener can close the room"
        );
    }
    if !pool.set_apart(worker) && is_news {
        tracing::error!(
            "the limit of games that hang is reached: no room is made until one continues; restart the server"
        );
    }
}
