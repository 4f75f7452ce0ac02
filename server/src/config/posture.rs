//! What a configuration leaves open, limits and risks: a line each, for the log and for `--check-config`.

use super::{AddressRange, AdminListen, AuthFallback, AuthMode, Config, KeySource, WebAddress};
use std::fmt;

/// How much care a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Nobody else can reach it, or it is off.
    Closed,
    /// It has a bound.
    Limited,
    /// Everybody who reaches the server may use it; that may be right.
    Open,
    /// It harms players or the operator. The line says what to do.
    Unsafe,
}

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostureLine {
    pub(crate) exposure: Exposure,
    pub(crate) text: String,
}

impl fmt::Display for PostureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.exposure {
            Exposure::Closed => "closed",
            Exposure::Limited => "limited",
            Exposure::Open => "open",
            Exposure::Unsafe => "UNSAFE",
        };
        write!(f, "{word:>7}: {}", self.text)
    }
}

fn line(exposure: Exposure, text: impl Into<String>) -> PostureLine {
    PostureLine { exposure, text: text.into() }
}

/// A certificate that is good for no longer is to be renewed, days.
pub(crate) const RENEWAL_DAYS: i64 = 14;

/// What the report needs besides the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PostureFacts {
    /// The program has an authenticator of its own.
    pub(crate) own_accounts: bool,
    /// The authenticator reads cookies.
    pub(crate) reads_cookies: bool,
    /// What other users of the machine can read and must not: the keys of tickets, for example.
    pub(crate) shown_secret: Option<&'static str>,
    /// How long the certificate is good, if that is known.
    pub(crate) certificate_days_left: Option<i64>,
}

/// The report.
pub(crate) fn posture(config: &Config, facts: PostureFacts) -> Vec<PostureLine> {
    let always = vec![
        transport(config, facts.certificate_days_left),
        players(config, facts),
        pages(config, facts.reads_cookies),
        proxies(config),
        operators(config),
        per_address(config),
        in_all(config),
    ];
    always.into_iter().chain(services(config)).chain(fallback(config)).chain(attacks(config)).collect()
}

/// A line only while attacks are permitted.
fn attacks(config: &Config) -> Option<PostureLine> {
    let text = "whoever shows the token of `attack_consent` may attack this server with \
                `tickwire-client-bot attack`: remove it after the test";
    config.attack_consent.as_ref().map(|_| line(Exposure::Unsafe, text))
}

impl Config {
    /// Whether players on other machines can connect without a proxy.
    pub(crate) fn is_public(&self) -> bool {
        !self.listen.ip().is_loopback()
    }
}

fn transport(config: &Config, days_left: Option<i64>) -> PostureLine {
    let listen = config.listen;
    if let Some(days) = days_left.filter(|days| *days < RENEWAL_DAYS) {
        line(
            Exposure::Unsafe,
            format!("the certificate of {listen} is good for {} days: renew it", days.max(0)),
        )
    } else if config.tls_cert.is_some() {
        line(
            Exposure::Limited,
            format!("{listen} speaks wss: nobody on the way reads or changes the traffic"),
        )
    } else if !config.is_public() {
        line(Exposure::Closed, format!("{listen} is reached from this machine alone"))
    } else if config.trusted_proxies.is_empty() {
        let text = "speaks ws: who is on the way reads and changes everything, tickets too; set `tls_cert` \
                    and `tls_key`, or let a proxy encrypt and name it in `trusted_proxies`";
        line(Exposure::Unsafe, format!("{listen} {text}"))
    } else {
        let text = "speaks ws to the proxies: let nobody else reach it, for example by a firewall";
        line(Exposure::Open, format!("{listen} {text}"))
    }
}

