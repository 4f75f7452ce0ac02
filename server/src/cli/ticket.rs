//! `tickwire-server ticket`: makes a key, or a ticket for a test or for support.

use clap::Parser;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};
use tickwire_tickets::{Keys, LIFETIME_MAX, Ticket};

/// The word on the command line that asks for this.
pub(super) const WORD: &str = "ticket";

/// Prints a ticket: who shows it plays as this account
#[derive(Debug, Parser)]
#[command(name = WORD)]
struct TicketArgs {
    /// Prints a new line for a file of keys instead, under this id [default: key-1]
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "key-1")]
    new_key: Option<String>,
    /// The file of keys; the first one signs
    #[arg(long, value_name = "FILE", required_unless_present = "new_key")]
    key: Option<PathBuf>,
    /// The account's id
    #[arg(long, value_name = "ID", required_unless_present = "new_key")]
    account: Option<String>,
    /// The name that other players see [default: the account's id]
    #[arg(long)]
    name: Option<String>,
    /// The one game that it is for
    #[arg(long)]
    game: Option<String>,
    /// The one room that it is for
    #[arg(long, value_name = "ID")]
    room: Option<String>,
    /// An option that the room must have; all options of a ticket must be named
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = pair)]
    options: Vec<(String, String)>,
    /// What the account may do besides playing
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// What else the game is to know of the account
    #[arg(long, value_name = "JSON", value_parser = json)]
    claims: Option<serde_json::Value>,
    /// How long it is good, at most a day
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = lifetime)]
    ttl: Duration,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|_| format!("`{text}` is not a time such as 60s"))?;
    if time < Duration::from_secs(1) || time > LIFETIME_MAX {
        return Err("a ticket is good for a second to a day".to_owned());
    }
    Ok(time)
}

/// Runs the command with the words from `ticket` on. The status is 2 for wrong arguments, 1 for a failure.
pub(super) fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    let args = match TicketArgs::try_parse_from(words) {
        Ok(args) => args,
        Err(error) => {
            // Help goes to stdout, an error to stderr.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match made(args) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("error: {text}");
            ExitCode::FAILURE
        }
    }
}

fn made(args: TicketArgs) -> Result<String, String> {
    if let Some(id) = args.new_key {
        let line = format!("{id} {}", Keys::new_secret().map_err(|error| error.to_string())?);
        return line
            .parse::<Keys>()
            .map(|_| line)
            .map_err(|_| format!("`{id}` cannot be a key's id: up to 32 letters, digits, `-` and `_`"));
    }
    let (Some(file), Some(account)) = (args.key, args.account) else {
        return Err("--key and --account are missing".to_owned());
    };
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(&file).map_err(|error| wrong(&error))?;
    let keys: Keys = text.parse().map_err(|error| wrong(&error))?;
    let (name, until) = (args.name.unwrap_or_else(|| account.clone()), SystemTime::now() + args.ttl);
    let mut ticket = Ticket::new(&account, &name, until).map_err(|error| error.to_string())?;
    (ticket.game, ticket.room, ticket.roles, ticket.claims) = (args.game, args.room, args.roles, args.claims);
    ticket.options = (!args.options.is_empty()).then(|| BTreeMap::from_iter(args.options));
    let signed = keys.sign(&ticket).map_err(|error| error.to_string())?;
    // What no server would accept is not printed.
    keys.verify(signed.as_bytes(), SystemTime::now()).map_err(|error| error.to_string())?;
    Ok(signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(words: &[&str]) -> Result<String, String> {
        let words = std::iter::once(&WORD).chain(words);
        made(TicketArgs::try_parse_from(words).map_err(|error| error.to_string())?)
    }

    #[test]
    fn a_key_signs_tickets_that_its_server_accepts() {
        let file = std::env::temp_dir().join(format!("tickwire-key-{}", std::process::id()));
        let key = ran(&["--new-key"]).unwrap();
        assert!(key.starts_with("key-1 "), "{key}");
        std::fs::write(&file, &key).unwrap();
        let words = "--account u-17 --name Ada --game arena --option map=duel --role moderator --ttl 2h";
        let mut words: Vec<_> = words.split(' ').collect();
        words.extend(["--claims", r#"{"level":7}"#, "--key", file.to_str().unwrap()]);
        let text = ran(&words).unwrap();
        let ticket = key.parse::<Keys>().unwrap().verify(text.as_bytes(), SystemTime::now()).unwrap();
        assert_eq!((ticket.account.as_str(), ticket.name.as_deref()), ("u-17", Some("Ada")));
        assert_eq!((ticket.game.as_deref(), ticket.room), (Some("arena"), None));
        assert_eq!(ticket.options.unwrap()["map"], "duel");
        assert_eq!(ticket.claims.unwrap()["level"], 7);
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn wrong_words_are_told() {
        let error = |words: &[&str]| ran(words).unwrap_err();
        assert!(error(&["--account", "a"]).contains("--key"));
        assert!(error(&["--key", "/no/such", "--account", "a"]).starts_with("/no/such: "));
        assert!(error(&["--new-key", "a.b"]).contains("`a.b` cannot be a key's id"));
        let ttl = |time| error(&["--key", "k", "--account", "a", "--ttl", time]);
        assert!(ttl("25h").contains("a second to a day") && ttl("0s").contains("a second to a day"));
        assert!(ttl("soon").contains("`soon` is not a time"));
        assert!(error(&["--key", "k", "--account", "a", "--claims", "{"]).contains("not JSON"));
        assert!(error(&["--key", "k", "--account", "a", "--option", "map"]).contains("KEY=VALUE"));
    }
}
