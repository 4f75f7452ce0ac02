//! Thresholds on a report: `snapshot_gap_ms.p99<60`.

use crate::report::{NetworkReport, Report};
use core::fmt;
use core::str::FromStr;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A condition that a report must meet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assertion {
    path: String,
    op: Op,
    value: f64,
}

/// How the value of a report is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// Longer signs first, so that `<=` is not read as `<`.
const OPS: [(&str, Op); 6] = [
    ("<=", Op::LessOrEqual),
    (">=", Op::GreaterOrEqual),
    ("==", Op::Equal),
    ("!=", Op::NotEqual),
    ("<", Op::Less),
    (">", Op::Greater),
];

impl Op {
    fn holds(self, found: f64, wanted: f64) -> bool {
        match self {
            Self::Less => found < wanted,
            Self::LessOrEqual => found <= wanted,
            Self::Greater => found > wanted,
            Self::GreaterOrEqual => found >= wanted,
            Self::Equal => found == wanted,
            Self::NotEqual => found != wanted,
        }
    }

    fn sign(self) -> &'static str {
        OPS.iter().find(|(_, op)| *op == self).map_or("?", |(sign, _)| sign)
    }
}

impl FromStr for Assertion {
    type Err = AssertionError;

    /// Reads `path op number` and checks that a report has the path.
    fn from_str(text: &str) -> Result<Self, AssertionError> {
        let bad = || AssertionError::Form(text.to_owned());
        let (at, sign, op) = OPS
            .iter()
            .filter_map(|&(sign, op)| text.find(sign).map(|at| (at, sign, op)))
            .min_by_key(|&(at, sign, _)| (at, core::cmp::Reverse(sign.len())))
            .ok_or_else(bad)?;
        let (path, rest) = text.split_at(at);
        let path = path.trim();
        let value: f64 = rest.strip_prefix(sign).unwrap_or(rest).trim().parse().map_err(|_| bad())?;
        if path.is_empty() || !value.is_finite() {
            return Err(bad());
        }
        if !is_known(path) {
            return Err(AssertionError::UnknownPath { path: path.to_owned(), known: known_paths() });
        }
        Ok(Self { path: path.to_owned(), op, value })
    }
}

impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.path, self.op.sign(), self.value)
    }
}

/// Why a text is not an assertion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AssertionError {
    /// Not `path op number`.
    #[error(
        "`{0}` is not a threshold; write a path, one of <= >= == != < > and a number, \
         such as 'snapshot_gap_ms.p99<60'"
    )]
    Form(String),
    /// A report has no such value.
    #[error("a report has no value `{path}`; it has\n{}", in_groups(known))]
    UnknownPath {
        /// The path that was asked for.
        path: String,
        /// The paths that a report has.
        known: Vec<String>,
    },
}

/// The widest line of a listing, in bytes.
const LINE_BYTES_MAX: usize = 100;

/// Paths in lines: those of one word together, the others grouped by their first word.
fn in_groups(paths: &[String]) -> String {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in paths {
        // The empty group comes first.
        let (group, member) = match path.split_once('.') {
            Some((group, _)) => (group, path.as_str()),
            None => ("", path.as_str()),
        };
        groups.entry(group).or_default().push(member);
    }
    let mut lines = Vec::new();
    for members in groups.values() {
        let mut line = String::from(" ");
        for member in members {
            if line.len() + member.len() + 2 > LINE_BYTES_MAX {
                lines.push(core::mem::replace(&mut line, String::from(" ")));
            }
            line.push(' ');
            line.push_str(member);
        }
        lines.push(line);
    }
    lines.push("and by reason or code: bots_failed.full, disconnects.1006".into());
    lines.push("and for each network, as networks.NAME: networks.4g.inputs_late_or_held_percent".into());
    lines.join("\n")
}

/// An assertion that fails.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// The assertion.
    pub assertion: Assertion,
    /// The report's value; `None` if nothing was measured.
    pub found: Option<f64>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "threshold failed: {}: ", self.assertion)?;
        match self.found {
            Some(found) => write!(f, "it is {found}"),
            None => write!(f, "nothing was measured"),
        }
    }
}

/// Those of `assertions` that fail for a report, given as JSON. A value that was not measured fails all of
/// them.
#[must_use]
pub(crate) fn failures(assertions: &[Assertion], report: &Value) -> Vec<Failure> {
    let failing = |assertion: &Assertion| {
        let found = number_at(report, &assertion.path);
        let holds = found.is_some_and(|found| assertion.op.holds(found, assertion.value));
        (!holds).then(|| Failure { assertion: assertion.clone(), found })
    };
    assertions.iter().filter_map(failing).collect()
}

/// Counts by reason or code: without a key, the value is their sum; a key that never occurred is 0.
const COUNTS: [&str; 2] = ["bots_failed", "disconnects"];

