//! Limits how many lines of one kind are written. The rest are counted and reported in one line.
//!
//! A kind is one line of code. There are a few dozen of them, so the log's size per day is bounded whatever
//! clients do.

use prometheus_client::metrics::counter::Counter;
use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The time over which lines of a kind are counted.
const PERIOD: Duration = Duration::from_secs(10);
/// How much of a line's text a summary quotes to name its kind, characters.
const LIKE_CHARS_MAX: usize = 200;

/// How many lines of each kind were logged recently.
#[derive(Debug)]
pub(super) struct Flood {
    /// Lines of one kind that are written in a period; 0: all.
    lines_max: u32,
    kinds: Mutex<HashMap<Identifier, FloodState>>,
    /// Lines that were not written, but summed up.
    summed_up: Counter,
}

#[derive(Debug)]
struct FloodState {
    /// When the period began, and how many of its lines were written.
    began: Instant,
    lines: u32,
    /// Lines that no summary has reported yet, since when, and what one of them says.
    more: u64,
    since: Instant,
    like: String,
}

impl Flood {
    pub(super) fn new(lines_max: u32, summed_up: Counter) -> Self {
        Self { lines_max, kinds: Mutex::default(), summed_up }
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<Identifier, FloodState>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a line of this kind is written. `like` gives its text.
    fn admits(&self, kind: Identifier, now: Instant, like: impl FnOnce() -> String) -> bool {
        if self.lines_max == 0 {
            return true;
        }
        let mut kinds = self.kinds();
        let new = || FloodState { began: now, lines: 0, more: 0, since: now, like: String::new() };
        let kind = kinds.entry(kind).or_insert_with(new);
        if now.saturating_duration_since(kind.began) >= PERIOD {
            (kind.began, kind.lines) = (now, 0);
        }
        if kind.lines < self.lines_max {
            kind.lines += 1;
            return true;
        }
        if kind.more == 0 {
            (kind.since, kind.like) = (now, like());
        }
        kind.more += 1;
        self.summed_up.inc();
        false
    }

    /// Reports the suppressed lines of each kind once the first of them is a period old; if `all`, of every
    /// kind.
    pub(super) fn sum_up(&self, all: bool) {
        for (more, like) in self.take(Instant::now(), all) {
            tracing::warn!(lines = more, like, "more lines of one kind were summed up");
        }
    }

    fn take(&self, now: Instant, all: bool) -> Vec<(u64, String)> {
        let is_due = |kind: &&mut FloodState| {
            kind.more > 0 && (all || now.saturating_duration_since(kind.since) >= PERIOD)
        };
        let mut kinds = self.kinds();
        let due = kinds.values_mut().filter(is_due);
        due.map(|kind| (std::mem::take(&mut kind.more), std::mem::take(&mut kind.like))).collect()
    }
}

/// The layer of a subscriber that suppresses floods.
pub(super) struct Dam(pub(super) Arc<Flood>);

impl<S: Subscriber> Layer<S> for Dam {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.0.admits(event.metadata().callsite(), Instant::now(), || text_of(event))
    }
}

/// The message of an event, shortened.
fn text_of(event: &Event<'_>) -> String {
    struct Message(String);
    impl Visit for Message {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            if field.name() == "message" {
                // Writing to a String fails only if the value's own formatting does.
                let _ = write!(self.0, "{value:?}");
            }
        }
    }
    let mut message = Message(String::new());
    event.record(&mut message);
    message.0.chars().take(LIKE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    fn seconds(since: Instant, seconds: u64) -> Instant {
        since + Duration::from_secs(seconds)
    }

    /// The kind of a line of this test.
    fn kind() -> Identifier {
        struct Catch(Arc<Mutex<Option<Identifier>>>);
        impl<S: Subscriber> Layer<S> for Catch {
            fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
                *self.0.lock().unwrap() = Some(event.metadata().callsite());
            }
        }
        let caught = Arc::default();
        let subscriber = tracing_subscriber::registry().with(Catch(Arc::clone(&caught)));
        tracing::subscriber::with_default(subscriber, || tracing::info!("a line"));
        caught.lock().unwrap().clone().unwrap()
    }

    #[test]
    fn the_first_lines_of_a_kind_are_written_and_the_others_told_as_a_number() {
        let summed_up = Counter::default();
        let flood = Flood::new(100, summed_up.clone());
        let (kind, start) = (kind(), Instant::now());
        let admitted = |at| (0..1_000).filter(|_| flood.admits(kind.clone(), at, || "joined".into())).count();
        assert_eq!(admitted(start), 100);
        assert_eq!(flood.take(seconds(start, 9), false), [], "not before the period is over");
        assert_eq!(admitted(seconds(start, 10)), 100, "a new period");
        assert_eq!(flood.take(seconds(start, 10), false), [(1_800, "joined".to_owned())]);
        assert_eq!(flood.take(seconds(start, 60), false), [], "reported once");
        assert_eq!(summed_up.get(), 1_800);
        assert_eq!(admitted(seconds(start, 11)), 0);
        assert_eq!(
            flood.take(seconds(start, 11), true),
            [(1_000, "joined".to_owned())],
            "at the end, at once"
        );
    }

    #[test]
    fn without_a_bound_every_line_is_written() {
        let flood = Flood::new(0, Counter::default());
        let (kind, now) = (kind(), Instant::now());
        assert!((0..1_000).all(|_| flood.admits(kind.clone(), now, String::new)));
    }

    #[test]
    fn a_summary_repeats_what_the_lines_said() {
        let flood = Arc::new(Flood::new(1, Counter::default()));
        let subscriber = tracing_subscriber::registry().with(Dam(Arc::clone(&flood)));
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..3 {
                tracing::info!(number, "player {} joined", "ann");
            }
        });
        assert_eq!(flood.take(Instant::now(), true), [(2, "player ann joined".to_owned())]);
    }
}
