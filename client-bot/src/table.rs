//! The report as a table for people.

use crate::histogram::Percentiles;
use crate::report::Report;
use core::fmt::{self, Write};

/// Above this, a bot's own lateness affects what it measures.
const LAG_MS_MAX: f64 = 20.0;

/// Shows a report as a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a>(pub &'a Report);

impl fmt::Display for Table<'_> {
    #[expect(clippy::too_many_lines, reason = "one row after the other")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let mut line = |name: &str, value: String| writeln!(f, "{name:<22}{value}");
        let joined = match report.all_joined_s {
            Some(at) => format!(", all in a room after {at:.2} s"),
            None => String::new(),
        };
        line(
            "bots",
            format!("{} of {} in {}{joined}", report.bots_joined, report.bots_wanted, rooms(report.rooms)),
        )?;
        if !report.bots_failed.is_empty() {
            line("bots failed", counts(&report.bots_failed))?;
        }
        for (reason, text) in &report.failure_texts {
            line("details", format!("{reason}: {text}"))?;
        }
        let cuts = if report.disconnects.is_empty() { "none".into() } else { counts(&report.disconnects) };
        line("disconnects", cuts)?;
        if report.cuts_not_resumed + report.outages > 0 {
            let (lost, silent) = (report.cuts_not_resumed, report.outages);
            line(
                "outages",
                format!("{silent} x nothing new for 5 s or more, {lost} x a seat lost to a cut"),
            )?;
        }
        line("time", format!("{:.1} s, {:.0} client seconds", report.seconds, report.client_seconds))?;
        // No bot could measure the rest.
        if report.bots_joined == 0 {
            return Ok(());
        }
        line(
            "snapshots",
            format!("{}, {:.2} per client and s", report.snapshots, report.snapshots_per_client_s),
        )?;
        line("snapshot gap, ms", spread(&report.snapshot_gap_ms))?;
        line("input to effect, ms", spread(&report.input_to_effect_ms))?;
        line("round trip, ms", spread(&report.rtt_ms))?;
        line("prediction error, u", spread(&report.prediction_error_units))?;
        let (corrections, snapped) = (report.corrections, report.corrections_snapped);
        let by = spread(&report.correction_units);
        line("corrections, u", format!("{corrections} ({snapped} of them jumps, as after a respawn), {by}"))?;
        line("frames", format!("{}, {} starved", report.frames, report.frames_starved))?;
        if report.cuts + report.resumes > 0 {
            line(
                "cuts and resumes",
                format!(
                    "{} and {}, back after ms {}",
                    report.cuts,
                    report.resumes,
                    spread(&report.resume_ms)
                ),
            )?;
        }
        line(
            "payload",
            format!(
                "{:.0} B and {:.1} messages per client and s, {} B per moving entity",
                report.payload_bytes_per_client_s,
                report.messages_per_client_s,
                number(report.bytes_per_entity),
            ),
        )?;
        line(
            "state",
            format!(
                "{} keyframes, {}, {} decode errors",
                report.keyframes,
                hashes(report),
                report.decode_errors
            ),
        )?;
        line(
            "inputs",
            format!(
                "{} sent, {} late, {} held, {} folded, {} refused",
                report.inputs_sent,
                report.inputs_late,
                report.inputs_held,
                report.inputs_folded,
                report.inputs_refused
            ),
        )?;
        line(
            "events",
            format!(
                "{} received, {} lost, {} doubled, {} reordered; {} commands sent",
                report.events_received,
                report.events_lost,
                report.events_doubled,
                report.events_reordered,
                report.events_sent
            ),
        )?;
        line("lag of the bots, ms", spread(&report.bot_lag_ms))?;
        if report.networks.keys().any(|name| name != "clean") {
            line("lag of networks, ms", spread(&report.network_lag_ms))?;
            networks(f, report)?;
        }
        let mut line = |name: &str, value: String| writeln!(f, "{name:<22}{value}");
        if report.bot_lag_ms.p99.is_some_and(|lag| lag > LAG_MS_MAX) {
            line(
                "note",
                "the bots themselves were late: use fewer, more --threads or another machine".into(),
            )?;
        }
        Ok(())
    }
}

/// A row for each network.
fn networks(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    writeln!(
        f,
        "{:<14}{:>9}{:>9}{:>10}{:>10}{:>9}{:>10}{:>9}{:>9}{:>6}{:>8}",
        "network",
        "rtt ms",
        "p99",
        "correct/",
        "size u",
        "p99",
        "starved",
        "late or",
        "gap ms",
        "cuts",
        "back ms"
    )?;
    writeln!(
        f,
        "{:<14}{:>9}{:>9}{:>10}{:>10}{:>9}{:>10}{:>9}{:>9}{:>6}{:>8}",
        "", "p50", "", "min, bot", "p50", "", "frames %", "held %", "p99", "", "p50"
    )?;
    for (name, network) in &report.networks {
        writeln!(
            f,
            "{name:<14}{:>9}{:>9}{:>10}{:>10}{:>9}{:>10}{:>9}{:>9}{:>6}{:>8}",
            number(network.rtt_ms.p50),
            number(network.rtt_ms.p99),
            number(network.corrections_per_client_min),
            number(network.correction_units.p50),
            number(network.correction_units.p99),
            number(network.frames_starved_percent),
            number(network.inputs_late_or_held_percent),
            number(network.snapshot_gap_ms.p99),
            network.cuts,
            number(network.resume_ms.p50),
        )?;
    }
    Ok(())
}

fn rooms(count: u32) -> String {
    format!("{count} {}", if count == 1 { "room" } else { "rooms" })
}

fn hashes(report: &Report) -> String {
    match (report.hash_mismatches, report.hash_checks) {
        (_, 0) => "no hash compared".into(),
        (differ, checks) => format!("{differ} of {checks} hashes differ"),
    }
}

fn counts<K: fmt::Display>(counts: &std::collections::BTreeMap<K, u64>) -> String {
    counts.iter().fold(String::new(), |mut text, (key, count)| {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{count} x {key}");
        text
    })
}

/// A value with two decimals, or a dash if nothing was measured.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.2}"))
}

fn spread(of: &Percentiles) -> String {
    format!("p50 {}  p99 {}  max {}", number(of.p50), number(of.p99), number(of.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_names_failures_and_says_when_the_bots_were_late() {
        let mut report = Report { bots_joined: 1, rooms: 1, ..Report::default() };
        assert!(!Table(&report).to_string().contains("note"));
        report.bots_failed.insert("full".into(), 3);
        report.bot_lag_ms.p99 = Some(50.0);
        let text = Table(&report).to_string();
        assert!(text.contains("3 x full") && text.contains("note"), "{text}");
        assert!(text.contains("in 1 room\n") && text.contains("no hash compared"), "{text}");
    }

    #[test]
    fn a_run_that_nobody_joined_has_no_rows_of_zeros() {
        let mut report = Report { bots_wanted: 2, rooms: 2, ..Report::default() };
        report.bots_failed.insert("no_such_game".into(), 2);
        report.failure_texts.insert("no_such_game".into(), "no game `nope` is hosted here".into());
        let text = Table(&report).to_string();
        assert!(
            text.contains("0 of 2 in 2 rooms") && text.contains("no_such_game: no game `nope`"),
            "{text}"
        );
        assert!(!text.contains("snapshot") && text.lines().count() <= 5, "{text}");
    }
}
