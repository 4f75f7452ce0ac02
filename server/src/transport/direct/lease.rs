//! A room's right to read what a connection's client sends.
//!
//! Nearly everything that arrives is short whole messages within the client's rates. A room reads these
//! itself when its tick begins. For anything else (a ping, a long message, a used-up allowance, the end) it
//! gives the reading back to the session, which judges it.

use super::reading::Reading;
use super::socket::Source;
use crate::messages_in::MessagesIn;
use crate::transport::inbound::NextMessage;
use std::io;
use tokio::time::Instant;

/// Reads of one connection in one tick. The rest waits for the next tick.
const READS_PER_TICK: usize = 4;

/// After a message whose arrival is timed, this many ticks are not timed: asking for the time costs more than
/// reading, and a client's clock needs no more.
const UNTIMED_TICKS: u8 = 3;

/// What a session lends to its room.
#[derive(Debug)]
pub(super) struct Lease {
    /// What arrived and was not looked at yet: at most the beginning of a message, and usually nothing.
    pending: Vec<u8>,
    messages_left: u32,
    bytes_left: i64,
    bytes_in: u64,
    messages_in: MessagesIn,
    /// How many more ticks do not ask for the time of arrival.
    untimed_ticks: u8,
}

/// The result of looking at a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// What arrived was taken.
    Done,
    /// The session has to read.
    Session,
}

impl Lease {
    /// A lease for this many messages and bytes. `pending` is what arrived and was not looked at yet.
    pub(super) fn new(pending: &[u8], messages: u32, bytes: i64) -> Self {
        let pending = pending.to_vec();
        Self {
            pending,
            messages_left: messages,
            bytes_left: bytes,
            bytes_in: 0,
            messages_in: MessagesIn::default(),
            untimed_ticks: 0,
        }
    }

    /// Bytes that were read under this lease.
    pub(super) fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// Messages that were read under this lease.
    pub(super) fn messages_in(&self) -> MessagesIn {
        self.messages_in
    }

    /// What arrived and was not looked at.
    pub(super) fn pending(&self) -> &[u8] {
        &self.pending
    }

    pub(super) fn receive_ready(
        &mut self,
        reading: &mut Reading,
        source: &mut impl Source,
        mut take: impl FnMut(Option<Instant>, &[u8]),
    ) -> Outcome {
        reading.inbound.start_with(&self.pending);
        self.pending.clear();
        let outcome = self.read_messages(reading, source, &mut take);
        self.pending.extend_from_slice(reading.inbound.pending());
        outcome
    }

    fn read_messages(
        &mut self,
        reading: &mut Reading,
        source: &mut impl Source,
        take: &mut impl FnMut(Option<Instant>, &[u8]),
    ) -> Outcome {
        // What the session had no time for.
        if let Some(stop) = self.take_messages(reading, None, take) {
            return stop;
        }
        let timed = self.untimed_ticks == 0;
        self.untimed_ticks = self.untimed_ticks.saturating_sub(1);
        for _ in 0..READS_PER_TICK {
            if self.bytes_left <= 0 {
                return Outcome::Session;
            }
            let space = reading.inbound.space();
            let room = space.len();
            let read = if timed {
                source.read_timed(space, &mut reading.control)
            } else {
                source.read(space).map(|bytes| (bytes, None))
            };
            let (bytes, stamp) = match read {
                Ok((bytes @ 1.., stamp)) => (bytes, stamp),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Outcome::Done,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The end or an error: the session will see it too.
                Ok((0, _)) | Err(_) => return Outcome::Session,
            };
            reading.inbound.filled(bytes);
            self.bytes_in += bytes as u64;
            self.bytes_left -= bytes as i64;
            let at = stamp.map(|stamp| reading.arrival(stamp));
            if at.is_some() {
                self.untimed_ticks = UNTIMED_TICKS;
            }
            if let Some(stop) = self.take_messages(reading, at, take) {
                return stop;
            }
            if bytes < room {
                break;
            }
        }
        Outcome::Done
    }

