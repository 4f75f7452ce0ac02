//! Compares a report in its JSON form with its schema.

use serde_json::Value;
use std::collections::BTreeSet;

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

/// Panics where `value` differs from `schema`, whose definitions `root` has.
pub(crate) fn agrees(schema: &Value, root: &Value, value: &Value, at: &str) {
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
