//! The authenticator that the configuration asks for.

use super::{BoundedAuthenticator, HttpHook, Jwt, Tickets};
use crate::config::{AuthFallback, AuthMode, Config, ConfigError, KeySource};
use crate::metrics::HostCalls;
use crate::watched_file::{PutInUse, WatchedFile};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl BoundedAuthenticator {
    /// The host's own authenticator if there is one, else what the configuration asks for. Guests are not let
    /// in at an address that others can reach, unless that is asked for.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub(crate) fn configured(
        own: Option<Self>,
        config: &Config,
        counters: &HostCalls,
    ) -> Result<Self, ConfigError> {
        if own.is_some() && !config.auth.is_empty() {
            let text = "this program has accounts of its own; leave `auth` out";
            return Err(ConfigError::about(&["auth"], text));
        }
        check_unused(config)?;
        if let Some(own) = own {
            return Ok(own);
        }
        let guests = config.auth.contains(&AuthMode::Guests);
        let mut modes = config.auth.iter().filter(|mode| **mode != AuthMode::Guests);
        let mode = modes.next();
        if modes.any(|other| Some(other) != mode) {
            let text =
                "a ticket is of one kind: name one of `tickets`, `jwt` and `http`, alone or with `guests`";
            return Err(ConfigError::about(&["auth"], text));
        }
        match mode {
            Some(AuthMode::Tickets) => tickets(config, guests),
            Some(AuthMode::Jwt) => jwt(config, guests, counters),
            Some(AuthMode::Http) => http(config, guests, counters),
            Some(AuthMode::Guests) | None if guests || config.listen.ip().is_loopback() => {
                Ok(Self::default())
            }
            Some(AuthMode::Guests) | None => Err(ConfigError::about(&["auth"], undecided(config.listen))),
        }
    }
}

/// A setting of a mode that is not asked for would be silently without effect.
fn check_unused(config: &Config) -> Result<(), ConfigError> {
    for (key, is_set, mode, word) in [
        ("ticket_keys", config.ticket_keys.is_some(), AuthMode::Tickets, "tickets"),
        ("jwt_keys", config.jwt_keys.is_some(), AuthMode::Jwt, "jwt"),
        ("jwt_audience", config.jwt_audience.is_some(), AuthMode::Jwt, "jwt"),
        ("jwt_issuer", config.jwt_issuer.is_some(), AuthMode::Jwt, "jwt"),
        ("auth_url", config.auth_url.is_some(), AuthMode::Http, "http"),
        ("auth_secret", config.auth_secret.is_some(), AuthMode::Http, "http"),
        ("auth_headers", !config.auth_headers.is_empty(), AuthMode::Http, "http"),
        ("auth_fallback", config.auth_fallback != AuthFallback::Later, AuthMode::Http, "http"),
    ] {
        if is_set && !config.auth.contains(&mode) {
            let text = format!("this has no effect: add `{word}` to `auth`, or leave it out");
            return Err(ConfigError::about(&[key], text));
        }
    }
    Ok(())
}

fn tickets(config: &Config, guests: bool) -> Result<BoundedAuthenticator, ConfigError> {
    let file = config.ticket_keys.as_ref().ok_or_else(|| {
        let text = "tickets need keys: name a file with `ticket_keys` (`--ticket-keys FILE`); \
                    `tickwire-server ticket --new-key` prints a key for it";
        ConfigError::about(&["auth"], text)
    })?;
    let tickets = Tickets::new(Tickets::read_keys(file)?);
    let tickets = Arc::new(if guests { tickets.and_guests() } else { tickets });
    let file = tickets_file(file.clone(), Arc::clone(&tickets));
    Ok(BoundedAuthenticator::of_tickets(tickets, file))
}

