//! Keys that their issuer publishes at an address and changes from time to time.
//!
//! They are asked for when a player comes: a server without players asks nobody.

use super::keys::JwtKeys;
use crate::config::{ConfigError, WebAddress};
use crate::metrics::{By, Counter, KeyFetch};
use crate::web_client::{self, WebClient};
use http::StatusCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{debug, info, warn};

/// Keys that are older are asked for again.
const REFRESH_PERIOD: Duration = Duration::from_secs(5 * 60);
/// Players come in with keys that are older by no more than this, while the answer is awaited.
const GRACE: Duration = Duration::from_secs(60);
/// The least time between two questions, whatever players show.
const RETRY_PERIOD: Duration = Duration::from_secs(10);
/// How long an answer may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);

/// Keys from an address. An old set stays in use while there is no new one.
pub(super) struct FetchedKeys {
    address: WebAddress,
    client: WebClient,
    held: RwLock<Option<Held>>,
    /// Held by the one who asks; when the last question began.
    turn: Arc<tokio::sync::Mutex<Option<Instant>>>,
    failing: AtomicBool,
    counters: OnceLock<By<Counter>>,
    refresh: Duration,
    grace: Duration,
    retry: Duration,
}

#[derive(Clone)]
struct Held {
    keys: Arc<JwtKeys>,
    since: Instant,
}

impl FetchedKeys {
    pub(super) fn new(address: WebAddress) -> Result<Self, ConfigError> {
        Ok(Self {
            client: WebClient::new(&address)?,
            address,
            held: RwLock::default(),
            turn: Arc::default(),
            failing: AtomicBool::new(false),
            counters: OnceLock::new(),
            refresh: REFRESH_PERIOD,
            grace: GRACE,
            retry: RETRY_PERIOD,
        })
    }

    /// With these periods, so that tests need not wait.
    #[cfg(test)]
    pub(super) fn with_periods(self, refresh: Duration, grace: Duration, retry: Duration) -> Self {
        Self { refresh, grace, retry, ..self }
    }

    pub(super) const fn address(&self) -> &WebAddress {
        &self.address
    }

    /// Counts questions here.
    pub(super) fn count_in(&self, counters: By<Counter>) {
        let _ = self.counters.set(counters);
    }

    /// The keys that are known, asked for again if they are old. The first player after a long time waits
    /// for the answer, others do not. `None`: the issuer gave none yet.
    pub(super) async fn current(self: &Arc<Self>) -> Option<Arc<JwtKeys>> {
        match self.held().map(|held| held.since.elapsed()) {
            Some(age) if age < self.refresh => {}
            Some(age) if age < self.refresh + self.grace => drop(self.ask()),
            _ => self.asked().await,
        }
        self.held().map(|held| held.keys)
    }

    /// The keys after a token with an unknown `kid` came: the issuer may have new ones.
    pub(super) async fn newer(self: &Arc<Self>) -> Option<Arc<JwtKeys>> {
        self.asked().await;
        self.held().map(|held| held.keys)
    }

    fn held(&self) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks unless that was done a short time ago, or waits for another who asks.
    async fn asked(self: &Arc<Self>) {
        match self.ask() {
            Some(asking) => drop(asking.await),
            None => drop(self.turn.lock().await),
        }
    }

    /// Asks in a task of its own, which goes on if the player hangs up. `None` if another asks, or asked a
    /// short time ago. Needs a runtime.
    pub(super) fn ask(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        let turn = Arc::clone(&self.turn).try_lock_owned().ok()?;
        if turn.is_some_and(|last| last.elapsed() < self.retry) {
            return None;
        }
        let this = Arc::clone(self);
        Some(tokio::spawn(async move { this.fetch(turn).await }))
    }

    async fn fetch(&self, mut turn: OwnedMutexGuard<Option<Instant>>) {
        *turn = Some(Instant::now());
        let outcome = match self.answer().await {
            Ok(keys) => {
                let held = Held { keys: Arc::new(keys), since: Instant::now() };
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
                if self.failing.swap(false, Ordering::Relaxed) {
                    info!(address = %self.address, "the keys of JWTs are there again");
                } else {
                    debug!(address = %self.address, "the keys of JWTs are fetched");
                }
                KeyFetch::Fetched
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    let kept = self.held().is_some();
                    warn!(address = %self.address, error, kept, "the keys of JWTs cannot be fetched");
                }
                KeyFetch::Failed
            }
        };
        if let Some(counters) = self.counters.get() {
            counters.of(outcome).inc();
        }
    }

    async fn answer(&self) -> Result<JwtKeys, String> {
        let answer = self.client.send(web_client::get(&self.address), FETCH_TIMEOUT).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the answer has the status {}", answer.status()));
        }
        JwtKeys::published(answer.body()).map_err(|error| error.to_string())
    }
}
