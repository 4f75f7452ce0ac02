//! One session after the other, for as long as that may help: connect, play, wait as advised.

use crate::limits::LEAVE_TIMEOUT;
use crate::session;
use crate::shared::Shared;
use crate::transport::{ConnectError, Endpoint, TlsRoots, Url, WebSocketLink};
use crate::{Cause, Config, End};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use tickwire_shared::client::{Backoff, Client, ClientGame};
use tickwire_shared::wire::Advice;

/// Whether the server refused the ticket, and another may do.
fn asks_for_ticket(cause: &Cause) -> bool {
    matches!(cause, Cause::Closed(close) if close.advice == Advice::Reauthenticate)
}

/// The connection's task.
pub(crate) struct Attempts<G: ClientGame> {
    url: Url,
    roots: Option<TlsRoots>,
    config: Config,
    shared: Arc<Shared<G>>,
}

impl<G: ClientGame> Attempts<G> {
    pub(crate) fn new(url: Url, roots: Option<TlsRoots>, config: Config, shared: Arc<Shared<G>>) -> Self {
        Self { url, roots, config, shared }
    }

    /// Makes sessions until the program leaves or no attempt can help.
    pub(crate) async fn run(mut self) -> End {
        // Clients need different seeds, and this is the standard library's only source of randomness.
        let mut backoff = Backoff::new(RandomState::new().hash_one(0));
        let mut failed = 0_u32;
        let mut was_refused = false;
        if self.config.saved.is_none()
            && let Err(end) = self.start_over().await
        {
            return end;
        }
        loop {
            let (joined, ended) = self.attempt().await;
            let cause = match ended {
                Ok(end) => return end,
                Err(cause) => cause,
            };
            if joined {
                backoff.reset();
                (failed, was_refused) = (0, false);
            } else {
                failed = failed.saturating_add(1);
            }
            // The ticket may have expired on the way: another one, once.
            if self.config.tickets.is_some() && !was_refused && asks_for_ticket(&cause) {
                was_refused = true;
                if let Err(end) = self.start_over().await {
                    return end;
                }
                continue;
            }
            let may_retry = failed < self.config.attempts_max;
            let advised = cause.retry_in(&self.config.client.target).filter(|_| may_retry);
            let Some(advised) = advised else { return End::Failed(cause) };
            let wait = backoff.pause(advised);
            let returns = match self.shared.retry(cause, wait) {
                Ok(returns) => returns,
                Err(cause) => return End::Failed(cause),
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.shared.left() => return self.give_up_seat().await,
            }
            if !returns && let Err(end) = self.start_over().await {
                return end;
            }
        }
    }

    /// A new client, with a new ticket if there are any.
    async fn start_over(&mut self) -> Result<(), End> {
        if let Some(tickets) = &self.config.tickets {
            let ticket = tokio::select! {
                ticket = tickets.credential() => ticket,
                () = self.shared.left() => return Err(End::Left),
            };
            self.config.client.credential = ticket.map_err(|error| End::Failed(Cause::NoTicket(error)))?;
        }
        self.shared.lock().client = Client::new(self.config.client.clone());
        Ok(())
    }

    /// One connection and its session. Returns whether it was in a room, and how it ended.
    async fn attempt(&self) -> (bool, Result<End, Cause>) {
        let link = tokio::select! {
            link = self.open() => link,
            () = self.shared.left() => return (false, Ok(self.give_up_seat().await)),
        };
        match link {
            Err(error) => (false, Err(error.into())),
            Ok(link) => session::run(&self.shared, link).await,
        }
    }

    /// A connection. The name is resolved each time: a server may come back elsewhere.
    async fn open(&self) -> Result<WebSocketLink, ConnectError> {
        let addresses = self.url.resolve().await?;
        Endpoint::new(self.url.clone(), addresses, self.roots.clone())?.connect().await
    }

    /// The program leaves while there is no session: the server may still hold the seat, so one more
    /// connection tells it, if it can be made within a moment.
    async fn give_up_seat(&self) -> End {
        if self.shared.give_up_seat() {
            let told = async {
                if let Ok(link) = self.open().await {
                    let _ = session::run(&self.shared, link).await;
                }
            };
            // Without an answer the seat is free after the server's time of grace.
            let _ = tokio::time::timeout(LEAVE_TIMEOUT, told).await;
        }
        End::Left
    }
}
