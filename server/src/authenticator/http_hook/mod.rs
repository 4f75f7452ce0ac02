//! Accounts by a service of the host's that is asked over HTTP about each player.

mod question;
#[cfg(test)]
mod tests;
mod verdict;

use super::{AuthRefusal, AuthRequest, Authenticator, Guests};
use crate::config::{AuthFallback, ConfigError, WebAddress};
use crate::metrics::Counter;
use crate::web_client::{self, SigningSecret, WebClient};
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tickwire_shared::game::Account;
use tracing::{info, warn};

/// How long the service has for its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// When players are to try again if it gave no decision.
const UNDECIDED_RETRY: Duration = Duration::from_secs(10);

/// Lets in whom a service says: it gets a POST with JSON about each player who asks to join, and answers
/// with the account. The project's `docs/going-live.md` has both.
///
/// ```
/// use tickwire_server::{HttpHook, Server, SigningSecret};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret: SigningSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse()?; // better from a file
/// let service = HttpHook::new("http://127.0.0.1:9000/players".parse()?)?;
/// let players = service.signed_with(secret).with_headers(&["cookie"]);
/// let server = Server::builder().authenticator(players);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct HttpHook {
    address: WebAddress,
    client: WebClient,
    secret: RwLock<Option<SigningSecret>>,
    headers: Vec<String>,
    guests: bool,
    fallback: AuthFallback,
    answer_timeout: Duration,
    failing: AtomicBool,
    failures: OnceLock<Counter>,
}

impl HttpHook {
    /// Asks the service at this address, which has 3 s for its answer.
    ///
    /// # Errors
    /// The address is encrypted, and this system has no root certificates.
    pub fn new(address: WebAddress) -> Result<Self, ConfigError> {
        Ok(Self {
            client: WebClient::new(&address)?,
            address,
            secret: RwLock::default(),
            headers: Vec::new(),
            guests: false,
            fallback: AuthFallback::Later,
            answer_timeout: ANSWER_TIMEOUT,
            failing: AtomicBool::new(false),
            failures: OnceLock::new(),
        })
    }

    /// Signs what it asks, so that the service knows who asks (<https://www.standardwebhooks.com>).
    #[must_use]
    pub fn signed_with(self, secret: SigningSecret) -> Self {
        self.replace_secret(secret);
        self
    }

    /// Also tells the service these headers of a client's upgrade request.
    #[must_use]
    pub fn with_headers(mut self, names: &[&str]) -> Self {
        self.headers = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        self
    }

    /// Lets in guests without asking: who shows neither a ticket nor one of the headers.
    #[must_use]
    pub const fn and_guests(mut self) -> Self {
        self.guests = true;
        self
    }

    /// What happens to players while the service gives no decision. Without this call they are told to try
    /// again later.
    #[must_use]
    pub const fn fallback(mut self, fallback: AuthFallback) -> Self {
        self.fallback = fallback;
        self
    }

    /// Signs with this secret from now on.
    pub fn replace_secret(&self, secret: SigningSecret) {
        *self.secret.write().unwrap_or_else(PoisonError::into_inner) = Some(secret);
    }

    /// The secret in a file of the configuration.
    pub(crate) fn read_secret(file: &Path) -> Result<SigningSecret, ConfigError> {
        let wrong = |error: &dyn fmt::Display| {
            ConfigError::about(&["auth_secret"], format!("{}: {error}", file.display()))
        };
        std::fs::read_to_string(file).map_err(|error| wrong(&error))?.parse().map_err(|error| wrong(&error))
    }

    /// Counts questions without a decision here.
    pub(super) fn count_in(&self, failures: Counter) {
        let _ = self.failures.set(failures);
    }

    /// The service's decision, or why there is none.
    async fn ask(&self, request: &AuthRequest) -> Result<Result<Account, AuthRefusal>, String> {
        let mut post = web_client::post_json(&self.address, question::question(request));
        let secret = self.secret.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(secret) = secret {
            let id = getrandom::u64().map_err(|error| error.to_string())?;
            secret.sign(&mut post, &format!("msg_{id:016x}"), SystemTime::now());
        }
        let answer = self.client.send(post, self.answer_timeout).await.map_err(|error| error.to_string())?;
        verdict::verdict(&answer, request)
    }

    async fn undecided(&self, request: &AuthRequest, error: String) -> Result<Account, AuthRefusal> {
        if let Some(failures) = self.failures.get() {
            failures.inc();
        }
        if !self.failing.swap(true, Ordering::Relaxed) {
            let fallback = self.fallback;
            warn!(address = %self.address, error, ?fallback, "the service that decides on players fails");
        }
        match self.fallback {
            AuthFallback::Later => Err(AuthRefusal::try_later(UNDECIDED_RETRY)),
            AuthFallback::Guests => {
                let guest = AuthRequest { ticket: None, ..request.clone() };
                Guests.authenticate(&guest).await
            }
        }
    }
}

impl Authenticator for HttpHook {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        if self.guests && request.ticket.is_none() && request.headers.is_empty() {
            return Guests.authenticate(request).await;
        }
        match self.ask(request).await {
            Ok(decision) => {
                if self.failing.swap(false, Ordering::Relaxed) {
                    info!(address = %self.address, "the service that decides on players answers again");
                }
                decision
            }
            Err(error) => self.undecided(request, error).await,
        }
    }

    fn headers(&self) -> Vec<String> {
        self.headers.clone()
    }
}
