//! What an operator sets. Order: defaults < file < environment < flags; [`crate::args`] reads the last two.
//!
//! Everything is checked before anything is bound. This module knows no game: a game's settings stay a table
//! until the builder, which knows the game's type, uses them to override the game's own defaults.

mod address;
mod check;
mod file;
mod game;
mod key;
mod overlay;
mod posture;
#[cfg(feature = "cli")]
mod section;
mod web_address;

pub use address::{AddressRange, AdminListen};
pub use check::ConfigError;
pub(crate) use game::{Files, resolve};
pub use game::{GameOptions, GameSection, SameAccount};
#[cfg(feature = "cli")]
pub(crate) use posture::{Exposure, RENEWAL_DAYS};
pub(crate) use posture::{PostureFacts, PostureLine, posture};
#[cfg(feature = "cli")]
pub(crate) use section::OwnSection;
pub use web_address::{KeySource, WebAddress};

use core::time::Duration;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use tickwire_shared::limits::RESUME_GRACE_MS;

/// Everything that an operator sets. `assets/server.toml` shows all of it with its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// Where players connect. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the operator's listener is, if anywhere.
    pub admin: AdminListen,
    /// Permits an operator's listener on an address that others can reach, without a token.
    pub admin_public: bool,
    /// A file with the token that operators have to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_token: Option<PathBuf>,
    /// Host names that the operator's listener accepts besides its addresses and `localhost`.
    pub admin_hosts: Vec<String>,
    /// A folder whose files override the ones built into the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assets: Option<PathBuf>,
    /// A PEM file with the certificate chain. Together with `tls_key` it turns `ws` into `wss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with the certificate's private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Who may play. Empty: guests if `listen` is an address of this machine alone, else the server refuses
    /// to start. A program with an authenticator of its own leaves it empty.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_more")]
    pub auth: Vec<AuthMode>,
    /// A file with the keys of tickets: a line `ID SECRET` for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_keys: Option<PathBuf>,
    /// The keys of JWTs: a file (public keys in PEM, a JSON Web Key Set, or a secret for HS256), or the
    /// address of a set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_keys: Option<KeySource>,
    /// The audience (`aud`) that a JWT must be for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_audience: Option<String>,
    /// The issuer (`iss`) that a JWT must be of. Without it, of anyone who has a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_issuer: Option<String>,
    /// The address of the service that decides who may play.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_url: Option<WebAddress>,
    /// A file with the secret, `whsec_` and base64, that signs what the service is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_secret: Option<PathBuf>,
    /// Headers of a client's upgrade request that the service gets, such as `cookie`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub auth_headers: Vec<String>,
    /// What happens to players while the service gives no decision.
    pub auth_fallback: AuthFallback,
    /// The service that is told what happens in rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<WebAddress>,
    /// A file with the secrets, `whsec_` and base64 in each line, that sign what it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<PathBuf>,
    /// The types of events that it is told, such as `room.ended`. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub webhook_events: Vec<String>,
    /// The folder for what must survive a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PathBuf>,
    /// A file with accounts and addresses that may not play.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bans: Option<PathBuf>,
    /// Permits `ws` without TLS at an address that others can reach, without a proxy.
    pub plain_ws: bool,
    /// The format of log lines.
    pub log: LogFormat,
    /// What is logged: a level, or a filter such as `info,tickwire_server=debug`.
    pub log_level: String,
    /// Lines of one kind (from one line of code) that are written within 10 s; the number of the rest is
    /// reported in one line. 0: no limit.
    pub log_lines_per_kind_max: u32,
    /// Origins whose pages may connect besides the server's own: `https://play.example.com`,
    /// `capacitor://localhost`, `null`. Empty: all. A client that is not a browser sends no origin.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Host` are believed and that are exempt from the
    /// limits per address.
    pub trusted_proxies: Vec<AddressRange>,
    /// Whether every connection of [`Config::trusted_proxies`] begins with a PROXY protocol header, version 1
    /// or 2, that names the client.
    pub proxy_protocol: bool,
    /// Addresses without limits per address, which are charged nothing, such as those of a load test.
    pub exempt_addresses: Vec<AddressRange>,
    /// Permits attacks by those who show this token, as `tickwire-client-bot attack --consent` does: only
    /// while the owner tests the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attack_consent: Option<String>,
    /// How long clients have to leave when the server stops, s.
    pub shutdown_deadline_s: u32,
    /// The limits that an operator sets.
    pub limits: Limits,
    /// Settings of the hosted games, by name.
    pub games: BTreeMap<String, GameSection>,
}

