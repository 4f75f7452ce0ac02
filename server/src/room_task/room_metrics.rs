//! A room's share in the server's metrics: what changed since its last tick, added once per tick.

use super::schedule::Due;
use crate::metrics::{GameEvents, InputFate, MemberRole, Metrics, OutKind, Report, SkipReason, add};
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::room::RoomStats;
use tickwire_shared::wire::control::{Desync, GameName};
use tokio::time::Instant;

/// The shortest time between two log lines of one room about the same thing.
const LINE_PERIOD: Duration = Duration::from_secs(10);

/// What a room has added to the metrics so far.
pub(super) struct RoomMetrics {
    metrics: Arc<Metrics>,
    events: GameEvents,
    refused_lines: LineLimit,
    floor_lines: LineLimit,
    told: RoomStats,
    players: i64,
    spectators: i64,
}

impl RoomMetrics {
    pub(super) fn new(metrics: Arc<Metrics>, game: &GameName) -> Self {
        metrics.rooms.inc();
        metrics.rooms_made.inc();
        let (events, told) = (metrics.events_of(game), RoomStats::default());
        let (refused_lines, floor_lines) = (LineLimit::default(), LineLimit::default());
        Self { metrics, events, refused_lines, floor_lines, told, players: 0, spectators: 0 }
    }

    /// Records how late a wakeup was.
    pub(super) fn woken(&self, late: Duration) {
        self.metrics.tick_lateness.observe(late.as_secs_f64());
    }

    /// Records what a wakeup did: `spent` on `due` ticks.
    pub(super) fn tick(&mut self, spent: Duration, due: Due, stats: &RoomStats) {
        let metrics = &self.metrics;
        metrics.tick_seconds.observe(spent.as_secs_f64() / f64::from(due.ticks.max(1)));
        if due.ticks > 1 {
            metrics.overruns.inc_by(u64::from(due.ticks - 1));
        }
        add(&metrics.ticks_lost, u64::from(due.lost));
        self.count(stats);
    }

    /// Adds what was counted since the last time.
    #[expect(clippy::too_many_lines, reason = "one count after the other")]
    fn count(&mut self, stats: &RoomStats) {
        let (metrics, told) = (&self.metrics, &self.told);
        let keyframes = stats.keyframes - told.keyframes;
        let updates = (stats.updates - told.updates).saturating_sub(keyframes);
        let keyframe_bytes = stats.keyframe_bytes - told.keyframe_bytes;
        let update_bytes = (stats.update_bytes - told.update_bytes).saturating_sub(keyframe_bytes);
        metrics.sent.add_many(OutKind::Update, updates, update_bytes);
        metrics.sent.add_many(OutKind::Keyframe, keyframes, keyframe_bytes);
        add(&metrics.keyframes_plain, stats.keyframes_plain - told.keyframes_plain);
        add(&metrics.updates_too_long, stats.updates_too_long - told.updates_too_long);
        add(metrics.skips.of(SkipReason::Full), stats.skips_full - told.skips_full);
        add(metrics.skips.of(SkipReason::Lag), stats.skips_lag - told.skips_lag);
        add(metrics.skips.of(SkipReason::Pace), stats.skips_pace - told.skips_pace);
        add(metrics.skips.of(SkipReason::Quiet), stats.quiet - told.quiet);
        add(metrics.skips.of(SkipReason::Budget), stats.skips_budget - told.skips_budget);
        metrics.budgets.add(stats, told);
        if let Some(updates) = self.floor_lines.due(stats.floors_above_budget) {
            tracing::warn!(
                updates,
                "players' own streams and private sections alone exceed client_bytes_per_s: raise it, or \
                 make the game's cells smaller"
            );
        }
        let (inputs, before) = (&stats.inputs, &told.inputs);
        for (fate, now, then) in [
            (InputFate::Late, inputs.late, before.late),
            (InputFate::Held, inputs.held, before.held),
            (InputFate::Folded, inputs.folded, before.folded),
            (InputFate::Refused, inputs.refused, before.refused),
        ] {
            add(metrics.inputs.of(fate), now - then);
        }
        add(&metrics.input_frames, stats.margins.count - told.margins.count);
        add(&metrics.input_frames_narrow, stats.margins.narrow - told.margins.narrow);
        add(&metrics.rewinds, stats.rewinds.count - told.rewinds.count);
        add(&metrics.rewind_ticks, stats.rewinds.sum / 256 - told.rewinds.sum / 256);
        add(&metrics.seats_held_briefly, stats.held_briefly - told.held_briefly);
        add(&metrics.seats_yielded, stats.yielded - told.yielded);
        add(&metrics.resumes, stats.resumes - told.resumes);
        add(&self.events.too_long, stats.events_refused.too_long - told.events_refused.too_long);
        add(&self.events.step_full, stats.events_refused.step_full - told.events_refused.step_full);
        add(
            &self.events.not_encodable,
            stats.events_refused.not_encodable - told.events_refused.not_encodable,
        );
        add(&self.events.no_groups, stats.events_refused.no_groups - told.events_refused.no_groups);
        add(&self.events.dropped, stats.events_dropped - told.events_dropped);
        if let Some(refused) = self.refused_lines.due(stats.events_refused.total())
            && let Some(cause) = stats.events_refused.last
        {
            tracing::warn!(refused, %cause, "the game gave out events that are not sent");
        }
        add(&metrics.hash_mismatches, stats.desyncs - told.desyncs);
        for (verdict, now, then) in [
            (Report::Counted, stats.desyncs, told.desyncs),
            (Report::Excess, stats.desyncs_excess, told.desyncs_excess),
            (Report::False, stats.desyncs_false, told.desyncs_false),
        ] {
            add(metrics.hash_reports.of(verdict), now - then);
        }
        if stats.desyncs > told.desyncs
            && let Some(Desync { stream, tick, entity, field, client, server }) = stats.last_desync
        {
            // One report per room in 15 s counts.
            tracing::warn!(
                stream = stream.0, %tick, entity = entity.0, field, client, server,
                "a client's state differed and was repaired: a fault in the game or the client"
            );
        }
        self.told.clone_from(stats);
    }

