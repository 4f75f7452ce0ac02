//! A value of some type, overridden by the operator's table. An error names the setting that is wrong.

use super::ConfigError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use toml::{Table, Value};

/// `base`, overridden by the table `given`, whose keys are below the key `at` in the file.
///
/// # Errors
/// A key that the type does not have, for which the text is `unknown`; a value of the wrong type.
pub(crate) fn overlay<S: Serialize + DeserializeOwned>(
    at: &[&str],
    unknown: &str,
    base: &S,
    given: &Table,
) -> Result<S, ConfigError> {
    let base = written(at, base)?;
    let about = |path: &[String], what: &dyn fmt::Display| {
        let below: Vec<&str> = path.iter().map(String::as_str).collect();
        ConfigError::about(&[at, &below].concat(), what)
    };
    let whole = laid_over(&base, given).try_into();
    let value: S = whole.map_err(|error: toml::de::Error| match culprit::<S>(&base, given) {
        Some((path, error)) => about(&path, &error.message()),
        None => about(&[], &error.message()),
    })?;
    // A key that the type does not read is missing when its value is written back.
    let kept = written(at, &value)?;
    match first_unknown(given, Some(&kept)) {
        Some(path) => Err(about(&path, &unknown)),
        None => Ok(value),
    }
}

/// The value as a table.
///
/// # Errors
/// TOML cannot express it, or it has no keys.
pub(crate) fn written(at: &[&str], value: &impl Serialize) -> Result<Table, ConfigError> {
    match Value::try_from(value) {
        Ok(Value::Table(table)) => Ok(table),
        Ok(_) => Err(ConfigError::about(at, "its type has no settings by name")),
        Err(error) => Err(ConfigError::about(at, error)),
    }
}

fn laid_over(base: &Table, over: &Table) -> Value {
    let mut merged = base.clone();
    lay_over(&mut merged, over);
    Value::Table(merged)
}

/// The first setting that the game refuses even when it is the only one, and why.
fn culprit<S: DeserializeOwned>(base: &Table, given: &Table) -> Option<(Vec<String>, toml::de::Error)> {
    leaves(given).into_iter().find_map(|(path, value)| {
        let alone = path
            .iter()
            .rev()
            .fold(value, |inner, key| Value::Table(std::iter::once((key.clone(), inner)).collect()));
        let tried = laid_over(base, alone.as_table()?).try_into::<S>();
        tried.err().map(|error| (path, error))
    })
}

/// The values below a table that are not tables, with the keys that lead to them.
fn leaves(table: &Table) -> Vec<(Vec<String>, Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) if !inner.is_empty() => {
                found.extend(leaves(inner).into_iter().map(|(mut path, value)| {
                    path.insert(0, key.clone());
                    (path, value)
                }));
            }
            _ => found.push((vec![key.clone()], value.clone())),
        }
    }
    found
}

fn lay_over(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn first_unknown(given: &Table, kept: Option<&Table>) -> Option<Vec<String>> {
    given.iter().find_map(|(key, value)| match (value, kept.and_then(|kept| kept.get(key))) {
        (_, None) => Some(vec![key.clone()]),
        (Value::Table(inner), Some(below)) => {
            first_unknown(inner, below.as_table()).map(|rest| [vec![key.clone()], rest].concat())
        }
        _ => None,
    })
}