fn players(config: &Config, facts: PostureFacts) -> PostureLine {
    let lets_in = |mode| config.auth.contains(&mode);
    if let Some(secret) = facts.shown_secret {
        let text =
            format!("other users of this machine can read {secret}, and do what it permits: chmod 600");
        return line(Exposure::Unsafe, text);
    }
    if facts.own_accounts {
        return line(Exposure::Limited, "who plays is decided by the program's own authenticator");
    }
    let needed = match &config.auth_url {
        Some(service) if lets_in(AuthMode::Http) => format!("are let in by {service}"),
        _ if lets_in(AuthMode::Jwt) => {
            format!("need a JWT for `{}`", config.jwt_audience.as_deref().unwrap_or_default())
        }
        _ if lets_in(AuthMode::Tickets) => "need a ticket of your service".to_owned(),
        _ => {
            let text = "everybody may play, as a guest under any name; `auth` changes that";
            return line(Exposure::Open, text);
        }
    };
    if lets_in(AuthMode::Guests) {
        line(Exposure::Open, format!("players {needed}, or come as guests under any name"))
    } else {
        line(Exposure::Limited, format!("players {needed}"))
    }
}

/// Services that are asked without encryption where others may listen.
fn services(config: &Config) -> Vec<PostureLine> {
    let keys = match &config.jwt_keys {
        Some(KeySource::At(address)) => Some((address, "the keys of JWTs come from", "may give others")),
        _ => None,
    };
    let players = config.auth_url.as_ref();
    let players = players.map(|address| (address, "players' tickets go to", "reads and changes everything"));
    let webhooks = config.webhook_url.as_ref();
    let webhooks = webhooks.map(|address| (address, "names and results go to", "reads them"));
    let all = keys.into_iter().chain(players).chain(webhooks);
    let plain = all.filter(|(address, ..)| !address.is_encrypted() && !address.is_near());
    let text = |(address, what, harm): (&WebAddress, &str, &str)| {
        format!("{what} {address} without encryption: who is on the way {harm}; use https")
    };
    plain.map(|service| line(Exposure::Unsafe, text(service))).collect()
}

fn fallback(config: &Config) -> Option<PostureLine> {
    let text = "while the service that decides on players fails, everybody comes in as a guest; \
                `auth_fallback = \"later\"` changes that";
    (config.auth_fallback == AuthFallback::Guests).then(|| line(Exposure::Open, text))
}

fn pages(config: &Config, reads_cookies: bool) -> PostureLine {
    match config.allowed_origins.len() {
        0 if reads_cookies => {
            let text = "any page may connect its visitors, with their own cookies: name your pages \
                        in `allowed_origins`";
            line(Exposure::Unsafe, text)
        }
        0 => line(Exposure::Open, "any page may connect its visitors; `allowed_origins` names yours"),
        count => line(Exposure::Limited, format!("pages of this server and of {count} origins may connect")),
    }
}

fn proxies(config: &Config) -> PostureLine {
    if config.trusted_proxies.is_empty() {
        let text = "no proxy is declared; behind one, all players would share its address and limits: \
                    `trusted_proxies` names it";
        return line(Exposure::Closed, text);
    }
    let believed =
        if config.proxy_protocol { "the PROXY protocol is read" } else { "X-Forwarded-For is believed" };
    let text = format!("{believed} from {}", listed(&config.trusted_proxies));
    line(Exposure::Limited, text)
}

fn operators(config: &Config) -> PostureLine {
    match config.admin {
        AdminListen::Off => line(Exposure::Closed, "there is no operator's listener"),
        AdminListen::At(address) if address.ip().is_loopback() => {
            line(Exposure::Closed, format!("operators come to {address} from this machine alone"))
        }
        AdminListen::At(address) if config.admin_token.is_some() => {
            let text = "asks for a token, but encrypts nothing: let only operators' networks reach it";
            line(Exposure::Open, format!("the operator's listener at {address} {text}"))
        }
        AdminListen::At(address) => {
            let text = "asks for no token: let only operators reach it, or name a file with `admin_token`";
            line(Exposure::Unsafe, format!("the operator's listener at {address} {text}"))
        }
    }
}

fn per_address(config: &Config) -> PostureLine {
    let limits = &config.limits;
    let text = format!(
        "one address: {} connections, {} joins and {} new rooms a minute; exempt: {}",
        limits.connections_per_address_max,
        limits.joins_per_address_per_min,
        limits.rooms_made_per_address_per_min,
        listed(&config.exempt_addresses)
    );
    line(Exposure::Limited, text)
}

fn in_all(config: &Config) -> PostureLine {
    let limits = &config.limits;
    line(
        Exposure::Limited,
        format!("in all: {} connections, {} rooms", limits.connections_max, limits.rooms_max),
    )
}

