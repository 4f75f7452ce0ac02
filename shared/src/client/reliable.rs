//! Reliable messages: events from the server, commands to it. Each kind is numbered consecutively modulo 2^32
//! and delivered in order, exactly once, also across a reconnect.

use crate::limits::{COMMANDS_PER_TICK_MAX, RELIABLE_BYTES_MAX, RELIABLE_QUEUE_MAX};
use crate::wire::DecodeError;
use crate::wire::frame::{Numbered, numbers_between};
use bytes::Bytes;
use std::collections::VecDeque;

/// The most commands sent and not confirmed: half of what the game gets in one step. So a stall that delivers
/// everything at once delays none of them.
const IN_FLIGHT_MAX: usize = COMMANDS_PER_TICK_MAX / 2;
/// The most commands in one frame, which must stay well below the size limit of a client's message.
const PER_FRAME_MAX: usize = 4;
const _: () = assert!(PER_FRAME_MAX * RELIABLE_BYTES_MAX <= crate::limits::INBOUND_BYTES_MAX / 2);

/// Why a command was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Too many commands wait for the server's confirmation.
    #[error("{RELIABLE_QUEUE_MAX} commands wait for the server already")]
    QueueFull,
    /// The command is longer than permitted.
    #[error("a command is at most {RELIABLE_BYTES_MAX} bytes long")]
    TooLong,
    /// Only players give commands.
    #[error("a spectator gives no commands; join as a player")]
    Spectator,
    /// The session is over, and there is nothing to come back to.
    #[error("the session has ended; make a new client and join again")]
    Ended,
}

/// Commands that the server has not confirmed.
#[derive(Clone, Debug)]
pub(super) struct CommandQueue {
    queue: VecDeque<Bytes>,
    /// The number of the queue's first command.
    first: u32,
    /// How many of the queue were sent on this connection.
    sent: usize,
    /// The client is leaving: everything is sent at once.
    at_once: bool,
}

impl CommandQueue {
    /// An empty queue; the first command gets the number after `received`.
    pub(super) fn starting_after(received: u32) -> Self {
        Self { queue: VecDeque::new(), first: received.wrapping_add(1), sent: 0, at_once: false }
    }

    /// From now on everything is sent at once, however much is in flight.
    pub(super) fn send_at_once(&mut self) {
        self.at_once = true;
    }

    pub(super) fn push(&mut self, command: Vec<u8>) -> Result<(), CommandError> {
        if command.len() > RELIABLE_BYTES_MAX {
            return Err(CommandError::TooLong);
        }
        if self.queue.len() >= RELIABLE_QUEUE_MAX {
            return Err(CommandError::QueueFull);
        }
        self.queue.push_back(command.into());
        Ok(())
    }

    fn sendable(&self) -> usize {
        let in_flight_max = if self.at_once { usize::MAX } else { IN_FLIGHT_MAX };
        (self.queue.len() - self.sent).min(in_flight_max.saturating_sub(self.sent)).min(PER_FRAME_MAX)
    }

    /// Whether the next frame would carry commands.
    pub(super) fn has_unsent(&self) -> bool {
        self.sendable() > 0
    }

    /// The commands for the next frame.
    pub(super) fn take(&mut self) -> Numbered {
        let count = self.sendable();
        if count == 0 {
            return Numbered::default();
        }
        let first = self.first.wrapping_add(self.sent as u32);
        let items = self.queue.iter().skip(self.sent).take(count).cloned().collect();
        self.sent += count;
        Numbered { first, items }
    }

    /// The server has all commands up to `number`. Returns how many were new to it.
    pub(super) fn confirmed(&mut self, number: u32) -> Result<u64, DecodeError> {
        let Some(count) = numbers_between(self.first, number.wrapping_add(1)) else { return Ok(0) };
        if count as usize > self.queue.len() {
            return Err(DecodeError::OutOfRange);
        }
        self.queue.drain(..count as usize);
        self.first = self.first.wrapping_add(count);
        self.sent = self.sent.saturating_sub(count as usize);
        Ok(u64::from(count))
    }

    /// Another client's commands that the server did not confirm; the first has the number `first`.
    pub(super) fn unsent(first: u32, commands: impl Iterator<Item = Bytes>) -> Self {
        Self { queue: commands.collect(), first, sent: 0, at_once: false }
    }

    /// The commands that the server did not confirm, and the number of the first.
    pub(super) fn unconfirmed(&self) -> (u32, impl Iterator<Item = &Bytes>) {
        (self.first, self.queue.iter())
    }

