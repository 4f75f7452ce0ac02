//! Checks at the start that the settings fit together, and reports the first error in one line.

use super::key::line_of_key;
use super::{AdminListen, Config, Limits};
use crate::origin;
use std::path::Path;
use std::{fmt, fs};
use tickwire_shared::limits::PLACES_MAX;
#[cfg(feature = "cli")]
use tracing_subscriber::EnvFilter;
#[cfg(feature = "cli")]
use tracing_subscriber::filter::LevelFilter;

/// A shorter token for attacks could be guessed.
const CONSENT_BYTES_MIN: usize = 16;
const CONSENT_BYTES_MAX: usize = 128;

/// A configuration that cannot be used: one line with the cause and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    text: String,
    /// The key in the file that is wrong, from the outermost table inwards. Empty if that is not certain.
    key: Vec<String>,
}

impl ConfigError {
    /// An error with this text; line breaks are folded into one line.
    #[must_use]
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = text.as_ref().split_whitespace().collect::<Vec<_>>().join(" ");
        Self { text, key: Vec::new() }
    }

    /// An error about the setting with this key, from the outermost table inwards, such as
    /// `["games", "tag", "settings"]`. The program puts file and line in front if the file has the key.
    #[must_use]
    pub fn about(key: &[&str], text: impl fmt::Display) -> Self {
        let key: Vec<_> = key.iter().map(|part| (*part).to_owned()).collect();
        Self { key: key.clone(), ..Self::new(format!("{}: {text}", key.join("."))) }
    }

    /// The same error with file and line in front, if the file has the key.
    #[must_use]
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the program knows the file"))]
    pub(crate) fn located(self, path: &Path) -> Self {
        let text = if self.key.is_empty() { None } else { fs::read_to_string(path).ok() };
        match text.and_then(|text| line_of_key(&text, &self.key)) {
            Some(line) => Self::new(format!("{}:{line}: {}", path.display(), self.text)),
            None => self,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Checks what no single value shows.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_admin()?;
        self.check_tls()?;
        self.check_plain()?;
        self.check_proxies()?;
        self.check_origins()?;
        self.check_attack_consent()?;
        self.limits.check()?;
        within("shutdown_deadline_s", self.shutdown_deadline_s, 0, 600)?;
        #[cfg(feature = "cli")]
        self.check_log_level()?;
        match &self.assets {
            Some(folder) if !folder.is_dir() => Err(ConfigError::new(format!(
                "assets: {} is not a folder; name one, or leave it out to use the built-in files",
                folder.display()
            ))),
            _ => Ok(()),
        }
    }

    fn check_admin(&self) -> Result<(), ConfigError> {
        let is_name = |name: &&String| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            !name.is_empty() && !name.ends_with('.') && name.bytes().all(fits)
        };
        if let Some(wrong) = self.admin_hosts.iter().find(|name| !is_name(name)) {
            return Err(ConfigError::new(format!(
                "admin_hosts: `{wrong}` is not a host name; write it without scheme, port and path"
            )));
        }
        let AdminListen::At(address) = self.admin else { return Ok(()) };
        if address == self.listen && address.port() != 0 {
            return Err(ConfigError::new(format!(
                "admin: {address} is the players' address too; choose another port or `off`"
            )));
        }
        if !address.ip().is_loopback() && !self.admin_public && self.admin_token.is_none() {
            return Err(ConfigError::new(format!(
                "admin: {address} can be reached by others and asks for no token; use 127.0.0.1, name a file \
                 with a token (`admin_token`), or set admin_public = true if the network is closed"
            )));
        }
        Ok(())
    }

    /// A bare word that is not a level would be taken for a part of the program to log, and hide all the
    /// others.
    #[cfg(feature = "cli")]
    fn check_log_level(&self) -> Result<(), ConfigError> {
        let wrong = |why: &dyn fmt::Display| {
            ConfigError::new(format!(
                "log_level: {why}; write error, warn, info, debug, trace or off, or a filter such as \
                 info,tickwire_server=debug"
            ))
        };
        let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
        let mut words = self.log_level.split(',');
        if let Some(word) = words.find(|word| !word.contains(['=', '[']) && !is_level(word)) {
            return Err(wrong(&format!("`{word}` is not a level")));
        }
        match self.log_level.parse::<EnvFilter>() {
            Ok(_) => Ok(()),
            Err(error) => Err(wrong(&format!("`{}` is not a filter ({error})", self.log_level))),
        }
    }

    fn check_tls(&self) -> Result<(), ConfigError> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => Err(ConfigError::new("tls_cert is set but tls_key is not; set both or none")),
            (None, Some(_)) => Err(ConfigError::new("tls_key is set but tls_cert is not; set both or none")),
            _ => Ok(()),
        }
    }

    fn check_plain(&self) -> Result<(), ConfigError> {
        let is_encrypted = self.tls_cert.is_some() || !self.trusted_proxies.is_empty();
        if !self.is_public() || is_encrypted || self.plain_ws {
            return Ok(());
        }
        let text = format!(
            "players would reach {} without encryption: set tls_cert and tls_key, or listen on 127.0.0.1 \
             behind a proxy that encrypts, or permit it with `plain_ws = true` (--plain-ws)",
            self.listen
        );
        Err(ConfigError::about(&["listen"], text))
    }

    fn check_proxies(&self) -> Result<(), ConfigError> {
        if self.proxy_protocol && self.trusted_proxies.is_empty() {
            let text = "no proxy is declared that could send it; name yours in trusted_proxies \
                        (--trusted-proxies ADDR)";
            return Err(ConfigError::about(&["proxy_protocol"], text));
        }
        Ok(())
    }

    fn check_attack_consent(&self) -> Result<(), ConfigError> {
        let is_token = |token: &str| {
            (CONSENT_BYTES_MIN..=CONSENT_BYTES_MAX).contains(&token.len())
                && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if self.attack_consent.as_deref().is_none_or(is_token) {
            return Ok(());
        }
        let text = format!(
            "it is not a token of {CONSENT_BYTES_MIN} to {CONSENT_BYTES_MAX} letters, digits and signs \
             without spaces; `openssl rand -hex 16` prints one"
        );
        Err(ConfigError::about(&["attack_consent"], text))
    }

    fn check_origins(&self) -> Result<(), ConfigError> {
        for origin in &self.allowed_origins {
            origin::canonical(origin).map_err(|why| {
                ConfigError::new(format!(
                    "allowed_origins: `{origin}` {why}; write what browsers send: scheme://host[:port], \
                     or null"
                ))
            })?;
        }
        Ok(())
    }
}

