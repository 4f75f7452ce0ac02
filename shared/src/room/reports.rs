//! Reports of states that differ at a client: what of them the room itself can confirm, and how often they count.
//!
//! A room cannot see a client's state. What it can see is that it was asked for a repair and served it, and that its own
//! value is the one that the report says. A report for which that does not hold is a lie.

use super::Room;
use crate::game::Game;
use crate::id::{MemberId, StreamId};
use crate::snapshot::Snapshot;
use crate::tick::Tick;
use crate::wire::control::Desync;
use crate::wire::{Close, CloseCode};
use core::time::Duration;

/// In one room a further report counts after this time: a fault of the game shows all the same, and whoever lies, in however
/// many sessions, raises the alarm no faster.
const COUNTED_PERIOD: Duration = Duration::from_secs(15);
/// How long a repair may be reported upon.
const REPORT_TIMEOUT: Duration = Duration::from_secs(60);

/// A state that was sent to a client again, because the client's own differed.
#[derive(Clone, Debug)]
pub(super) struct Repaired {
    pub(super) stream: StreamId,
    pub(super) state: Snapshot,
    /// When it was sent.
    pub(super) at: Tick,
}

impl Repaired {
    /// Whether what the report says of the server is so.
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
    /// Takes a report, which must follow a repair; each repair may be reported upon once.
    pub(super) fn desync(&mut self, member: MemberId, report: Desync) -> Result<(), Close> {
        let (tick, period) = (self.tick, self.config.tick_rate.ticks_ceil(COUNTED_PERIOD));
        let Some(member) = self.find(member).and_then(|at| self.members.get_mut(at)) else { return Ok(()) };
        let repaired = member.link.as_mut().and_then(|link| link.repaired.take());
        if !repaired.is_some_and(|repaired| repaired.confirms(&report)) {
            self.stats.desyncs_false += 1;
            return Err(Close::new(CloseCode::Policy, "the report of a state that differs is not true"));
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

    /// Forgets the states upon which nobody reported.
    pub(super) fn forget_repaired(&mut self) {
        let timeout = i64::from(self.config.tick_rate.ticks_ceil(REPORT_TIMEOUT));
        for link in self.members.iter_mut().filter_map(|member| member.link.as_mut()) {
            if link.repaired.as_ref().is_some_and(|repaired| self.tick.since(repaired.at) > timeout) {
                link.repaired = None;
            }
        }
    }
}
