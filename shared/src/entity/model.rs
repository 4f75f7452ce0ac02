//! The contexts of profile 1, and the probability of a 1 in each: built-in priors, or a table that was
//! trained on recordings.
//!
//! ```text
//! contexts, in this order:
//!   9        some row of a group differs from its prediction, by how many of its rows move (0 to 8)
//!   16       the number of new rows (a number)
//!   16       the gap between two new ids (a number)
//!   2^k      the kind of a new row, k bits from the highest; the context is 1, followed by the bits
//!            read so far
//!   for each kind:
//!     4      a row differs from its prediction: + 2 if it moves, + 1 if the one before it in the group
//!            differs
//!     1      the entity was removed
//!     for each field that is in streams (not owner-only ones), twice, first for residuals, then for values
//!     of new rows:
//!       3    it is not 0 (residuals: 0 if none before it in the row was, 1 if one was, 2 if the one before
//!            it was; values: 0 it differs from that of the last new row of the kind, 1 it is not 0)
//!       1    it is negative
//!       E    the size continues (below), E = bits of the grid + 1, at most 18
//!       E    the bit after the highest of the size
//!       2 E  the bit after that
//!   only if some field is predicted as `custom`, for the rows after the game's own step:
//!   1        some row of a group differs from its prediction
//!   for each kind:
//!     2      a row differs from its prediction: + 1 if the one before it in the group differs
//! table:  "TWT1", the hash of the kinds (8 bytes, little endian), then one byte per context in that order;
//!         contexts after its end have their prior. Byte b: q = (8 + (b & 7)) << min(b >> 3 & 15, 11); the
//!         probability of a 1 is q / 32768, or 1 - q / 32768 if bit 7 is set.
//! ```
//! The priors are bytes of such a table, so that both ends have exactly the same ones.

use super::{Field, Grid, Kind, Predictor, fnv1a_64};
use crate::coding::codec;
use crate::coding::range::{PROBABILITY_ONE, Probabilities};
use crate::limits::TABLE_BYTES_MAX;

/// Rows in a group.
pub(crate) const GROUP_ROWS: usize = 8;
/// Contexts of a number.
pub(crate) const NUMBER_CONTEXTS: usize = 16;
const SIZE_CONTEXTS_MAX: u32 = 18;
const MAGIC: [u8; 4] = *b"TWT1";
const HEAD_BYTES: usize = 12;

pub(crate) const GROUP: usize = 0;
pub(crate) const NEW_COUNT: usize = GROUP + GROUP_ROWS + 1;
pub(crate) const ID_GAP: usize = NEW_COUNT + NUMBER_CONTEXTS;
pub(crate) const KIND: usize = ID_GAP + NUMBER_CONTEXTS;

/// The more rows of a group move, the more likely one differs from its prediction.
const PRIOR_GROUP: [u8; GROUP_ROWS + 1] = [0x42, 0x4c, 0x51, 0x54, 0x57, 0xd5, 0xd2, 0xce, 0xc7];

/// The contexts of one field, for residuals or for values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldContexts {
    /// The first context: the value is not 0.
    pub(crate) first: usize,
    /// E (see above).
    pub(crate) sizes: usize,
}

impl FieldContexts {
    pub(crate) const fn sign(self) -> usize {
        self.first + 3
    }

    pub(crate) fn size(self, at: u32) -> usize {
        self.first + 4 + (at as usize).min(self.sizes - 1)
    }

    pub(crate) fn second(self, size: u32) -> usize {
        self.first + 4 + self.sizes + (size as usize).min(self.sizes - 1)
    }

    pub(crate) fn third(self, size: u32, second: bool) -> usize {
        self.first + 4 + 2 * self.sizes + 2 * (size as usize).min(self.sizes - 1) + usize::from(second)
    }

    pub(crate) const fn count(self) -> usize {
        4 + 4 * self.sizes
    }
}

/// The contexts of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KindContexts {
    pub(crate) row: usize,
    pub(crate) gone: usize,
    /// Residuals and values of each field; none for an owner-only field.
    pub(crate) fields: Vec<[FieldContexts; 2]>,
    /// The order in which the residuals of a row are encoded: fields on which others depend come first.
    pub(crate) order: Vec<usize>,
    /// A row differs from what the game's own step predicts.
    pub(crate) stepped_row: usize,
    /// The fields that are encoded after that step. They are not in `order`.
    pub(crate) stepped_order: Vec<usize>,
}

/// The prior knowledge of profile 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) kinds: Vec<KindContexts>,
    /// Some row of a group differs from what the game's own step predicts.
    pub(crate) stepped_group: usize,
    /// In 1/32768, by context.
    ones: Vec<u16>,
    table: Option<Vec<u8>>,
}

