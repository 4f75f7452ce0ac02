//! A room's share in the server's metrics: what changed since its last tick, added once per tick.

use super::schedule::Due;
use crate::metrics::{InputFate, MemberRole, Metrics, OutKind, SkipReason};
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::room::RoomStats;
use tickwire_shared::wire::control::Desync;

/// What a room has told the metrics so far.
pub(super) struct Tally {
    metrics: Arc<Metrics>,
    told: RoomStats,
    players: i64,
    spectators: i64,
}

impl Tally {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        metrics.rooms.inc();
        metrics.rooms_made.inc();
        Self { metrics, told: RoomStats::default(), players: 0, spectators: 0 }
    }

    /// Tells how late a waking came.
    pub(super) fn woken(&self, late: Duration) {
        self.metrics.tick_lateness.observe(late.as_secs_f64());
    }

    /// Tells what a waking did: `spent` on `due` ticks.
    pub(super) fn tick(
        &mut self,
        spent: Duration,
        due: Due,
        stats: &RoomStats,
        players: usize,
        spectators: usize,
    ) {
        let (metrics, told) = (&self.metrics, &self.told);
        metrics.tick_seconds.observe(spent.as_secs_f64() / f64::from(due.ticks.max(1)));
        if due.ticks > 1 {
            metrics.overruns.inc_by(u64::from(due.ticks - 1));
        }
        metrics.ticks_lost.inc_by(u64::from(due.lost));
        let keyframes = stats.keyframes - told.keyframes;
        let updates = (stats.updates - told.updates).saturating_sub(keyframes);
        let keyframe_bytes = stats.keyframe_bytes - told.keyframe_bytes;
        let update_bytes = (stats.update_bytes - told.update_bytes).saturating_sub(keyframe_bytes);
        metrics.sent.add_many(OutKind::Update, updates, update_bytes);
        metrics.sent.add_many(OutKind::Keyframe, keyframes, keyframe_bytes);
        metrics.skips.of(SkipReason::Slot).inc_by(stats.skips_full - told.skips_full);
        metrics.skips.of(SkipReason::Ack).inc_by(stats.skips_lag - told.skips_lag);
        metrics.skips.of(SkipReason::Pace).inc_by(stats.skips_pace - told.skips_pace);
        metrics.skips.of(SkipReason::Quiet).inc_by(stats.quiet - told.quiet);
        metrics.skips.of(SkipReason::Budget).inc_by(stats.skips_budget - told.skips_budget);
        let (inputs, before) = (&stats.inputs, &told.inputs);
        for (fate, now, then) in [
            (InputFate::Late, inputs.late, before.late),
            (InputFate::Held, inputs.held, before.held),
            (InputFate::Folded, inputs.folded, before.folded),
            (InputFate::Refused, inputs.refused, before.refused),
        ] {
            metrics.inputs.of(fate).inc_by(u64::from(now.saturating_sub(then)));
        }
        metrics.input_frames.inc_by(stats.margins.count - told.margins.count);
        metrics.input_frames_narrow.inc_by(stats.margins.narrow - told.margins.narrow);
        metrics.look_backs.inc_by(stats.rewinds.count - told.rewinds.count);
        metrics.look_back_ticks.inc_by(stats.rewinds.sum / 256 - told.rewinds.sum / 256);
        metrics.seats_held_briefly.inc_by(stats.held_briefly - told.held_briefly);
        metrics.seats_yielded.inc_by(stats.yielded - told.yielded);
        metrics.resumes.inc_by(stats.resumes - told.resumes);
        metrics.hash_mismatches.inc_by(stats.desyncs - told.desyncs);
        if stats.desyncs > told.desyncs
            && let Some(Desync { stream, tick, entity, field, client, server }) = stats.last_desync
        {
            // A client reports at most one a second.
            tracing::warn!(
                stream = stream.0, %tick, entity = entity.0, field, client, server,
                "a client's state differed and was repaired: a fault in the game or the client"
            );
        }
        self.told.clone_from(stats);
        self.set_members(players, spectators);
    }

    /// The room is over: nobody is in it.
    pub(super) fn finish(&mut self) {
        self.set_members(0, 0);
        self.metrics.rooms.dec();
    }

    fn set_members(&mut self, players: usize, spectators: usize) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Form;

    #[test]
    fn how_late_a_tick_began_is_told_as_a_histogram() {
        let metrics = Arc::new(Metrics::new());
        let tally = Tally::new(metrics.clone());
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
}