    fn take_messages(
        &mut self,
        reading: &mut Reading,
        at: Option<Instant>,
        take: &mut impl FnMut(Option<Instant>, &[u8]),
    ) -> Option<Outcome> {
        loop {
            if self.messages_left == 0 {
                return Some(Outcome::Session);
            }
            match reading.inbound.take() {
                NextMessage::Message(message) => {
                    let message = reading.inbound.message(message);
                    self.messages_left -= 1;
                    self.messages_in.count(message);
                    take(at, message);
                }
                NextMessage::Part => return None,
                NextMessage::Other => return Some(Outcome::Session),
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::time::Duration;

    pub(in super::super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = payload.len();
        let mut bytes = vec![first];
        if length < 126 {
            bytes.push(0x80 | length as u8);
        } else {
            bytes.push(0xfe);
            bytes.extend((length as u16).to_be_bytes());
        }
        bytes.extend([0; 4]);
        bytes.extend(payload);
        bytes
    }

    /// Bytes that arrive in pieces; `None`: nothing at the moment.
    struct Pieces(Vec<Option<Vec<u8>>>);

    impl Source for Pieces {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let Some(mut piece) = self.0.remove(0) else { return Err(io::ErrorKind::WouldBlock.into()) };
            let rest = piece.split_off(piece.len().min(bytes.len()));
            bytes[..piece.len()].copy_from_slice(&piece);
            if !rest.is_empty() {
                self.0.insert(0, Some(rest));
            }
            Ok(piece.len())
        }

        fn read_timed(
            &mut self,
            bytes: &mut [u8],
            _control: &mut Vec<u8>,
        ) -> io::Result<(usize, Option<Duration>)> {
            self.read(bytes).map(|bytes| (bytes, Some(Duration::ZERO)))
        }
    }

    fn look(lease: &mut Lease, source: &mut Pieces) -> (Outcome, Vec<(bool, Vec<u8>)>) {
        let mut taken = Vec::new();
        let receive_ready = lease.receive_ready(&mut Reading::new(), source, |at, message| {
            taken.push((at.is_some(), message.to_vec()));
        });
        (receive_ready, taken)
    }

    #[test]
    fn short_messages_are_taken_however_they_are_cut_and_every_fourth_is_timed() {
        let mut stream: Vec<u8> = (0..9_u8).flat_map(|n| frame(0x82, &[n; 30])).collect();
        let rest = stream.split_off(50);
        let pieces = rest.chunks(36).map(|piece| Some(piece.to_vec()));
        let mut source = Pieces([Some(stream)].into_iter().chain(pieces).collect());
        let mut lease = Lease::new(&[], 100, 10_000);
        let mut taken = Vec::new();
        for _ in 0..9 {
            let (receive_ready, messages) = look(&mut lease, &mut source);
            assert_eq!(receive_ready, Outcome::Done);
            taken.extend(messages);
        }
        let expected = (0..9_u8).map(|n| (n % 4 == 0, vec![n; 30])).collect::<Vec<_>>();
        assert_eq!(taken, expected);
        assert_eq!((lease.bytes_in(), lease.pending()), (9 * 36, &[][..]));
    }

    #[test]
    fn what_the_room_may_not_judge_goes_back_with_every_byte() {
        let ping = frame(0x89, b"there?");
        let stream = [frame(0x82, &[1; 9]), ping.clone()].concat();
        let mut lease = Lease::new(&[], 100, 10_000);
        let (receive_ready, taken) = look(&mut lease, &mut Pieces(vec![Some(stream)]));
        assert_eq!((receive_ready, taken.len(), lease.pending()), (Outcome::Session, 1, &ping[..]));

        let one = frame(0x82, &[1; 9]);
        let mut lease = Lease::new(&[], 2, 10_000);
        let (receive_ready, taken) = look(&mut lease, &mut Pieces(vec![Some(one.repeat(3))]));
        assert_eq!((receive_ready, taken.len(), lease.pending()), (Outcome::Session, 2, &one[..]));

        let mut lease = Lease::new(&[], 100, 20);
        let (receive_ready, taken) = look(&mut lease, &mut Pieces(vec![Some(one.repeat(3)), None]));
        assert_eq!((receive_ready, taken.len()), (Outcome::Done, 3), "what was read is taken");
        assert_eq!(
            look(&mut lease, &mut Pieces(vec![Some(one)])).0,
            Outcome::Session,
            "the bytes are used up"
        );

        let mut lease = Lease::new(&[], 100, 10_000);
        assert_eq!(look(&mut lease, &mut Pieces(Vec::new())).0, Outcome::Session, "the end");
    }
}
