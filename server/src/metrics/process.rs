//! What the system reports about this process, under the names that every program uses.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Read again for each scrape.
#[derive(Debug)]
pub(super) struct Process {
    started: SystemTime,
}

/// One reading.
#[derive(Debug)]
struct Reading {
    /// Processor time of all threads, in the program and in the kernel for it, s.
    cpu_s: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    threads: u64,
    open_fds: u64,
    max_fds: u64,
}

impl Process {
    /// For a process that starts now.
    pub(super) fn new() -> Self {
        Self { started: SystemTime::now() }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut put = |name: &str, help: &str, value: f64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        put("start_time_seconds", "When the process started, Unix time", started.as_secs_f64())?;
        let Some(reading) = read() else { return Ok(()) };
        put("resident_memory_bytes", "Memory in use", reading.resident_bytes as f64)?;
        put("virtual_memory_bytes", "Address space in use", reading.virtual_bytes as f64)?;
        put("threads", "Threads of the process", reading.threads as f64)?;
        put("open_fds", "Open file descriptors", reading.open_fds as f64)?;
        put("max_fds", "File descriptors that the process may open", reading.max_fds as f64)?;
        let cpu = ConstCounter::new(reading.cpu_s);
        let help = "Processor time of the process, in the program and in the kernel";
        cpu.encode(encoder.encode_descriptor("cpu_seconds", help, None, cpu.metric_type())?)
    }
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn read() -> Option<Reading> {
    use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
    use nix::sys::time::TimeVal;
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| -> Option<u64> {
        let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.split_whitespace().next()?.parse().ok()
    };
    // One of them is the directory that is being read.
    let open_fds = std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    Some(Reading {
        cpu_s: seconds(usage.user_time()) + seconds(usage.system_time()),
        resident_bytes: field("VmRSS")? * 1024,
        virtual_bytes: field("VmSize")? * 1024,
        threads: field("Threads")?,
        open_fds: open_fds as u64,
        max_fds: getrlimit(Resource::RLIMIT_NOFILE).ok()?.0,
    })
}

/// Other systems report it by other means.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn read() -> Option<Reading> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_reading_follows_what_the_process_does() {
        let before = read().unwrap();
        let files: Vec<_> = (0..10).map(|_| std::fs::File::open("/proc/self/status").unwrap()).collect();
        let mut sum = 0_u64;
        let after = loop {
            sum = (0..1_000_000).fold(sum, |sum, number| sum.wrapping_mul(31).wrapping_add(number));
            let now = read().unwrap();
            if now.cpu_s > before.cpu_s {
                break now;
            }
        };
        assert!(std::hint::black_box(sum) < u64::MAX);
        assert!(after.open_fds >= files.len() as u64 && after.open_fds <= after.max_fds, "{after:?}");
        assert!(after.resident_bytes > 100_000 && after.virtual_bytes > after.resident_bytes, "{after:?}");
        assert!(after.threads >= 1, "{after:?}");
    }
}
