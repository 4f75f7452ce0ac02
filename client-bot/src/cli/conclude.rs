//! The end of a run: the report, the table, and whether the run passed.

use super::{FAILED, Failure, UNREACHABLE, say};
use crate::args::Args;
use crate::assertion::failures;
use crate::report::Report;
use crate::table::Table;
use core::fmt::Display;
use std::collections::BTreeMap;

/// Writes the report and checks it.
pub(super) fn conclude(program: &str, args: &Args, report: &Report) -> Result<(), Failure> {
    let fault = |error: &dyn Display| Failure::usage(format!("the report cannot be written: {error}"));
    let json = serde_json::to_value(report).map_err(|error| fault(&error))?;
    let to_stdout = args.report.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if let Some(path) = &args.report {
        let mut text = serde_json::to_string_pretty(report).map_err(|error| fault(&error))?;
        text.push('\n');
        let written = match to_stdout {
            true => say(std::io::stdout(), &text),
            false => std::fs::write(path, text),
        };
        written.map_err(|error| fault(&error))?;
    }
    match (args.quiet, to_stdout) {
        (true, _) => {}
        (false, true) => say(std::io::stderr(), Table(report)).map_err(|error| fault(&error))?,
        (false, false) => say(std::io::stdout(), Table(report)).map_err(|error| fault(&error))?,
    }
    let never_connected = report.messages == 0 && report.bots_joined == 0;
    if never_connected && report.bots_failed.keys().any(|reason| is_unreachable(reason)) {
        let reasons = with_texts(report, &report.bots_failed);
        return Err(Failure(format!("{} can't be reached: {reasons}", args.url), UNREACHABLE));
    }
    let failing = failures(&args.assertions, &json);
    let outage = outage(report).filter(|_| !args.allow_outages);
    let failing = failing.iter().map(ToString::to_string);
    let lines: Vec<_> = missing(report).into_iter().chain(outage).chain(failing).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(Failure(lines.join(&format!("\n{program}: ")), FAILED))
}

/// How many bots should have joined a room and did not, and why.
fn missing(report: &Report) -> Option<String> {
    let count: u64 = report.bots_missing.values().sum();
    let reasons = with_texts(report, &report.bots_missing);
    let wanted = report.bots_wanted;
    (count > 0).then(|| format!("{count} of {wanted} bots never joined a room: {reasons}"))
}

/// Counts by reason, each with the server's text.
fn with_texts(report: &Report, counts: &BTreeMap<String, u64>) -> String {
    let reason = |(reason, count): (&String, &u64)| match report.failure_texts.get(reason) {
        Some(text) => format!("{count} x {reason} ({text})"),
        None => format!("{count} x {reason}"),
    };
    counts.iter().map(reason).collect::<Vec<_>>().join(", ")
}

/// The outages that bots met.
fn outage(report: &Report) -> Option<String> {
    let Report { cuts_not_resumed, outages, .. } = *report;
    let cuts = format!("{cuts_not_resumed} x a connection was lost and never resumed");
    let silences = format!("{outages} x a bot saw nothing new for 5 s or more");
    let parts = [(cuts_not_resumed, cuts), (outages, silences)];
    let parts: Vec<_> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    (!parts.is_empty()).then(|| format!("outage: {} (--allow-outages permits this)", parts.join(", ")))
}

fn is_unreachable(reason: &str) -> bool {
    matches!(reason, "unreachable" | "connect_timeout" | "handshake" | "tls") || reason.starts_with("http_")
}
