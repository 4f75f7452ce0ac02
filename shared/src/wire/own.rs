//! The owner-only fields of a client's own entity, as bits in the private section.
//! [`OwnTold`](crate::snapshot::OwnTold), which knows the schema, interprets them.

use super::DecodeError;
use crate::coding::bits::{BitReader, BitWriter};
use crate::limits::OWN_BITS_MAX;
use core::cmp::Ordering;

/// Owner-only fields of an entity, as 1 to [`OWN_BITS_MAX`] bits that [`OwnTold`](crate::snapshot::OwnTold)
/// packs and unpacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnBits {
    bytes: Vec<u8>,
    count: usize,
}

impl OwnBits {
    /// The written bits. `None` if there are none, or more than permitted.
    #[must_use]
    pub fn new(bits: BitWriter) -> Option<Self> {
        let count = bits.len_bits();
        (1..=OWN_BITS_MAX).contains(&count).then(|| Self { bytes: bits.finish(), count })
    }

    /// The number of bits.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Reads the bits from the first.
    #[must_use]
    pub fn reader(&self) -> BitReader<'_> {
        BitReader::new(&self.bytes)
    }

    /// Checks that the reader of [`OwnBits::reader`] has read exactly these bits.
    ///
    /// # Errors
    /// Not all bits were read, or more than there are.
    pub fn finish(&self, from: &BitReader<'_>) -> Result<(), DecodeError> {
        match (self.bytes.len() * 8 - from.left_bits()).cmp(&self.count) {
            Ordering::Less => Err(DecodeError::Leftover),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(DecodeError::Truncated),
        }
    }

    pub(super) fn write(&self, to: &mut BitWriter) {
        to.exp_golomb(self.count as u32 - 1, 4);
        let mut left = self.count as u32;
        for &byte in &self.bytes {
            to.raw(u32::from(byte), left.min(8));
            left = left.saturating_sub(8);
        }
    }

    pub(super) fn read(from: &mut BitReader<'_>) -> Result<Self, DecodeError> {
        let count = from.exp_golomb_max(4, OWN_BITS_MAX - 1)? + 1;
        let mut bits = BitWriter::new();
        for start in (0..count).step_by(32) {
            let some = (count - start).min(32) as u32;
            bits.raw(from.raw(some)?, some);
        }
        Self::new(bits).ok_or(DecodeError::OutOfRange)
    }
}
