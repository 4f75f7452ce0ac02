//! A section that a host's program has in the configuration file, beside the server's own.

use super::overlay::{overlay, written};
use super::{Config, ConfigError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Table;

/// A section with its values: the defaults, overridden by the file.
#[derive(Debug)]
pub(crate) struct OwnSection {
    name: &'static str,
    table: Table,
}

impl OwnSection {
    /// The values of the section `name`, and what is to be shown of it.
    ///
    /// # Errors
    /// A key that the type does not have, a value of the wrong type, or one that TOML cannot express.
    pub(crate) fn resolve<S>(name: &'static str, given: &Table) -> Result<(S, Self), ConfigError>
    where
        S: Serialize + DeserializeOwned + Default,
    {
        let value = overlay(&[name], "there is no such setting", &S::default(), given)?;
        let table = written(&[name], &value)?;
        Ok((value, Self { name, table }))
    }

    /// Checks that a section may have this name.
    ///
    /// # Errors
    /// The server has a setting of this name, or it is not a bare key.
    pub(crate) fn check_name(name: &str) -> Result<(), ConfigError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(ConfigError::new(format!(
                "the section `{name}` of this program: write its name with letters, digits, - and _"
            )));
        }
        // What the server does not know may be the host's.
        let is_unknown = |error: ConfigError| error.to_string().contains("unknown field");
        if Config::from_toml(&format!("{name} = {{}}"), "").is_err_and(is_unknown) {
            return Ok(());
        }
        Err(ConfigError::new(format!(
            "the section `{name}` of this program: the server has a setting of this name; choose another"
        )))
    }

    /// The section as text that follows the server's own configuration.
    ///
    /// # Errors
    /// TOML cannot express a value.
    pub(crate) fn to_toml(&self) -> Result<String, ConfigError> {
        let whole: Table = [(self.name.to_owned(), self.table.clone().into())].into_iter().collect();
        toml::to_string(&whole).map_err(|error| ConfigError::about(&[self.name], error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Season {
        name: String,
        /// No value is the default.
        ends: Option<String>,
        prizes: Prizes,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Prizes {
        first: u32,
        second: u32,
    }

    impl Default for Season {
        fn default() -> Self {
            Self { name: "spring".into(), ends: None, prizes: Prizes { first: 10, second: 5 } }
        }
    }

    fn read(text: &str) -> Result<(Season, String), String> {
        let read = || {
            let (config, given) = Config::from_toml_with(text, "x.toml", Some("season"))?;
            assert_eq!(config.listen.port(), 1);
            let (season, own) = OwnSection::resolve::<Season>("season", &given)?;
            Ok((season, own.to_toml()?))
        };
        read().map_err(|error: ConfigError| error.to_string())
    }

    const LISTEN: &str = "listen = \"127.0.0.1:1\"\n";

    #[test]
    fn what_the_file_leaves_out_of_a_section_keeps_its_default() {
        assert_eq!(read(LISTEN).unwrap().0, Season::default());
        let text = format!("{LISTEN}[season]\nends = \"May\"\nprizes.second = 7\n[limits]\nrooms_max = 3\n");
        let (season, shown) = read(&text).unwrap();
        let prizes = Prizes { first: 10, second: 7 };
        let wanted = Season { name: "spring".into(), ends: Some("May".into()), prizes };
        assert_eq!(season, wanted);
        assert_eq!(read(&format!("{LISTEN}{shown}")).unwrap(), (wanted, shown), "what is shown reads back");
    }

    #[test]
    fn a_wrong_key_or_value_of_a_section_is_named() {
        let wrong = |rest: &str| read(&format!("{LISTEN}{rest}")).unwrap_err();
        assert_eq!(wrong("[season]\nnome = \"a\"\n"), "season.nome: there is no such setting");
        assert_eq!(wrong("[season.prizes]\nthird = 1\n"), "season.prizes.third: there is no such setting");
        let text = wrong("[season.prizes]\nfirst = -1\n");
        assert!(text.starts_with("season.prizes.first: invalid value"), "{text}");
        assert!(wrong("season = 3\n").starts_with("x.toml:2: invalid type: integer"));
        assert!(wrong("[[season]]\n").starts_with("x.toml:2: invalid type: sequence"));
    }

    #[test]
    fn a_section_that_nobody_declared_is_refused_and_those_that_are_there_are_named() {
        let text = read(&format!("{LISTEN}\n[seson]\nname = \"a\"\n")).unwrap_err();
        assert!(text.starts_with("x.toml:3: unknown field `seson`"), "{text}");
        assert!(text.ends_with("`games`, or the section [season]"), "{text}");
        let text = read(&format!("{LISTEN}\n[limits]\nroms_max = 3\n")).unwrap_err();
        assert!(text.starts_with("x.toml:4: ") && !text.contains("season"), "{text}");
        let text = Config::from_toml("[season]\n", "x.toml").unwrap_err().to_string();
        assert!(text.starts_with("x.toml:1: unknown field `season`"), "{text}");
    }

    #[test]
    fn a_section_has_a_name_that_is_free() {
        for name in ["season", "my-game", "tag_2"] {
            assert_eq!(OwnSection::check_name(name), Ok(()));
        }
        for name in ["limits", "games", "listen", "tls_cert", "log"] {
            let text = OwnSection::check_name(name).unwrap_err().to_string();
            assert!(text.contains(name) && text.contains("choose another"), "{text}");
        }
        for name in ["", "a.b", "my game", "\u{e9}"] {
            assert!(OwnSection::check_name(name).is_err(), "{name}");
        }
    }
}
