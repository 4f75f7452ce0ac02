//! Reports of states that differ at a client: what the room itself can confirm of them, and how often they
//! count.
//!
//! A room cannot see a client's state. It can see that it was asked for a repair and served it, and that its
//! own value is the one in the report. A report for which that is not the case is false.

use super::Room;
use crate::game::Game;
use crate::id::{MemberId, StreamId};
use crate::snapshot::Snapshot;
use crate::tick::Tick;
use crate::wire::control::Desync;
use crate::wire::{Close, CloseCode};
use core::time::Duration;

/// The minimum time between two reports that count in one room. A bug in the game still shows, and false
/// reports, in however many sessions, cannot raise the alarm faster.
const COUNTED_PERIOD: Duration = Duration::from_secs(15);
/// How long a repair can be reported on.
const REPORT_TIMEOUT: Duration = Duration::from_secs(60);

/// A state that was sent to a client again because the client's own state differed.
#[derive(Clone, Debug)]
pub(super) struct Repaired {
    pub(super) stream: StreamId,
    pub(super) state: Snapshot,
    /// When it was sent.
    pub(super) at: Tick,
}

impl Repaired {
    /// Whether the report's statement about the server is true.
    fn confirms(&self, report: &Desync) -> bool {
        if (report.stream, report.tick) != (self.stream, self.state.tick) {
            return false;
        }
        let Some(field) = report.field else { return true };
        let row = self.state.get(report.entity);
        let ours = row.and_then(|row| row.values.get(usize::from(field)).copied());
        ours == Some(report.server) && report.client != report.server
    }
}

impl<G: Game> Room<G> {
    /// Handles a report, which must follow a repair; each repair can be reported on once.
    pub(super) fn desync(&mut self, member: MemberId, report: Desync) -> Result<(), Close> {
        let (tick, period) = (self.time.tick, self.config.tick_rate.ticks_ceil(COUNTED_PERIOD));
        let Some(member) = self.find(member).and_then(|at| self.members.get_mut(at)) else { return Ok(()) };
        let repaired = member.connection.as_mut().and_then(|connection| connection.repairs.sent.take());
        if !repaired.is_some_and(|repaired| repaired.confirms(&report)) {
            self.stats.desyncs_false += 1;
            return Err(Close::new(CloseCode::Policy, "the report of a differing state is not true"));
        }
        if self.reported_at.is_some_and(|last| tick.since(last) < i64::from(period)) {
            self.stats.desyncs_excess += 1;
            return Ok(());
        }
        self.reported_at = Some(tick);
        self.stats.desyncs += 1;
        self.stats.last_desync = Some(report);
        Ok(())
    }

    /// Discards the states that no client reported on in time.
    pub(super) fn forget_repaired(&mut self) {
        let timeout = i64::from(self.config.tick_rate.ticks_ceil(REPORT_TIMEOUT));
        for connection in self.members.iter_mut().filter_map(|member| member.connection.as_mut()) {
            if connection
                .repairs
                .sent
                .as_ref()
                .is_some_and(|repaired| self.time.tick.since(repaired.at) > timeout)
            {
                connection.repairs.sent = None;
            }
        }
    }
}
