//! The contents of clients' event queues: events, encoded and stored once for all receivers.

use crate::coding::codec;
use crate::id::PlayerId;
use crate::limits::EVENT_EXTRA_BYTES;
use crate::wire::control::ReliableEvent;
use bytes::Bytes;
use std::sync::Arc;

/// An event, encoded and stored once for all receivers.
#[derive(Clone, Debug)]
pub(super) struct Event(Arc<Content>);

#[derive(Debug)]
struct Content {
    subject: Subject,
    bytes: Bytes,
}

/// The subject of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Game { is_droppable: bool },
    Joined(PlayerId),
    Left(PlayerId),
    Controls(PlayerId),
}

impl Event {
    /// An event of the game, in the encoding made when the game sent it.
    pub(super) fn of_game(bytes: Bytes, is_droppable: bool) -> Self {
        Self(Arc::new(Content { subject: Subject::Game { is_droppable }, bytes }))
    }

    /// An event about a player who joined, left or changed entity; `None` for any other event.
    pub(super) fn of_players(event: &ReliableEvent) -> Option<Self> {
        let subject = match event {
            ReliableEvent::PlayerJoined(entry) => Subject::Joined(entry.player),
            ReliableEvent::PlayerLeft(player) => Subject::Left(*player),
            ReliableEvent::PlayerControls { player, .. } => Subject::Controls(*player),
            ReliableEvent::Game(_) | ReliableEvent::EventsDropped(_) => return None,
        };
        let bytes = codec::encode(event).ok()?.into();
        Some(Self(Arc::new(Content { subject, bytes })))
    }

    /// Whether every client has received it, given that this is the only other copy.
    pub(super) fn is_told(&self) -> bool {
        self.holders() == 1
    }

    /// How many references to this event exist.
    pub(super) fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Its subject.
    pub(super) fn subject(&self) -> Subject {
        self.0.subject
    }

    /// Its bytes as clients receive them.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> Bytes {
        self.0.bytes.clone()
    }

    /// What it counts toward a queue's bound.
    pub(super) fn cost_bytes(&self) -> usize {
        match self.0.subject {
            Subject::Game { .. } => self.0.bytes.len() + EVENT_EXTRA_BYTES,
            Subject::Joined(_) | Subject::Left(_) | Subject::Controls(_) => 0,
        }
    }

    pub(super) fn is_droppable(&self) -> bool {
        self.0.subject == Subject::Game { is_droppable: true }
    }
}

/// An entry of the queue.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Event(Event),
    /// This many droppable events are missing here.
    Dropped(u32),
}

impl Entry {
    pub(super) fn subject(&self) -> Option<Subject> {
        match self {
            Self::Event(event) => Some(event.0.subject),
            Self::Dropped(_) => None,
        }
    }

    pub(super) fn cost_bytes(&self) -> usize {
        match self {
            Self::Event(event) => event.cost_bytes(),
            Self::Dropped(_) => 0,
        }
    }

    pub(super) fn bytes(&self) -> Bytes {
        match self {
            Self::Event(event) => event.0.bytes.clone(),
            // Encoding a number and a variant cannot fail.
            Self::Dropped(count) => {
                codec::encode(&ReliableEvent::EventsDropped(*count)).unwrap_or_default().into()
            }
        }
    }
}
