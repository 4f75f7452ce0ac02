//! Logs to stderr, for people or for machines.

use crate::config::{Config, LogFormat};
use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

/// Starts logging. A second call in one process changes nothing: the first one's subscriber stays.
pub(crate) fn start(config: &Config) {
    // `Config::check` has parsed the filter before.
    let filter = config.log_level.parse::<EnvFilter>().unwrap_or_default();
    // A line that cannot be written is lost: to complain of it, to the same stderr, would be a panic.
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).log_internal_errors(false);
    let started = match config.log {
        LogFormat::Text => {
            let colour = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            log.with_ansi(colour).try_init()
        }
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "another subscriber takes the logs");
    }
}