    /// The room is over: it has no members.
    pub(super) fn finish(&mut self) {
        self.set_members(0, 0);
        self.metrics.rooms.dec();
    }

    /// Records how many members the room has.
    pub(super) fn set_members(&mut self, players: usize, spectators: usize) {
        let (players, spectators) = (players as i64, spectators as i64);
        if players != self.players {
            self.metrics.members.of(MemberRole::Player).inc_by(players - self.players);
            self.players = players;
        }
        if spectators != self.spectators {
            self.metrics.members.of(MemberRole::Spectator).inc_by(spectators - self.spectators);
            self.spectators = spectators;
        }
    }
}

/// Decides when to log something that a room counts: the first time, then at intervals.
#[derive(Default)]
struct LineLimit {
    told: u64,
    last: Option<Instant>,
}

impl LineLimit {
    /// How many were counted since the last line, if a line is due.
    fn due(&mut self, count: u64) -> Option<u64> {
        let new = count - self.told;
        let is_early = || self.last.is_some_and(|last| last.elapsed() < LINE_PERIOD);
        if new == 0 || is_early() {
            return None;
        }
        (self.told, self.last) = (count, Some(Instant::now()));
        Some(new)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::metrics::Form;
    use tickwire_shared::EventRefused;

    #[test]
    fn how_late_a_tick_began_is_told_as_a_histogram() {
        let metrics = Arc::new(Metrics::new());
        let tally = RoomMetrics::new(metrics.clone(), &GameName::cut("cards"));
        tally.woken(Duration::from_micros(300));
        tally.woken(Duration::from_millis(250));
        let text = metrics.render(Form::Text);
        for line in [
            "tickwire_tick_lateness_seconds_bucket{le=\"0.00025\"} 0\n",
            "tickwire_tick_lateness_seconds_bucket{le=\"0.1\"} 1\n",
            "tickwire_tick_lateness_seconds_bucket{le=\"0.5\"} 2\n",
            "tickwire_tick_lateness_seconds_sum 0.2503\n",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn refused_and_dropped_events_are_counted_for_the_game_from_the_start() {
        let metrics = Arc::new(Metrics::new());
        let mut tally = RoomMetrics::new(metrics.clone(), &GameName::cut("cards"));
        let line = |cause: &str, count: u64| {
            let line = format!("tickwire_events_refused_total{{game=\"cards\",cause=\"{cause}\"}} {count}\n");
            let text = metrics.render(Form::Text);
            assert!(text.contains(&line), "{line} is missing in\n{text}");
        };
        ["too_long", "step_full", "not_encodable", "no_groups"].into_iter().for_each(|cause| line(cause, 0));
        let mut stats = RoomStats { events_dropped: 7, ..RoomStats::default() };
        stats.events_refused.too_long = 2;
        stats.events_refused.last = Some(EventRefused::TooLong { bytes: 600 });
        let due = Due { ticks: 1, lost: 0 };
        tally.tick(Duration::ZERO, due, &stats);
        stats.events_refused.step_full = 3;
        tally.tick(Duration::ZERO, due, &stats);
        line("too_long", 2);
        line("step_full", 3);
        assert!(metrics.render(Form::Text).contains("tickwire_events_dropped_total{game=\"cards\"} 7\n"));
        assert_eq!(tally.refused_lines.told, 2, "a second line comes later");
    }
}