/// The limits that an operator sets. Those of the protocol are in [`tickwire_shared::limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Open connections. A further one is answered with 503.
    pub connections_max: u32,
    /// Open connections of one address. A further one is answered with 429. [`Config::exempt_addresses`] and
    /// proxies are exempt from this and from all limits per address.
    pub connections_per_address_max: u32,
    /// TLS handshakes in progress at one time. A further connection is cut.
    pub tls_handshakes_max: u32,
    /// TLS handshakes of one address, 1/min; a minute's worth may come at once. A further connection is cut.
    pub tls_handshakes_per_address_per_min: u32,
    /// Rooms at one time. A Join that needs a further one is closed with 1013.
    pub rooms_max: u32,
    /// Joins of one address, 1/min; a minute's worth may come at once. A further one is closed with 4008 and
    /// the time to wait.
    pub joins_per_address_per_min: u32,
    /// Rooms that one address makes, 1/min; a minute's worth may be made at once.
    pub rooms_made_per_address_per_min: u32,
    /// Rooms made by one address that exist at one time.
    pub rooms_per_address_max: u32,
    /// Places that a room holds for the others of one player's party, for 30 s, at most 15. 0: none.
    pub places_per_join_max: u32,
    /// Seats of one address that are held for the whole `resume_grace_ms` after a lost connection.
    pub held_seats_per_address_max: u32,
    /// How long an empty room stays open, ms.
    pub room_idle_ms: u32,
    /// How long a player who lost the connection keeps the seat, ms.
    pub resume_grace_ms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_address_max: 50,
            tls_handshakes_max: 1_000,
            tls_handshakes_per_address_per_min: 300,
            rooms_max: 1_000,
            joins_per_address_per_min: 120,
            rooms_made_per_address_per_min: 20,
            rooms_per_address_max: 32,
            places_per_join_max: 7,
            held_seats_per_address_max: 32,
            room_idle_ms: 10_000,
            resume_grace_ms: RESUME_GRACE_MS as u32,
        }
    }
}

impl Limits {
    /// How long an empty room stays open.
    #[must_use]
    pub fn room_idle(&self) -> Duration {
        Duration::from_millis(self.room_idle_ms.into())
    }

    /// How long a player who lost the connection keeps the seat.
    #[must_use]
    pub fn resume_grace(&self) -> Duration {
        Duration::from_millis(self.resume_grace_ms.into())
    }
}

/// Reads `"tickets"` as well as `["tickets", "guests"]`.
fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<AuthMode>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "\"guests\", \"tickets\", \"jwt\", \"http\" or a list of them")]
    enum Modes {
        One(AuthMode),
        More(Vec<AuthMode>),
    }
    Ok(match Modes::deserialize(from)? {
        Modes::One(mode) => vec![mode],
        Modes::More(modes) => modes,
    })
}

/// Who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthMode {
    /// Everybody who shows no ticket, under any name.
    Guests,
    /// Who shows a ticket that is signed with one of `ticket_keys`.
    Tickets,
    /// Who shows a JSON Web Token that is signed with one of `jwt_keys`.
    Jwt,
    /// Whom the service at `auth_url` lets in.
    Http,
}

/// What happens to players while the service at `auth_url` gives no decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthFallback {
    /// They are told to try again later.
    #[default]
    Later,
    /// They come in as guests, whatever they show.
    Guests,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin: AdminListen::default(),
            admin_public: false,
            admin_token: None,
            admin_hosts: Vec::new(),
            assets: None,
            tls_cert: None,
            tls_key: None,
            log: LogFormat::default(),
            log_level: "info".to_owned(),
            log_lines_per_kind_max: 100,
            auth: Vec::new(),
            ticket_keys: None,
            jwt_keys: None,
            jwt_audience: None,
            jwt_issuer: None,
            auth_url: None,
            auth_secret: None,
            webhook_url: None,
            webhook_secret: None,
            webhook_events: Vec::new(),
            state: None,
            bans: None,
            auth_headers: Vec::new(),
            auth_fallback: AuthFallback::default(),
            plain_ws: false,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
            exempt_addresses: AddressRange::LOOPBACK.to_vec(),
            attack_consent: None,
            shutdown_deadline_s: 5,
            limits: Limits::default(),
            games: BTreeMap::new(),
        }
    }
}

impl Config {
    /// How long clients have to leave when the server stops.
    #[must_use]
    pub fn shutdown_deadline(&self) -> Duration {
        Duration::from_secs(self.shutdown_deadline_s.into())
    }

    /// The configuration as a file that reads back to the same configuration.
    ///
    /// # Errors
    /// A game's settings that TOML cannot express.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(self).map_err(|error| ConfigError::new(format!("cannot be written as TOML: {error}")))
    }
}
