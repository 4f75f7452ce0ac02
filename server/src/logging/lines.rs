//! Writes lines to a stream that may block for as long as it likes. Callers never wait.
//!
//! One thread writes; a bounded buffer holds the lines that it has not taken yet. A line that does not fit is
//! dropped and counted, and the log reports how many were lost once the stream takes lines again.

use prometheus_client::metrics::counter::Counter;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The most bytes that wait: the lines of some seconds on a busy day.
const WAITING_BYTES_MAX: usize = 256 * 1024;
/// How often the thread wakes up when there are no lines.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// How long it waits before it retries a stream that is set to refuse instead of blocking.
const RETRY_PERIOD: Duration = Duration::from_millis(20);

/// Counts of lines that were never written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost {
    /// The buffer was full, because the stream is not read.
    pub(crate) unread: Counter,
    /// The stream failed: it is closed, or a disk is full.
    pub(crate) failed: Counter,
}

/// The sending end. Clones write to the same stream.
#[derive(Clone, Debug)]
pub(crate) struct Lines(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    /// A line was added.
    filled: Condvar,
    /// All lines are written.
    emptied: Condvar,
    lost: Lost,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Lines that did not fit since the thread last emptied the buffer.
    dropped: u64,
    /// The thread is writing what it took.
    writing: bool,
}

impl Lines {
    /// Starts the thread that writes to `stream`. It calls `look` after each write and about once a second,
    /// and lives as long as the process.
    ///
    /// # Errors
    /// The system has no thread.
    pub(crate) fn start(
        stream: impl Write + Send + 'static,
        lost: Lost,
        look: impl FnMut() + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue { lost, ..Queue::default() });
        let lines = Self(Arc::clone(&queue));
        thread::Builder::new().name("log".to_owned()).spawn(move || queue.write_out(stream, look))?;
        Ok(lines)
    }

    /// Queues whole lines, or drops and counts them.
    pub(crate) fn push(&self, text: &[u8]) {
        let mut state = self.0.state();
        if state.waiting.len() + text.len() > WAITING_BYTES_MAX {
            state.dropped += 1;
            self.0.lost.unread.inc();
            return;
        }
        state.waiting.extend_from_slice(text);
        drop(state);
        self.0.filled.notify_one();
    }

    /// Waits until everything is written, but no longer than `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        let end = Instant::now() + patience;
        let mut state = self.0.state();
        while state.writing || !state.waiting.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.0.emptied.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A formatter writes each line whole, with one call.
impl Write for Lines {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.push(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_out(&self, mut stream: impl Write, mut look: impl FnMut()) {
        let mut lines = Vec::new();
        let mut untold = 0;
        loop {
            untold += self.take(&mut lines);
            let failed = write_all(&mut stream, &lines);
            self.lost.failed.inc_by(failed);
            untold += failed;
            // Only after a write that succeeded: on a closed stream this line would be lost as well, again
            // and again.
            if untold > 0 && failed == 0 && !lines.is_empty() {
                tracing::warn!(
                    lines = untold,
                    "log lines were lost: they were not read, or could not be written"
                );
                untold = 0;
            }
            look();
            self.state().writing = false;
            self.emptied.notify_all();
        }
    }

    /// Swaps the waiting lines into `lines`; leaves it empty if none arrive within a second. Returns how many
    /// lines were dropped after them.
    fn take(&self, lines: &mut Vec<u8>) -> u64 {
        lines.clear();
        let (mut state, _) = self
            .filled
            .wait_timeout_while(self.state(), LOOK_PERIOD, |state| state.waiting.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.waiting, lines);
        state.writing = true;
        std::mem::take(&mut state.dropped)
    }
}

/// Writes everything, however long the stream blocks. Returns how many lines failed.
fn write_all(stream: &mut impl Write, mut lines: &[u8]) -> u64 {
    while !lines.is_empty() {
        match stream.write(lines) {
            Ok(count) if count > 0 => lines = lines.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => (),
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY_PERIOD),
            _ => return lines.iter().filter(|byte| **byte == b'\n').count() as u64,
        }
    }
    let _ = stream.flush();
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    /// A stream that takes a write only when the test lets it.
    struct Gate {
        open: Receiver<io::Result<()>>,
        written: Written,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.open.recv().unwrap_or(Ok(()))?;
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    type Written = Arc<Mutex<Vec<u8>>>;

    fn gated() -> (Lines, Lost, SyncSender<io::Result<()>>, Written) {
        let (gate, open) = sync_channel(16);
        let (written, lost) = (Written::default(), Lost::default());
        let stream = Gate { open, written: Arc::clone(&written) };
        (Lines::start(stream, lost.clone(), || {}).unwrap(), lost, gate, written)
    }

    #[test]
    fn a_stream_that_takes_nothing_delays_nobody_and_what_does_not_fit_is_counted() {
        let (lines, lost, gate, written) = gated();
        let line = [b'x'; 1023].iter().chain(b"\n").copied().collect::<Vec<_>>();
        // The thread may have taken some lines; it never holds more than one buffer.
        for _ in 0..2 * WAITING_BYTES_MAX / line.len() + 10 {
            lines.push(&line);
        }
        let dropped = lost.unread.get();
        assert!(dropped >= 10, "{dropped}");
        lines.flush(Duration::from_millis(50));
        drop(gate);
        lines.flush(Duration::from_secs(10));
        let whole = written.lock().unwrap().len() / line.len();
        assert_eq!(whole as u64 + dropped, (2 * WAITING_BYTES_MAX / line.len() + 10) as u64);
    }

    #[test]
    fn lines_that_a_stream_refuses_are_counted_and_those_after_them_are_written() {
        let (lines, lost, gate, written) = gated();
        gate.send(Err(ErrorKind::StorageFull.into())).unwrap();
        lines.push(b"one\ntwo\n");
        lines.flush(Duration::from_secs(10));
        assert_eq!((lost.failed.get(), lost.unread.get()), (2, 0));
        gate.send(Err(ErrorKind::WouldBlock.into())).unwrap();
        drop(gate);
        lines.push(b"three\n");
        lines.flush(Duration::from_secs(10));
        assert_eq!(*written.lock().unwrap(), b"three\n");
    }
}
