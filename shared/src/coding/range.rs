//! A binary range coder with given probabilities and the shortest possible end.
//!
//! The interval is 32 bits wide, and a carry propagates into bytes already written (Martin: Range encoding,
//! 1979; the byte-wise form with probabilities of single bits is that of LZMA). A probability is that of a 1,
//! in 1/32768, from 1 to 32767.
//!
//! ```text
//! start   low = 0, range = 2^32 - 1
//! step    after every operation, while range < 2^24: output the high byte of low, then shift both left by 8
//! bit     bound = (range >> 15) * (32768 - p)
//!         0: range = bound
//!         1: low += bound, range -= bound
//! raw n   (at most 16 bits at once) range >>= n; low += value * range
//! end     of the numbers in low .. low + range, take the least of those that end in the most zero bytes,
//!         and output it without these bytes. A reader reads zeros past the end, at most four bytes.
//! ```

use super::DecodeError;
use core::cmp::Ordering;

/// One more than the largest probability.
pub(crate) const PROBABILITY_ONE: u32 = 1 << 15;

const LEAST_RANGE: u32 = 1 << 24;

/// Codes single bits: a writer, a reader, or a counter that learns. A reader ignores the value passed in and
/// returns the one that was written.
pub(crate) trait BitCoder {
    /// Codes a bit in a context.
    ///
    /// # Errors
    /// A reader found bytes that no writer produces.
    fn bit(&mut self, context: usize, bit: bool) -> Result<bool, DecodeError>;

    /// Codes the low `bits` (0 to 32) of `value`; 0 and 1 are equally likely.
    ///
    /// # Errors
    /// As [`BitCoder::bit`].
    fn raw(&mut self, value: u32, bits: u32) -> Result<u32, DecodeError>;
}

/// The probabilities of a 1, by context.
pub(crate) trait Probabilities {
    /// The probability of a 1 in `context`, in 1/32768, from 1 to 32767.
    fn of_one(&self, context: usize) -> u32;
}

/// Writes bits.
#[derive(Debug)]
pub(crate) struct RangeWriter<'a, P> {
    probabilities: &'a P,
    bytes: Vec<u8>,
    low: u32,
    range: u32,
}

impl<'a, P: Probabilities> RangeWriter<'a, P> {
    /// Starts an empty stream in the memory of `bytes`, whose content is dropped.
    #[must_use]
    pub(crate) fn new(probabilities: &'a P, mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Self { probabilities, bytes, low: 0, range: u32::MAX }
    }

    #[inline]
    fn add(&mut self, value: u32) {
        let (low, carry) = self.low.overflowing_add(value);
        self.low = low;
        if carry {
            self.carry();
        }
    }

    fn carry(&mut self) {
        for byte in self.bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                return;
            }
        }
    }

    #[inline]
    fn normalize(&mut self) {
        while self.range < LEAST_RANGE {
            self.bytes.push((self.low >> 24) as u8);
            self.low <<= 8;
            self.range <<= 8;
        }
    }

    /// Ends the stream and returns its bytes.
    #[must_use]
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let (end, carry) = shortest_end(self.low, self.range);
        if carry {
            self.carry();
        }
        let end_bytes = end.to_be_bytes();
        self.bytes.extend_from_slice(end_bytes.get(..used_bytes(end)).unwrap_or_default());
        self.bytes
    }
}

/// The number in `low .. low + range` that ends in the most zero bytes, modulo 2^32, and whether it is 2^32
/// or more.
fn shortest_end(low: u32, range: u32) -> (u32, bool) {
    let high = u64::from(low) + u64::from(range);
    for zeros in [32, 24, 16, 8] {
        let step = 1_u64 << zeros;
        let end = u64::from(low).div_ceil(step) * step;
        if end < high {
            return (end as u32, end >= 1 << 32);
        }
    }
    (low, false)
}

/// The number of bytes of `end` without the trailing zeros.
fn used_bytes(end: u32) -> usize {
    4 - end.trailing_zeros() as usize / 8
}

impl<P: Probabilities> BitCoder for RangeWriter<'_, P> {
    #[inline]
    fn bit(&mut self, context: usize, bit: bool) -> Result<bool, DecodeError> {
        let bound = (self.range >> 15) * (PROBABILITY_ONE - self.probabilities.of_one(context));
        if bit {
            self.add(bound);
            self.range -= bound;
        } else {
            self.range = bound;
        }
        self.normalize();
        Ok(bit)
    }

    #[inline]
    fn raw(&mut self, value: u32, bits: u32) -> Result<u32, DecodeError> {
        if bits > 16 {
            self.raw(value >> 16, bits - 16)?;
            self.raw(value & 0xffff, 16)?;
            return Ok(value);
        }
        self.range >>= bits;
        self.add(value.wrapping_mul(self.range));
        self.normalize();
        Ok(value)
    }
}

/// Reads bits. Past the end of the bytes it reads zeros; [`RangeReader::finish`] refuses bytes that no writer
/// produces.
#[derive(Debug)]
pub(crate) struct RangeReader<'a, P> {
    probabilities: &'a P,
    bytes: &'a [u8],
    /// Bytes read, including those past the end.
    taken: usize,
    low: u32,
    range: u32,
    /// How far the number is above `low`; always below `range`.
    above: u32,
}

impl<'a, P: Probabilities> RangeReader<'a, P> {
    /// Starts to read `bytes`.
    ///
    /// # Errors
    /// They begin with a number outside of the first interval, which ends below 2^32 - 1.
    pub(crate) fn new(probabilities: &'a P, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Self { probabilities, bytes, taken: 0, low: 0, range: u32::MAX, above: 0 };
        for _ in 0..4 {
            reader.above = reader.above << 8 | reader.next_byte();
        }
        if reader.above < reader.range { Ok(reader) } else { Err(DecodeError::NotCanonical) }
    }

