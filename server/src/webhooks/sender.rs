//! From the outbox to the service: signed, tried again until the service has it, given up after a day.

use super::Secrets;
use super::outbox::{self, Message, Outbox};
use crate::config::WebAddress;
use crate::metrics::{Metrics, ServiceEvent};
use crate::web_client::{self, WebClient, sign_with};
use bytes::Bytes;
use http::StatusCode;
use http::header::RETRY_AFTER;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Requests at one time.
const REQUESTS_MAX: usize = 16;
/// Files whose messages are being sent.
const FILES_AT_ONCE_MAX: usize = 32;
/// How long the service has for its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long until the next attempt; it doubles.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// How long a message is tried.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// The service that is told.
pub(super) struct Service {
    pub(super) address: WebAddress,
    pub(super) client: WebClient,
    pub(super) secrets: Secrets,
}

/// Sends what is in the outbox.
pub(super) struct Sender {
    service: Service,
    /// `None` once the server has stopped: another may use the folder.
    outbox: Mutex<Option<Outbox>>,
    waiting: Mutex<Queue>,
    arrived: Notify,
    requests: Semaphore,
    failing: AtomicBool,
    metrics: Arc<Metrics>,
}

/// The files that wait, by when they are due: what the service does not take waits here for its next attempt,
/// and holds up no other file.
#[derive(Default)]
struct Queue {
    files: BTreeMap<(Instant, u64), Waiting>,
    /// Of files that are due at the same time, the first comes first.
    added: u64,
}

/// A file that waits.
struct Waiting {
    file: PathBuf,
    /// The ids of those that the service has not taken; `None`: nothing was sent yet.
    left: Option<Vec<String>>,
    /// How long until the next attempt, if this one fails.
    pause: Duration,
}

impl Waiting {
    fn new(file: PathBuf) -> Self {
        Self { file, left: None, pause: PAUSE }
    }

    fn has_left(&self, message: &Message) -> bool {
        self.left.as_ref().is_none_or(|left| left.contains(&message.id))
    }
}

impl Queue {
    fn add(&mut self, due: Instant, file: Waiting) {
        self.added += 1;
        self.files.insert((due, self.added), file);
    }

    /// The next file, if it is due.
    fn take_due(&mut self) -> Option<Waiting> {
        let next = self.files.first_entry()?;
        (next.key().0 <= Instant::now()).then(|| next.remove())
    }

    /// When the next file is due.
    fn next_due(&self) -> Option<Instant> {
        self.files.first_key_value().map(|((due, _), _)| *due)
    }
}

/// Why a message was not taken.
enum NotTaken {
    /// Not now: wait at least so long.
    Later(String, Duration),
    /// It will never be.
    Never(String),
}

impl Sender {
    /// Sends the files that wait, and those that come.
    pub(super) fn new(
        service: Service,
        outbox: Outbox,
        waiting: Vec<PathBuf>,
        metrics: Arc<Metrics>,
    ) -> Self {
        metrics.host_calls.webhook_files.set(i64::try_from(waiting.len()).unwrap_or(i64::MAX));
        let (mut queue, now) = (Queue::default(), Instant::now());
        for file in waiting {
            queue.add(now, Waiting::new(file));
        }
        Self {
            service,
            outbox: Mutex::new(Some(outbox)),
            waiting: Mutex::new(queue),
            arrived: Notify::new(),
            requests: Semaphore::new(REQUESTS_MAX),
            failing: AtomicBool::new(false),
            metrics,
        }
    }

    /// Stores messages and has them sent. Blocks until they are on the disk.
    ///
    /// # Errors
    /// The disk does not take them, or too many wait.
    pub(super) fn store(&self, messages: &[Message]) -> io::Result<()> {
        let file = self.in_outbox(|outbox| outbox.store(messages))?;
        self.metrics.host_calls.webhook_files.inc();
        self.waiting().add(Instant::now(), Waiting::new(file));
        self.arrived.notify_one();
        Ok(())
    }

    fn in_outbox<T>(&self, work: impl FnOnce(&mut Outbox) -> io::Result<T>) -> io::Result<T> {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        outbox.as_mut().map_or_else(|| Err(io::Error::other("the server has stopped")), work)
    }

    fn waiting(&self) -> MutexGuard<'_, Queue> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends files, the one that is due first before the others, several at a time.
    pub(super) async fn run(self: Arc<Self>) {
        let _closes = CloseOnDrop(self.clone());
        let mut sending = JoinSet::new();
        loop {
            while sending.len() < FILES_AT_ONCE_MAX {
                let Some(file) = self.waiting().take_due() else { break };
                sending.spawn(self.clone().send_file(file));
            }
            let next = self.waiting().next_due().filter(|_| sending.len() < FILES_AT_ONCE_MAX);
            tokio::select! {
                () = self.arrived.notified(), if sending.len() < FILES_AT_ONCE_MAX => (),
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => (),
                _ = sending.join_next(), if !sending.is_empty() => (),
            }
        }
    }

