//! Runs code of the host that may wait: its authenticator, its directory.
//!
//! Each call has a task of its own and a deadline. So a panic ends that call and nothing else, and a call
//! that takes too long is dropped at its next await. No room and no room thread waits for any of it.

use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::Instrument;

/// Why a call has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallFailed {
    #[error("it gave no answer in time")]
    Late,
    #[error("it panicked")]
    Panicked,
}

/// Runs `work` for at most `limit`. If the caller is dropped, so is `work`. Needs a runtime.
///
/// # Errors
/// There is no result.
pub(crate) async fn run<T: Send + 'static>(
    limit: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, CallFailed> {
    // A set of tasks, because dropping it ends its task.
    let mut task = JoinSet::new();
    task.spawn(work.in_current_span());
    match timeout(limit, task.join_next()).await {
        Ok(Some(Ok(result))) => Ok(result),
        Ok(Some(Err(_)) | None) => Err(CallFailed::Panicked),
        Err(_) => Err(CallFailed::Late),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::Arc;
    use tokio::time::Instant;

    const LIMIT: Duration = Duration::from_secs(3);

    #[tokio::test(start_paused = true)]
    async fn a_call_ends_with_a_result_a_panic_or_its_deadline() {
        assert_eq!(run(LIMIT, async { 7 }).await, Ok(7));
        assert_eq!(
            run(LIMIT, async { panic!("the host's code fails") }).await,
            Err::<(), _>(CallFailed::Panicked)
        );
        let began = Instant::now();
        assert_eq!(run(LIMIT, pending::<()>()).await, Err(CallFailed::Late));
        assert_eq!(began.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_of_a_call_is_left_after_its_deadline_or_when_its_caller_is_gone() {
        let held = Arc::new(());
        let work = |held: Arc<()>| async move {
            pending::<()>().await;
            drop(held);
        };
        assert_eq!(run(LIMIT, work(held.clone())).await, Err(CallFailed::Late));
        assert!(timeout(LIMIT / 2, run(LIMIT, work(held.clone()))).await.is_err());
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
