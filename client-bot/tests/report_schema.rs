//! The report in its JSON form is what `docs/bot-report.schema.json` says.

#![allow(clippy::unwrap_used)]

mod schema;

use schema::agrees;
use serde_json::Value;
use tickwire_client_bot::histogram::Percentiles;
use tickwire_client_bot::report::{NetworkReport, REPORT_VERSION, Report, Second};

#[test]
fn the_report_is_what_its_schema_says() {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/bot-report.schema.json")).expect("a JSON file");
    let full = Percentiles { p50: Some(1.5), p90: Some(2.5), ..Percentiles::default() };
    let report = Report {
        snapshot_gap_ms: full,
        networks: [("4g".to_owned(), NetworkReport { rtt_ms: full, ..NetworkReport::default() })].into(),
        timeline: vec![Second { gap_p99_ms: Some(0.5), ..Second::default() }],
        ..Report::default()
    };
    for report in [report, Report::default()] {
        agrees(&schema, &schema, &serde_json::to_value(report).unwrap(), "report");
    }
    assert_eq!(schema["properties"]["version"]["const"], REPORT_VERSION);
}