fn number_at(report: &Value, path: &str) -> Option<f64> {
    if let Some((network, path)) = path.strip_prefix(NETWORKS).and_then(|rest| rest.split_once('.')) {
        return number_at(report.get("networks")?.get(network)?, path);
    }
    let (first, second) = path.split_once('.').unwrap_or((path, ""));
    let value = report.get(first)?;
    match (value, second) {
        (Value::Number(number), "") => number.as_f64(),
        (Value::Object(counts), "") => Some(counts.values().filter_map(Value::as_f64).sum()),
        (Value::Object(counts), key) if COUNTS.contains(&first) => {
            Some(counts.get(key).and_then(Value::as_f64).unwrap_or(0.0))
        }
        (Value::Object(values), key) => values.get(key)?.as_f64(),
        _ => None,
    }
}

/// The start of the path of one network's value; the network's name and the value's path follow.
const NETWORKS: &str = "networks.";

fn is_known(path: &str) -> bool {
    if let Some(rest) = path.strip_prefix(NETWORKS) {
        let of_network = paths_of(&NetworkReport::default());
        return rest.split_once('.').is_some_and(|(_, path)| of_network.iter().any(|known| known == path));
    }
    let count = COUNTS.iter().any(|name| path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')));
    count || known_paths().iter().any(|known| known == path)
}

/// Every path that an assertion may name. After `bots_failed` and `disconnects` any reason or code may
/// follow.
#[must_use]
pub(crate) fn known_paths() -> Vec<String> {
    paths_of(&Report::default())
}

fn paths_of(report: &impl Serialize) -> Vec<String> {
    let Ok(Value::Object(report)) = serde_json::to_value(report) else { return Vec::new() };
    let mut paths = Vec::new();
    for (name, value) in report {
        match value {
            Value::Array(_) | Value::String(_) => {}
            Value::Object(_) if name == "networks" => {}
            Value::Object(inner) if !COUNTS.contains(&&*name) => {
                paths.extend(inner.keys().map(|key| format!("{name}.{key}")));
            }
            _ => paths.push(name),
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(text: &str) -> Assertion {
        text.parse().unwrap()
    }

    #[test]
    fn a_value_of_one_network_can_be_a_threshold() {
        let report = json!({"networks": {"bad-hotel": {"cuts": 2, "rtt_ms": {"p50": 151.5}}}});
        let texts =
            ["networks.bad-hotel.cuts>=1", "networks.bad-hotel.rtt_ms.p50>151", "networks.4g.cuts==0"];
        let failing = failures(&texts.map(parse), &report);
        assert_eq!(failing.len(), 1, "a value that was not measured fails");
        for bad in ["networks.4g<1", "networks.4g.nothing<1", "networks<1", "networks.4g.rtt_ms<1"] {
            assert!(bad.parse::<Assertion>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_comparison_is_read_and_compares() {
        let report = json!({"seconds": 2.0});
        for (text, holds) in [
            ("seconds<2", false),
            ("seconds<=2", true),
            ("seconds > 1.5", true),
            ("seconds>=2.5", false),
            ("seconds == 2", true),
            ("seconds!=2", false),
        ] {
            assert_eq!(failures(&[parse(text)], &report).is_empty(), holds, "{text}");
        }
    }

    #[test]
    fn a_nested_value_is_found_and_a_failure_names_it() {
        let report = json!({"snapshot_gap_ms": {"p99": 61.5}});
        let failing = failures(&[parse("snapshot_gap_ms.p99<60")], &report);
        assert_eq!(failing.len(), 1);
        assert_eq!(failing[0].to_string(), "threshold failed: snapshot_gap_ms.p99<60: it is 61.5");
        assert!(failures(&[parse("snapshot_gap_ms.p99<62")], &report).is_empty());
    }

    #[test]
    fn counts_are_summed_and_what_never_occurred_is_zero() {
        let report = json!({"disconnects": {"1006": 2, "4013": 1}, "bots_failed": {}});
        assert!(failures(&[parse("disconnects==3"), parse("bots_failed==0")], &report).is_empty());
        assert!(failures(&[parse("disconnects.4013==1"), parse("disconnects.1011==0")], &report).is_empty());
    }

    #[test]
    fn what_was_not_measured_fails_either_way() {
        let report = json!({"input_to_effect_ms": {"p99": null}});
        for text in ["input_to_effect_ms.p99<60", "input_to_effect_ms.p99>=0"] {
            let failing = failures(&[parse(text)], &report);
            assert_eq!(failing.first().map(|failure| failure.found), Some(None));
        }
    }

    #[test]
    fn an_unknown_path_is_answered_with_the_known_ones() {
        let error = "snapshot_gap.p99<60".parse::<Assertion>().unwrap_err();
        assert!(error.to_string().contains("snapshot_gap_ms.p99"), "{error}");
        assert!("timeline==0".parse::<Assertion>().is_err());
        for bad in ["", "seconds", "seconds<", "<3", "seconds<fast", "seconds<NaN", "seconds=3"] {
            assert!(matches!(bad.parse::<Assertion>(), Err(AssertionError::Form(_))), "{bad}");
        }
    }
}