    /// Sends the messages of a file once. Removes it if all are taken or given up, else it waits again.
    async fn send_file(self: Arc<Self>, mut waiting: Waiting) {
        let path = waiting.file.clone();
        let loaded = tokio::task::spawn_blocking(move || outbox::load(&path)).await;
        let file = waiting.file.display();
        let Ok(Ok((messages, damaged))) = loaded else {
            tracing::error!(%file, "a file of webhooks cannot be read; it stays");
            return;
        };
        if damaged > 0 && waiting.left.is_none() {
            tracing::error!(%file, damaged, "webhooks are damaged and cannot be sent");
        }
        let mut sending = JoinSet::new();
        for message in messages.into_iter().filter(|message| waiting.has_left(message)) {
            sending.spawn(self.clone().attempt(message));
        }
        let (mut left, mut least) = (Vec::new(), Duration::ZERO);
        while let Some(attempted) = sending.join_next().await {
            if let Ok(Some((id, asked))) = attempted {
                left.push(id);
                least = least.max(asked);
            }
        }
        if left.is_empty() {
            return self.finish(waiting.file).await;
        }
        let due = Instant::now() + jittered(waiting.pause).max(least);
        waiting.pause = (waiting.pause * 2).min(PAUSE_MAX);
        waiting.left = Some(left);
        self.waiting().add(due, waiting);
    }

    async fn finish(self: Arc<Self>, file: PathBuf) {
        let removed = tokio::task::spawn_blocking(move || self.remove(&file)).await;
        if let Ok(Err(error)) = removed {
            tracing::error!(%error, "a file of webhooks that were delivered cannot be removed");
        }
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        self.metrics.host_calls.webhook_files.dec();
        self.in_outbox(|outbox| outbox.remove(file))
    }

    /// Sends a message once. Its id and how long to wait at least, if it has to be sent again.
    async fn attempt(self: Arc<Self>, message: Message) -> Option<(String, Duration)> {
        let (why, least) = match self.send(&message).await {
            Ok(()) => {
                self.taken();
                return None;
            }
            Err(NotTaken::Never(why)) => {
                self.give_up(message, why).await;
                return None;
            }
            Err(NotTaken::Later(why, least)) => (why, least),
        };
        self.count(ServiceEvent::Failed);
        if !self.failing.swap(true, Ordering::Relaxed) {
            let address = &self.service.address;
            tracing::warn!(%address, why, "a webhook is not taken; it is sent again");
        }
        let made = UNIX_EPOCH + Duration::from_secs(message.at_s);
        if made.elapsed().is_ok_and(|age| age > GIVE_UP_AFTER) {
            self.give_up(message, why).await;
            return None;
        }
        Some((message.id, least))
    }

    fn count(&self, result: ServiceEvent) {
        self.metrics.host_calls.service_events.of(result).inc();
    }

    fn taken(&self) {
        self.count(ServiceEvent::Delivered);
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!(address = %self.service.address, "webhooks are taken again");
        }
    }

    /// One attempt.
    async fn send(&self, message: &Message) -> Result<(), NotTaken> {
        let Service { address, client, secrets } = &self.service;
        let _permit = self.requests.acquire().await;
        let mut post = web_client::post_json(address, Bytes::from(message.body.clone()));
        sign_with(&secrets.get(), &mut post, &message.id, SystemTime::now());
        let answer = client.send(post, ANSWER_TIMEOUT).await;
        let answer = answer.map_err(|error| NotTaken::Later(error.to_string(), Duration::ZERO))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(NotTaken::Never("410 Gone".to_owned())),
            status => {
                let asked = answer.headers().get(RETRY_AFTER);
                let asked_s = asked.and_then(|after| after.to_str().ok()?.parse().ok()).unwrap_or(0);
                Err(NotTaken::Later(status.to_string(), Duration::from_secs(asked_s).min(PAUSE_MAX)))
            }
        }
    }

    async fn give_up(self: Arc<Self>, message: Message, why: String) {
        self.count(ServiceEvent::Dead);
        tracing::error!(id = message.id, why, "a webhook is given up; dead.jsonl has it");
        let buried =
            tokio::task::spawn_blocking(move || self.in_outbox(|outbox| outbox.bury(&message, &why))).await;
        match buried {
            Ok(Ok(false)) => tracing::error!("dead.jsonl is full: move it away"),
            Ok(Err(error)) => tracing::error!(%error, "dead.jsonl takes nothing"),
            Ok(Ok(true)) | Err(_) => (),
        }
    }
}

/// Tasks that send something may end later than the one that started them.
struct CloseOnDrop(Arc<Sender>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        *self.0.outbox.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Half of `pause` to all of it, so that not all attempts come at the same moment.
fn jittered(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX);
    pause / 2 + pause.mul_f64(f64::from(random) / f64::from(u32::MAX) / 2.0)
}
