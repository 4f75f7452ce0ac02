//! Threads that serve one timetable: a thread with nothing to do takes the next job that is due.
//!
//! One of the waiting threads is the timekeeper: it sleeps until the first job is due. The others sleep until
//! they are needed. No thread is started before there is work for it.

use super::hang;
use super::worker::Worker;
use super::{APART_MAX, Job, Progress};
use crate::metrics::Metrics;
use std::collections::BinaryHeap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio::time::Instant;

/// After this many runs in time in a row, a room that has hung may share its thread again.
const RUNS_IN_TIME: u32 = 300;

/// The threads and their timetable.
pub(crate) struct Pool {
    threads_max: usize,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
    /// Where the timekeeper sleeps.
    time: Condvar,
    /// Where the other threads sleep.
    idle: Condvar,
}

#[derive(Default)]
struct State {
    jobs: BinaryHeap<Entry>,
    entries: u64,
    /// When the timekeeper wakes up, if there is one.
    wakes_at: Option<Instant>,
    idle: usize,
    /// Threads that serve the timetable.
    threads: usize,
    /// Threads that belong to one room each.
    apart: usize,
    workers: Vec<Arc<Worker>>,
    is_watched: bool,
    closed: bool,
}

/// A job in the timetable. The greatest is due first; of two due at the same time, the one that was added
/// first.
struct Entry {
    at: Instant,
    number: u64,
    job: Box<dyn Job>,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads_max", &self.threads_max).finish_non_exhaustive()
    }
}

