//! Reads the configuration file; errors name their line. A host's program may have a section of its own in
//! it.

use super::key::line_at;
use super::{Config, ConfigError};
use serde::Deserialize;
use std::fs;
use std::path::Path;
use toml::de::{DeTable, Deserializer, Error, ValueDeserializer};
use toml::{Spanned, Table};

impl Config {
    /// Reads a TOML file over the defaults.
    ///
    /// # Errors
    /// The file cannot be read, or it has an error; the text names the first one with its line.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        Ok(Self::from_file_with(path, None)?.0)
    }

    /// The same where the file may have one more section, which is returned.
    pub(crate) fn from_file_with(path: &Path, section: Option<&str>) -> Result<(Self, Table), ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| {
            ConfigError::new(format!(
                "cannot read {}: {error}; check the path after --config",
                path.display()
            ))
        })?;
        Self::from_toml_with(&text, &path.display().to_string(), section)
    }

    /// Reads TOML text over the defaults. In an error, `name` precedes the line number.
    ///
    /// # Errors
    /// The first error, with its line.
    pub fn from_toml(text: &str, name: &str) -> Result<Self, ConfigError> {
        Ok(Self::from_toml_with(text, name, None)?.0)
    }

    /// The same where the text may have one more section, which is returned.
    pub(crate) fn from_toml_with(
        text: &str,
        name: &str,
        section: Option<&str>,
    ) -> Result<(Self, Table), ConfigError> {
        let located = |error: Error, more: &str| {
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            ConfigError::new(format!("{name}:{line}: {}{more}", error.message()))
        };
        let mut file = DeTable::parse(text).map_err(|error| located(error, ""))?;
        let own = section.and_then(|section| take(&mut file, section));
        let own = own.transpose().map_err(|error| located(error, ""))?;
        let keys: Vec<_> = file.get_ref().keys().map(Spanned::span).collect();
        let config = Self::deserialize(Deserializer::from(file)).map_err(|error| {
            let is_unknown = error.message().starts_with("unknown field")
                && error.span().is_some_and(|span| keys.contains(&span));
            match section.filter(|_| is_unknown) {
                Some(section) => located(error, &format!(", or the section [{section}]")),
                None => located(error, ""),
            }
        })?;
        Ok((config, own.unwrap_or_default()))
    }
}

/// Takes a section out of a file.
fn take(file: &mut Spanned<DeTable<'_>>, section: &str) -> Option<Result<Table, Error>> {
    let value = file.get_mut().remove(section)?;
    Some(Table::deserialize(ValueDeserializer::from(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::from_toml(text, "x.toml").unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let text = error("listen = \"127.0.0.1:1\"\n\nlisten_on = 1\n");
        assert!(text.starts_with("x.toml:3: unknown field `listen_on`"), "{text}");
        let text = error("[limits]\nrooms_max = 3\nroms_max = 3\n");
        assert!(text.starts_with("x.toml:3: unknown field `roms_max`"), "{text}");
        let text = error("[games.arena]\ntick_rate = 3\n");
        assert!(text.starts_with("x.toml:2: unknown field `tick_rate`"), "{text}");
    }

    #[test]
    fn a_wrong_value_is_told_with_its_line() {
        assert!(error("\nlisten = \"here\"").starts_with("x.toml:2: "));
        assert!(error("admin = \"here\"").contains("`here` is neither IP:PORT nor `off`"));
        assert!(error("[limits]\nrooms_max = -1").starts_with("x.toml:2: "));
        assert!(error("log = ").starts_with("x.toml:1: "));
    }

    #[test]
    fn what_the_file_leaves_out_keeps_its_default() {
        let config = Config::from_toml("[limits]\nrooms_max = 7\n", "x.toml").unwrap();
        let mut wanted = Config::default();
        wanted.limits.rooms_max = 7;
        assert_eq!(config, wanted);
    }
}
