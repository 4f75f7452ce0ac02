//! Reads the configuration file; errors name their line.

use super::key::line_at;
use super::{Config, ConfigError};
use std::fs;
use std::path::Path;

impl Config {
    /// Reads a TOML file over the defaults.
    ///
    /// # Errors
    /// The file cannot be read, or it has an error; the text names the first one with its line.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| {
            ConfigError::new(format!(
                "cannot read {}: {error}; check the path after --config",
                path.display()
            ))
        })?;
        Self::from_toml(&text, &path.display().to_string())
    }

    /// Reads TOML text over the defaults. In an error, `name` precedes the line number.
    ///
    /// # Errors
    /// The first error, with its line.
    pub fn from_toml(text: &str, name: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            ConfigError::new(format!("{name}:{line}: {}", error.message()))
        })
    }
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