impl Pool {
    pub(super) fn new(threads_max: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            threads_max,
            metrics,
            state: Mutex::default(),
            time: Condvar::new(),
            idle: Condvar::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a job into the timetable.
    pub(super) fn put(self: &Arc<Self>, job: Box<dyn Job>) {
        let mut state = self.state();
        state.entries += 1;
        let entry = Entry { at: job.due_at(), number: state.entries, job };
        state.jobs.push(entry);
        self.arrange(&mut state);
    }

    /// Calls `start`, which starts a watchdog and returns whether that worked, until it has worked once.
    pub(super) fn watch(&self, start: impl FnOnce() -> bool) {
        let mut state = self.state();
        if !state.is_watched {
            state.is_watched = start();
        }
    }

    /// Ends the threads that have nothing to do. No job is added after this.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.time.notify_all();
        self.idle.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Whether no further thread may belong to one room.
    pub(super) fn is_exhausted(&self) -> bool {
        self.state().apart >= APART_MAX
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// All threads.
    pub(super) fn workers(&self) -> Vec<Arc<Worker>> {
        self.state().workers.clone()
    }

    /// Leaves `worker` to its present job and lets another thread replace it. `false` at the limit.
    pub(super) fn set_apart(self: &Arc<Self>, worker: &Worker) -> bool {
        let mut state = self.state();
        let mut worker_state = worker.state();
        if worker_state.apart || worker_state.subject.is_none() {
            return true;
        }
        if state.apart >= APART_MAX {
            return false;
        }
        worker_state.apart = true;
        drop(worker_state);
        state.threads -= 1;
        state.apart += 1;
        self.metrics.threads_apart.set(state.apart as i64);
        self.arrange(&mut state);
        true
    }

    /// Makes sure that a thread wakes up when the first job is due. Called after each change.
    fn arrange(self: &Arc<Self>, state: &mut State) {
        let Some(first) = state.jobs.peek().map(|entry| entry.at) else { return };
        match state.wakes_at {
            Some(wakes_at) if wakes_at <= first => {}
            Some(_) => {
                state.wakes_at = Some(first);
                self.time.notify_one();
            }
            None if state.idle > 0 => self.idle.notify_one(),
            None if state.threads < self.threads_max => self.start_thread(state),
            None => {}
        }
    }

    fn start_thread(self: &Arc<Self>, state: &mut State) {
        let worker = Arc::new(Worker::default());
        let (pool, own) = (Arc::clone(self), Arc::clone(&worker));
        let started = thread::Builder::new().name("rooms".to_owned()).spawn(move || pool.work(&own));
        match started {
            Ok(_) => {
                state.threads += 1;
                state.workers.push(worker);
            }
            // The jobs wait for the existing threads; the next job that is added tries again.
            Err(error) => tracing::error!(%error, "cannot start a thread for rooms"),
        }
    }

    /// Runs a thread.
    fn work(self: Arc<Self>, worker: &Arc<Worker>) {
        while let Some(mut job) = self.next_job() {
            let (progress, _) = run(&self, worker, &mut *job);
            if worker.state().apart {
                self.work_apart(worker, job, progress);
                return;
            }
            if progress == Progress::Again {
                self.put(job);
            }
        }
        self.leave(worker, |state| state.threads -= 1);
    }

    /// Runs the rest of a thread that belongs to one job.
    fn work_apart(self: &Arc<Self>, worker: &Arc<Worker>, mut job: Box<dyn Job>, mut progress: Progress) {
        let mut in_time = 0;
        while progress == Progress::Again && in_time < RUNS_IN_TIME {
            thread::sleep(job.due_at().saturating_duration_since(Instant::now()));
            let was_in_time;
            (progress, was_in_time) = run(self, worker, &mut *job);
            in_time = if was_in_time { in_time + 1 } else { 0 };
        }
        self.leave(worker, |state| state.apart -= 1);
        if progress == Progress::Again {
            self.put(job);
        }
    }

    fn leave(&self, worker: &Arc<Worker>, count: impl FnOnce(&mut State)) {
        let mut state = self.state();
        count(&mut state);
        state.workers.retain(|other| !Arc::ptr_eq(other, worker));
        self.metrics.threads_apart.set(state.apart as i64);
    }

    /// Waits for a job that is due. `None` when the threads end.
    fn next_job(self: &Arc<Self>) -> Option<Box<dyn Job>> {
        let mut state = self.state();
        while !state.closed {
            let now = Instant::now();
            let first = state.jobs.peek().map(|entry| entry.at);
            match first {
                Some(at) if at <= now => {
                    let job = state.jobs.pop()?.job;
                    self.arrange(&mut state);
                    return Some(job);
                }
                Some(at) if state.wakes_at.is_none() => {
                    state.wakes_at = Some(at);
                    let woken = self.time.wait_timeout(state, at - now);
                    state = woken.unwrap_or_else(PoisonError::into_inner).0;
                    state.wakes_at = None;
                }
                _ => {
                    state.idle += 1;
                    state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.idle -= 1;
                }
            }
        }
        None
    }
}

/// Runs a job under the watchdog. Also returns whether it was done in time.
fn run(pool: &Pool, worker: &Worker, job: &mut dyn Job) -> (Progress, bool) {
    worker.begin(job.subject());
    let progress = job.run();
    (progress, hang::done(&pool.metrics, &worker.end()))
}

#[cfg(test)]
mod tests {
    use super::super::{RoomThreads, Subject};
    use super::*;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::time::Duration;
    use tickwire_shared::id::RoomId;
    use tickwire_shared::wire::control::GameName;

    /// A job that runs `runs` times, and reports when it is dropped.
    struct Counting {
        runs: u32,
        due_at: Instant,
        period: Duration,
        over: SyncSender<u32>,
    }

    impl Job for Counting {
        fn subject(&self) -> Subject {
            Subject::Making(GameName::cut("counting"), RoomId::from_bits(1))
        }

        fn due_at(&self) -> Instant {
            self.due_at
        }

        fn run(&mut self) -> Progress {
            assert!(Instant::now() >= self.due_at, "before its time");
            self.due_at += self.period;
            self.runs -= 1;
            if self.runs > 0 { Progress::Again } else { Progress::Over }
        }
    }

    impl Drop for Counting {
        fn drop(&mut self) {
            let _ = self.over.send(self.runs);
        }
    }

    fn pool(threads: usize) -> (RoomThreads, Arc<Pool>) {
        let pool = Pool::new(threads, Arc::new(Metrics::new()));
        (RoomThreads::Apart(Arc::clone(&pool)), pool)
    }

    fn start(threads: &RoomThreads, jobs: u32, runs: u32) -> Receiver<u32> {
        let (over, dropped) = sync_channel(jobs as usize);
        for job in 0..jobs {
            // Periods that drift apart, so that jobs coincide in all ways.
            let period = Duration::from_micros(900 + u64::from(job) * 37);
            threads.start(Box::new(Counting { runs, due_at: Instant::now(), period, over: over.clone() }));
        }
        dropped
    }

    #[test]
    fn every_job_runs_as_often_as_it_has_to_whoever_serves_it() {
        for count in 1..=4 {
            let (threads, pool) = pool(count);
            let dropped = start(&threads, 40, 100);
            for _ in 0..40 {
                let left = dropped.recv_timeout(Duration::from_secs(20)).expect("no job is forgotten");
                assert_eq!(left, 0);
            }
            assert!((1..=count).contains(&pool.state().threads));
        }
    }

    #[test]
    fn the_threads_end_when_nobody_needs_them_any_more() {
        let (threads, pool) = pool(2);
        let dropped = start(&threads, 8, 20);
        (0..8).for_each(|_| assert_eq!(dropped.recv_timeout(Duration::from_secs(20)), Ok(0)));
        drop(threads);
        let end = Instant::now() + Duration::from_secs(20);
        while Arc::strong_count(&pool) > 1 {
            assert!(Instant::now() < end, "{} threads are left", Arc::strong_count(&pool) - 1);
            thread::sleep(Duration::from_millis(5));
        }
        let state = pool.state();
        assert_eq!((state.threads, state.workers.len()), (0, 0));
    }
}
