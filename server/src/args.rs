//! The command line and the environment. They override the file; flags override the environment.

use crate::config::{
    AddressRange, AdminListen, AuthFallback, AuthMode, Config, ConfigError, KeySource, LogFormat, WebAddress,
};
use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use toml::Table;

/// Hosts multiplayer rooms over WebSockets.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "tickwire-server", version)]
// A host may call its own struct `Args` too, and groups have the names of structs.
#[group(skip)]
pub struct Args {
    /// Where players connect, IP:PORT; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "TICKWIRE_LISTEN", value_name = "ADDR", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// The operator's listener (metrics, kick, close), IP:PORT or `off` [default: 127.0.0.1:8081]
    #[arg(long, env = "TICKWIRE_ADMIN", value_name = "ADDR|off")]
    pub admin: Option<AdminListen>,
    /// Permits an operator's listener that other machines can reach, without a token
    #[arg(
        long,
        env = "TICKWIRE_ADMIN_PUBLIC",
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub admin_public: Option<bool>,
    /// The token that operators have to show [default: none is asked for]
    #[arg(long, env = "TICKWIRE_ADMIN_TOKEN", value_name = "FILE")]
    pub admin_token: Option<PathBuf>,
    /// Host names that the operator's listener accepts besides its address, comma-separated [default: none]
    #[arg(long, env = "TICKWIRE_ADMIN_HOSTS", value_delimiter = ',', value_name = "NAME")]
    pub admin_hosts: Option<Vec<String>>,
    /// A TOML file; --print-config shows all keys with the values in use
    #[arg(long, env = "TICKWIRE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A folder whose files override the ones built into the program
    #[arg(long, env = "TICKWIRE_ASSETS", value_name = "DIR")]
    pub assets: Option<PathBuf>,
    /// The certificate chain, PEM; with --tls-key it turns ws into wss
    #[arg(long, env = "TICKWIRE_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM
    #[arg(long, env = "TICKWIRE_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Who may play, comma-separated [default: guests, on addresses of this machine alone]
    #[arg(long, env = "TICKWIRE_AUTH", value_delimiter = ',', value_name = "MODE")]
    pub auth: Option<Vec<AuthMode>>,
    /// The keys of tickets, with `--auth tickets`: a line `ID SECRET` for each
    #[arg(long, env = "TICKWIRE_TICKET_KEYS", value_name = "FILE")]
    pub ticket_keys: Option<PathBuf>,
    /// The keys of JWTs, with `--auth jwt`: a file (PEM, a JSON Web Key Set or a secret), or a set's address
    #[arg(long, env = "TICKWIRE_JWT_KEYS", value_name = "FILE|URL")]
    pub jwt_keys: Option<KeySource>,
    /// The audience that a JWT must be for
    #[arg(long, env = "TICKWIRE_JWT_AUDIENCE", value_name = "TEXT")]
    pub jwt_audience: Option<String>,
    /// The issuer that a JWT must be of [default: anyone who has a key]
    #[arg(long, env = "TICKWIRE_JWT_ISSUER", value_name = "TEXT")]
    pub jwt_issuer: Option<String>,
    /// The service that decides who may play, with `--auth http`
    #[arg(long, env = "TICKWIRE_AUTH_URL", value_name = "URL")]
    pub auth_url: Option<WebAddress>,
    /// The secret (`whsec_` and base64) that signs what the service is asked [default: nothing is signed]
    #[arg(long, env = "TICKWIRE_AUTH_SECRET", value_name = "FILE")]
    pub auth_secret: Option<PathBuf>,
    /// Headers of the upgrade request that the service gets, comma-separated [default: none]
    #[arg(long, env = "TICKWIRE_AUTH_HEADERS", value_delimiter = ',', value_name = "NAME")]
    pub auth_headers: Option<Vec<String>>,
    /// What happens to players while the service gives no decision [default: later]
    #[arg(long, env = "TICKWIRE_AUTH_FALLBACK", value_name = "FALLBACK")]
    pub auth_fallback: Option<AuthFallback>,
    /// Serves wss with a certificate of one's own in this folder, which is made if needed, for development
    #[cfg(feature = "tls")]
    #[arg(long, num_args = 0..=1, default_missing_value = "dev-tls", value_name = "FOLDER")]
    pub dev_tls: Option<PathBuf>,
    /// The service that is told what happens in rooms [default: nobody is]
    #[arg(long, env = "TICKWIRE_WEBHOOK_URL", value_name = "URL")]
    pub webhook_url: Option<WebAddress>,
    /// The secrets (`whsec_` and base64, a line for each) that sign what it is told
    #[arg(long, env = "TICKWIRE_WEBHOOK_SECRET", value_name = "FILE")]
    pub webhook_secret: Option<PathBuf>,
    /// The types of events that it is told, comma-separated [default: all]
    #[arg(long, env = "TICKWIRE_WEBHOOK_EVENTS", value_delimiter = ',', value_name = "TYPE")]
    pub webhook_events: Option<Vec<String>>,
    /// The folder for what must survive a restart
    #[arg(long, env = "TICKWIRE_STATE", value_name = "FOLDER")]
    pub state: Option<PathBuf>,
    /// Accounts and addresses that may not play [default: none]
    #[arg(long, env = "TICKWIRE_BANS", value_name = "FILE")]
    pub bans: Option<PathBuf>,
    /// Permits ws without TLS at an address that others can reach
    #[arg(
        long,
        env = "TICKWIRE_PLAIN_WS",
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub plain_ws: Option<bool>,
    /// The format of log lines [default: text]
    #[arg(long, env = "TICKWIRE_LOG", value_name = "FORMAT")]
    pub log: Option<LogFormat>,
    /// A level (error, warn, info, debug, trace) or a filter [default: info]
    #[arg(long, env = "TICKWIRE_LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// Lines of one kind that are written within 10 s; the rest are counted and reported in one line; 0: no
    /// limit [default: 100]
    #[arg(long, env = "TICKWIRE_LOG_LINES_PER_KIND_MAX", value_name = "COUNT")]
    pub log_lines_per_kind_max: Option<u32>,
    /// Origins whose pages may connect besides the server's own: `scheme://host[:port]` or `null`,
    /// comma-separated [default: all]
    #[arg(long, env = "TICKWIRE_ALLOWED_ORIGINS", value_delimiter = ',', value_name = "ORIGIN")]
    pub allowed_origins: Option<Vec<String>>,
    /// Proxies whose X-Forwarded-* are believed: addresses or blocks, comma-separated [default: none]
    #[arg(long, env = "TICKWIRE_TRUSTED_PROXIES", value_delimiter = ',', value_name = "ADDR")]
    pub trusted_proxies: Option<Vec<AddressRange>>,
    /// Every connection of a trusted proxy begins with a PROXY protocol header (v1 or v2) [default: false]
    #[arg(
        long,
        env = "TICKWIRE_PROXY_PROTOCOL",
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub proxy_protocol: Option<bool>,
    /// Addresses or blocks without limits per address, comma-separated [default: loopback]
    #[arg(long, env = "TICKWIRE_EXEMPT_ADDRESSES", value_delimiter = ',', value_name = "ADDR")]
    pub exempt_addresses: Option<Vec<AddressRange>>,
    /// Permits attacks by those who show this token (see `attack` of the bots): only while you test
    #[arg(long, env = "TICKWIRE_ATTACK_CONSENT", value_name = "TOKEN", hide_env_values = true)]
    pub attack_consent: Option<String>,
    /// How long clients have to leave when the server stops, s [default: 5]
    #[arg(long, env = "TICKWIRE_SHUTDOWN_DEADLINE_S", value_name = "SECONDS")]
    pub shutdown_deadline_s: Option<u32>,
    /// Open connections [default: 10000]
    #[arg(long, env = "TICKWIRE_CONNECTIONS_MAX", value_name = "COUNT")]
    pub connections_max: Option<u32>,
    /// Open connections of one address [default: 50]
    #[arg(long, env = "TICKWIRE_CONNECTIONS_PER_ADDRESS_MAX", value_name = "COUNT")]
    pub connections_per_address_max: Option<u32>,
    /// TLS handshakes in progress at one time [default: 1000]
    #[arg(long, env = "TICKWIRE_TLS_HANDSHAKES_MAX", value_name = "COUNT")]
    pub tls_handshakes_max: Option<u32>,
    /// TLS handshakes of one address, 1/min; a minute's worth may come at once [default: 300]
    #[arg(long, env = "TICKWIRE_TLS_HANDSHAKES_PER_ADDRESS_PER_MIN", value_name = "COUNT")]
    pub tls_handshakes_per_address_per_min: Option<u32>,
    /// Rooms at one time [default: 1000]
    #[arg(long, env = "TICKWIRE_ROOMS_MAX", value_name = "COUNT")]
    pub rooms_max: Option<u32>,
    /// Joins of one address, 1/min [default: 120]
    #[arg(long, env = "TICKWIRE_JOINS_PER_ADDRESS_PER_MIN", value_name = "COUNT")]
    pub joins_per_address_per_min: Option<u32>,
    /// Rooms that one address makes, 1/min [default: 20]
    #[arg(long, env = "TICKWIRE_ROOMS_MADE_PER_ADDRESS_PER_MIN", value_name = "COUNT")]
    pub rooms_made_per_address_per_min: Option<u32>,
    /// Rooms at one time that one address made [default: 32]
    #[arg(long, env = "TICKWIRE_ROOMS_PER_ADDRESS_MAX", value_name = "COUNT")]
    pub rooms_per_address_max: Option<u32>,
    /// Seats of one address that are held for the whole grace time after a lost connection [default: 32]
    #[arg(long, env = "TICKWIRE_HELD_SEATS_PER_ADDRESS_MAX", value_name = "COUNT")]
    pub held_seats_per_address_max: Option<u32>,
    /// How long an empty room stays open, ms [default: 10000]
    #[arg(long, env = "TICKWIRE_ROOM_IDLE_MS", value_name = "MS")]
    pub room_idle_ms: Option<u32>,
    /// How long a player who lost the connection keeps the seat, ms [default: 30000]
    #[arg(long, env = "TICKWIRE_RESUME_GRACE_MS", value_name = "MS")]
    pub resume_grace_ms: Option<u32>,
    /// Prints the configuration that would be used, as TOML, and exits
    #[arg(long)]
    pub print_config: bool,
    /// Checks the configuration, its certificates and its maps, and exits
    #[arg(long)]
    pub check_config: bool,
}

