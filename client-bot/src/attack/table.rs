//! The report as a table for people.

use super::report::{AttackReport, CaseReport, Honest, Outcome};
use super::server_watch::mib;
use crate::table::number;
use core::fmt;

/// Above this, a witness's own lateness affects what it measures, ms.
const LAG_MS_MAX: f64 = 20.0;

/// Shows a report as a table. Its last line counts the cases.
pub(crate) struct AttackTable<'a>(pub(crate) &'a AttackReport);

impl fmt::Display for AttackTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let heads = [
            ["gap ms", "join ms", "create ms"].map(|head| format!("{head:>18}")).concat(),
            ["p99", "max", "p50", "p99", "p50", "p99"].map(|head| format!("{head:>9}")).concat(),
        ];
        for (at, head) in heads.iter().enumerate() {
            let (case, server) = if at == 0 { ("case", "server, before > after") } else { ("", SERVER) };
            writeln!(f, "{case:<26}{head}  {server}")?;
        }
        writeln!(f, "{:<17}{:<9}{}", "calm", "", times(&report.calm))?;
        for case in &report.cases {
            row(f, case)?;
        }
        writeln!(f, "a witness may wait {:.0} ms for an update", report.gap_max_permitted_ms)?;
        let honest = report.cases.iter().filter_map(|case| case.honest.as_ref());
        if honest.filter_map(|honest| honest.witness.lag_ms.p99).any(|lag| lag > LAG_MS_MAX) {
            let text = "note: the witnesses themselves were late, because this machine is busy: their gaps \
                        are in part its own";
            writeln!(f, "{text}")?;
        }
        writeln!(f, "{}", report.summary())
    }
}

const SERVER: &str = "memory MiB, descriptors, sessions";

fn row(f: &mut fmt::Formatter<'_>, case: &CaseReport) -> fmt::Result {
    let outcome = match case.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::LeftOut => "left out",
    };
    write!(f, "{:<17}{outcome:<9}", case.case)?;
    let Some(honest) = &case.honest else {
        return writeln!(f, "  {}", case.reasons.join("; "));
    };
    write!(f, "{}", times(honest))?;
    match &case.server {
        Some(server) => {
            let (before, after) = (&server.before, &server.after);
            let memory = (before.resident_bytes.map(mib), after.resident_bytes.map(mib));
            let values =
                [memory, (before.open_fds, after.open_fds), (Some(before.sessions), Some(after.sessions))];
            let texts = values.map(|(before, after)| format!("{} > {}", whole(before), whole(after)));
            writeln!(f, "  {}", texts.join(", "))?;
        }
        None => writeln!(f, "  not measured")?,
    }
    case.reasons.iter().try_for_each(|reason| writeln!(f, "    {reason}"))
}

/// A value without decimals.
fn whole(value: Option<f64>) -> String {
    value.map_or("not measured".to_owned(), |value| format!("{value:.0}"))
}

fn times(honest: &Honest) -> String {
    let (gap, join, create) = (&honest.witness.gap_ms, &honest.probes.join_ms, &honest.probes.create_ms);
    let values = [gap.p99, gap.max, join.p50, join.p99, create.p50, create.p99];
    values.map(|value| format!("{:>9}", number(value))).concat()
}