    /// The server has all commands up to `number`, including some that this client does not know, because its
    /// seat was saved before they were given.
    pub(super) fn skip_to(&mut self, number: u32) {
        let next = self.first.wrapping_add(self.queue.len() as u32);
        if numbers_between(next, number).is_some() {
            *self = Self::starting_after(number);
        }
    }

    /// The client joined: the commands queued so far get their numbers.
    pub(super) fn joined(&mut self, received: u32) {
        self.first = received.wrapping_add(1);
        self.sent = 0;
    }

    /// A new connection: commands that the server did not receive are sent again.
    pub(super) fn resumed(&mut self, received: u32) -> Result<u64, DecodeError> {
        self.sent = 0;
        self.confirmed(received)
    }
}

/// The most gaps in the numbers that are remembered, to distinguish events out of order from repeated ones.
const GAPS_MAX: usize = 16;

/// The client's position in the numbers of the events.
#[derive(Clone, Debug, Default)]
pub(super) struct EventNumbers {
    received: u32,
    acknowledged: u32,
    /// Numbers that were skipped, the newest last.
    gaps: VecDeque<Gap>,
}

/// A run of skipped numbers, modulo 2^32.
#[derive(Clone, Copy, Debug)]
struct Gap {
    first: u32,
    count: u32,
}

impl Gap {
    fn contains(self, number: u32) -> bool {
        number.wrapping_sub(self.first) < self.count
    }

    /// The parts of the gap before and after `number`, which is in it.
    fn without(self, number: u32) -> [Self; 2] {
        let before = number.wrapping_sub(self.first);
        let after = self.count.saturating_sub(before).saturating_sub(1);
        [Self { count: before, ..self }, Self { first: number.wrapping_add(1), count: after }]
    }
}

/// What to do with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventOrder {
    /// It is the next; this many were missed before it.
    Next {
        /// Numbers between the last event and this one.
        lost: u32,
    },
    /// It was received before.
    Repeated,
    /// It was missed, and arrives after one with a higher number.
    Reordered,
}

impl EventNumbers {
    pub(super) fn starting_after(received: u32) -> Self {
        Self { received, acknowledged: received, gaps: VecDeque::new() }
    }

    pub(super) fn received(&self) -> u32 {
        self.received
    }

    pub(super) fn take(&mut self, number: u32) -> EventOrder {
        match numbers_between(self.received, number) {
            None | Some(0) => self.take_old(number),
            Some(step) => {
                if step > 1 {
                    self.gaps.push_back(Gap { first: self.received.wrapping_add(1), count: step - 1 });
                    self.forget_old_gaps();
                }
                self.received = number;
                EventOrder::Next { lost: step - 1 }
            }
        }
    }

    /// Classifies an event whose number is not above the last one.
    fn take_old(&mut self, number: u32) -> EventOrder {
        let Some(at) = self.gaps.iter().position(|gap| gap.contains(number)) else {
            return EventOrder::Repeated;
        };
        let parts = self.gaps.remove(at).map(|gap| gap.without(number));
        let parts = parts.into_iter().flatten().filter(|part| part.count > 0);
        parts.rev().for_each(|part| self.gaps.insert(at, part));
        self.forget_old_gaps();
        EventOrder::Reordered
    }

    fn forget_old_gaps(&mut self) {
        while self.gaps.len() > GAPS_MAX {
            self.gaps.pop_front();
        }
    }

    /// Whether there are events to acknowledge.
    pub(super) fn has_news(&self) -> bool {
        self.received != self.acknowledged
    }

