//! Child processes: pinned to a core, driven by lines, measured by `/proc`, ended by their id.

use rustix::thread::{CpuSet, sched_setaffinity};
use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often the memory is sampled during some work.
const SAMPLE_PERIOD: Duration = Duration::from_millis(250);

/// A child process. Dropping it kills it and waits for its end.
pub(crate) struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

/// CPU time of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CpuTime {
    pub(crate) user: Duration,
    pub(crate) kernel: Duration,
}

impl CpuTime {
    pub(crate) fn total(self) -> Duration {
        self.user + self.kernel
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self { user: self.user - earlier.user, kernel: self.kernel - earlier.kernel }
    }
}

/// Pins this process, and those that it starts from now on, to one core (to the only core, if there is just
/// one).
pub(crate) fn pin(core: usize) -> io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut set = CpuSet::new();
    set.set(core);
    match sched_setaffinity(None, &set) {
        Err(_) if cores == 1 => Ok(()),
        done => Ok(done?),
    }
}

impl Process {
    /// Starts `command` on `core` and pins this process back to `own_core`.
    pub(crate) fn start(command: &mut Command, core: usize, own_core: usize) -> io::Result<Self> {
        pin(core)?;
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        pin(own_core)?;
        let mut child = started?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("a child without stdout"))?;
        Ok(Self { child, lines: BufReader::new(stdout) })
    }

    /// The rest of the next line that starts with `word`.
    pub(crate) fn line(&mut self, word: &str) -> io::Result<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line)? == 0 {
                return Err(io::Error::other(format!("process {} ended before it said {word:?}", self.id())));
            }
            if let Some(rest) = line.strip_prefix(word) {
                return Ok(rest.trim().to_owned());
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// User and kernel time so far, of all threads.
    pub(crate) fn cpu_time(&self) -> io::Result<CpuTime> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        // The second field is a name in brackets that may contain spaces; utime and stime are fields 14 and
        // 15.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let hz = rustix::param::clock_ticks_per_second() as f64;
        let time = |at: usize| -> Option<Duration> {
            let ticks: f64 = fields.get(at)?.parse().ok()?;
            Some(Duration::from_secs_f64(ticks / hz))
        };
        match (time(11), time(12)) {
            (Some(user), Some(kernel)) => Ok(CpuTime { user, kernel }),
            _ => Err(io::Error::other("/proc/PID/stat has another form")),
        }
    }

    /// Resident memory, KiB.
    pub(crate) fn resident_kib(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| io::Error::other("/proc/PID/status has no VmRSS"))
    }

    /// Does `work` and returns the most by which the resident memory grew meanwhile, KiB.
    pub(crate) fn growth_kib_while<T>(&self, work: impl FnOnce() -> T) -> io::Result<(T, u64)> {
        let before = self.resident_kib()?;
        let most = AtomicU64::new(before);
        let done = AtomicBool::new(false);
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    most.fetch_max(self.resident_kib().unwrap_or(0), Ordering::Relaxed);
                    std::thread::sleep(SAMPLE_PERIOD);
                }
            });
            let result = work();
            done.store(true, Ordering::Relaxed);
            result
        });
        Ok((result, most.into_inner().saturating_sub(before)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has already ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
