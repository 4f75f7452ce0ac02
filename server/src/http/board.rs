//! The listings of one listener. Each is made at most once a second and served as finished bytes, however
//! many clients ask.
//!
//! A listing is made on a thread for blocking work, from counters and handles: no room waits for it.

use super::ready::Ready;
use crate::metrics::{ListingKind, Metrics};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tickwire_shared::id::RoomId;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;

/// The greatest age of a served listing.
pub(crate) const AGE_MAX: Duration = Duration::from_secs(1);

/// Which listing. The byte profile may be limited to one room.
pub(crate) type Which = (ListingKind, Option<RoomId>);

/// The listings that were asked for in the last second.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    made: Arc<Mutex<HashMap<Which, Made>>>,
    metrics: Arc<Metrics>,
}

#[derive(Clone, Debug)]
struct Made {
    at: Instant,
    ready: Arc<Ready>,
}

impl Board {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self { made: Arc::default(), metrics }
    }

    /// The listing of the last second, or a new one from `make`; `None` if `make` returns none. Clients that
    /// ask while it is being made wait for it.
    pub(crate) async fn get(
        &self,
        which: Which,
        make: impl FnOnce() -> Option<Ready> + Send + 'static,
    ) -> Option<Arc<Ready>> {
        let made = Arc::clone(&self.made).lock_owned().await;
        if let Some(made) = made.get(&which).filter(|made| made.at.elapsed() < AGE_MAX) {
            return Some(Arc::clone(&made.ready));
        }
        self.metrics.listings_made.of(which.0).inc();
        // The lock moves to the thread: if this client hangs up, the next one still gets the listing.
        spawn_blocking(move || renew(made, which, make)).await.ok()?
    }
}

fn renew(
    mut made: OwnedMutexGuard<HashMap<Which, Made>>,
    which: Which,
    make: impl FnOnce() -> Option<Ready>,
) -> Option<Arc<Ready>> {
    let at = Instant::now();
    made.retain(|_, made| made.at.elapsed() < AGE_MAX);
    let ready = Arc::new(make()?);
    made.insert(which, Made { at, ready: Arc::clone(&ready) });
    Some(ready)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn many_who_ask_at_once_make_a_listing_once_also_if_the_first_hangs_up() {
        let board = Board::new(Arc::new(Metrics::new()));
        let count = Arc::new(AtomicU32::new(0));
        let ask = |of: ListingKind| {
            let (board, count) = (board.clone(), Arc::clone(&count));
            async move {
                let make = move || {
                    std::thread::sleep(Duration::from_millis(50));
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    Some(Ready::new("text/plain", number.to_string().into_bytes()))
                };
                board.get((of, None), make).await.unwrap()
            }
        };
        let hangs_up = tokio::time::timeout(Duration::from_millis(5), ask(ListingKind::PublicRooms)).await;
        assert!(hangs_up.is_err());
        let asking: Vec<_> = (0..50).map(|_| tokio::spawn(ask(ListingKind::PublicRooms))).collect();
        for asked in asking {
            asked.await.unwrap();
        }
        assert_eq!(count.load(Ordering::Relaxed), 1);
        ask(ListingKind::Rooms).await;
        assert_eq!(count.load(Ordering::Relaxed), 2, "another listing");
        tokio::time::sleep(AGE_MAX).await;
        ask(ListingKind::PublicRooms).await;
        assert_eq!(count.load(Ordering::Relaxed), 3, "after a second");
        let text = board.metrics.render(crate::metrics::Form::OpenMetrics);
        assert!(text.contains("tickwire_listings_made_total{listing=\"public_rooms\"} 2"), "{text}");
    }
}