impl Args {
    /// The configuration: the defaults, then the file, then this. Checked.
    ///
    /// # Errors
    /// The first error, in one line.
    pub fn config(&self) -> Result<Config, ConfigError> {
        Ok(self.config_with(None)?.0)
    }

    /// The same where the file may have one more section, which is returned.
    pub(crate) fn config_with(&self, section: Option<&str>) -> Result<(Config, Table), ConfigError> {
        let (mut config, section) = match &self.config {
            Some(path) => Config::from_file_with(path, section)?,
            None => Default::default(),
        };
        self.lay_over(&mut config);
        config.check()?;
        Ok((config, section))
    }

    fn lay_over(&self, config: &mut Config) {
        set(&mut config.listen, &self.listen);
        set(&mut config.admin, &self.admin);
        set(&mut config.admin_public, &self.admin_public);
        set_some(&mut config.admin_token, &self.admin_token);
        set(&mut config.admin_hosts, &self.admin_hosts);
        set_some(&mut config.assets, &self.assets);
        set_some(&mut config.tls_cert, &self.tls_cert);
        set_some(&mut config.tls_key, &self.tls_key);
        set(&mut config.auth, &self.auth);
        set_some(&mut config.ticket_keys, &self.ticket_keys);
        set_some(&mut config.jwt_keys, &self.jwt_keys);
        set_some(&mut config.jwt_audience, &self.jwt_audience);
        set_some(&mut config.jwt_issuer, &self.jwt_issuer);
        set_some(&mut config.auth_url, &self.auth_url);
        set_some(&mut config.auth_secret, &self.auth_secret);
        set_some(&mut config.webhook_url, &self.webhook_url);
        set_some(&mut config.webhook_secret, &self.webhook_secret);
        set(&mut config.webhook_events, &self.webhook_events);
        set_some(&mut config.state, &self.state);
        set_some(&mut config.bans, &self.bans);
        set(&mut config.auth_headers, &self.auth_headers);
        set(&mut config.auth_fallback, &self.auth_fallback);
        set(&mut config.plain_ws, &self.plain_ws);
        set(&mut config.log, &self.log);
        set(&mut config.log_level, &self.log_level);
        set(&mut config.log_lines_per_kind_max, &self.log_lines_per_kind_max);
        set(&mut config.allowed_origins, &self.allowed_origins);
        set(&mut config.trusted_proxies, &self.trusted_proxies);
        set(&mut config.proxy_protocol, &self.proxy_protocol);
        set(&mut config.exempt_addresses, &self.exempt_addresses);
        set_some(&mut config.attack_consent, &self.attack_consent);
        set(&mut config.shutdown_deadline_s, &self.shutdown_deadline_s);
        set(&mut config.limits.connections_max, &self.connections_max);
        set(&mut config.limits.connections_per_address_max, &self.connections_per_address_max);
        set(&mut config.limits.tls_handshakes_max, &self.tls_handshakes_max);
        set(&mut config.limits.tls_handshakes_per_address_per_min, &self.tls_handshakes_per_address_per_min);
        set(&mut config.limits.rooms_max, &self.rooms_max);
        set(&mut config.limits.joins_per_address_per_min, &self.joins_per_address_per_min);
        set(&mut config.limits.rooms_made_per_address_per_min, &self.rooms_made_per_address_per_min);
        set(&mut config.limits.rooms_per_address_max, &self.rooms_per_address_max);
        set(&mut config.limits.held_seats_per_address_max, &self.held_seats_per_address_max);
        set(&mut config.limits.room_idle_ms, &self.room_idle_ms);
        set(&mut config.limits.resume_grace_ms, &self.resume_grace_ms);
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is not IP:PORT; write for example 127.0.0.1:8080"))
}

fn set<T: Clone>(value: &mut T, given: &Option<T>) {
    if let Some(given) = given {
        *value = given.clone();
    }
}

fn set_some<T: Clone>(value: &mut Option<T>, given: &Option<T>) {
    if given.is_some() {
        value.clone_from(given);
    }
}
