//! Why a schema was refused.

use crate::limits::{KINDS_MAX, ROW_BITS_MAX, ROW_FIELDS_MAX};

/// Why a schema was refused. A bug in the game's types, found when its first room is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// No kind, or more than permitted.
    #[error("a game has 1 to {KINDS_MAX} kinds of entity, this one has {0}")]
    KindCount(usize),
    /// Too many fields.
    #[error("kind `{kind}` has {fields} fields after splitting vectors; {ROW_FIELDS_MAX} are permitted")]
    TooManyFields {
        /// The kind.
        kind: String,
        /// Its fields.
        fields: usize,
    },
    /// Too many bits.
    #[error(
        "kind `{kind}` takes {bits} bits; {ROW_BITS_MAX} are permitted: narrow its ranges or coarsen its \
         grids"
    )]
    TooWide {
        /// The kind.
        kind: String,
        /// Its bits.
        bits: u32,
    },
    /// A grid that no derive macro makes: an empty range, one of over 31 bits, or no step per unit.
    #[error(
        "kind `{kind}`, field `{field}`: its grid is empty, wider than 31 bits, without a step per \
         unit, or does not fit its meaning"
    )]
    BadGrid {
        /// The kind.
        kind: String,
        /// The field.
        field: String,
    },
    /// A field that only the game's own program can predict.
    #[error(
        "kind `{kind}`, field `{field}` is predicted by the game's own step (`custom`), which is not known \
         here: the game lists it with `Features::with_custom_prediction`, and a client that reads by the \
         schema alone cannot join"
    )]
    NeedsStep {
        /// The kind.
        kind: String,
        /// The field.
        field: String,
    },
    /// A field that the room's state cannot have.
    #[error(
        "kind `{kind}` is the room's state, and every client has it as it is: its field `{field}` can be \
         neither `owner_only` nor predicted by the game's own step (`custom`)"
    )]
    BadState {
        /// The kind.
        kind: String,
        /// The field.
        field: String,
    },
    /// A predictor that cannot run.
    #[error("kind `{kind}`, field `{field}`: {problem}")]
    BadPredictor {
        /// The kind.
        kind: String,
        /// The field.
        field: String,
        /// The problem.
        problem: &'static str,
    },
}
