//! Who may not play here: accounts and addresses that the operator has banned.

use crate::config::{AddressRange, ConfigError};
use crate::watched_file::{PutInUse, WatchedFile};
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;
use tickwire_shared::game::AccountId;
use tickwire_shared::wire::{Close, CloseCode};

/// Bans of one kind.
const BANS_MAX: usize = 100_000;

/// The bans in force. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bans(Arc<RwLock<List>>);

#[derive(Debug, Default)]
struct List {
    accounts: HashMap<AccountId, Ban>,
    addresses: Vec<(AddressRange, Ban)>,
}

#[derive(Clone, Debug)]
struct Ban {
    until: Option<SystemTime>,
    reason: String,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    ban: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    account: Option<AccountId>,
    address: Option<AddressRange>,
    until: Option<String>,
    #[serde(default)]
    reason: String,
}

impl Bans {
    /// The bans in this file, and the file for when it changes.
    ///
    /// # Errors
    /// The file cannot be read, or an entry is wrong.
    pub(crate) fn of_file(file: &Path) -> Result<(Self, WatchedFile), ConfigError> {
        let bans = Self(Arc::new(RwLock::new(List::read(file)?)));
        let used = bans.clone();
        let watched = WatchedFile::new(file.to_owned(), "the bans", move |file| {
            let (list, bans) = (List::read(file)?, used.clone());
            let put = move || *bans.0.write().unwrap_or_else(PoisonError::into_inner) = list;
            Ok(Box::new(put) as PutInUse)
        });
        Ok((bans, watched.secret_if(|| false)))
    }

    /// Why a client with this account, at this address, may not play.
    pub(crate) fn refusal(&self, account: Option<&AccountId>, address: Option<IpAddr>) -> Option<Close> {
        let list = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let by_account = account.and_then(|account| list.accounts.get(account));
        let now = SystemTime::now();
        let by_address = || {
            let of_address = |(range, _): &&(AddressRange, Ban)| address.is_some_and(|at| range.contains(at));
            list.addresses.iter().filter(of_address).map(|(_, ban)| ban).find(|ban| ban.holds(now))
        };
        by_account.filter(|ban| ban.holds(now)).or_else(by_address).map(Ban::close)
    }
}

impl Ban {
    fn holds(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    fn close(&self) -> Close {
        let until = self.until.map(|until| format!(" until {}", humantime::format_rfc3339_seconds(until)));
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        Close::new(CloseCode::Policy, &format!("you are banned{}{reason}", until.unwrap_or_default()))
    }
}

impl List {
    fn read(file: &Path) -> Result<Self, ConfigError> {
        let wrong =
            |error: &dyn fmt::Display| ConfigError::about(&["bans"], format!("{}: {error}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
        let File { ban: entries } = toml::from_str(&text).map_err(|error| wrong(&error))?;
        if entries.len() > BANS_MAX {
            return Err(wrong(&format!("more than {BANS_MAX} bans")));
        }
        let mut list = Self::default();
        for (at, entry) in entries.into_iter().enumerate() {
            list.add(entry).map_err(|error| wrong(&format!("ban {}: {error}", at + 1)))?;
        }
        Ok(list)
    }

    fn add(&mut self, Entry { account, address, until, reason }: Entry) -> Result<(), String> {
        let until = until.map(|text| humantime::parse_rfc3339_weak(&text)).transpose();
        let until =
            until.map_err(|error| format!("until: {error}; write for example 2027-01-31T12:00:00Z"))?;
        let ban = Ban { until, reason };
        match (account, address) {
            (Some(account), None) => drop(self.accounts.insert(account, ban)),
            (None, Some(address)) => self.addresses.push((address, ban)),
            _ => return Err("name either an account or an address".to_owned()),
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Bans, ConfigError> {
        let file = std::env::temp_dir().join(format!("tickwire-bans-{}-{}", std::process::id(), text.len()));
        std::fs::write(&file, text).unwrap();
        let bans = Bans::of_file(&file).map(|(bans, _)| bans);
        std::fs::remove_file(file).unwrap();
        bans
    }

    #[test]
    fn a_ban_is_of_an_account_or_a_network_until_its_end() {
        let bans = list(
            "[[ban]]\naccount = 'u-1'\nuntil = '2999-01-01T00:00:00Z'\nreason = 'aimbot'\n\
             [[ban]]\naddress = '192.0.2.0/24'\n\
             [[ban]]\naccount = 'u-2'\nuntil = '2001-01-01 00:00:00'\n",
        );
        let bans = bans.unwrap();
        let refusal = |account: &str, address: &str| {
            let account = Some(AccountId::cut(account)).filter(|account| !account.is_empty());
            let close = bans.refusal(account.as_ref(), address.parse().ok())?;
            assert_eq!(close.code, CloseCode::Policy);
            Some(close.text.to_string())
        };
        assert_eq!(refusal("u-1", ""), Some("you are banned until 2999-01-01T00:00:00Z: aimbot".to_owned()));
        assert_eq!(refusal("u-3", "192.0.2.77"), Some("you are banned".to_owned()));
        assert_eq!(refusal("", "192.0.2.77"), Some("you are banned".to_owned()));
        for (account, address) in [("u-2", ""), ("u-3", "192.0.3.1"), ("", "")] {
            assert_eq!(refusal(account, address), None, "{account} {address}");
        }
        assert_eq!(Bans::default().refusal(Some(&AccountId::cut("u-1")), None), None);
    }

    #[test]
    fn a_wrong_entry_is_named() {
        for (text, part) in [
            ("[[ban]]\nreason = 'x'\n", "ban 1: name either an account or an address"),
            ("[[ban]]\naccount = 'a'\n[[ban]]\naccount = 'b'\nuntil = 'soon'\n", "ban 2: until"),
            ("[[ban]]\nacount = 'a'\n", "unknown field"),
            ("[[ban]]\naddress = 'here'\n", "here"),
        ] {
            let error = list(text).unwrap_err().to_string();
            assert!(error.starts_with("bans: ") && error.contains(part), "{error}");
        }
    }
}
