//! Services in the host's own process.

use super::{Admission, Queued, RoomEvent, ServiceQueue, Services};
use crate::authenticator::AuthRefusal;
use crate::host_call::{self, CallFailed};
use crate::metrics::{Metrics, ServiceEvent};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::wire::{Close, CloseCode};
use tokio::sync::mpsc::Receiver;

/// Events that the host works on at one time, each of another room.
const WORKERS: usize = 16;
const ADMIT_LIMIT: Duration = Duration::from_secs(5);
const HAPPENED_LIMIT: Duration = Duration::from_secs(10);

type Asked<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// [`Services`] whose type nobody knows.
trait AnyServices: Send + Sync {
    fn admit(self: Arc<Self>, admission: Admission) -> Asked<Result<(), AuthRefusal>>;
    fn happened(self: Arc<Self>, event: RoomEvent) -> Asked<()>;
}

impl<S: Services> AnyServices for S {
    fn admit(self: Arc<Self>, admission: Admission) -> Asked<Result<(), AuthRefusal>> {
        Box::pin(async move { Services::admit(&*self, &admission).await })
    }

    fn happened(self: Arc<Self>, event: RoomEvent) -> Asked<()> {
        Box::pin(async move { Services::happened(&*self, &event).await })
    }
}

/// A host's services, with a bound for each call.
#[derive(Clone)]
pub(crate) struct OwnServices(Arc<dyn AnyServices>);

impl OwnServices {
    pub(crate) fn new(services: impl Services) -> Self {
        Self(Arc::new(services))
    }

    /// Whether the host lets this client in.
    ///
    /// # Errors
    /// How its session is closed.
    pub(crate) async fn admit(&self, admission: Admission) -> Result<(), Close> {
        let answer = host_call::run(ADMIT_LIMIT, self.0.clone().admit(admission)).await;
        match answer {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refusal)) => Err(Close::from(&refusal)),
            Err(failed) => {
                tracing::error!(%failed, "the host's services do not say whether a client may join");
                let code = match failed {
                    CallFailed::Late => CloseCode::TryLater,
                    CallFailed::Panicked => CloseCode::Internal,
                };
                Err(Close::new(code, "the server cannot say now whether you may join"))
            }
        }
    }

    /// The queue that these services empty.
    pub(crate) fn queue(&self, metrics: Arc<Metrics>) -> ServiceQueue {
        let services = self.clone();
        let counted = metrics.clone();
        let start = move |receivers: Vec<Receiver<Queued>>| {
            let workers = receivers.into_iter();
            Ok(workers.map(|receiver| services.clone().work(receiver, counted.clone())).collect())
        };
        ServiceQueue::new(WORKERS, metrics, Box::new(start))
    }

    /// One event after the other.
    async fn work(self, mut receiver: Receiver<Queued>, metrics: Arc<Metrics>) {
        while let Some(queued) = receiver.recv().await {
            let (event, name) = (queued.event.clone(), queued.event.what.name());
            let result = match host_call::run(HAPPENED_LIMIT, self.0.clone().happened(event)).await {
                Ok(()) => ServiceEvent::Delivered,
                Err(failed) => {
                    tracing::error!(%failed, event = name, "the host's services failed to take an event");
                    ServiceEvent::Failed
                }
            };
            metrics.host_calls.service_events.of(result).inc();
            queued.done();
        }
    }
}
