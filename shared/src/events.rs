//! Reliable events that a game sends in a step. They are encoded at once, so a refusal is known where it
//! happens.

use crate::coding::codec;
use crate::id::PlayerId;
use crate::limits::{EVENT_EXTRA_BYTES, EVENTS_STEP_BYTES_MAX, RELIABLE_BYTES_MAX};
use crate::snapshot::{Group, Groups};
use crate::wire::control::{List, ReliableEvent};
use bytes::Bytes;
use serde::Serialize;

/// The reliable events of a step: each arrives exactly once and in order, even across a reconnect.
///
/// Sending an event costs each receiver its encoded length plus [`EVENT_EXTRA_BYTES`]. It is encoded and
/// stored once, no matter who gets it. Bounds:
/// - one event: [`RELIABLE_BYTES_MAX`] bytes in the codec;
/// - one step: events that together cost [`EVENTS_STEP_BYTES_MAX`], each counted once;
/// - waiting events of one client: [`EVENTS_WAITING_BYTES_MAX`](crate::limits::EVENTS_WAITING_BYTES_MAX).
///   Beyond it the oldest droppable events are dropped
///   ([`Game::is_droppable`](crate::game::Game::is_droppable)) and the client learns how many; if none is
///   left, the client is closed with 4013 and loses its seat.
///
/// Events that do not fit into one message are sent in the next ones. An event beyond its own bound or the
/// step's is refused: the call returns the reason, the room counts it, and a server logs it.
#[derive(Debug)]
pub struct Events<E> {
    pub(crate) given: Vec<Given>,
    pub(crate) refused: RefusedCounts,
    is_droppable: fn(&E) -> bool,
    /// Whether the room is divided, so that there are groups besides the public one.
    has_groups: bool,
    cost_bytes: usize,
}

/// An event that the game sent.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) to: Receivers,
    pub(crate) bytes: Bytes,
    pub(crate) is_droppable: bool,
}

/// The receivers of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Receivers {
    All,
    AllBut(PlayerId),
    One(PlayerId),
    /// Sorted.
    Each(Vec<PlayerId>),
    /// Everyone who sees the group.
    Group(Group),
}

impl Receivers {
    /// Whether a member gets the event; `None` is a spectator. `groups` are what it sees.
    pub(crate) fn contain(&self, player: Option<PlayerId>, groups: impl FnOnce() -> Groups) -> bool {
        match (self, player) {
            (Self::Group(group), _) => groups().contains(*group),
            (Self::All, _) | (Self::AllBut(_), None) => true,
            (Self::AllBut(left_out), Some(player)) => *left_out != player,
            (Self::One(only), Some(player)) => *only == player,
            (Self::Each(players), Some(player)) => players.binary_search(&player).is_ok(),
            (Self::One(_) | Self::Each(_), None) => false,
        }
    }
}

impl<E: Serialize> Events<E> {
    pub(crate) fn new(is_droppable: fn(&E) -> bool, has_groups: bool) -> Self {
        let refused = RefusedCounts::default();
        Self { given: Vec::new(), refused, is_droppable, has_groups, cost_bytes: 0 }
    }

    /// The events given since the last call, and how many were refused.
    pub(crate) fn take(&mut self) -> (Vec<Given>, RefusedCounts) {
        self.cost_bytes = 0;
        (core::mem::take(&mut self.given), core::mem::take(&mut self.refused))
    }

    /// To everyone in the room, spectators included.
    ///
    /// # Errors
    /// The event is refused; no client gets it.
    pub fn all(&mut self, event: E) -> Result<(), EventRefused> {
        self.give(Receivers::All, &event)
    }

    /// To everyone in the room, spectators included, but not to `player`.
    ///
    /// # Errors
    /// The event is refused; no client gets it.
    pub fn all_but(&mut self, player: PlayerId, event: E) -> Result<(), EventRefused> {
        self.give(Receivers::AllBut(player), &event)
    }

    /// To one player. If it is not in the room, no client gets the event.
    ///
    /// # Errors
    /// The event is refused; no client gets it.
    pub fn to(&mut self, player: PlayerId, event: E) -> Result<(), EventRefused> {
        self.give(Receivers::One(player), &event)
    }

    /// To each of these players that is in the room, once. It counts as one event, however many players there
    /// are.
    ///
    /// # Errors
    /// The event is refused; no client gets it.
    pub fn to_each(
        &mut self,
        players: impl IntoIterator<Item = PlayerId>,
        event: E,
    ) -> Result<(), EventRefused> {
        let mut players: Vec<_> = players.into_iter().collect();
        players.sort_unstable();
        self.give(Receivers::Each(players), &event)
    }

    /// To everyone who sees `group` after this step, spectators included: see
    /// [`InterestRules::view`](crate::game::InterestRules::view). In a game without groups everyone sees
    /// [`Group::PUBLIC`] and nothing else.
    ///
    /// # Errors
    /// The event is refused; no client gets it.
    pub fn to_group(&mut self, group: Group, event: E) -> Result<(), EventRefused> {
        if group != Group::PUBLIC && !self.has_groups {
            self.refused.add(EventRefused::NoGroups);
            return Err(EventRefused::NoGroups);
        }
        self.give(Receivers::Group(group), &event)
    }

