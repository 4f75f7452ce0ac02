//! One client's reliable events: numbered, bounded, kept until they are acknowledged.

use super::news::{Entry, Event, Subject};
use crate::limits::{EVENTS_WAITING_BYTES_MAX, RELIABLE_PER_MESSAGE_MAX, RELIABLE_QUEUE_MAX};
use crate::wire::frame::{Numbered, numbers_between};
use std::collections::VecDeque;

/// How much remains in a queue that had to drop events. The next drop is then far off, so searching the queue
/// costs little per event.
const BYTES_AFTER_DROP: usize = EVENTS_WAITING_BYTES_MAX / 8 * 7;
/// A queue that has drained keeps memory for at most this many entries.
const ENTRIES_KEPT: usize = 64;

/// The events that a client has not acknowledged. Numbers are counted modulo 2^32.
///
/// Bound: the game's events may cost [`EVENTS_WAITING_BYTES_MAX`]. Above it, the oldest droppable ones that
/// were never sent are replaced by at most one notice of their number, at the position of the newest of them.
/// If that is not enough, the client is marked as overflowed.
///
/// Events about players who join, leave or change entities are not the client's fault, so they never mark it.
/// A player who joined and left before the client learned of it is not reported at all, and only the last
/// entity that a player controls is reported. What remains of these events are the ones in flight, two for
/// each player in the room, and a leave for each player that the client knows. At most [`RELIABLE_QUEUE_MAX`]
/// events are in flight at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue {
    waiting: VecDeque<Entry>,
    /// The number of the last event that was acknowledged.
    acked: u32,
    /// How many of `waiting` were sent over this connection: the client may know the numbers of these.
    sent: usize,
    /// The cost of the game's events in `waiting`.
    cost_bytes: usize,
    /// Players who left while the client was disconnected, until a frame proves that it has received a roster
    /// without them.
    untold: Vec<Event>,
    /// An event did not fit: the client can no longer get all of them.
    pub(super) overflowed: bool,
}

impl EventQueue {
    /// An empty queue whose first event has the number after `acked`.
    pub(super) fn starting_after(acked: u32) -> Self {
        Self { acked, ..Self::default() }
    }

    /// Adds an event. Returns how many were dropped for it.
    pub(super) fn push(&mut self, event: &Event) -> u64 {
        let untold = match event.subject() {
            Subject::Left(player) => {
                self.forget(Subject::Controls(player));
                self.forget(Subject::Joined(player))
            }
            Subject::Controls(player) => {
                self.forget(Subject::Controls(player));
                false
            }
            Subject::Game { .. } | Subject::Joined(_) => false,
        };
        // A marked client is closed in this step, or is already closed.
        if untold || self.overflowed {
            return 0;
        }
        self.waiting.push_back(Entry::Event(event.clone()));
        self.cost_bytes += event.cost_bytes();
        if self.cost_bytes <= EVENTS_WAITING_BYTES_MAX {
            return 0;
        }
        let dropped = self.drop_oldest();
        if self.cost_bytes > EVENTS_WAITING_BYTES_MAX {
            self.overflowed = true;
            (self.waiting, self.sent, self.cost_bytes) = (VecDeque::new(), 0, 0);
        }
        dropped
    }

    /// Drops the oldest droppable events that were never sent, until the queue is well below its bound.
    fn drop_oldest(&mut self) -> u64 {
        let (mut at, mut kept, mut place) = (0, 0, 0);
        let (mut noted, mut dropped) = (0_u32, 0);
        let (sent, cost_bytes) = (self.sent, &mut self.cost_bytes);
        self.waiting.retain(|entry| {
            at += 1;
            match entry {
                Entry::Dropped(count) if at > sent => noted = noted.saturating_add(*count),
                Entry::Event(event)
                    if at > sent && event.is_droppable() && *cost_bytes > BYTES_AFTER_DROP =>
                {
                    *cost_bytes -= event.cost_bytes();
                    dropped += 1;
                }
                _ => {
                    kept += 1;
                    return true;
                }
            }
            place = kept;
            false
        });
        noted = noted.saturating_add(dropped);
        if noted > 0 {
            self.waiting.insert(place, Entry::Dropped(noted));
        }
        dropped.into()
    }

