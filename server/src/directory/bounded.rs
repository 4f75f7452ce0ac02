//! How a directory is called: within a deadline, not too often at one time, and again if a room cannot be
//! released.

use super::{Claim, Directory, DirectoryError, RoomRecord};
use crate::host_call;
use crate::metrics::{DirectoryCall, Metrics};
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::id::RoomId;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tracing::{error, warn};

/// How long one call may take.
const DIRECTORY_TIMEOUT: Duration = Duration::from_secs(2);
/// Calls in flight at one time, without releases. A further one fails. Releases are bounded by the rooms,
/// which count until they are released.
const DIRECTORY_CALLS_MAX: usize = 1_024;
/// The pauses between the attempts to release a room. After the last one the record is left behind, counted
/// and logged.
const RELEASE_PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

type Answer<T> = BoxFuture<'static, Result<T, DirectoryError>>;

/// A directory of any type.
trait DynDirectory: Send + Sync {
    fn claim(self: Arc<Self>, record: RoomRecord) -> Answer<Claim>;
    fn locate(self: Arc<Self>, room: RoomId) -> Answer<Option<RoomRecord>>;
    fn release(self: Arc<Self>, record: RoomRecord) -> Answer<()>;
    fn list(self: Arc<Self>) -> Answer<Vec<RoomRecord>>;
}

impl<D: Directory> DynDirectory for D {
    fn claim(self: Arc<Self>, record: RoomRecord) -> Answer<Claim> {
        async move { Directory::claim(&*self, &record).await }.boxed()
    }

    fn locate(self: Arc<Self>, room: RoomId) -> Answer<Option<RoomRecord>> {
        async move { Directory::locate(&*self, room).await }.boxed()
    }

    fn release(self: Arc<Self>, record: RoomRecord) -> Answer<()> {
        async move { Directory::release(&*self, &record).await }.boxed()
    }

    fn list(self: Arc<Self>) -> Answer<Vec<RoomRecord>> {
        async move { Directory::list(&*self).await }.boxed()
    }
}

/// A host's directory.
#[derive(Clone)]
pub(crate) struct BoundedDirectory {
    own: Arc<dyn DynDirectory>,
    permits: Arc<Semaphore>,
}

impl BoundedDirectory {
    pub(crate) fn new(own: impl Directory) -> Self {
        Self { own: Arc::new(own), permits: Arc::new(Semaphore::new(DIRECTORY_CALLS_MAX)) }
    }

    /// Enters a room.
    ///
    /// # Errors
    /// It is not known whether the room was entered.
    pub(super) async fn claim(&self, record: RoomRecord, metrics: &Metrics) -> Result<Claim, DirectoryError> {
        self.call(DirectoryCall::Claim, Arc::clone(&self.own).claim(record), metrics).await
    }

    /// The record of a room.
    ///
    /// # Errors
    /// The directory did not answer.
    pub(super) async fn locate(
        &self,
        room: RoomId,
        metrics: &Metrics,
    ) -> Result<Option<RoomRecord>, DirectoryError> {
        let found = self.call(DirectoryCall::Locate, Arc::clone(&self.own).locate(room), metrics).await?;
        Ok(found.filter(|record| record.room == room))
    }

    /// All records.
    ///
    /// # Errors
    /// The directory did not answer.
    pub(super) async fn list(&self, metrics: &Metrics) -> Result<Vec<RoomRecord>, DirectoryError> {
        self.call(DirectoryCall::List, Arc::clone(&self.own).list(), metrics).await
    }

    /// Removes the record of a room that has ended or was not opened; tries again for a while.
    pub(super) async fn release(&self, record: &RoomRecord, metrics: &Metrics) {
        let attempt =
            || finish(DirectoryCall::Release, Arc::clone(&self.own).release(record.clone()), metrics);
        for pause in RELEASE_PAUSES {
            if attempt().await.is_ok() {
                return;
            }
            sleep(pause).await;
        }
        if attempt().await.is_err() {
            metrics.host_calls.directory_records_left.inc();
            error!(room = %record.room, "the room has ended, but the directory did not release it");
        }
    }

    async fn call<T: Send + 'static>(
        &self,
        call: DirectoryCall,
        answer: Answer<T>,
        metrics: &Metrics,
    ) -> Result<T, DirectoryError> {
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            metrics.host_calls.directory_failures.of(call).inc();
            return Err(DirectoryError::new("too many calls of the directory are in flight"));
        };
        let answer = async move {
            let _permit = permit;
            answer.await
        };
        finish(call, answer, metrics).await
    }
}

async fn finish<T: Send + 'static>(
    call: DirectoryCall,
    answer: impl Future<Output = Result<T, DirectoryError>> + Send + 'static,
    metrics: &Metrics,
) -> Result<T, DirectoryError> {
    let result = match host_call::run(DIRECTORY_TIMEOUT, answer).await {
        Ok(result) => result,
        Err(failed) => Err(DirectoryError::new(failed)),
    };
    result.inspect_err(|error| {
        metrics.host_calls.directory_failures.of(call).inc();
        warn!(?call, %error, "the directory failed");
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Instant, timeout};

    /// Finds nothing, after this time.
    struct Empty(Duration);

    impl Directory for Empty {
        async fn claim(&self, _: &RoomRecord) -> Result<Claim, DirectoryError> {
            Ok(Claim::Made)
        }
        async fn locate(&self, _: RoomId) -> Result<Option<RoomRecord>, DirectoryError> {
            sleep(self.0).await;
            Ok(None)
        }
        async fn release(&self, _: &RoomRecord) -> Result<(), DirectoryError> {
            Ok(())
        }
        async fn list(&self) -> Result<Vec<RoomRecord>, DirectoryError> {
            Ok(Vec::new())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn directory_timeout() {
        let (metrics, spare) = (Metrics::new(), Duration::from_millis(2));
        let slow = BoundedDirectory::new(Empty(DIRECTORY_TIMEOUT - spare));
        assert_eq!(slow.locate(RoomId::from_bits(1), &metrics).await, Ok(None));
        let too_slow = BoundedDirectory::new(Empty(DIRECTORY_TIMEOUT + spare));
        let began = Instant::now();
        assert!(too_slow.locate(RoomId::from_bits(1), &metrics).await.is_err());
        assert_eq!(began.elapsed(), DIRECTORY_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn directory_calls_max() {
        let (metrics, spare) = (Arc::new(Metrics::new()), Duration::from_millis(2));
        let directory = BoundedDirectory::new(Empty(DIRECTORY_TIMEOUT - spare));
        let locate = || {
            let (directory, metrics) = (directory.clone(), metrics.clone());
            tokio::spawn(async move { directory.locate(RoomId::from_bits(1), &metrics).await })
        };
        let calls: Vec<_> = (0..DIRECTORY_CALLS_MAX).map(|_| locate()).collect();
        sleep(spare).await;
        let further = timeout(spare, locate()).await.expect("it is refused at once");
        assert!(further.unwrap().is_err());
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(None));
        }
        assert_eq!(locate().await.unwrap(), Ok(None));
    }
}
