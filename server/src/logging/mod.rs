//! Logs to stderr, for people or for machines.
//!
//! No part of the server waits for a line to be written ([`lines`]), and no client can fill a disk with lines
//! ([`flood`]). Panics are logged like everything else.

mod flood;
mod lines;

pub(crate) use lines::{Lines, Lost};

use crate::config::{Config, LogFormat};
use crate::metrics::{LogLoss, Metrics};
use flood::{Dam, Flood};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal, stderr};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// How long the end of the program waits for its last lines to be written.
pub(crate) const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The log of the program. Dropping it writes the lines that wait.
pub(crate) struct Log {
    lines: Lines,
    flood: Arc<Flood>,
}

/// Starts logging, including panics. If the process has a subscriber already, that one takes the logs, and
/// the panic hook stays as it is too: both belong to the host.
///
/// # Errors
/// The system has no thread to write from.
pub(crate) fn start(config: &Config, metrics: &Metrics) -> io::Result<Log> {
    let dropped = |why| metrics.log_lines_dropped.of(why).clone();
    let flood = Arc::new(Flood::new(config.log_lines_per_kind_max, dropped(LogLoss::Flood)));
    let lost = Lost { unread: dropped(LogLoss::Unread), failed: dropped(LogLoss::Failed) };
    let summaries = Arc::clone(&flood);
    let lines = Lines::start(stderr(), lost, move || summaries.sum_up(false))?;
    // `Config::check` has parsed the filter before.
    let filter = config.log_level.parse::<EnvFilter>().unwrap_or_default();
    let log = tracing_subscriber::registry()
        .with(filter)
        .with(Dam(Arc::clone(&flood)))
        .with(format(config.log, lines.clone()));
    match log.try_init() {
        Ok(()) => {
            let raw = lines.clone();
            std::panic::set_hook(Box::new(move |panic| log_panic(panic, &raw)));
        }
        Err(error) => tracing::debug!(%error, "another subscriber takes the logs"),
    }
    Ok(Log { lines, flood })
}

type Inner = tracing_subscriber::layer::Layered<Dam, tracing_subscriber::layer::Layered<EnvFilter, Registry>>;

fn format(format: LogFormat, lines: Lines) -> Box<dyn Layer<Inner> + Send + Sync> {
    let log = tracing_subscriber::fmt::layer().with_writer(move || lines.clone()).log_internal_errors(false);
    match format {
        LogFormat::Text => {
            let colour = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            log.with_ansi(colour).boxed()
        }
        // The list of spans has the current one, too.
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).boxed(),
    }
}

/// Replaces the standard hook, which would make the panicking thread, usually a room's, wait for stderr.
fn log_panic(panic: &PanicHookInfo<'_>, raw: &Lines) {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    let thread = std::thread::current();
    let (thread, location) = (thread.name().unwrap_or("unnamed"), panic.location());
    let location = location.map_or_else(|| "an unknown location".to_owned(), ToString::to_string);
    if tracing::enabled!(tracing::Level::ERROR) {
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        tracing::error!(thread, location, backtrace, "panicked: {text}");
    } else {
        raw.push(format!("thread {thread} panicked at {location}: {text}\n").as_bytes());
    }
    if thread == "main" {
        // The program ends with it.
        raw.flush(FLUSH_TIMEOUT);
    }
}

impl Log {
    /// Writes a line for people, which is not in the log's format.
    pub(crate) fn say(&self, line: &str) {
        self.lines.push(format!("{line}\n").as_bytes());
    }

    /// Writes the lines that wait, and the summaries.
    pub(crate) fn flush(&self) {
        self.flood.sum_up(true);
        self.lines.flush(FLUSH_TIMEOUT);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.flush();
    }
}