    /// Removes the unsent event with this subject; `false` if it was sent, or never queued.
    fn forget(&mut self, subject: Subject) -> bool {
        let at = self.waiting.iter().skip(self.sent).position(|entry| entry.subject() == Some(subject));
        at.and_then(|at| self.waiting.remove(self.sent + at)).is_some()
    }

    /// The number of the last event that was acknowledged.
    pub(super) fn acked(&self) -> u32 {
        self.acked
    }

    /// Handles an acknowledgement. `false` if it names an event that was never sent.
    #[must_use]
    pub(super) fn ack(&mut self, number: u32) -> bool {
        let Some(done) = numbers_between(self.acked, number) else { return true };
        if done as usize > self.sent {
            return false;
        }
        let done = self.waiting.drain(..done as usize);
        self.sent -= done.len();
        self.cost_bytes -= done.map(|entry| entry.cost_bytes()).sum::<usize>();
        self.acked = number;
        if self.waiting.is_empty() {
            self.waiting.shrink_to(ENTRIES_KEPT);
        }
        true
    }

    /// A new connection whose client has all events up to `received`: the game's later events are sent again.
    /// The roster in the welcome already contains who joined and left. `false` if `received` is impossible.
    #[must_use]
    pub(super) fn resume(&mut self, received: u32) -> bool {
        let known = numbers_between(self.acked, received).is_some() && self.ack(received);
        self.sent = 0;
        let untold = &mut self.untold;
        self.waiting.retain(|entry| match entry {
            Entry::Dropped(_) => true,
            Entry::Event(event) => match event.subject() {
                Subject::Game { .. } => true,
                Subject::Joined(_) | Subject::Controls(_) => false,
                Subject::Left(_) => {
                    untold.push(event.clone());
                    false
                }
            },
        });
        known
    }

    /// The client has the roster from its welcome.
    pub(super) fn welcomed(&mut self) {
        self.untold = Vec::new();
    }

    /// The next events to send, at most as many as one message may contain.
    pub(super) fn unsent(&mut self) -> Numbered {
        let count = self.sendable();
        if count == 0 {
            return Numbered::default();
        }
        let items = self.waiting.iter().skip(self.sent).take(count).map(Entry::bytes).collect();
        let first = self.acked.wrapping_add(self.sent as u32 + 1);
        self.sent += count;
        Numbered { first, items }
    }

    /// Whether the client has confirmed all events.
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether an event can be sent now.
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
    use crate::coding::codec;
    use crate::id::EntityId;
    use crate::id::PlayerId;
    use crate::limits::MEMBERS_MAX;
    use crate::wire::control::ReliableEvent;
    use crate::wire::control::{List, Name, RosterEntry};
    use std::collections::BTreeSet;

    fn event(n: u8) -> Event {
        sized(n, 1, false)
    }

    fn sized(n: u8, bytes: usize, is_droppable: bool) -> Event {
        let bytes = codec::encode(&ReliableEvent::Game(List::try_from(vec![n; bytes]).unwrap())).unwrap();
        Event::of_game(bytes.into(), is_droppable)
    }

    fn joined(player: u16) -> Event {
        let (player, entity, name) = (PlayerId(player), EntityId(0), Name::cut("ada"));
        Event::of_players(&ReliableEvent::PlayerJoined(RosterEntry { player, entity, name })).unwrap()
    }

    fn left(player: u16) -> Event {
        Event::of_players(&ReliableEvent::PlayerLeft(PlayerId(player))).unwrap()
    }

    fn numbered(first: u32, events: impl IntoIterator<Item = Event>) -> Numbered {
        Numbered { first, items: events.into_iter().map(|event| event.bytes()).collect() }
    }

