//! Bit streams: least significant bit first, Exp-Golomb numbers.
//!
//! ```text
//! bit i of the stream = bit (i mod 8) of byte (i div 8); the last byte is padded with zeros
//! EGk(v): q = (v >> k) + 1 with n bits; n-1 zeros, the n bits of q from the highest, the low k bits of v
//! zigzag(x) = 2x for x >= 0, -2x - 1 for x < 0
//! ```

use super::DecodeError;

/// A value with exactly one legal form in a bit stream.
pub trait BitCode: Sized {
    /// Appends the value.
    fn write(&self, to: &mut BitWriter);

    /// Reads a value.
    ///
    /// # Errors
    /// The stream ends, or contains a number outside its range.
    fn read(from: &mut BitReader<'_>) -> Result<Self, DecodeError>;
}

/// Writes a bit stream into a buffer that it owns.
#[derive(Clone, Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    held: u64,
    held_bits: u32,
}

impl BitWriter {
    /// An empty stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A stream that continues after `bytes`, reusing their allocation.
    #[must_use]
    pub fn append_to(bytes: Vec<u8>) -> Self {
        Self { bytes, held: 0, held_bits: 0 }
    }

    /// Writes one bit.
    #[inline]
    pub fn bit(&mut self, bit: bool) {
        self.raw(u32::from(bit), 1);
    }

    /// Writes the low `bits` (0 to 32) of `value`.
    #[inline]
    pub fn raw(&mut self, value: u32, bits: u32) {
        debug_assert!(bits <= 32 && (bits == 32 || u64::from(value) < 1 << bits));
        self.held |= u64::from(value) << self.held_bits;
        self.held_bits += bits;
        if self.held_bits >= 32 {
            self.bytes.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.held_bits -= 32;
        }
    }

    /// Writes `value` as Exp-Golomb of order `k` (0 to 24).
    #[inline]
    pub fn exp_golomb(&mut self, value: u32, k: u32) {
        if value >> k == 0 {
            self.raw(1, 1);
            return self.raw(value, k);
        }
        self.long_exp_golomb(value, k);
    }

    fn long_exp_golomb(&mut self, value: u32, k: u32) {
        let prefix = (u64::from(value) >> k) + 1;
        let below = 63 - prefix.leading_zeros();
        // The highest bit of the prefix is its end marker; the lower bits follow in order.
        let under = (prefix - (1 << below)) as u32;
        if below * 2 + 1 + k <= 32 {
            let code = 1 << below | u64::from(under) << (below + 1);
            self.raw((code | u64::from(value & low_mask(k)) << (below * 2 + 1)) as u32, below * 2 + 1 + k);
            return;
        }
        self.raw(0, below);
        self.raw(1, 1);
        self.raw(under, below);
        self.raw(value & low_mask(k), k);
    }

    /// Writes a signed value as Exp-Golomb of its zigzag.
    #[inline]
    pub fn signed(&mut self, value: i32, k: u32) {
        self.exp_golomb(zigzag(value), k);
    }

    /// Writes whole bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.raw(u32::from(byte), 8);
        }
    }

    /// The number of bits written so far.
    #[must_use]
    pub fn len_bits(&self) -> usize {
        self.bytes.len() * 8 + self.held_bits as usize
    }

    /// Pads the last byte with zeros and returns the bytes.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let rest = self.held.to_le_bytes();
        self.bytes.extend_from_slice(&rest[..self.held_bits.div_ceil(8) as usize]);
        self.bytes
    }
}

/// Reads a bit stream. Every read is checked against the end.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    held_bits: u32,
}

