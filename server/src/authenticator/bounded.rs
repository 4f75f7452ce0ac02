//! How an authenticator is asked: within a deadline, and about few clients at one time.

use super::{AuthRefusal, AuthRequest, Authenticator, Guests, HttpHook, Jwt, Tickets};
use crate::config::ConfigError;
use crate::host_call::{self, CallFailed};
use crate::metrics::{Authentication, Metrics};
use crate::watched_file::WatchedFile;
use axum::http::HeaderName;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::game::Account;
use tickwire_shared::wire::{Close, CloseCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::warn;

/// How long an authenticator has for its answer. After it the client is closed with 1013: that nobody decided
/// is not the client's fault.
const AUTHENTICATION_TIMEOUT: Duration = Duration::from_secs(5);
/// Questions in flight at one time. A further client is closed with 1013.
const AUTHENTICATIONS_MAX: usize = 1_024;

type Answer = Result<Account, AuthRefusal>;

/// An authenticator of any type.
trait DynAuthenticator: Send + Sync {
    fn ask(self: Arc<Self>, request: AuthRequest, permit: OwnedSemaphorePermit)
    -> BoxFuture<'static, Answer>;

    fn headers(&self) -> Vec<String>;
}

impl<A: Authenticator> DynAuthenticator for A {
    /// The permit stays with the question also if that blocks its thread and cannot be dropped.
    fn ask(
        self: Arc<Self>,
        request: AuthRequest,
        permit: OwnedSemaphorePermit,
    ) -> BoxFuture<'static, Answer> {
        async move {
            let _permit = permit;
            self.authenticate(&request).await
        }
        .boxed()
    }

    fn headers(&self) -> Vec<String> {
        Authenticator::headers(self)
    }
}

/// A server's authenticator.
pub(crate) struct BoundedAuthenticator {
    /// The host's; `None`: guests, who are answered without waiting.
    own: Option<Arc<dyn DynAuthenticator>>,
    permits: Arc<Semaphore>,
    /// The same as `own`, if the configuration asked for it: a failed join gives a ticket back.
    tickets: Option<Arc<Tickets>>,
    /// The same as `own`, if the configuration asked for it: it may have to fetch its keys.
    jwt: Option<Arc<Jwt>>,
    /// The file that it uses, if the configuration names one: it may change.
    file: Option<WatchedFile>,
}

/// Guests.
impl Default for BoundedAuthenticator {
    fn default() -> Self {
        let permits = Arc::new(Semaphore::new(AUTHENTICATIONS_MAX));
        Self { own: None, permits, tickets: None, jwt: None, file: None }
    }
}

impl BoundedAuthenticator {
    pub(crate) fn new(own: impl Authenticator) -> Self {
        Self { own: Some(Arc::new(own)), ..Self::default() }
    }

    pub(super) fn of_tickets(tickets: Arc<Tickets>, file: WatchedFile) -> Self {
        Self { own: Some(tickets.clone()), tickets: Some(tickets), file: Some(file), ..Self::default() }
    }

    pub(super) fn of_jwt(jwt: Arc<Jwt>, file: Option<WatchedFile>) -> Self {
        Self { own: Some(jwt.clone()), jwt: Some(jwt), file, ..Self::default() }
    }

    pub(super) fn of_hook(hook: Arc<HttpHook>, file: Option<WatchedFile>) -> Self {
        Self { own: Some(hook), file, ..Self::default() }
    }

    /// The tickets that the configuration asked for.
    pub(crate) fn tickets(&self) -> Option<Arc<Tickets>> {
        self.tickets.clone()
    }

    /// The file of keys or of a secret that the configuration named.
    pub(crate) fn file(&self) -> Option<WatchedFile> {
        self.file.clone()
    }

    /// Fetches what it needs before the first player comes. Needs a runtime.
    pub(crate) fn start(&self) {
        if let Some(jwt) = &self.jwt {
            jwt.start();
        }
    }

    /// The headers that it reads of an upgrade request.
    ///
    /// # Errors
    /// It names one that cannot be a header's name.
    pub(crate) fn headers(&self) -> Result<Vec<HeaderName>, ConfigError> {
        let named = self.own.as_ref().map(|own| own.headers()).unwrap_or_default();
        let parse = |name: &String| {
            let wrong = || format!("the authenticator reads `{name}`, which is not a header's name");
            HeaderName::try_from(name).map_err(|_| ConfigError::new(wrong()))
        };
        named.iter().map(parse).collect()
    }

    /// Whether a question costs more than this server's own time.
    pub(crate) const fn is_hosts(&self) -> bool {
        self.own.is_some()
    }

