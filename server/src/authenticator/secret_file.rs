//! Files with keys and secrets, which are read again while the server runs.

use super::{HttpHook, Jwt, Tickets};
use crate::config::ConfigError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file, and the authenticator that uses what is in it.
#[derive(Clone, Debug)]
pub(crate) struct SecretFile {
    path: PathBuf,
    user: User,
}

#[derive(Clone, Debug)]
enum User {
    Tickets(Arc<Tickets>),
    Jwt(Arc<Jwt>),
    Http(Arc<HttpHook>),
}

impl SecretFile {
    pub(super) const fn of_tickets(path: PathBuf, tickets: Arc<Tickets>) -> Self {
        Self { path, user: User::Tickets(tickets) }
    }

    pub(super) const fn of_jwt(path: PathBuf, jwt: Arc<Jwt>) -> Self {
        Self { path, user: User::Jwt(jwt) }
    }

    pub(super) const fn of_hook(path: PathBuf, hook: Arc<HttpHook>) -> Self {
        Self { path, user: User::Http(hook) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it, in words.
    pub(crate) const fn content(&self) -> &'static str {
        match self.user {
            User::Tickets(_) => "the keys of tickets",
            User::Jwt(_) => "the keys of JWTs",
            User::Http(_) => "the secret for the service that decides on players",
        }
    }

    /// Whether nobody else may read it.
    pub(crate) fn is_secret(&self) -> bool {
        match &self.user {
            User::Tickets(_) | User::Http(_) => true,
            User::Jwt(jwt) => jwt.has_secret(),
        }
    }

    /// Reads the file. What is returned puts that in use.
    ///
    /// # Errors
    /// The file cannot be used.
    pub(crate) fn read(&self) -> Result<Box<dyn FnOnce()>, ConfigError> {
        Ok(match self.user.clone() {
            User::Tickets(tickets) => {
                let keys = Tickets::read_keys(&self.path)?;
                Box::new(move || tickets.replace_keys(keys))
            }
            User::Jwt(jwt) => {
                let keys = Jwt::read_keys(&self.path)?;
                Box::new(move || jwt.replace_keys(keys))
            }
            User::Http(hook) => {
                let secret = HttpHook::read_secret(&self.path)?;
                Box::new(move || hook.replace_secret(secret))
            }
        })
    }
}
