//! The part of the private section about streams that wait for bytes: which streams wait, and which entities
//! are held between two streams.
//!
//! ```text
//! EG0    2 x streams + held: the number of streams that start or stop waiting with this update
//! each   EG5 of (its id - the id before - 1), -1 before the first
//! if held is 1, two lists, not both empty:
//!   EG0    entities that are held from now on: they left a stream of this update for one that waits
//!   each   EG5 likewise
//!   EG0    entities that are released
//!   each   EG5 likewise
//! ```

use super::DecodeError;
use crate::coding::bits::{BitReader, BitWriter};
use crate::id::{EntityId, StreamId};
use crate::limits::{HELD_CHANGES_MAX, VIEW_STREAMS_MAX};

/// The most changes at once: after a jump of the view all of the old streams stop waiting, and as many new
/// ones start.
const WAITING_CHANGES_MAX: usize = 2 * VIEW_STREAMS_MAX;

/// The streams that wait from this update on, as the difference to the previous update on this connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Streams that start or stop waiting, sorted by id.
    pub changed: Vec<StreamId>,
    /// Entities, sorted by id, that left a stream of this update for one that waits. Until that stream is
    /// sent, the client predicts them from their last known rows.
    pub held: Vec<EntityId>,
    /// Entities, sorted by id, that were held and no longer exist or are out of view.
    pub released: Vec<EntityId>,
}

impl Waiting {
    pub(super) fn write(&self, to: &mut BitWriter) {
        let holds = !self.held.is_empty() || !self.released.is_empty();
        to.exp_golomb(2 * self.changed.len() as u32 + u32::from(holds), 0);
        write_rising(to, self.changed.iter().map(|stream| u32::from(stream.0)));
        if holds {
            for list in [&self.held, &self.released] {
                to.exp_golomb(list.len() as u32, 0);
                write_rising(to, list.iter().map(|entity| entity.0));
            }
        }
    }

    pub(super) fn read(from: &mut BitReader<'_>) -> Result<Self, DecodeError> {
        let head = from.exp_golomb_max(0, 2 * WAITING_CHANGES_MAX + 1)?;
        let changed = read_rising(from, head / 2, |id| u16::try_from(id).ok().map(StreamId))?;
        if head % 2 == 0 {
            return Ok(Self { changed, ..Self::default() });
        }
        let mut list = || {
            let count = from.exp_golomb_max(0, HELD_CHANGES_MAX)?;
            read_rising(from, count, |id| Some(EntityId(id)))
        };
        let (held, released) = (list()?, list()?);
        if held.is_empty() && released.is_empty() {
            return Err(DecodeError::NotCanonical);
        }
        Ok(Self { changed, held, released })
    }
}

/// Writes ascending numbers, each as its distance to the lowest possible next one.
pub(super) fn write_rising(to: &mut BitWriter, numbers: impl Iterator<Item = u32>) {
    let mut next = 0;
    for number in numbers {
        debug_assert!(number >= next, "numbers are written in ascending order");
        to.exp_golomb(number.wrapping_sub(next), 5);
        next = number.wrapping_add(1);
    }
}

/// Reads `count` ascending numbers and converts each with `make`.
pub(super) fn read_rising<T>(
    from: &mut BitReader<'_>,
    count: usize,
    make: impl Fn(u32) -> Option<T>,
) -> Result<Vec<T>, DecodeError> {
    let mut next = Some(0_u32);
    let mut numbers = Vec::with_capacity(count);
    for _ in 0..count {
        let distance = from.exp_golomb(5)?;
        let number = next.and_then(|next| next.checked_add(distance)).ok_or(DecodeError::OutOfRange)?;
        numbers.push(make(number).ok_or(DecodeError::OutOfRange)?);
        next = number.checked_add(1);
    }
    Ok(numbers)
}