/// A table that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// It is not a table of this version.
    #[error("these bytes are not a table of this version (TWT1)")]
    NoTable,
    /// It was trained for other kinds of entity.
    #[error("the table is for kinds {theirs:016x}, not {ours:016x}: train it again")]
    OtherKinds {
        /// The hash of the game's kinds.
        ours: u64,
        /// The hash in the table.
        theirs: u64,
    },
    /// It is longer than a table may be, or than there are contexts.
    #[error("the table is longer than {TABLE_BYTES_MAX} bytes or than there are contexts")]
    TooLong,
}

impl Probabilities for Model {
    #[inline]
    fn of_one(&self, context: usize) -> u32 {
        self.ones.get(context).map_or(PROBABILITY_ONE / 2, |one| u32::from(*one))
    }
}

/// Covers everything that the bytes of packets depend on: not how a field is drawn.
fn kinds_hash(kinds: &[Kind]) -> u64 {
    let field = |field: &Field| (field.name.clone(), field.grid, field.predictor, field.own);
    let kind = |kind: &Kind| (kind.name.clone(), kind.fields.iter().map(field).collect::<Vec<_>>());
    let kinds: Vec<_> = kinds.iter().map(kind).collect();
    fnv1a_64(&codec::encode(&kinds).unwrap_or_default())
}

impl Model {
    /// The contexts of `kinds` with built-in priors.
    #[must_use]
    pub(crate) fn prior(kinds: &[Kind]) -> Self {
        let mut model = Self { kinds: Vec::new(), stepped_group: 0, ones: Vec::new(), table: None };
        PRIOR_GROUP.into_iter().for_each(|byte| model.add(byte));
        (0..NUMBER_CONTEXTS).for_each(|at| model.add(if at == 0 { 0x45 } else { 0x55 }));
        (0..NUMBER_CONTEXTS).for_each(|at| model.add(if at == 0 { 0x52 } else { 0x58 }));
        let kind_bits = usize::BITS - kinds.len().saturating_sub(1).leading_zeros();
        (0..1_usize << kind_bits).for_each(|_| model.add(0x58));
        for kind in kinds {
            let row = model.ones.len();
            [0x32, 0x3d, 0x4a, 0x4d].into_iter().for_each(|byte| model.add(byte));
            let gone = model.ones.len();
            model.add(0x45);
            let fields = kind.fields.iter().map(|field| model.add_field(field)).collect();
            let told =
                (0..kind.fields.len()).filter(|at| kind.fields.get(*at).is_some_and(|field| !field.own));
            let predictor = |at: &usize| kind.fields.get(*at).map(|field| field.predictor);
            let (stepped_order, mut order): (Vec<usize>, Vec<usize>) =
                told.partition(|at| predictor(at) == Some(Predictor::Custom));
            order.sort_by_key(|at| match predictor(at) {
                Some(Predictor::Steer { .. }) => 1,
                Some(Predictor::Linear { .. }) => 2,
                Some(Predictor::Hold | Predictor::Custom) | None => 0,
            });
            model.kinds.push(KindContexts { row, gone, fields, order, stepped_row: 0, stepped_order });
        }
        if kinds.iter().any(Kind::is_custom) {
            model.stepped_group = model.ones.len();
            model.add(PRIOR_GROUP[0]);
            let mut rows = Vec::with_capacity(kinds.len());
            for _ in kinds {
                rows.push(model.ones.len());
                [0x32, 0x3d].into_iter().for_each(|byte| model.add(byte));
            }
            for (kind, row) in model.kinds.iter_mut().zip(rows) {
                kind.stepped_row = row;
            }
        }
        model
    }

    fn add_field(&mut self, field: &Field) -> [FieldContexts; 2] {
        if field.own {
            return [FieldContexts { first: self.ones.len(), sizes: 0 }; 2];
        }
        let residual = match field.predictor {
            Predictor::Hold => [0x4d, 0x4d, 0xd5],
            Predictor::Linear { .. } | Predictor::Steer { .. } | Predictor::Custom => [0x52, 0x45, 0x55],
        };
        [self.add_set(&field.grid, residual), self.add_set(&field.grid, [0xd2, 0xd2, 0x58])]
    }

    fn add_set(&mut self, grid: &Grid, not_zero: [u8; 3]) -> FieldContexts {
        let sizes = (grid.bits() + 1).min(SIZE_CONTEXTS_MAX) as usize;
        let contexts = FieldContexts { first: self.ones.len(), sizes };
        not_zero.into_iter().for_each(|byte| self.add(byte));
        self.add(0x58);
        (0..sizes).for_each(|_| self.add(0xcd));
        (0..3 * sizes).for_each(|_| self.add(0x58));
        debug_assert_eq!(self.ones.len(), contexts.first + contexts.count());
        contexts
    }

