//! Tells the host's services what happens in a room.

use super::inbox::RoomFacts;
use crate::services::{Happened, RoomEvent, ServiceQueue, Stored};
use std::time::SystemTime;
use tickwire_shared::game::Game;
use tickwire_shared::id::RoomId;
use tickwire_shared::room::{Notice, Room};
use tickwire_shared::wire::control::GameName;

/// What the services know of a room.
pub(super) struct Teller {
    room: RoomId,
    game: GameName,
    /// Makes the events' ids differ from those of other rooms.
    nonce: u64,
    number: u64,
    /// Set while the room's end waits until the services have its result.
    end: Option<Stored>,
}

impl Teller {
    /// Begins with a new room, if somebody listens.
    pub(super) fn new<G: Game>(
        services: &ServiceQueue,
        room: &mut Room<G>,
        facts: &RoomFacts,
    ) -> Option<Self> {
        if !services.is_heard() {
            return None;
        }
        if let Err(error) = services.start() {
            tracing::error!(%error, "the host's services hear nothing");
        }
        room.keep_notices();
        // Without randomness the ids of two rooms with the same id would be the same.
        let nonce = getrandom::u64().unwrap_or(0);
        let mut teller = Self { room: facts.id, game: facts.game.clone(), nonce, number: 0, end: None };
        teller.tell(services, Happened::Opened { options: facts.options.clone() }, None);
        Some(teller)
    }

    /// Passes on what happened in a step, and lets the room end once its result is safe.
    pub(super) fn pass_on<G: Game>(&mut self, services: &ServiceQueue, room: &mut Room<G>) {
        for notice in room.take_notices() {
            let stored = matches!(notice, Notice::Ended { .. }).then(Stored::default);
            if stored.is_some() {
                self.end = stored.clone();
            }
            self.tell(services, notice.into(), stored);
        }
        if self.end.as_ref().is_some_and(Stored::is_set) {
            self.end = None;
            room.release_end();
        }
    }

    /// The room is over.
    pub(super) fn close(&mut self, services: &ServiceQueue, reason: &'static str) {
        self.tell(services, Happened::Closed { reason }, None);
    }

    fn tell(&mut self, services: &ServiceQueue, what: Happened, stored: Option<Stored>) {
        self.number += 1;
        let event = RoomEvent {
            id: format!("msg_{}{:016x}{:04}", self.room, self.nonce, self.number),
            at: SystemTime::now(),
            room: self.room,
            game: self.game.clone(),
            number: self.number,
            what,
        };
        services.send(event, stored);
    }
}
