//! From the queue to the outbox: as many events as wait go into one file.

use super::outbox::Message;
use super::sender::Sender;
use crate::metrics::{Metrics, ServiceEvent};
use crate::services::Queued;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::sleep;

/// Events in one file.
const BATCH_MAX: usize = 128;
/// How long until a disk that took nothing is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Stores what comes, for as long as there is a server. While the disk takes nothing, the queue fills.
pub(super) async fn run(
    mut receiver: Receiver<Queued>,
    sender: Arc<Sender>,
    events: Vec<String>,
    metrics: Arc<Metrics>,
) {
    let is_sent =
        |queued: &&Queued| events.is_empty() || events.iter().any(|name| name == queued.event.what.name());
    let mut batch = Vec::new();
    while receiver.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let messages: Vec<_> = batch.iter().filter(is_sent).map(message_of).collect();
        if !messages.is_empty() {
            store(messages, &sender, &metrics).await;
        }
        for queued in batch.drain(..) {
            queued.done();
        }
    }
}

fn message_of(queued: &Queued) -> Message {
    let event = &queued.event;
    Message { id: event.id.clone(), at_s: event.at_s(), body: event.to_json() }
}

/// Stores messages, however long it takes.
async fn store(messages: Vec<Message>, sender: &Arc<Sender>, metrics: &Metrics) {
    let messages = Arc::new(messages);
    loop {
        let (messages, sender) = (messages.clone(), sender.clone());
        match tokio::task::spawn_blocking(move || sender.store(&messages)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => tracing::error!(%error, "the outbox of webhooks takes nothing"),
            Err(error) => tracing::error!(%error, "the outbox of webhooks fails"),
        }
        metrics.host_calls.service_events.of(ServiceEvent::Failed).inc();
        sleep(RETRY).await;
    }
}