    fn add(&mut self, byte: u8) {
        self.ones.push(dequantized(byte));
    }

    /// The contexts of `kinds` with the probabilities of a table.
    ///
    /// # Errors
    /// The table does not fit these kinds.
    pub(crate) fn trained(kinds: &[Kind], table: &[u8]) -> Result<Self, TableError> {
        let (head, bytes) = table.split_at_checked(HEAD_BYTES).ok_or(TableError::NoTable)?;
        let (magic, hash) = head.split_at_checked(MAGIC.len()).ok_or(TableError::NoTable)?;
        let theirs = u64::from_le_bytes(hash.try_into().map_err(|_| TableError::NoTable)?);
        let ours = kinds_hash(kinds);
        let mut model = Self::prior(kinds);
        match () {
            () if magic != MAGIC => Err(TableError::NoTable),
            () if theirs != ours => Err(TableError::OtherKinds { ours, theirs }),
            () if table.len() > TABLE_BYTES_MAX || bytes.len() > model.ones.len() => Err(TableError::TooLong),
            () => {
                for (one, byte) in model.ones.iter_mut().zip(bytes) {
                    *one = dequantized(*byte);
                }
                model.table = Some(table.to_vec());
                Ok(model)
            }
        }
    }

    /// The number of contexts.
    #[must_use]
    pub(crate) fn contexts(&self) -> usize {
        self.ones.len()
    }

    /// The table that this was made from.
    #[must_use]
    pub(crate) fn table(&self) -> Option<&[u8]> {
        self.table.as_deref()
    }
}

/// Learns a table: how often each context had a 1.
#[derive(Clone, Debug)]
pub struct Trainer {
    kinds: Vec<Kind>,
    prior: Model,
    counts: Vec<[u64; 2]>,
}

impl Trainer {
    /// An untrained trainer.
    #[must_use]
    pub fn new(kinds: Vec<Kind>) -> Self {
        let prior = Model::prior(&kinds);
        let counts = vec![[0; 2]; prior.contexts()];
        Self { kinds, prior, counts }
    }

    pub(crate) fn count(&mut self, context: usize, bit: bool) {
        if let Some([zeros, ones]) = self.counts.get_mut(context) {
            *if bit { ones } else { zeros } += 1;
        }
    }

    pub(crate) fn model(&self) -> Model {
        self.prior.clone()
    }

    /// The table. Contexts that occurred rarely or never lean on their prior.
    #[must_use]
    pub fn table(&self) -> Vec<u8> {
        let mut table = MAGIC.to_vec();
        table.extend(kinds_hash(&self.kinds).to_le_bytes());
        for (context, &[zeros, ones]) in self.counts.iter().enumerate().take(TABLE_BYTES_MAX - HEAD_BYTES) {
            let prior = f64::from(self.prior.of_one(context)) / f64::from(PROBABILITY_ONE);
            let one = (ones as f64 + 2.0 * prior) / ((zeros + ones) as f64 + 2.0);
            table.push(quantized(one));
        }
        table
    }
}

/// The byte whose probability is nearest to `one`.
fn quantized(one: f64) -> u8 {
    let likely = one > 0.5;
    let steps = (if likely { 1.0 - one } else { one }) * f64::from(PROBABILITY_ONE);
    let (mut best, mut nearest) = (0, f64::INFINITY);
    for byte in 0..=(11 << 3 | 7) {
        // Measured in bits, the ratio is what counts.
        let off = (f64::from(unlikely(byte)) / steps.max(1.0)).ln().abs();
        if off < nearest {
            (best, nearest) = (byte, off);
        }
    }
    best | u8::from(likely) << 7
}

const fn unlikely(byte: u8) -> u32 {
    let shift = byte >> 3 & 15;
    (8 + (byte as u32 & 7)) << if shift < 11 { shift } else { 11 }
}

const fn dequantized(byte: u8) -> u16 {
    let unlikely = unlikely(byte);
    (if byte & 0x80 == 0 { unlikely } else { PROBABILITY_ONE - unlikely }) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_table_is_a_probability_and_the_nearest_is_near() {
        for byte in 0..=255 {
            assert!((1..PROBABILITY_ONE).contains(&u32::from(dequantized(byte))), "{byte}");
        }
        for one in [0.0003, 0.004, 0.05, 0.3, 0.5, 0.77, 0.999] {
            let got = f64::from(dequantized(quantized(one))) / f64::from(PROBABILITY_ONE);
            assert!((got.min(1.0 - got) / one.min(1.0 - one) - 1.0).abs() < 0.07, "{one}: {got}");
        }
    }
}