fn listed(ranges: &[AddressRange]) -> String {
    match ranges {
        [] => "none".to_owned(),
        ranges => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsafe_lines(config: &Config) -> Vec<String> {
        let all = posture(config, PostureFacts::default()).into_iter();
        all.filter(|line| line.exposure == Exposure::Unsafe).map(|line| line.to_string()).collect()
    }

    #[test]
    fn the_defaults_are_safe_and_each_risk_is_a_line_with_its_remedy() {
        assert_eq!(unsafe_lines(&Config::default()), Vec::<String>::new());
        let public = Config { listen: "0.0.0.0:80".parse().unwrap(), ..Config::default() };
        let lines = unsafe_lines(&public);
        assert!(
            lines.len() == 1 && lines[0].contains("0.0.0.0:80") && lines[0].contains("`tls_cert`"),
            "{lines:?}"
        );
        let proxied = Config { trusted_proxies: vec!["10.0.0.7".parse().unwrap()], ..public };
        assert_eq!(unsafe_lines(&proxied), Vec::<String>::new());
        let admin = AdminListen::At("0.0.0.0:81".parse().unwrap());
        let lines = unsafe_lines(&Config { admin, ..Config::default() });
        assert!(lines.len() == 1 && lines[0].contains("no token"), "{lines:?}");
        let attack_consent = Some("only-while-testing".to_owned());
        let lines = unsafe_lines(&Config { attack_consent, ..Config::default() });
        assert!(lines.len() == 1 && lines[0].contains("`attack_consent`"), "{lines:?}");
        assert!(!lines[0].contains("only-while-testing"), "a log shows no token");
    }

    #[test]
    fn a_certificate_that_ends_soon_and_keys_that_others_read_are_risks() {
        let ends = |days| transport(&Config::default(), Some(days));
        assert_eq!(ends(RENEWAL_DAYS).exposure, Exposure::Closed);
        assert!(ends(RENEWAL_DAYS - 1).to_string().contains("UNSAFE: the certificate"));
        assert!(ends(-3).text.contains("good for 0 days"));
        let facts = PostureFacts { shown_secret: Some("the keys of tickets"), ..PostureFacts::default() };
        let line = players(&Config::default(), facts);
        assert!(line.exposure == Exposure::Unsafe && line.text.contains("the keys of tickets"), "{line}");
    }

    #[test]
    fn cookies_without_origins_are_a_risk() {
        assert_eq!(pages(&Config::default(), true).exposure, Exposure::Unsafe);
        let config = Config { allowed_origins: vec!["https://a.example".into()], ..Config::default() };
        assert_eq!(pages(&config, true).exposure, Exposure::Limited);
    }

    #[test]
    fn the_report_says_who_may_play() {
        let of = |auth: &[AuthMode], own| {
            let facts = PostureFacts { own_accounts: own, ..PostureFacts::default() };
            players(&Config { auth: auth.to_vec(), ..Config::default() }, facts).to_string()
        };
        assert!(of(&[], false).contains("everybody"));
        assert!(of(&[AuthMode::Tickets], false).starts_with("limited: players need a ticket"));
        assert!(of(&[AuthMode::Tickets, AuthMode::Guests], false).contains("or come as guests"));
        assert!(of(&[AuthMode::Jwt], false).starts_with("limited: players need a JWT"));
        assert!(of(&[], true).contains("own authenticator"));
    }

    #[test]
    fn a_service_that_is_asked_in_plain_text_and_an_open_fallback_are_told() {
        let risky = |keys: &str, url: &str| {
            let (jwt_keys, auth_url) = (keys.parse().ok(), url.parse().ok());
            unsafe_lines(&Config { jwt_keys, auth_url, ..Config::default() })
        };
        assert_eq!(risky("keys.pem", "http://127.0.0.1/"), Vec::<String>::new());
        let lines = risky("http://id.example/keys", "http://203.0.113.9/check?a=b");
        assert!(lines[0].contains("from http://id.example/keys without encryption"), "{lines:?}");
        assert!(lines[1].contains("to http://203.0.113.9/check without encryption"), "{lines:?}");
        let open = Config { auth_fallback: AuthFallback::Guests, ..Config::default() };
        let lines = posture(&open, PostureFacts::default());
        assert!(lines.last().unwrap().to_string().contains("open: while the service"), "{lines:?}");
    }
}
