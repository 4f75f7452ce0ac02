//! Reliable events on their way to one client: numbered, bounded, kept until they are acknowledged.

use crate::id::PlayerId;
use crate::limits::{RELIABLE_BYTES_MAX, RELIABLE_PER_MESSAGE_MAX, RELIABLE_QUEUE_MAX};
use crate::wire::codec;
use crate::wire::control::ReliableEvent;
use crate::wire::frame::Numbered;
use bytes::Bytes;
use std::collections::VecDeque;

/// An event, encoded once for all who get it.
#[derive(Clone, Debug)]
pub(super) struct Event {
    subject: Subject,
    bytes: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Game,
    Joined(PlayerId),
    Left(PlayerId),
}

impl Event {
    /// `None` if the event is too long.
    pub(super) fn encode(event: &ReliableEvent) -> Option<Self> {
        let bytes = codec::encode(event).ok().filter(|bytes| bytes.len() <= RELIABLE_BYTES_MAX)?;
        let subject = match event {
            ReliableEvent::Game(_) => Subject::Game,
            ReliableEvent::PlayerJoined(entry) => Subject::Joined(entry.player),
            ReliableEvent::PlayerLeft(player) => Subject::Left(*player),
        };
        Some(Self { subject, bytes: bytes.into() })
    }
}

/// The events that a client has not acknowledged. The first event has the number 1.
///
/// Bounds: [`RELIABLE_QUEUE_MAX`] events of the game; one more marks the client. Who joins and leaves is no fault of the
/// client's, so that never does: a player who came and went before the client was told is not told at all. What is left of these
/// is what is on its way, a join for each player in the room, and a leave for each whom the client knows. At most
/// [`RELIABLE_QUEUE_MAX`] events are on their way at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue {
    waiting: VecDeque<Event>,
    /// The number of the last event that was acknowledged.
    acked: u32,
    /// How many of `waiting` were sent over this connection.
    sent: usize,
    /// How many of `waiting` are the game's.
    of_game: usize,
    /// An event did not fit: the client can no longer get all of them.
    pub(super) overflowed: bool,
}

impl EventQueue {
    pub(super) fn push(&mut self, event: Event) {
        match event.subject {
            Subject::Game if self.of_game >= RELIABLE_QUEUE_MAX => {
                self.overflowed = true;
                return;
            }
            Subject::Game => self.of_game += 1,
            Subject::Left(player) if self.forget_join(player) => return,
            Subject::Joined(_) | Subject::Left(_) => (),
        }
        self.waiting.push_back(event);
    }

    /// Takes back that `player` joined; `false` if that was sent.
    fn forget_join(&mut self, player: PlayerId) -> bool {
        let joined = |event: &Event| event.subject == Subject::Joined(player);
        let at = self.waiting.iter().skip(self.sent).position(joined);
        at.and_then(|at| self.waiting.remove(self.sent + at)).is_some()
    }

    /// The number of the last event that was acknowledged.
    pub(super) fn acked(&self) -> u32 {
        self.acked
    }

    /// Takes an acknowledgement. `false` if it names an event that was never sent.
    #[must_use]
    pub(super) fn ack(&mut self, number: u32) -> bool {
        let Some(done) = number.checked_sub(self.acked) else { return true };
        if done as usize > self.sent {
            return false;
        }
        let done = self.waiting.drain(..done as usize);
        self.sent -= done.len();
        self.of_game -= done.filter(|event| event.subject == Subject::Game).count();
        self.acked = number;
        true
    }

    /// A new connection that has all events up to `received`: the game's others are sent again. Who joined and left stands in
    /// the roster with which the client is welcomed. `false` if `received` is impossible.
    #[must_use]
    pub(super) fn resume(&mut self, received: u32) -> bool {
        let known = received >= self.acked && self.ack(received);
        self.sent = 0;
        self.waiting.retain(|event| event.subject == Subject::Game);
        known
    }