    fn give(&mut self, to: Receivers, event: &E) -> Result<(), EventRefused> {
        let given = self.encode(event).map(|bytes| {
            self.cost_bytes += bytes.len() + EVENT_EXTRA_BYTES;
            let is_droppable = (self.is_droppable)(event);
            self.given.push(Given { to, bytes, is_droppable });
        });
        if let Err(refused) = given {
            self.refused.add(refused);
        }
        given
    }

    /// The event as clients receive it.
    fn encode(&self, event: &E) -> Result<Bytes, EventRefused> {
        let bytes = codec::encode(event).map_err(|_| EventRefused::NotEncodable)?;
        let too_long = EventRefused::TooLong { bytes: bytes.len() };
        let envelope = ReliableEvent::Game(List::try_from(bytes).map_err(|_| too_long)?);
        let bytes = codec::encode(&envelope).map_err(|_| EventRefused::NotEncodable)?;
        if self.cost_bytes + bytes.len() + EVENT_EXTRA_BYTES > EVENTS_STEP_BYTES_MAX {
            return Err(EventRefused::StepFull);
        }
        Ok(bytes.into())
    }
}

impl<E: serde::de::DeserializeOwned + Serialize> Events<E> {
    /// The events of this step, as a client decodes them. An event that cannot be decoded is left out.
    pub(crate) fn decoded(&self) -> impl Iterator<Item = (Receivers, E)> {
        self.given.iter().filter_map(|given| match codec::decode(&given.bytes) {
            Ok(ReliableEvent::Game(bytes)) => Some((given.to.clone(), codec::decode_data(&bytes).ok()?)),
            _ => None,
        })
    }
}

/// Why an event is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventRefused {
    /// The event exceeds the maximum length of one event.
    #[error(
        "the event takes {bytes} bytes, the maximum is {RELIABLE_BYTES_MAX}: split it into several events"
    )]
    TooLong {
        /// Its length in the codec.
        bytes: usize,
    },
    /// The events of the step have reached the maximum cost.
    #[error(
        "the events of one step may cost {EVENTS_STEP_BYTES_MAX} bytes, each its length plus \
         {EVENT_EXTRA_BYTES}: send this one in a later step"
    )]
    StepFull,
    /// It cannot be encoded.
    #[error("the event cannot be encoded: its Serialize fails, or it is far too long")]
    NotEncodable,
    /// It is for a group, and the room has none.
    #[error(
        "the event is for a group, and the room is not divided: implement `InterestRules`, add \
         `.with_interest()` to the game's `FEATURES`, and let `interest` return `Interest::GROUPS` or cells"
    )]
    NoGroups,
}

/// How many events were refused, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefusedCounts {
    /// See [`EventRefused::TooLong`].
    pub too_long: u64,
    /// See [`EventRefused::StepFull`].
    pub step_full: u64,
    /// See [`EventRefused::NotEncodable`].
    pub not_encodable: u64,
    /// See [`EventRefused::NoGroups`].
    pub no_groups: u64,
    /// The last refusal.
    pub last: Option<EventRefused>,
}

impl RefusedCounts {
    /// The total.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.too_long + self.step_full + self.not_encodable + self.no_groups
    }

    fn add(&mut self, refused: EventRefused) {
        *match refused {
            EventRefused::TooLong { .. } => &mut self.too_long,
            EventRefused::StepFull => &mut self.step_full,
            EventRefused::NotEncodable => &mut self.not_encodable,
            EventRefused::NoGroups => &mut self.no_groups,
        } += 1;
        self.last = Some(refused);
    }

    /// Adds the refusals of one more step.
    pub(crate) fn merge(&mut self, step: Self) {
        self.too_long += step.too_long;
        self.step_full += step.step_full;
        self.not_encodable += step.not_encodable;
        self.no_groups += step.no_groups;
        self.last = step.last.or(self.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_has_no_encoding_is_told_as_such() {
        struct Broken;
        impl Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("broken"))
            }
        }
        let mut events = Events::new(|_| false, false);
        assert_eq!(events.all(Broken), Err(EventRefused::NotEncodable));
        assert_eq!((events.refused.total(), events.refused.not_encodable), (1, 1));
    }

    #[test]
    fn a_group_that_nobody_can_see_is_told_as_such() {
        let red = Group::new(1).unwrap();
        let mut whole = Events::new(|_| false, false);
        assert_eq!(whole.to_group(red, 7_u8), Err(EventRefused::NoGroups));
        assert_eq!(whole.to_group(Group::PUBLIC, 7), Ok(()));
        assert_eq!((whole.given.len(), whole.refused.total(), whole.refused.no_groups), (1, 1, 1));
        let mut divided = Events::new(|_| false, true);
        assert_eq!(divided.to_group(red, 7_u8), Ok(()));
    }

    #[test]
    fn a_step_holds_what_its_bound_says_and_not_an_event_more() {
        let mut events = Events::new(|_| false, false);
        // A variant and a length before the number.
        let cost = 1 + 2 + EVENT_EXTRA_BYTES;
        let fits = EVENTS_STEP_BYTES_MAX / cost;
        assert!((0..fits).all(|_| events.to(PlayerId(1), 7_u8).is_ok()));
        assert_eq!(events.to(PlayerId(1), 7), Err(EventRefused::StepFull));
        assert_eq!(events.given.len(), fits);
    }
}
