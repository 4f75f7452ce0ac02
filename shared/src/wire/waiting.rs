//! What has to wait for bytes, in the private section: which streams, and which entities are on their way between two of them.
//!
//! ```text
//! EG0    2 x streams + held: how many streams begin or cease to wait with this update, at most all that waited and all that do
//! each   EG5 of (its id - the id before - 1), -1 before the first
//! if held is 1, two lists, one of them at least with an entry:
//!   EG0    entities that left a stream whose packet is here for one that waits: they are held
//!   each   EG5 likewise
//!   EG0    entities that are held no longer
//!   each   EG5 likewise
//! ```

use super::DecodeError;
use super::bits::{BitReader, BitWriter};
use crate::id::{EntityId, StreamId};
use crate::limits::{HELD_CHANGES_MAX, VIEW_STREAMS_MAX};

/// None of the streams that waited does any longer, and as many others do: a view has jumped.
const WAITING_CHANGES_MAX: usize = 2 * VIEW_STREAMS_MAX;

/// What waits from this update on, as a difference to the update before over this connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Streams in the order of their ids: each of them waits from now on if it did not before, and the other way round.
    pub changed: Vec<StreamId>,
    /// Entities, in the order of their ids, that are gone from a stream with this update and are in one that waits: until
    /// that one is told of, the client goes on from what it has of them.
    pub held: Vec<EntityId>,
    /// Entities, in the order of their ids, that were held and are gone, or out of view.
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

/// Numbers that rise, each as its distance to the next that could be.
pub(super) fn write_rising(to: &mut BitWriter, numbers: impl Iterator<Item = u32>) {
    let mut next = 0;
    for number in numbers {
        debug_assert!(number >= next, "numbers are written in their order");
        to.exp_golomb(number.wrapping_sub(next), 5);
        next = number.wrapping_add(1);
    }
}

/// So many numbers that rise, each made into something by `make`.
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