    #[test]
    fn events_are_sent_once_and_again_only_after_a_resume() {
        let mut queue = EventQueue::default();
        (1..=3).for_each(|n| assert_eq!(queue.push(&event(n)), 0));
        assert_eq!(queue.unsent(), numbered(1, (1..=3).map(event)));
        assert!(!queue.has_unsent());
        assert!(queue.ack(1));
        queue.push(&event(4));
        assert_eq!(queue.unsent(), numbered(4, [event(4)]));
        assert!(queue.resume(2));
        assert_eq!(queue.unsent(), numbered(3, (3..=4).map(event)));
    }

    #[test]
    fn an_impossible_acknowledgement_is_told() {
        let mut queue = EventQueue::default();
        queue.push(&event(1));
        assert!(!queue.ack(1), "it was never sent");
        queue.unsent();
        assert!(queue.ack(1));
        assert!(queue.ack(0), "an old acknowledgement changes nothing");
        assert!(!queue.ack(2));
    }

    #[test]
    fn a_full_queue_marks_its_client_instead_of_dropping_in_silence() {
        let mut queue = EventQueue::default();
        let fits = EVENTS_WAITING_BYTES_MAX / event(0).cost_bytes();
        (0..fits).for_each(|_| assert_eq!(queue.push(&event(0)), 0));
        assert!(!queue.overflowed);
        queue.unsent();
        assert!(queue.ack(1));
        queue.push(&event(0));
        assert!(!queue.overflowed, "the first one made room");
        queue.push(&event(0));
        assert!(queue.overflowed);
        assert_eq!(queue.waiting.capacity(), 0, "events that no client will get take no memory");
    }

    #[test]
    fn the_oldest_droppable_events_give_way_to_a_notice_of_their_number() {
        let mut queue = EventQueue::default();
        // Three events in flight, then pairs of equal events, one of each pair droppable, until the bound is
        // passed twice.
        (0..3).for_each(|_| assert_eq!(queue.push(&sized(9, 500, true)), 0));
        assert_eq!(queue.unsent().items.len(), 3);
        let mut dropped = 0;
        for at in 0..900 {
            dropped += queue.push(&sized((at / 2 % 200) as u8, 500, at % 2 == 0));
        }
        assert!(!queue.overflowed && queue.cost_bytes <= EVENTS_WAITING_BYTES_MAX);
        assert!(queue.resume(3), "those in flight are all there");
        let (mut kept, mut told) = (Vec::new(), Vec::new());
        while !queue.waiting.is_empty() {
            for bytes in queue.unsent().items {
                match codec::decode(&bytes).unwrap() {
                    ReliableEvent::Game(bytes) => kept.push(bytes[0]),
                    ReliableEvent::EventsDropped(count) => told.push((kept.len(), u64::from(count))),
                    other => panic!("{other:?}"),
                }
            }
            assert!(queue.ack(queue.acked.wrapping_add(queue.sent as u32)));
        }
        let [(place, count)] = told[..] else { panic!("one notice: {told:?}") };
        assert_eq!(count, dropped);
        assert_eq!(kept.len() as u64, 900 - dropped);
        // Before the notice every second event is missing; after it, none.
        assert!(kept[..place].iter().zip(0..).all(|(n, at)| *n == (at % 200) as u8), "{kept:?}");
        assert_eq!(place as u64 + 1, dropped);
        assert!(kept[place + 1..].chunks_exact(2).all(|two| two[0] == two[1]), "{kept:?}");
    }

    #[test]
    fn a_client_that_is_away_holds_little_of_what_everybody_gets() {
        let told = sized(1, 500, true);
        let mut queues = vec![EventQueue::default(); 100];
        assert_eq!(queues[0].waiting.capacity(), 0);
        queues.iter_mut().for_each(|queue| (0..400).for_each(|_| assert_eq!(queue.push(&told), 0)));
        assert!(size_of::<Entry>() <= 16 && queues[0].waiting.capacity() <= 512);
        assert_eq!(told.holders(), 1 + 100 * 400, "no queue has a copy");
        let mut queue = queues.swap_remove(0);
        while queue.has_unsent() {
            queue.unsent();
            assert!(queue.ack(queue.acked + queue.sent as u32));
        }
        assert!(queue.waiting.capacity() <= ENTRIES_KEPT, "the memory of a backlog is given back");
    }

