//! The threads on which rooms tick, separate from those of sessions, so that a game that hangs blocks nothing
//! else.
//!
//! Rooms wait in a timetable until they are due, and a few threads serve it ([`pool`]). A [`watchdog`] looks
//! at what each thread is doing ([`worker`]). A thread that hangs in a game belongs to that room from then
//! on, and another one replaces it; the number of such threads is limited. This module knows no socket and no
//! session.

mod hang;
mod pool;
mod watchdog;
mod worker;

pub(crate) use worker::{Subject, room_span};

use crate::metrics::Metrics;
use pool::Pool;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

/// Threads that may belong to one room each, because its game hangs or has hung. Beyond this number a hung
/// game keeps a thread that all rooms share, and no new room is made.
pub(crate) const APART_MAX: usize = 32;

/// Work for a room thread.
pub(crate) trait Job: Send {
    /// Whose code it runs.
    fn subject(&self) -> Subject;

    /// When it is to run next.
    fn due_at(&self) -> Instant;

    /// Runs it. Must not panic.
    fn run(&mut self) -> Progress;
}

/// Whether a job has to run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// At its [`Job::due_at`].
    Again,
    /// It is over.
    Over,
}

/// Where a server's rooms tick.
#[derive(Debug)]
pub(crate) enum RoomThreads {
    /// On threads of their own.
    Apart(Arc<Pool>),
    /// As tasks of the runtime in which they are made. No watchdog watches them.
    InRuntime,
}

impl RoomThreads {
    /// Separate threads: `count`, or as many as the machine has cores. They start with the first room.
    pub(crate) fn apart(count: Option<usize>, metrics: Arc<Metrics>) -> Self {
        let cores = || available_parallelism().map_or(1, std::num::NonZero::get);
        Self::Apart(Pool::new(count.unwrap_or_else(cores).max(1), metrics))
    }

    /// Runs `job` at its times until it is over.
    pub(crate) fn start(&self, mut job: Box<dyn Job>) {
        match self {
            Self::Apart(pool) => {
                pool.put(job);
                pool.watch(|| watchdog::start(Arc::downgrade(pool)));
            }
            Self::InRuntime => {
                tokio::spawn(async move {
                    loop {
                        sleep_until(job.due_at()).await;
                        if job.run() == Progress::Over {
                            return;
                        }
                    }
                });
            }
        }
    }

    /// Runs `work`, code of a game, once, in the room's span. `None` if it panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        subject: Subject,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = oneshot::channel();
        let span = room_span(subject.room(), subject.game());
        let work = move || span.in_scope(work);
        self.start(Box::new(Once { subject, work: Some((work, done)), due_at: Instant::now() }));
        result.await.ok()
    }

    /// Whether too many games hang for a new room to be made.
    pub(crate) fn is_exhausted(&self) -> bool {
        match self {
            Self::Apart(pool) => pool.is_exhausted(),
            Self::InRuntime => false,
        }
    }
}

impl Drop for RoomThreads {
    fn drop(&mut self) {
        if let Self::Apart(pool) = self {
            pool.close();
        }
    }
}

/// Work that is done once.
struct Once<W, T> {
    subject: Subject,
    work: Option<(W, oneshot::Sender<T>)>,
    due_at: Instant,
}

impl<T: Send, W: FnOnce() -> T + Send> Job for Once<W, T> {
    fn subject(&self) -> Subject {
        self.subject.clone()
    }

    fn due_at(&self) -> Instant {
        self.due_at
    }

    fn run(&mut self) -> Progress {
        if let Some((work, done)) = self.work.take()
            && let Ok(result) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        {
            // If it took too long, nothing waits for it any more.
            let _ = done.send(result);
        }
        Progress::Over
    }
}
