//! Replicated data: entities and inputs as rows of integers on declared grids.
//!
//! `#[derive(Entity)]` and `#[derive(Input)]` make a [`Schema`] and the conversion between a type and its
//! row. Everything else (deltas, hashes, decoders) works on rows and knows no game types.

use smallvec::SmallVec;

#[doc(hidden)]
pub mod derived;
mod field;
mod game_schema;
mod grid;
mod hash;
mod input;
mod kind;
mod meaning;
pub(crate) mod model;
mod predict;
mod schema;
mod schema_error;
mod step;

pub use field::{Button, FieldType};
pub use game_schema::GameSchema;
pub use grid::Grid;
pub use hash::fnv1a_64;
pub(crate) use input::read_absolute;
pub use input::{Input, InputSchema, OnGrid};
pub use kind::{Field, Kind, Predictor};
pub use meaning::Meaning;
pub use model::{TableError, Trainer};
pub use predict::{PredictPlan, steer_divisor, steer_once, steer_toward};
pub(crate) use schema::{Coding, OwnerOnlyField};
pub use schema::{PacketProfile, Schema};
pub use schema_error::SchemaError;
pub use step::{CustomStep, RowMut};
pub use tickwire_derive::{Choice, Entity, Input};

/// No entity: it has no kind. As [`Game::State`](crate::game::Game::State) it means that a room has no state.
impl Entity for () {
    fn kinds() -> Vec<Kind> {
        Vec::new()
    }

    fn kind(&self) -> u8 {
        0
    }

    fn write_row(&self, _: &mut Vec<i32>) {}

    fn read_row(_: u8, _: &[i32]) -> Option<Self> {
        None
    }
}

/// One kind of an enum of entities, as the type of its own that the variant contains.
///
/// `#[derive(Entity)]` implements it for each variant's type, together with `From`, unless two variants
/// contain the same type. For [`World::get_as`](crate::World::get_as) and its siblings.
pub trait KindOf<E>: Sized {
    /// The entity as this kind, if it is of it.
    fn of(entity: &E) -> Option<&Self>;

    /// The entity as this kind, mutable, if it is of it.
    fn of_mut(entity: &mut E) -> Option<&mut Self>;
}

/// A replicated entity: a struct, or an enum whose variants each contain such a struct (its kinds).
///
/// Implemented by `#[derive(Entity)]`. A row contains one integer per field of the kind, vectors split into
/// their components, each within the grid of its field.
pub trait Entity: Clone + Send + 'static {
    /// The kinds of this entity, in the order of their numbers.
    fn kinds() -> Vec<Kind>;

    /// The number of this value's kind.
    fn kind(&self) -> u8;

    /// Appends this value's row, every field quantized to its grid (values outside are clamped to its ends).
    fn write_row(&self, row: &mut Vec<i32>);

    /// The value of a row; `None` if there is no such kind or the row has another length.
    fn read_row(kind: u8, row: &[i32]) -> Option<Self>;

    /// The value of a row whose values may be between steps of the grids, as in a rendered frame; `fields`
    /// are those of the kind. `None` as in [`Entity::read_row`]. Integers take the nearest step of the grid,
    /// and so does a hand-written entity.
    fn read_fine_row(kind: u8, fields: &[Field], row: &[f64]) -> Option<Self> {
        let steps: SmallVec<[i32; 64]> =
            fields.iter().zip(row).map(|(field, steps)| field.grid.nearest(*steps)).collect();
        Self::read_row(kind, &steps)
    }
}
