//! Live progress: one line on a terminal, nothing elsewhere. It has no colours, so it honours NO_COLOR.

use crate::report::Second;
use core::time::Duration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// The progress line.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    bots: u32,
}

impl Progress {
    /// Progress of a run of `time` with up to `bots` bots; hidden if `quiet` or if stderr is not a terminal.
    #[must_use]
    pub(crate) fn new(time: Duration, bots: u32, quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let seconds = time.as_secs_f64().ceil() as u64;
        let bar = ProgressBar::with_draw_target(Some(seconds), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} s  {msg}") {
            bar.set_style(style);
        }
        Self { bar, bots }
    }

    /// Another second is over.
    pub(crate) fn second(&self, second: &Second) {
        let ms = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        self.bar.set_message(format!(
            "{}/{} bots, {} snapshots/s, gap p99 {} ms, {} KB/s, {} cut, lag p99 {} ms",
            second.bots,
            self.bots,
            second.snapshots,
            ms(second.gap_p99_ms),
            second.bytes / 1_000,
            second.disconnects,
            ms(second.lag_p99_ms),
        ));
        self.bar.set_position(u64::from(second.second) + 1);
    }

    /// Clears the line.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
