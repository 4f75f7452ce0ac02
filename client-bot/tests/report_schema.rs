//! The report in its JSON form is what `docs/bot-report.schema.json` says.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::collections::BTreeSet;
use tickwire_client_bot::histogram::Percentiles;
use tickwire_client_bot::report::{NetworkReport, REPORT_VERSION, Report, Second};

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

fn agrees(schema: &Value, root: &Value, value: &Value, at: &str) {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(name) => &root["$defs"][name.trim_start_matches("#/$defs/")],
        None => schema,
    };
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{at} has no type"),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(kinds.contains(&kind), "{at} is {kind}, the schema says {kinds:?}");
    if let (Value::Object(map), Some(properties)) = (value, schema.get("properties")) {
        assert_eq!(keys(value), keys(properties), "{at}");
        let required = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str);
        assert_eq!(required.map(str::to_owned).collect::<BTreeSet<_>>(), keys(value), "{at}: required");
        map.iter().for_each(|(name, value)| agrees(&properties[name], root, value, &format!("{at}.{name}")));
    }
    let further = schema.get("additionalProperties").filter(|_| schema.get("properties").is_none());
    if let (Value::Object(map), Some(further)) = (value, further) {
        map.iter().for_each(|(name, value)| agrees(further, root, value, &format!("{at}.{name}")));
    }
    for item in value.as_array().into_iter().flatten() {
        agrees(&schema["items"], root, item, &format!("{at}[]"));
    }
}

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