impl<'a> BitReader<'a> {
    /// Reads `bytes` from their first bit.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, held: 0, held_bits: 0 }
    }

    #[inline]
    fn fill(&mut self) {
        if let Some(four) = self.bytes.get(self.at..self.at + 4).and_then(|four| four.try_into().ok()) {
            self.held |= u64::from(u32::from_le_bytes(four)) << self.held_bits;
            self.at += 4;
            self.held_bits += 32;
            return;
        }
        while self.held_bits <= 56 {
            let Some(&byte) = self.bytes.get(self.at) else { return };
            self.held |= u64::from(byte) << self.held_bits;
            self.at += 1;
            self.held_bits += 8;
        }
    }

    /// Reads one bit.
    #[inline]
    pub fn bit(&mut self) -> Result<bool, DecodeError> {
        Ok(self.raw(1)? != 0)
    }

    /// Reads `bits` (0 to 32) as a number.
    #[inline]
    pub fn raw(&mut self, bits: u32) -> Result<u32, DecodeError> {
        debug_assert!(bits <= 32);
        if self.held_bits < bits {
            self.fill();
            if self.held_bits < bits {
                return Err(DecodeError::Truncated);
            }
        }
        let value = (self.held & ((1 << bits) - 1)) as u32;
        self.held >>= bits;
        self.held_bits -= bits;
        Ok(value)
    }

    /// Reads an Exp-Golomb number of order `k` (0 to 24). Numbers over 32 bits are refused.
    #[inline]
    pub fn exp_golomb(&mut self, k: u32) -> Result<u32, DecodeError> {
        if self.held_bits < 32 {
            self.fill();
        }
        let below = self.held.trailing_zeros();
        let bits = below * 2 + 1 + k;
        if bits > self.held_bits.min(32) {
            return self.long_exp_golomb(k);
        }
        let code = self.raw(bits)?;
        let under = code >> below >> 1 & low_mask(below);
        Ok(low_mask(below).wrapping_add(under) << k | (u64::from(code) >> (below * 2 + 1)) as u32)
    }

    fn long_exp_golomb(&mut self, k: u32) -> Result<u32, DecodeError> {
        let mut below = 0;
        while !self.bit()? {
            below += 1;
            if below > 32 {
                return Err(DecodeError::OutOfRange);
            }
        }
        let high = (1_u64 << below) - 1 + u64::from(self.raw(below)?);
        let value = high << k | u64::from(self.raw(k)?);
        u32::try_from(value).map_err(|_| DecodeError::OutOfRange)
    }

    /// Reads an Exp-Golomb number that must not exceed `max`.
    pub fn exp_golomb_max(&mut self, k: u32, max: usize) -> Result<usize, DecodeError> {
        let value = self.exp_golomb(k)? as usize;
        if value > max { Err(DecodeError::TooMany) } else { Ok(value) }
    }

    /// Reads a signed number, the counterpart of [`BitWriter::signed`].
    #[inline]
    pub fn signed(&mut self, k: u32) -> Result<i32, DecodeError> {
        Ok(unzigzag(self.exp_golomb(k)?))
    }

    /// Reads `count` whole bytes; the caller has limited `count`.
    pub fn bytes(&mut self, count: usize) -> Result<Vec<u8>, DecodeError> {
        if count > self.left_bits() / 8 {
            return Err(DecodeError::Truncated);
        }
        (0..count).map(|_| self.raw(8).map(|byte| byte as u8)).collect()
    }

    /// The number of bits not read yet, including the padding of the last byte.
    #[must_use]
    pub fn left_bits(&self) -> usize {
        self.held_bits as usize + (self.bytes.len() - self.at) * 8
    }

    /// Skips to the next whole byte and returns the rest. The skipped bits must be zero.
    pub fn into_rest(mut self) -> Result<&'a [u8], DecodeError> {
        let fill = self.left_bits() % 8;
        if self.raw(fill as u32)? != 0 {
            return Err(DecodeError::Leftover);
        }
        let start = self.bytes.len() - self.left_bits() / 8;
        self.bytes.get(start..).ok_or(DecodeError::Truncated)
    }

    /// Ends the stream: nothing except the zero padding of the last byte may be left.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.into_rest()?.is_empty() { Ok(()) } else { Err(DecodeError::Leftover) }
    }
}

#[inline]
const fn low_mask(bits: u32) -> u32 {
    ((1_u64 << bits) - 1) as u32
}

/// Folds the sign into the lowest bit.
#[inline]
#[must_use]
pub const fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

/// The counterpart of [`zigzag`].
#[inline]
#[must_use]
pub const fn unzigzag(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Item {
        Raw(u32, u32),
        Golomb(u32, u32),
        Signed(i32, u32),
        Bytes(Vec<u8>),
    }

    fn item() -> impl Strategy<Value = Item> {
        prop_oneof![
            (0_u32..=32, any::<u32>()).prop_map(|(bits, v)| Item::Raw(v & low_mask(bits), bits)),
            (any::<u32>(), 0_u32..=24, 0_u32..32).prop_map(|(v, k, s)| Item::Golomb(v >> s, k)),
            (any::<i32>(), 0_u32..=24, 0_u32..32).prop_map(|(v, k, s)| Item::Signed(v >> s, k)),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(Item::Bytes),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(items in proptest::collection::vec(item(), 0..60)) {
            let mut writer = BitWriter::new();
            for item in &items {
                match item {
                    Item::Raw(v, bits) => writer.raw(*v, *bits),
                    Item::Golomb(v, k) => writer.exp_golomb(*v, *k),
                    Item::Signed(v, k) => writer.signed(*v, *k),
                    Item::Bytes(bytes) => writer.bytes(bytes),
                }
            }
            let bits = writer.len_bits();
            let bytes = writer.finish();
            prop_assert_eq!(bytes.len(), bits.div_ceil(8));
            let mut reader = BitReader::new(&bytes);
            for item in &items {
                match item {
                    Item::Raw(v, bits) => prop_assert_eq!(reader.raw(*bits), Ok(*v)),
                    Item::Golomb(v, k) => prop_assert_eq!(reader.exp_golomb(*k), Ok(*v)),
                    Item::Signed(v, k) => prop_assert_eq!(reader.signed(*k), Ok(*v)),
                    Item::Bytes(bytes) => prop_assert_eq!(reader.bytes(bytes.len()), Ok(bytes.clone())),
                }
            }
            prop_assert_eq!(reader.finish(), Ok(()));
        }

        #[test]
        fn hostile_bytes_end_in_an_error_not_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            k in 0_u32..=24,
        ) {
            let mut reader = BitReader::new(&bytes);
            while reader.exp_golomb(k).is_ok() {}
            let mut reader = BitReader::new(&bytes);
            while reader.raw(31).is_ok() {}
            let _ = reader.bytes(usize::MAX);
        }
    }

    #[test]
    fn a_leftover_is_refused() {
        assert_eq!(BitReader::new(&[0]).finish(), Err(DecodeError::Leftover));
        let mut reader = BitReader::new(&[0b1000_0001]);
        assert_eq!(reader.bit(), Ok(true));
        assert_eq!(reader.finish(), Err(DecodeError::Leftover));
        let mut reader = BitReader::new(&[1, 7]);
        assert_eq!(reader.bit(), Ok(true));
        assert_eq!(reader.into_rest(), Ok(&[7][..]));
    }
}