    /// The acknowledgement for the next frame, if there is one to send.
    pub(super) fn acknowledge(&mut self) -> Option<u32> {
        let news = self.has_news();
        self.acknowledged = self.received;
        news.then_some(self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(numbered: &Numbered) -> Vec<u32> {
        (0..numbered.items.len() as u32).map(|at| numbered.first + at).collect()
    }

    #[test]
    fn commands_are_numbered_bounded_and_sent_again_after_a_cut() {
        let mut commands = CommandQueue::starting_after(0);
        for at in 0..RELIABLE_QUEUE_MAX {
            assert_eq!(commands.push(vec![at as u8]), Ok(()));
        }
        assert_eq!(commands.push(vec![0]), Err(CommandError::QueueFull));
        assert_eq!(commands.push(vec![0; RELIABLE_BYTES_MAX + 1]), Err(CommandError::TooLong));
        let mut sent = Vec::new();
        for _ in 0..20 {
            sent.extend(numbers(&commands.take()));
        }
        assert_eq!(sent, (1..=16).collect::<Vec<_>>(), "no more than the window is in flight");
        assert_eq!(commands.confirmed(10), Ok(10));
        assert_eq!(commands.confirmed(10), Ok(0));
        assert_eq!(numbers(&commands.take()), [17, 18, 19, 20]);
        assert_eq!(commands.resumed(12), Ok(2));
        assert_eq!(numbers(&commands.take()), [13, 14, 15, 16]);
        assert_eq!(commands.confirmed(4_000), Err(DecodeError::OutOfRange));
        assert_eq!(commands.confirmed(u32::MAX), Ok(0));
    }

    #[test]
    fn numbers_of_commands_and_events_go_on_with_0_after_the_last_one() {
        let mut commands = CommandQueue::starting_after(u32::MAX - 2);
        (0..6).for_each(|at| assert_eq!(commands.push(vec![at]), Ok(())));
        assert_eq!(commands.take().first, u32::MAX - 1);
        assert_eq!(commands.confirmed(0), Ok(3));
        assert_eq!(commands.confirmed(u32::MAX), Ok(0), "an old one");
        assert_eq!((commands.take().first, commands.resumed(1)), (2, Ok(1)));
        assert_eq!(commands.take().first, 2);
        assert_eq!(commands.confirmed(4), Err(DecodeError::OutOfRange));
        let mut events = EventNumbers::starting_after(u32::MAX - 1);
        let turns = [u32::MAX, 0, u32::MAX, 0, 2, 1].map(|number| events.take(number));
        let next = |lost| EventOrder::Next { lost };
        assert_eq!(
            turns,
            [next(0), next(0), EventOrder::Repeated, EventOrder::Repeated, next(1), EventOrder::Reordered]
        );
    }

    #[test]
    fn an_event_counts_once_and_a_gap_is_seen() {
        let mut events = EventNumbers::starting_after(4);
        assert_eq!(events.acknowledge(), None);
        assert_eq!(events.take(5), EventOrder::Next { lost: 0 });
        assert_eq!(events.take(5), EventOrder::Repeated);
        assert_eq!(events.take(8), EventOrder::Next { lost: 2 });
        assert_eq!(events.acknowledge(), Some(8));
        assert_eq!(events.acknowledge(), None);
    }

    #[test]
    fn commands_of_another_client_go_on_where_the_server_is_also_around_the_last_number() {
        let command = |at: u8| Bytes::from(vec![at]);
        for first in [1, u32::MAX - 1] {
            let number = |ahead: u32| first.wrapping_add(ahead);
            let unsent = || CommandQueue::unsent(first, [command(1), command(2), command(3)].into_iter());
            let mut known = unsent();
            known.skip_to(number(0));
            assert_eq!(known.resumed(number(0)), Ok(1));
            assert_eq!((known.take().first, known.unconfirmed().1.count()), (number(1), 2));
            let mut stale = unsent();
            stale.skip_to(number(9));
            assert_eq!((stale.resumed(number(9)), stale.unconfirmed().0), (Ok(0), number(10)));
        }
    }

    #[test]
    fn an_event_out_of_order_is_told_from_one_that_came_before() {
        let mut events = EventNumbers::starting_after(0);
        assert_eq!(events.take(5), EventOrder::Next { lost: 4 });
        assert_eq!(
            [3, 3, 5].map(|number| events.take(number)),
            [EventOrder::Reordered, EventOrder::Repeated, EventOrder::Repeated]
        );
        assert_eq!([1, 2, 4].map(|number| events.take(number)), [EventOrder::Reordered; 3]);
        assert_eq!([1, 2, 3, 4].map(|number| events.take(number)), [EventOrder::Repeated; 4]);
        assert_eq!(events.received(), 5);
    }

    #[test]
    fn no_server_makes_a_client_remember_gaps_without_end() {
        let mut events = EventNumbers::starting_after(0);
        for number in (0..1_000).map(|at| 4 * at + 4) {
            assert_eq!(events.take(number), EventOrder::Next { lost: 3 });
            assert_eq!(events.take(number - 2), EventOrder::Reordered);
        }
        assert!(events.gaps.len() <= GAPS_MAX);
        assert_eq!(events.take(2), EventOrder::Repeated, "a gap of long ago is forgotten");
    }
}
