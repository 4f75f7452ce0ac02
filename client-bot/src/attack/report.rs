//! What a run of attacks found. `docs/attack-report.schema.json` describes the JSON form.

use super::context::Done;
use super::probe::Probed;
use super::server_watch::Reading;
use crate::histogram::Percentiles;
use crate::report::Report;
use core::sync::atomic::Ordering;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the format. Raised when a value is renamed or redefined, not when one is added.
const ATTACK_REPORT_VERSION: u32 = 1;

/// The result of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AttackReport {
    version: u32,
    url: String,
    /// The one address that was attacked.
    address: String,
    game: String,
    /// Connections of the attackers, all from one address.
    connections: u32,
    /// How long each case ran, s.
    seconds: u32,
    /// What the honest saw before any attack.
    pub(super) calm: Honest,
    /// The longest wait of a witness for an update with which a case passes, ms.
    pub(super) gap_max_permitted_ms: f64,
    pub(super) cases: Vec<CaseReport>,
    passed: usize,
    failed: usize,
    left_out: usize,
}

/// What is the same for all cases of a run.
#[derive(Clone, Debug)]
pub(super) struct RunFacts {
    pub(super) url: String,
    pub(super) address: String,
    pub(super) game: String,
    pub(super) connections: u32,
    pub(super) seconds: u32,
    pub(super) calm: Honest,
    pub(super) gap_max_permitted_ms: f64,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Passed,
    Failed,
    LeftOut,
}

/// One case.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CaseReport {
    pub(super) case: String,
    pub(super) outcome: Outcome,
    /// Why it failed or was left out.
    pub(super) reasons: Vec<String>,
    pub(super) honest: Option<Honest>,
    /// What the server's metrics said before and after; `null` if nobody looked.
    pub(super) server: Option<BeforeAndAfter>,
    pub(super) attackers: Option<Attackers>,
}

/// What honest players saw.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Honest {
    pub(super) witness: Witnessed,
    pub(super) probes: Probes,
}

/// What the witnesses saw.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Witnessed {
    /// How many of them came into their room.
    pub(super) joined: u32,
    pub(super) snapshots: u64,
    /// From one snapshot to the next.
    pub(super) gap_ms: Percentiles,
    /// Connections that they did not end themselves.
    pub(super) disconnects: u64,
    /// Times that one saw nothing new for 5 s, and seats that were lost.
    pub(super) outages: u64,
    pub(super) hash_checks: u64,
    pub(super) hash_mismatches: u64,
    pub(super) decode_errors: u64,
    /// How late the witnesses' own timers fired.
    pub(super) lag_ms: Percentiles,
}

/// What the probes measured.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Probes {
    pub(super) creates: u64,
    /// From the start of a connection to the seat in a new room.
    pub(super) create_ms: Percentiles,
    pub(super) joins: u64,
    /// From the start of a connection to the seat.
    pub(super) join_ms: Percentiles,
    /// What failed, by reason.
    pub(super) failures: BTreeMap<String, u64>,
}

/// The server before and after a case.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct BeforeAndAfter {
    pub(super) before: Reading,
    pub(super) after: Reading,
}

/// What the attackers did.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Attackers {
    connections: u64,
    joins: u64,
    /// Inputs that the server refused, or that came late.
    inputs_refused: u64,
    writes: u64,
    bytes: u64,
    /// Why their connections ended or were refused.
    ends: BTreeMap<String, u64>,
}

impl From<&Report> for Witnessed {
    fn from(report: &Report) -> Self {
        Self {
            joined: report.bots_joined,
            snapshots: report.snapshots,
            gap_ms: report.snapshot_gap_ms,
            disconnects: report.disconnected(),
            outages: report.outages + report.cuts_not_resumed,
            hash_checks: report.hash_checks,
            hash_mismatches: report.hash_mismatches,
            decode_errors: report.decode_errors,
            lag_ms: report.bot_lag_ms,
        }
    }
}

impl From<&Probed> for Probes {
    fn from(probed: &Probed) -> Self {
        Self {
            creates: probed.creates.count(),
            create_ms: probed.creates.percentiles(),
            joins: probed.joins.count(),
            join_ms: probed.joins.percentiles(),
            failures: probed.failures.clone(),
        }
    }
}

impl From<&Done> for Attackers {
    fn from(done: &Done) -> Self {
        Self {
            connections: done.connections.load(Ordering::Relaxed),
            joins: done.joins.load(Ordering::Relaxed),
            inputs_refused: done.inputs_refused.load(Ordering::Relaxed),
            writes: done.writes.load(Ordering::Relaxed),
            bytes: done.bytes.load(Ordering::Relaxed),
            ends: done.ends(),
        }
    }
}

impl CaseReport {
    /// A case that was not run.
    pub(super) fn left_out(case: String, why: impl Into<String>) -> Self {
        let reasons = vec![why.into()];
        Self { case, outcome: Outcome::LeftOut, reasons, honest: None, server: None, attackers: None }
    }
}

impl AttackReport {
    /// The report of these cases.
    pub(super) fn new(run: RunFacts, cases: Vec<CaseReport>) -> Self {
        let count = |outcome| cases.iter().filter(|case| case.outcome == outcome).count();
        Self {
            version: ATTACK_REPORT_VERSION,
            passed: count(Outcome::Passed),
            failed: count(Outcome::Failed),
            left_out: count(Outcome::LeftOut),
            url: run.url,
            address: run.address,
            game: run.game,
            connections: run.connections,
            seconds: run.seconds,
            calm: run.calm,
            gap_max_permitted_ms: run.gap_max_permitted_ms,
            cases,
        }
    }

    /// Whether no case failed.
    pub(crate) fn is_passed(&self) -> bool {
        self.failed == 0
    }

    /// How many passed, failed and were left out, for people.
    pub(super) fn summary(&self) -> String {
        let text = format!("{} passed, {} failed", self.passed, self.failed);
        if self.left_out == 0 { text } else { format!("{text}, {} left out", self.left_out) }
    }
}
