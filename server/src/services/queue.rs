//! The way from rooms to the host's systems: bounded queues, so that no tick waits.

use super::RoomEvent;
use crate::metrics::{Metrics, ServiceEvent};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Events that wait, in each queue. Those about who is there are given up when only a quarter is free, those
/// of the game when nothing is.
const QUEUE_MAX: usize = 4_096;

/// An event on its way, and who waits until it is safe.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) event: RoomEvent,
    stored: Option<Stored>,
    _on_its_way: OnItsWay,
}

/// Counts an event until the host's systems have it, or it is lost.
#[derive(Debug)]
struct OnItsWay(Arc<AtomicUsize>);

impl OnItsWay {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count.clone())
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Queued {
    /// The host's systems have it.
    pub(crate) fn done(self) {
        if let Some(stored) = self.stored {
            stored.0.store(true, Ordering::Release);
        }
    }
}

/// Whether the host's systems have an event: its own have seen it, or it is on the disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored(Arc<AtomicBool>);

impl Stored {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Runs what takes the events, in the runtime that the caller is in.
type Start = Box<dyn FnOnce(Vec<Receiver<Queued>>) -> io::Result<JoinSet<()>> + Send>;

/// Where rooms leave what happened. Without services everything is forgotten at once.
pub(crate) struct ServiceQueue {
    senders: Vec<Sender<Queued>>,
    start: Mutex<Option<(Start, Vec<Receiver<Queued>>)>>,
    tasks: Mutex<JoinSet<()>>,
    on_their_way: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
}

impl ServiceQueue {
    /// Nobody hears anything.
    pub(crate) fn nobody(metrics: Arc<Metrics>) -> Self {
        Self {
            senders: Vec::new(),
            start: Mutex::new(None),
            tasks: Mutex::default(),
            on_their_way: Arc::default(),
            metrics,
        }
    }

    /// With this many queues, which `start` empties once there is a room. A room's events go through one.
    pub(crate) fn new(queues: usize, metrics: Arc<Metrics>, start: Start) -> Self {
        let (senders, receivers) = (0..queues).map(|_| mpsc::channel(QUEUE_MAX)).unzip();
        Self {
            senders,
            start: Mutex::new(Some((start, receivers))),
            tasks: Mutex::default(),
            on_their_way: Arc::default(),
            metrics,
        }
    }

    /// Whether somebody hears what happens.
    pub(crate) fn is_heard(&self) -> bool {
        !self.senders.is_empty()
    }

    /// Begins to empty the queues, if it has not begun. Call it within a runtime.
    ///
    /// # Errors
    /// It cannot begin: events are lost from now on.
    pub(crate) fn start(&self) -> io::Result<()> {
        let start = self.start.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((start, receivers)) = start {
            *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = start(receivers)?;
        }
        Ok(())
    }

    /// Ends what empties the queues, and waits for that. Events that are left from now on are lost.
    pub(crate) async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }

    /// Waits until the host's systems have everything that was left so far.
    pub(crate) async fn taken(&self) {
        while self.on_their_way.load(Ordering::Acquire) > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Leaves an event; `stored` is set when the host's systems have it. It is lost and counted if too many
    /// wait.
    pub(crate) fn send(&self, event: RoomEvent, stored: Option<Stored>) {
        let at = event.room.bits() as usize % self.senders.len().max(1);
        let Some(sender) = self.senders.get(at) else { return };
        let is_crowded = sender.capacity() < QUEUE_MAX / 4 && !event.what.is_of_game();
        let queued = Queued { event, stored, _on_its_way: OnItsWay::new(&self.on_their_way) };
        if is_crowded || sender.try_send(queued).is_err() {
            self.metrics.host_calls.service_events.of(ServiceEvent::Lost).inc();
            tracing::warn!("an event for the host's services is lost: they take them too slowly");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::services::Happened;
    use std::time::SystemTime;
    use tickwire_shared::game::Report;
    use tickwire_shared::id::RoomId;
    use tickwire_shared::wire::Text;

    fn event(room: u64, number: u64, what: Happened) -> RoomEvent {
        let (id, at) = (number.to_string(), SystemTime::now());
        let (room, game) = (RoomId::from_bits(room), Text::cut("club"));
        RoomEvent { id, at, room, game, number, what }
    }

    #[test]
    fn what_the_game_says_is_lost_last_and_losses_are_counted() {
        let metrics = Arc::new(Metrics::new());
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = taken.clone();
        let lost_of = || metrics.host_calls.service_events.of(ServiceEvent::Lost).get();
        let queue = ServiceQueue::new(
            1,
            metrics.clone(),
            Box::new(move |receivers| {
                *kept.lock().unwrap() = receivers;
                Ok(JoinSet::new())
            }),
        );
        for number in 0..QUEUE_MAX as u64 {
            queue.send(event(7, number, Happened::Closed { reason: "idle" }), None);
        }
        let lost = lost_of();
        assert_eq!(lost, QUEUE_MAX as u64 / 4 - 1);
        for number in 0..lost + 2 {
            queue.send(event(7, number, Happened::Reported(Report::default())), None);
        }
        assert_eq!(lost_of(), lost + 2);
        queue.start().unwrap();
        queue.start().unwrap();
        assert_eq!(taken.lock().unwrap().len(), 1, "it starts once");
    }
}