fn jwt(config: &Config, guests: bool, counters: &HostCalls) -> Result<BoundedAuthenticator, ConfigError> {
    let keys = config.jwt_keys.as_ref().ok_or_else(|| {
        let text = "JWTs need keys: name a file or the address of a set with `jwt_keys` (`--jwt-keys`)";
        ConfigError::about(&["auth"], text)
    })?;
    let audience = config.jwt_audience.as_deref().filter(|audience| !audience.is_empty()).ok_or_else(|| {
        let text = "say for whom a JWT has to be with `jwt_audience` (`--jwt-audience`): its `aud`, or those \
                    that your issuer made for other services would be good here too";
        ConfigError::about(&["auth"], text)
    })?;
    let mut jwt = match keys {
        KeySource::File(file) => Jwt::new(Jwt::read_keys(file)?, audience),
        KeySource::At(address) => Jwt::with_keys_at(address.clone(), audience)?,
    };
    if let Some(issuer) = &config.jwt_issuer {
        jwt = jwt.issued_by(issuer);
    }
    let jwt = Arc::new(if guests { jwt.and_guests() } else { jwt });
    jwt.count_in(counters.jwt_key_fetches.clone());
    let file = match keys {
        KeySource::File(file) => Some(jwt_file(file.clone(), Arc::clone(&jwt))),
        KeySource::At(_) => None,
    };
    Ok(BoundedAuthenticator::of_jwt(jwt, file))
}

fn http(config: &Config, guests: bool, counters: &HostCalls) -> Result<BoundedAuthenticator, ConfigError> {
    let address = config.auth_url.clone().ok_or_else(|| {
        let text = "name the service that decides on players with `auth_url` (`--auth-url URL`)";
        ConfigError::about(&["auth"], text)
    })?;
    let headers: Vec<&str> = config.auth_headers.iter().map(String::as_str).collect();
    if let Some(name) = headers.iter().find(|name| http::HeaderName::try_from(**name).is_err()) {
        return Err(ConfigError::about(&["auth_headers"], format!("`{name}` is not a header's name")));
    }
    let mut hook = HttpHook::new(address)?.with_headers(&headers).fallback(config.auth_fallback);
    if guests {
        hook = hook.and_guests();
    }
    if let Some(file) = &config.auth_secret {
        hook = hook.signed_with(HttpHook::read_secret(file)?);
    }
    let hook = Arc::new(hook);
    hook.count_in(counters.auth_service_failures.clone());
    let file = config.auth_secret.clone().map(|file| hook_file(file, Arc::clone(&hook)));
    Ok(BoundedAuthenticator::of_hook(hook, file))
}

fn tickets_file(file: PathBuf, tickets: Arc<Tickets>) -> WatchedFile {
    WatchedFile::new(file, "the keys of tickets", move |file| {
        let (keys, tickets) = (Tickets::read_keys(file)?, tickets.clone());
        Ok(Box::new(move || tickets.replace_keys(keys)) as PutInUse)
    })
}

fn jwt_file(file: PathBuf, jwt: Arc<Jwt>) -> WatchedFile {
    let holder = jwt.clone();
    let read = move |file: &Path| {
        let (keys, jwt) = (Jwt::read_keys(file)?, jwt.clone());
        Ok(Box::new(move || jwt.replace_keys(keys)) as PutInUse)
    };
    WatchedFile::new(file, "the keys of JWTs", read).secret_if(move || holder.has_secret())
}

fn hook_file(file: PathBuf, hook: Arc<HttpHook>) -> WatchedFile {
    WatchedFile::new(file, "the secret for the service that decides on players", move |file| {
        let (secret, hook) = (HttpHook::read_secret(file)?, hook.clone());
        Ok(Box::new(move || hook.replace_secret(secret)) as PutInUse)
    })
}