    #[inline]
    fn next_byte(&mut self) -> u32 {
        let byte = self.bytes.get(self.taken).copied().unwrap_or(0);
        self.taken += 1;
        u32::from(byte)
    }

    #[inline]
    fn normalize(&mut self) -> Result<(), DecodeError> {
        while self.range < LEAST_RANGE {
            if self.taken >= self.bytes.len() + 4 {
                return Err(DecodeError::Truncated);
            }
            self.above = self.above << 8 | self.next_byte();
            self.low <<= 8;
            self.range <<= 8;
        }
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// The bytes are not what a writer produces for the values read.
    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        let (end, _) = shortest_end(self.low, self.range);
        let bytes = self.taken - 4 + used_bytes(end);
        match bytes.cmp(&self.bytes.len()) {
            Ordering::Less => Err(DecodeError::Leftover),
            Ordering::Greater => Err(DecodeError::Truncated),
            Ordering::Equal if self.low.wrapping_add(self.above) == end => Ok(()),
            Ordering::Equal => Err(DecodeError::NotCanonical),
        }
    }
}

impl<P: Probabilities> BitCoder for RangeReader<'_, P> {
    #[inline]
    fn bit(&mut self, context: usize, _: bool) -> Result<bool, DecodeError> {
        let bound = (self.range >> 15) * (PROBABILITY_ONE - self.probabilities.of_one(context));
        let bit = self.above >= bound;
        if bit {
            self.above -= bound;
            self.low = self.low.wrapping_add(bound);
            self.range -= bound;
        } else {
            self.range = bound;
        }
        self.normalize()?;
        Ok(bit)
    }

    #[inline]
    fn raw(&mut self, _: u32, bits: u32) -> Result<u32, DecodeError> {
        if bits > 16 {
            let high = self.raw(0, bits - 16)?;
            return Ok(high << 16 | self.raw(0, 16)?);
        }
        self.range >>= bits;
        let value = self.above / self.range;
        if value >> bits != 0 {
            return Err(DecodeError::NotCanonical);
        }
        self.above -= value * self.range;
        self.low = self.low.wrapping_add(value * self.range);
        self.normalize()?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug)]
    struct Table(Vec<u32>);

    impl Probabilities for Table {
        fn of_one(&self, context: usize) -> u32 {
            self.0[context % self.0.len()]
        }
    }

    #[derive(Clone, Debug)]
    enum Item {
        Bit(usize, bool),
        Raw(u32, u32),
    }

    fn items() -> impl Strategy<Value = Vec<Item>> {
        let item = prop_oneof![
            4 => (0_usize..6, any::<bool>()).prop_map(|(context, bit)| Item::Bit(context, bit)),
            1 => (any::<u32>(), 0_u32..=32)
                .prop_map(|(value, bits)| Item::Raw(value & ((1_u64 << bits) - 1) as u32, bits)),
        ];
        proptest::collection::vec(item, 0..300)
    }

    fn table() -> impl Strategy<Value = Table> {
        let edge = prop_oneof![Just(1_u32), Just(PROBABILITY_ONE - 1), 1..PROBABILITY_ONE];
        proptest::collection::vec(edge, 6).prop_map(Table)
    }

    fn code(coder: &mut impl BitCoder, items: &[Item]) -> Result<(), DecodeError> {
        for item in items {
            match *item {
                Item::Bit(context, bit) => assert_eq!(coder.bit(context, bit)?, bit),
                Item::Raw(value, bits) => assert_eq!(coder.raw(value, bits)?, value),
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(items in items(), table in table()) {
            let mut writer = RangeWriter::new(&table, Vec::new());
            code(&mut writer, &items).unwrap();
            let bytes = writer.finish();
            let mut reader = RangeReader::new(&table, &bytes).unwrap();
            code(&mut reader, &items).unwrap();
            prop_assert_eq!(reader.finish(), Ok(()));
        }

        #[test]
        fn whatever_is_accepted_is_what_a_writer_makes(
            bytes in proptest::collection::vec(prop_oneof![Just(0), Just(255), any::<u8>()], 0..12),
            shape in proptest::collection::vec((0_usize..6, 0_u32..=20), 0..40),
            table in table(),
        ) {
            let Ok(mut reader) = RangeReader::new(&table, &bytes) else { return Ok(()) };
            let mut writer = RangeWriter::new(&table, Vec::new());
            for (context, bits) in shape {
                let Ok(bit) = reader.bit(context, false) else { return Ok(()) };
                writer.bit(context, bit).unwrap();
                let Ok(value) = reader.raw(0, bits) else { return Ok(()) };
                writer.raw(value, bits).unwrap();
            }
            if reader.finish().is_ok() {
                prop_assert_eq!(writer.finish(), bytes);
            }
        }
    }

    #[test]
    fn bytes_above_the_first_interval_are_refused() {
        let table = Table(vec![PROBABILITY_ONE / 2]);
        let refused = |bytes: &[u8]| RangeReader::new(&table, bytes).err();
        assert_eq!(refused(&[255; 9]), Some(DecodeError::NotCanonical));
        assert_eq!(refused(&[255, 255, 255, 254, 255]), None);
        assert_eq!(refused(&[255, 255, 255]), None);
    }

    #[test]
    fn what_is_very_likely_takes_nearly_nothing() {
        let table = Table(vec![1]);
        let mut writer = RangeWriter::new(&table, Vec::new());
        for _ in 0..1_000 {
            writer.bit(0, false).unwrap();
        }
        assert!(writer.finish().len() <= 1);
        assert_eq!(RangeWriter::new(&table, vec![9]).finish(), Vec::<u8>::new());
    }
}
