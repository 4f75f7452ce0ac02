//! The authenticator that the configuration asks for.

use super::{BoundedAuthenticator, Tickets};
use crate::config::{AuthMode, Config, ConfigError};
use std::net::SocketAddr;

impl BoundedAuthenticator {
    /// The host's own authenticator if there is one, else what the configuration asks for. Guests are not let
    /// in at an address that others can reach, unless that is asked for.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub(crate) fn configured(own: Option<Self>, config: &Config) -> Result<Self, ConfigError> {
        let asks = |mode| config.auth.contains(&mode);
        match (own, &config.ticket_keys) {
            (Some(_), _) if !config.auth.is_empty() => {
                Err(ConfigError::about(&["auth"], "this program has accounts of its own; leave `auth` out"))
            }
            (Some(own), None) => Ok(own),
            (_, Some(_)) if !asks(AuthMode::Tickets) => {
                let text = "tickets are not let in: add `tickets` to `auth`, or leave this out";
                Err(ConfigError::about(&["ticket_keys"], text))
            }
            (_, None) if asks(AuthMode::Tickets) => {
                let text = "tickets need keys: name a file with `ticket_keys` (`--ticket-keys FILE`); \
                            `tickwire-server ticket --new-key` prints a key for it";
                Err(ConfigError::about(&["auth"], text))
            }
            (_, Some(file)) => {
                let tickets = Tickets::new(Tickets::read_keys(file)?);
                Ok(Self::of_tickets(if asks(AuthMode::Guests) { tickets.and_guests() } else { tickets }))
            }
            (_, None) if !asks(AuthMode::Guests) && !config.listen.ip().is_loopback() => {
                Err(ConfigError::about(&["auth"], undecided(config.listen)))
            }
            (_, None) => Ok(Self::default()),
        }
    }
}

fn undecided(listen: SocketAddr) -> String {
    format!(
        "players on other machines can reach {listen}, so say who may play: `--auth tickets` for those whom \
         a service of yours gives tickets, `--auth guests` for everybody"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticator::Guests;

    fn config(auth: &[AuthMode], listen: &str) -> Config {
        Config { auth: auth.to_vec(), listen: listen.parse().unwrap(), ..Config::default() }
    }

    fn error(own: Option<BoundedAuthenticator>, config: &Config) -> String {
        BoundedAuthenticator::configured(own, config).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn guests_come_from_this_machine_unless_the_operator_says_otherwise() {
        let (near, far) = ("127.0.0.1:8080", "0.0.0.0:8080");
        assert!(BoundedAuthenticator::configured(None, &config(&[], near)).is_ok());
        assert!(BoundedAuthenticator::configured(None, &config(&[AuthMode::Guests], far)).is_ok());
        let own = || Some(BoundedAuthenticator::new(Guests));
        assert!(BoundedAuthenticator::configured(own(), &config(&[], far)).is_ok());
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
}