fn undecided(listen: SocketAddr) -> String {
    format!(
        "players on other machines can reach {listen}, so say who may play: `--auth tickets` for those whom \
         a service of yours gives tickets, `--auth jwt` or `--auth http` for those whom it knows otherwise, \
         `--auth guests` for everybody"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticator::Guests;
    use crate::metrics::Metrics;

    fn config(auth: &[AuthMode], listen: &str) -> Config {
        Config { auth: auth.to_vec(), listen: listen.parse().unwrap(), ..Config::default() }
    }

    fn error(own: Option<BoundedAuthenticator>, config: &Config) -> String {
        configured(own, config).unwrap_err().to_string()
    }

    fn configured(own: Option<BoundedAuthenticator>, config: &Config) -> Result<(), ConfigError> {
        BoundedAuthenticator::configured(own, config, &Metrics::new().host_calls).map(|_| ())
    }

    #[test]
    fn guests_come_from_this_machine_unless_the_operator_says_otherwise() {
        let (near, far) = ("127.0.0.1:8080", "0.0.0.0:8080");
        assert!(configured(None, &config(&[], near)).is_ok());
        assert!(configured(None, &config(&[AuthMode::Guests], far)).is_ok());
        let own = || Some(BoundedAuthenticator::new(Guests));
        assert!(configured(own(), &config(&[], far)).is_ok());
        let text = error(None, &config(&[], far));
        assert!(text.contains("0.0.0.0:8080") && text.contains("--auth guests"), "{text}");
        assert!(error(None, &config(&[], "[::]:80")).contains("--auth tickets"));
        assert!(error(own(), &config(&[AuthMode::Guests], near)).contains("accounts of its own"));
    }

    #[test]
    fn a_file_names_one_mode_or_a_list() {
        let read = |text: &str| Config::from_toml(text, "x").map(|config| config.auth);
        assert_eq!(read("auth = \"tickets\""), Ok(vec![AuthMode::Tickets]));
        assert_eq!(read("auth = [\"tickets\", \"guests\"]"), Ok(vec![AuthMode::Tickets, AuthMode::Guests]));
        assert!(read("auth = \"password\"").unwrap_err().to_string().contains("a list of them"));
    }

    #[test]
    fn tickets_need_keys_and_keys_need_tickets() {
        let tickets = config(&[AuthMode::Tickets], "127.0.0.1:8080");
        assert!(error(None, &tickets).contains("--ticket-keys FILE"));
        let missing = Config { ticket_keys: Some("/no/such/file".into()), ..tickets };
        assert!(error(None, &missing).starts_with("ticket_keys: /no/such/file: "));
        let unused = Config { auth: Vec::new(), ..missing };
        assert!(error(None, &unused).contains("add `tickets` to `auth`"));
    }

    #[test]
    fn jwts_need_keys_and_an_audience() {
        let jwt = config(&[AuthMode::Jwt], "0.0.0.0:8080");
        assert!(error(None, &jwt).contains("`jwt_keys` (`--jwt-keys`)"));
        let keys: KeySource = "http://127.0.0.1:9/keys".parse().unwrap();
        let jwt = Config { jwt_keys: Some(keys), ..jwt };
        for audience in [None, Some(String::new())] {
            assert!(
                error(None, &Config { jwt_audience: audience, ..jwt.clone() }).contains("--jwt-audience")
            );
        }
        let jwt = Config { jwt_audience: Some("game".into()), ..jwt };
        assert_eq!(configured(None, &jwt), Ok(()), "the address is asked later");
        let missing = KeySource::File("/no/such/file".into());
        let missing = Config { jwt_keys: Some(missing), ..jwt.clone() };
        assert!(error(None, &missing).starts_with("jwt_keys: /no/such/file: "));
        let both = Config { auth: vec![AuthMode::Jwt, AuthMode::Http], ..jwt.clone() };
        assert!(error(None, &both).contains("a ticket is of one kind"));
        let twice = vec![AuthMode::Jwt, AuthMode::Guests, AuthMode::Jwt];
        assert_eq!(configured(None, &Config { auth: twice, ..jwt.clone() }), Ok(()));
        assert!(error(None, &Config { auth: Vec::new(), ..jwt }).contains("add `jwt` to `auth`"));
    }

    #[test]
    fn a_service_needs_its_address_and_headers_have_names() {
        let http = config(&[AuthMode::Http], "0.0.0.0:8080");
        assert!(error(None, &http).contains("`auth_url` (`--auth-url URL`)"));
        let http = Config { auth_url: Some("http://127.0.0.1:9/".parse().unwrap()), ..http };
        assert_eq!(configured(None, &http), Ok(()));
        let wrong = Config { auth_headers: vec!["x user".into()], ..http.clone() };
        assert!(error(None, &wrong).contains("auth_headers: `x user` is not a header's name"));
        let wrong = Config { auth_secret: Some("/no/such/file".into()), ..http };
        assert!(error(None, &wrong).starts_with("auth_secret: /no/such/file: "));
        let unused = Config { auth_fallback: AuthFallback::Guests, ..config(&[], "127.0.0.1:8080") };
        assert!(error(None, &unused).contains("add `http` to `auth`"));
    }
}
