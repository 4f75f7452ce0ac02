//! What the program's handle and the connection's task share: the client and the events that wait.

use crate::limits::EVENTS_MAX;
use crate::{Cause, End, Event};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use tickwire_shared::client::{
    Client, ClientConfig, ClientEvent, ClientGame, SavedSeat, State as ClientState,
};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Shared by a [`Connection`](crate::Connection) and its task.
pub(crate) struct Shared<G: ClientGame> {
    state: Mutex<State<G>>,
    /// Time 0 of the client.
    pub(crate) start: Instant,
    /// An event arrived, for a program that waits with or without `async`.
    arrived: Notify,
    arrived_blocking: Condvar,
    /// The program gave the client something to send, or leaves.
    pub(crate) wake: Notify,
}

/// Under the lock, which nobody holds while waiting.
pub(crate) struct State<G: ClientGame> {
    pub(crate) client: Client<G>,
    events: VecDeque<Event<G>>,
    /// The program leaves, or dropped its handle.
    pub(crate) leaving: bool,
    ended: bool,
}

impl<G: ClientGame> State<G> {
    /// Moves the client's events to the program's. Returns whether there were any.
    ///
    /// # Errors
    /// There are too many.
    pub(crate) fn take_events(&mut self) -> Result<bool, Cause> {
        let mut any = false;
        while let Some(event) = self.client.poll_event() {
            if !matches!(event, ClientEvent::Closed(_)) {
                self.push(Event::Client(event))?;
                any = true;
            }
        }
        Ok(any)
    }

    fn push(&mut self, event: Event<G>) -> Result<(), Cause> {
        // A program that leaves is not interested any more.
        if self.leaving {
            return Ok(());
        }
        if self.events.len() >= EVENTS_MAX {
            return Err(Cause::EventsNotTaken);
        }
        self.events.push_back(event);
        Ok(())
    }
}

impl<G: ClientGame> Shared<G> {
    pub(crate) fn new(config: ClientConfig, saved: Option<&SavedSeat>) -> Self {
        let client = match saved {
            Some(saved) => Client::resume(config, saved),
            None => Client::new(config),
        };
        Self {
            state: Mutex::new(State { client, events: VecDeque::new(), leaving: false, ended: false }),
            start: Instant::now(),
            arrived: Notify::new(),
            arrived_blocking: Condvar::new(),
            wake: Notify::new(),
        }
    }

    /// The time in the client.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The state. Hold it for as long as a calculation takes, never while waiting.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State<G>> {
        // After a panic in the program's closure the client is as usable as before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the program if events wait.
    pub(crate) fn tell(&self) {
        self.arrived.notify_one();
        self.arrived_blocking.notify_all();
    }

    /// There is no session until the next attempt. Returns whether the client has a seat or a room to come
    /// back to.
    ///
    /// # Errors
    /// Too many events wait.
    pub(crate) fn retry(&self, cause: Cause, wait: Duration) -> Result<bool, Cause> {
        let now = self.now();
        let returns = {
            let mut state = self.lock();
            state.push(Event::Retry { cause, wait })?;
            state.client.reconnect(now)
        };
        self.tell();
        Ok(returns)
    }

    /// Prepares the client to give up its seat over one more connection. Returns whether the server may hold
    /// one.
    pub(crate) fn give_up_seat(&self) -> bool {
        let now = self.now();
        let client = &mut self.lock().client;
        client.reconnect(now);
        client.leave();
        !matches!(client.state(), ClientState::Closed(_))
    }

    /// The connection has ended. There is always room for this last event.
    pub(crate) fn end(&self, end: End) {
        {
            let mut state = self.lock();
            if !state.ended {
                state.ended = true;
                state.events.push_back(Event::Ended(end));
            }
        }
        self.tell();
    }

    /// The program leaves.
    pub(crate) fn leave(&self) {
        self.lock().leaving = true;
        self.wake.notify_one();
    }

    /// Waits until the program leaves.
    pub(crate) async fn left(&self) {
        while !self.lock().leaving {
            self.wake.notified().await;
        }
    }

    /// The next event, if one waits; `Err` if there will never be another.
    pub(crate) fn poll_event(&self) -> Result<Option<Event<G>>, Over> {
        let mut state = self.lock();
        match state.events.pop_front() {
            None if state.ended => Err(Over),
            event => Ok(event),
        }
    }

    /// The next event; `None` if there will never be another.
    pub(crate) async fn next_event(&self) -> Option<Event<G>> {
        loop {
            match self.poll_event() {
                Ok(None) => self.arrived.notified().await,
                Ok(event) => return event,
                Err(Over) => return None,
            }
        }
    }

    /// The next event within `timeout`.
    pub(crate) fn wait_event(&self, timeout: Duration) -> Option<Event<G>> {
        let nothing = |state: &mut State<G>| state.events.is_empty() && !state.ended;
        let waited = self.arrived_blocking.wait_timeout_while(self.lock(), timeout, nothing);
        waited.unwrap_or_else(PoisonError::into_inner).0.events.pop_front()
    }
}

/// The last event was taken.
pub(crate) struct Over;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use tickwire_arena::Arena;

    fn shared() -> Shared<Arena> {
        Shared::new(Config::player("arena", "ada").client, None)
    }

    fn cut(shared: &Shared<Arena>) -> Result<bool, Cause> {
        shared.retry(Cause::Silent, Duration::ZERO)
    }

    #[test]
    fn events_that_nobody_takes_end_the_connection_and_the_end_is_always_told() {
        let shared = shared();
        for _ in 0..EVENTS_MAX {
            cut(&shared).unwrap();
        }
        let cause = cut(&shared).unwrap_err();
        assert_eq!(cause, Cause::EventsNotTaken);
        shared.end(End::Failed(cause.clone()));
        shared.end(End::Left);
        let mut last = None;
        while let Ok(Some(event)) = shared.poll_event() {
            last = Some(event);
        }
        assert!(matches!(last, Some(Event::Ended(End::Failed(ended))) if ended == cause));
    }

    #[test]
    fn a_program_that_leaves_gets_no_more_events_except_the_end() {
        let shared = shared();
        shared.leave();
        cut(&shared).unwrap();
        shared.end(End::Left);
        assert!(matches!(shared.wait_event(Duration::ZERO), Some(Event::Ended(End::Left))));
        assert!(shared.poll_event().is_err());
    }

    #[test]
    fn without_a_seat_there_is_nothing_to_give_up() {
        assert!(!shared().give_up_seat());
    }
}