    #[test]
    fn numbers_go_on_with_0_after_the_last_one() {
        let mut queue = EventQueue::starting_after(u32::MAX - 1);
        (1..=4).for_each(|n| assert_eq!(queue.push(&event(n)), 0));
        assert_eq!(queue.unsent(), numbered(u32::MAX, (1..=4).map(event)));
        assert!(queue.ack(0), "two of them came");
        assert!(queue.ack(u32::MAX), "an old acknowledgement changes nothing");
        assert!(!queue.ack(3), "it was never sent");
        assert!(!queue.clone().resume(u32::MAX) && queue.resume(1));
        assert_eq!(queue.unsent(), numbered(2, [event(4)]));
    }

    #[test]
    fn who_came_and_went_untold_is_not_told_and_what_happened_in_between_is() {
        let mut queue = EventQueue::default();
        let events = [joined(1), event(1), joined(2), event(2), left(1), event(3), left(9)];
        events.iter().for_each(|event| assert_eq!(queue.push(event), 0));
        assert_eq!(queue.unsent(), numbered(1, [event(1), joined(2), event(2), event(3), left(9)]));
        queue.push(&left(2));
        assert_eq!(queue.unsent(), numbered(6, [left(2)]), "its join is already in flight");
    }

    #[test]
    fn of_what_a_player_controls_only_the_last_is_told() {
        let controls = |player, entity| {
            let (player, entity) = (PlayerId(player), EntityId(entity));
            Event::of_players(&ReliableEvent::PlayerControls { player, entity }).unwrap()
        };
        let mut queue = EventQueue::default();
        queue.push(&controls(1, 5));
        queue.push(&controls(2, 6));
        assert_eq!(queue.unsent(), numbered(1, [controls(1, 5), controls(2, 6)]));
        for event in [controls(1, 7), event(1), controls(2, 8), controls(1, 9), left(2)] {
            queue.push(&event);
        }
        assert_eq!(queue.unsent(), numbered(3, [event(1), controls(1, 9), left(2)]));
        assert!(queue.resume(2));
        assert_eq!(queue.unsent(), numbered(3, [event(1)]), "the roster contains the rest");
    }

    #[test]
    fn after_a_resume_the_welcome_tells_who_is_there_and_the_queue_what_happened() {
        let mut queue = EventQueue::default();
        let events = [event(1), joined(1), event(2), left(9), event(3)];
        events.iter().for_each(|event| assert_eq!(queue.push(event), 0));
        assert_eq!(queue.unsent().items.len(), 5);
        assert!(queue.resume(1));
        queue.push(&left(1));
        assert_eq!(queue.unsent(), numbered(2, [event(2), event(3), left(1)]));
    }

    /// A room and a client that derives its roster from what it receives, through random sends,
    /// acknowledgements, disconnects and resumes.
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
                            queue.push(&joined(newest));
                        },
                    ),
                    1 => room.retain(|&player| {
                        let stays = rng.chance(3);
                        if !stays {
                            queue.push(&left(player));
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
                ReliableEvent::Game(_)
                | ReliableEvent::PlayerControls { .. }
                | ReliableEvent::EventsDropped(_) => (),
            }
        }
    }

    #[test]
    fn a_crowd_fills_no_queue_and_a_window_bounds_what_is_on_its_way() {
        let mut queue = EventQueue::default();
        for at in 0..10 * MEMBERS_MAX as u16 {
            queue.push(&joined(at));
            if let Some(gone) = at.checked_sub(MEMBERS_MAX as u16) {
                queue.push(&left(gone));
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