impl Limits {
    fn check(&self) -> Result<(), ConfigError> {
        within("limits.connections_max", self.connections_max, 1, 1_000_000)?;
        within("limits.connections_per_address_max", self.connections_per_address_max, 1, 1_000_000)?;
        within("limits.tls_handshakes_max", self.tls_handshakes_max, 1, 1_000_000)?;
        let per_min = self.tls_handshakes_per_address_per_min;
        within("limits.tls_handshakes_per_address_per_min", per_min, 1, 1_000_000)?;
        within("limits.rooms_max", self.rooms_max, 1, 100_000)?;
        within("limits.joins_per_address_per_min", self.joins_per_address_per_min, 1, 1_000_000)?;
        within("limits.rooms_made_per_address_per_min", self.rooms_made_per_address_per_min, 1, 1_000_000)?;
        within("limits.rooms_per_address_max", self.rooms_per_address_max, 1, 100_000)?;
        within("limits.places_per_join_max", self.places_per_join_max, 0, PLACES_MAX.into())?;
        within("limits.held_seats_per_address_max", self.held_seats_per_address_max, 0, 1_000_000)?;
        within("limits.room_idle_ms", self.room_idle_ms, 0, 86_400_000)?;
        within("limits.resume_grace_ms", self.resume_grace_ms, 0, 3_600_000)
    }
}

fn within(name: &str, value: u32, min: u32, max: u32) -> Result<(), ConfigError> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::new(format!("{name}: {value} is outside {min} to {max}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_hold() {
        assert_eq!(Config::default().check(), Ok(()));
    }

    #[test]
    fn each_wrong_setting_is_named_in_one_line() {
        let cases = [
            (wrong(|c| c.limits.rooms_max = 0), "limits.rooms_max: 0 is outside"),
            (wrong(|c| c.admin = "0.0.0.0:8081".parse().unwrap()), "admin_public = true"),
            (wrong(|c| c.admin = "127.0.0.1:8080".parse().unwrap()), "players' address"),
            (wrong(|c| c.listen = "0.0.0.0:8080".parse().unwrap()), "--plain-ws"),
            (wrong(|c| c.proxy_protocol = true), "proxy_protocol: no proxy is declared"),
            (wrong(|c| c.admin_hosts = vec!["http://a.example".into()]), "admin_hosts"),
            (wrong(|c| c.admin_hosts = vec!["a.example:8081".into()]), "without scheme, port"),
            (wrong(|c| c.tls_cert = Some("cert.pem".into())), "tls_key is not"),
            (wrong(|c| c.tls_key = Some("key.pem".into())), "tls_cert is not"),
            (wrong(|c| c.log_level = "a=b=c".into()), "log_level"),
            (wrong(|c| c.log_level = "blah".into()), "`blah` is not a level"),
            (wrong(|c| c.log_level = "info,blah".into()), "`blah` is not a level"),
            (wrong(|c| c.log_level = String::new()), "`` is not a level"),
            (wrong(|c| c.assets = Some("/no/such/folder".into())), "is not a folder"),
            (
                wrong(|c| c.allowed_origins = vec!["example.com".into()]),
                "allowed_origins: `example.com` has no scheme",
            ),
            (wrong(|c| c.allowed_origins = vec!["null".into(), "https://a.example/".into()]), "has a path"),
            (wrong(|c| c.allowed_origins = vec!["*".into()]), "none to permit all"),
            (wrong(|c| c.attack_consent = Some("short".into())), "attack_consent: it is not a token"),
            (wrong(|c| c.attack_consent = Some("sixteen and a space".into())), "without spaces"),
            (wrong(|c| c.shutdown_deadline_s = 1_000), "shutdown_deadline_s"),
        ];
        for (text, part) in cases {
            assert!(text.contains(part) && !text.contains('\n'), "{text:?} should name {part:?}");
        }
    }

    #[test]
    fn levels_and_filters_may_be_logged() {
        for text in ["off", "WARN", "info,tickwire_server=debug", "info,hyper=off", "[room]=trace"] {
            let config = Config { log_level: text.into(), ..Config::default() };
            assert_eq!(config.check(), Ok(()), "{text}");
        }
    }

    #[test]
    fn traffic_that_others_can_read_is_a_decision() {
        let public = Config { listen: "0.0.0.0:8080".parse().unwrap(), ..Config::default() };
        let proxied = Config { trusted_proxies: vec!["10.0.0.7".parse().unwrap()], ..public.clone() };
        let permitted = Config { plain_ws: true, ..public };
        assert_eq!((proxied.check(), permitted.check()), (Ok(()), Ok(())));
    }

    #[test]
    fn a_public_admin_listener_is_a_decision() {
        let admin = "0.0.0.0:8081".parse().unwrap();
        let config = Config { admin, admin_public: true, ..Config::default() };
        assert_eq!(config.check(), Ok(()));
    }
}
