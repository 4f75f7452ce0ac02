//! What waits in the queues of clients: events, encoded and stored once for all who get them.

use crate::id::PlayerId;
use crate::limits::EVENT_EXTRA_BYTES;
use crate::wire::codec;
use crate::wire::control::ReliableEvent;
use bytes::Bytes;
use std::sync::Arc;

/// An event, encoded and stored once for all who get it.
#[derive(Clone, Debug)]
pub(super) struct Event(Arc<Content>);

#[derive(Debug)]
struct Content {
    subject: Subject,
    bytes: Bytes,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Game { is_droppable: bool },
    Joined(PlayerId),
    Left(PlayerId),
    Controls(PlayerId),
}

impl Event {
    /// An event of the game, as it was encoded when it was given out.
    pub(super) fn of_game(bytes: Bytes, is_droppable: bool) -> Self {
        Self(Arc::new(Content { subject: Subject::Game { is_droppable }, bytes }))
    }

    /// Who joined, left or controls what; `None` for any other event.
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

    /// Whether nobody has to be told of it any more, if this is the only one that is kept besides.
    pub(super) fn is_told(&self) -> bool {
        self.holders() == 1
    }

    /// How many places hold this very event.
    pub(super) fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// What it is about.
    pub(super) fn subject(&self) -> Subject {
        self.0.subject
    }

    /// As it goes to clients.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> Bytes {
        self.0.bytes.clone()
    }

    /// What it counts for in a queue's bound.
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

/// A place in the queue.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Event(Event),
    /// So many droppable events are missing here.
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
            // A number and a variant are always encoded.
            Self::Dropped(count) => {
                codec::encode(&ReliableEvent::EventsDropped(*count)).unwrap_or_default().into()
            }
        }
    }
}