    /// The next events to send, at most what one message may hold.
    pub(super) fn unsent(&mut self) -> Numbered {
        let count = self.sendable();
        if count == 0 {
            return Numbered::default();
        }
        let items =
            self.waiting.iter().skip(self.sent).take(count).map(|event| event.bytes.clone()).collect();
        let first = self.acked + self.sent as u32 + 1;
        self.sent += count;
        Numbered { first, items }
    }

    /// Whether an event is to be sent now.
    pub(super) fn has_unsent(&self) -> bool {
        self.sendable() > 0
    }

    fn sendable(&self) -> usize {
        let on_their_way = RELIABLE_QUEUE_MAX.saturating_sub(self.sent);
        (self.waiting.len() - self.sent).min(on_their_way).min(RELIABLE_PER_MESSAGE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EntityId;
    use crate::limits::MEMBERS_MAX;
    use crate::wire::control::{List, Name, RosterEntry};
    use std::collections::BTreeSet;

    fn event(n: u8) -> Event {
        Event::encode(&ReliableEvent::Game(List::try_from(vec![n]).unwrap())).unwrap()
    }

    fn joined(player: u16) -> Event {
        let (player, entity, name) = (PlayerId(player), EntityId(0), Name::cut("ada"));
        Event::encode(&ReliableEvent::PlayerJoined(RosterEntry { player, entity, name })).unwrap()
    }

    fn left(player: u16) -> Event {
        Event::encode(&ReliableEvent::PlayerLeft(PlayerId(player))).unwrap()
    }

    fn numbered(first: u32, events: impl IntoIterator<Item = Event>) -> Numbered {
        Numbered { first, items: events.into_iter().map(|event| event.bytes).collect() }
    }

    #[test]
    fn events_are_sent_once_and_again_only_after_a_resume() {
        let mut queue = EventQueue::default();
        (1..=3).for_each(|n| queue.push(event(n)));
        assert_eq!(queue.unsent(), numbered(1, (1..=3).map(event)));
        assert!(!queue.has_unsent());
        assert!(queue.ack(1));
        queue.push(event(4));
        assert_eq!(queue.unsent(), numbered(4, [event(4)]));
        assert!(queue.resume(2));
        assert_eq!(queue.unsent(), numbered(3, (3..=4).map(event)));
    }

    #[test]
    fn an_impossible_acknowledgement_is_told() {
        let mut queue = EventQueue::default();
        queue.push(event(1));
        assert!(!queue.ack(1), "it was never sent");
        queue.unsent();
        assert!(queue.ack(1));
        assert!(queue.ack(0), "an old acknowledgement says nothing new");
        assert!(!queue.ack(2));
    }

    #[test]
    fn a_full_queue_marks_its_client_instead_of_dropping_in_silence() {
        let mut queue = EventQueue::default();
        (0..RELIABLE_QUEUE_MAX).for_each(|_| queue.push(event(0)));
        assert!(!queue.overflowed);
        queue.unsent();
        assert!(queue.ack(1));
        queue.push(event(0));
        assert!(!queue.overflowed, "the first one made room");
        queue.push(event(0));
        assert!(queue.overflowed);
        assert_eq!(queue.waiting.len(), RELIABLE_QUEUE_MAX);
    }

    #[test]
    fn who_came_and_went_untold_is_not_told_and_what_happened_in_between_is() {
        let mut queue = EventQueue::default();
        let events = [joined(1), event(1), joined(2), event(2), left(1), event(3), left(9)];
        events.into_iter().for_each(|event| queue.push(event));
        assert_eq!(queue.unsent(), numbered(1, [event(1), joined(2), event(2), event(3), left(9)]));
        queue.push(left(2));
        assert_eq!(queue.unsent(), numbered(6, [left(2)]), "that it joined is on its way");
    }

    #[test]
    fn after_a_resume_the_welcome_tells_who_is_there_and_the_queue_what_happened() {
        let mut queue = EventQueue::default();
        let events = [event(1), joined(1), event(2), left(9), event(3)];
        events.into_iter().for_each(|event| queue.push(event));
        assert_eq!(queue.unsent().items.len(), 5);
        assert!(queue.resume(1));
        queue.push(left(1));
        assert_eq!(queue.unsent(), numbered(2, [event(2), event(3), left(1)]));
    }

    /// A room and a client whose roster follows from what it is told, through sends, acknowledgements, cuts and resumes by
    /// chance.
    #[test]
    fn whatever_happens_the_client_knows_who_is_there() {
        for seed in 1..=400 {
            let mut rng = crate::Rng::new(seed);
            let (mut queue, mut on_the_way) = (EventQueue::default(), VecDeque::new());
            let mut room: BTreeSet<u16> = (1..=3).collect();
            let (mut knows, mut received, mut newest, mut is_cut) = (room.clone(), 0, 3, false);
            for _ in 0..300 {
                match rng.below(8) {
                    0 => (0..rng.below(60)).filter(|_| room.len() < 100).collect::<Vec<_>>().iter().for_each(
                        |_| {
                            newest += 1;
                            room.insert(newest);
                            queue.push(joined(newest));
                        },
                    ),
                    1 => room.retain(|&player| {
                        let stays = rng.chance(3);
                        if !stays {
                            queue.push(left(player));
                        }
                        stays
                    }),
                    2 | 3 if !is_cut => on_the_way.push_back(queue.unsent()),
                    4 | 5 => deliver(on_the_way.pop_front(), &mut received, &mut knows),
                    6 if !is_cut => assert!(queue.ack(received), "seed {seed}"),
                    _ => {
                        is_cut = !is_cut;
                        on_the_way.clear();
                        if !is_cut {
                            assert!(queue.resume(received), "seed {seed}");
                            knows.clone_from(&room);
                        }
                    }
                }
                assert!(
                    queue.waiting.len() <= 2 * 100 + RELIABLE_QUEUE_MAX,
                    "seed {seed}: {}",
                    queue.waiting.len()
                );
            }
            if is_cut {
                assert!(queue.resume(received), "seed {seed}");
                knows.clone_from(&room);
            }
            while !on_the_way.is_empty() || !queue.waiting.is_empty() {
                on_the_way.push_back(queue.unsent());
                deliver(on_the_way.pop_front(), &mut received, &mut knows);
                assert!(queue.ack(received), "seed {seed}");
                on_the_way.retain(|message: &Numbered| !message.items.is_empty());
            }
            assert_eq!(knows, room, "seed {seed}");
        }
    }

    fn deliver(message: Option<Numbered>, received: &mut u32, knows: &mut BTreeSet<u16>) {
        let Some(Numbered { first, items }) = message else { return };
        for (bytes, number) in items.iter().zip(first..) {
            assert_eq!(number, *received + 1, "in order, without a gap");
            *received = number;
            match codec::decode(bytes).unwrap() {
                ReliableEvent::PlayerJoined(entry) => assert!(knows.insert(entry.player.0)),
                ReliableEvent::PlayerLeft(player) => assert!(knows.remove(&player.0)),
                ReliableEvent::Game(_) => (),
            }
        }
    }

    #[test]
    fn a_crowd_fills_no_queue_and_a_window_bounds_what_is_on_its_way() {
        let mut queue = EventQueue::default();
        for at in 0..10 * MEMBERS_MAX as u16 {
            queue.push(joined(at));
            if let Some(gone) = at.checked_sub(MEMBERS_MAX as u16) {
                queue.push(left(gone));
            }
        }
        assert!(!queue.overflowed);
        assert_eq!(queue.waiting.len(), MEMBERS_MAX);
        let mut sent = 0;
        while queue.has_unsent() {
            sent += queue.unsent().items.len();
        }
        assert_eq!((sent, queue.unsent()), (RELIABLE_QUEUE_MAX, Numbered::default()));
        assert!(queue.ack(40));
        assert_eq!(queue.unsent().first, RELIABLE_QUEUE_MAX as u32 + 1);
    }
}
