//! The program's side of a connection.

use crate::Event;
use crate::shared::Shared;
use core::time::Duration;
use std::sync::Arc;
use tickwire_shared::client::{Client, ClientGame, CommandError};
use tickwire_shared::id::EntityId;

/// A client of one room with its connection, which a thread or task keeps up. Made by
/// [`connect`](crate::connect) or [`connect_task`](crate::connect_task).
///
/// No method waits, except [`Connection::next_event`] and [`Connection::wait_event`]. Take the events in
/// every turn of the program's loop: at [`EVENTS_MAX`](crate::EVENTS_MAX) that wait, the connection ends.
///
/// Dropping it leaves the room, like [`Connection::leave`], but does not wait for it. A program that ends at
/// once afterwards may be too early: then the server holds the seat for its time of grace.
pub struct Connection<G: ClientGame> {
    shared: Arc<Shared<G>>,
    entities: Vec<(EntityId, G::Entity)>,
}

impl<G: ClientGame> core::fmt::Debug for Connection<G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Connection").field("client", &self.shared.lock().client).finish_non_exhaustive()
    }
}

impl<G: ClientGame> Connection<G> {
    pub(crate) fn new(shared: Arc<Shared<G>>) -> Self {
        Self { shared, entities: Vec::new() }
    }

    /// For each rendered frame: sets the player's controls from now on, and returns the entities as they are
    /// to be drawn now, sorted by id. The next call fills the same memory again. Without a room there are
    /// none; while the connection is cut, they are the last ones.
    pub fn update(&mut self, input: G::Input) -> &[(EntityId, G::Entity)] {
        let now = self.shared.now();
        self.shared.lock().client.set_input_at(now, input);
        self.view()
    }

    /// As [`Connection::update`], with the controls as they were; for spectators.
    pub fn view(&mut self) -> &[(EntityId, G::Entity)] {
        let now = self.shared.now();
        {
            let client = &mut self.shared.lock().client;
            client.advance(now);
            client.view_into(now, &mut self.entities);
        }
        // An input may have been made.
        self.shared.wake.notify_one();
        &self.entities
    }

    /// What the last [`Connection::update`] or [`Connection::view`] returned.
    #[must_use]
    pub fn entities(&self) -> &[(EntityId, G::Entity)] {
        &self.entities
    }

    /// Sets the player's controls from now on, without drawing.
    pub fn set_input(&self, input: G::Input) {
        let now = self.shared.now();
        self.shared.lock().client.set_input_at(now, input);
    }

    /// Sends a reliable request to the game. Across a cut it waits, and arrives exactly once.
    ///
    /// # Errors
    /// The queue is full, the command is too long, the client is a spectator, or the session is over
    /// permanently.
    pub fn command(&self, command: G::Command) -> Result<(), CommandError> {
        self.with(|client, _| client.command(command))
    }

    /// Calls `look` with the client and its time: for the roster, the scene, statistics, the rendered frame
    /// in rows, or to follow a player. The connection waits meanwhile, so copy what takes long to use.
    ///
    /// The connection itself passes messages, connects again and leaves: do not call the client's methods for
    /// that (`receive`, `poll_transmit`, `poll_event`, `reconnect`, `leave`).
    pub fn with<T>(&self, look: impl FnOnce(&mut Client<G>, Duration) -> T) -> T {
        let now = self.shared.now();
        let result = look(&mut self.shared.lock().client, now);
        self.shared.wake.notify_one();
        result
    }

    /// The next event, if one waits.
    pub fn poll_event(&mut self) -> Option<Event<G>> {
        self.shared.poll_event().ok().flatten()
    }

    /// The next event; `None` after [`Event::Ended`]. It may be cancelled: no event is lost. It needs no
    /// particular runtime.
    pub async fn next_event(&mut self) -> Option<Event<G>> {
        self.shared.next_event().await
    }

    /// The next event, for a program without `async`; `None` if there is none within `timeout`, and after
    /// [`Event::Ended`].
    pub fn wait_event(&mut self, timeout: Duration) -> Option<Event<G>> {
        self.shared.wait_event(timeout)
    }

    /// Gives up the seat permanently. Commands queued before are sent first. [`Event::Ended`] follows within
    /// a second or two, and no other event: wait for it before the program ends.
    pub fn leave(&self) {
        self.shared.leave();
    }
}

impl<G: ClientGame> Drop for Connection<G> {
    fn drop(&mut self) {
        self.shared.leave();
    }
}