    /// The account with which a client plays.
    ///
    /// # Errors
    /// How the session is closed.
    pub(crate) async fn ask(&self, request: AuthRequest, metrics: &Metrics) -> Result<Account, Close> {
        let (answer, outcome) = match &self.own {
            None => settled(Guests.authenticate(&request).await),
            Some(own) => match Arc::clone(&self.permits).try_acquire_owned() {
                Err(_) => {
                    let text = "too many clients are being authenticated";
                    (Err(Close::new(CloseCode::TryLater, text)), Authentication::Full)
                }
                Ok(permit) => {
                    let question = Arc::clone(own).ask(request, permit);
                    host_call::run(AUTHENTICATION_TIMEOUT, question).await.map_or_else(failed, settled)
                }
            },
        };
        metrics.host_calls.authentications.of(outcome).inc();
        answer
    }
}

fn settled(answer: Answer) -> (Result<Account, Close>, Authentication) {
    let outcome = match &answer {
        Ok(_) => Authentication::Granted,
        Err(AuthRefusal::TryLater(_)) => Authentication::Later,
        Err(_) => Authentication::Refused,
    };
    (answer.map_err(|refusal| Close::from(&refusal)), outcome)
}

fn failed(error: CallFailed) -> (Result<Account, Close>, Authentication) {
    warn!(%error, "the authenticator failed");
    let (code, text, outcome) = match error {
        CallFailed::Late => {
            (CloseCode::TryLater, "it took too long to find out who you are", Authentication::Late)
        }
        CallFailed::Panicked => (CloseCode::Internal, "the authenticator failed", Authentication::Panicked),
    };
    (Err(Close::new(code, text)), outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Form;
    use std::future::pending;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tickwire_shared::wire::Advice;
    use tickwire_shared::wire::control::Name;
    use tokio::time::{Instant, sleep};

    /// Answers after this time.
    struct After(Duration);

    impl Authenticator for After {
        async fn authenticate(&self, request: &AuthRequest) -> Answer {
            sleep(self.0).await;
            Ok(Account::guest(request.name.clone()))
        }
    }

    /// Answers once it is let go.
    #[derive(Clone, Default)]
    struct Held(Arc<AtomicBool>);

    impl Authenticator for Held {
        async fn authenticate(&self, request: &AuthRequest) -> Answer {
            while !self.0.load(Ordering::SeqCst) {
                sleep(Duration::from_millis(1)).await;
            }
            Ok(Account::guest(request.name.clone()))
        }
    }

    fn ada() -> AuthRequest {
        AuthRequest::new(Name::cut("ada"), None)
    }

    #[tokio::test(start_paused = true)]
    async fn authentication_timeout() {
        let (metrics, spare) = (Metrics::new(), Duration::from_millis(2));
        let slow = BoundedAuthenticator::new(After(AUTHENTICATION_TIMEOUT - spare));
        assert_eq!(slow.ask(ada(), &metrics).await, Ok(Account::guest(Name::cut("ada"))));
        let began = Instant::now();
        let too_slow = BoundedAuthenticator::new(After(AUTHENTICATION_TIMEOUT + spare));
        let close = too_slow.ask(ada(), &metrics).await.unwrap_err();
        assert_eq!((close.code, close.advice), (CloseCode::TryLater, Advice::RetryAfter(10_000)));
        assert!(began.elapsed() < AUTHENTICATION_TIMEOUT + spare, "{:?}", began.elapsed());
        let text = metrics.render(Form::OpenMetrics);
        for result in ["granted", "late"] {
            let line = format!("tickwire_authentications_total{{result=\"{result}\"}} 1");
            assert!(text.contains(&line), "{line} is missing in\n{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn authentications_max() {
        let (metrics, held) = (Arc::new(Metrics::new()), Held::default());
        let bounded = Arc::new(BoundedAuthenticator::new(held.clone()));
        let ask = || {
            let (bounded, metrics) = (bounded.clone(), metrics.clone());
            tokio::spawn(async move { bounded.ask(ada(), &metrics).await })
        };
        let asked: Vec<_> = (0..AUTHENTICATIONS_MAX).map(|_| ask()).collect();
        tokio::task::yield_now().await;
        assert_eq!(ask().await.unwrap().unwrap_err().code, CloseCode::TryLater);
        held.0.store(true, Ordering::SeqCst);
        for answer in asked {
            assert!(answer.await.unwrap().is_ok());
        }
        assert!(ask().await.unwrap().is_ok(), "there is room again");
    }

    #[tokio::test(start_paused = true)]
    async fn clients_that_hang_up_make_room_for_others() {
        /// Never answers.
        struct Hangs;
        impl Authenticator for Hangs {
            async fn authenticate(&self, _: &AuthRequest) -> Answer {
                pending().await
            }
        }
        let bounded = BoundedAuthenticator::new(Hangs);
        let metrics = Metrics::new();
        for _ in 0..AUTHENTICATIONS_MAX {
            let hung_up = tokio::time::timeout(Duration::ZERO, bounded.ask(ada(), &metrics)).await;
            assert!(hung_up.is_err());
        }
        sleep(Duration::from_millis(1)).await;
        assert_eq!(bounded.permits.available_permits(), AUTHENTICATIONS_MAX);
    }
}
