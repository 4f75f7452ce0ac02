//! A game's kinds and controls, for a decoder that was not built with the game.

use super::{Entity, Field, Input, InputSchema, Kind, fnv1a_64};
use crate::limits::{INPUT_BITS_MAX, INPUT_FIELDS_MAX, SCHEMA_BYTES_MAX};
use crate::wire::{DecodeError, codec};
use serde::{Deserialize, Serialize};

/// The part of `Joined` for a client that has no types of the game. The schema hash covers its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameSchema {
    /// The game's own version.
    pub version: u32,
    /// The kinds of entity in the order of their numbers.
    pub kinds: Vec<Kind>,
    /// The fields of the input.
    pub input: InputSchema,
}

impl GameSchema {
    /// The schema of a game's types.
    #[must_use]
    pub fn of<E: Entity, I: Input>(version: u32) -> Self {
        Self { version, kinds: E::kinds(), input: I::schema() }
    }

    /// The bytes in `Joined`.
    ///
    /// # Errors
    /// It is longer than [`SCHEMA_BYTES_MAX`].
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        let bytes = codec::encode(self)?;
        if bytes.len() > SCHEMA_BYTES_MAX { Err(DecodeError::TooMany) } else { Ok(bytes) }
    }

    /// Reads a schema off the wire. The remaining checks of the kinds are in [`super::Schema::new`].
    ///
    /// # Errors
    /// The problem with the bytes, or an input that breaks the protocol's bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > SCHEMA_BYTES_MAX {
            return Err(DecodeError::TooMany);
        }
        let schema: Self = codec::decode(bytes)?;
        let fields = &schema.input.fields;
        if fields.len() > INPUT_FIELDS_MAX || !fields.iter().all(Field::is_sound) {
            return Err(DecodeError::OutOfRange);
        }
        if schema.input.bits() > INPUT_BITS_MAX { Err(DecodeError::OutOfRange) } else { Ok(schema) }
    }

    /// The schema hash of these bytes; never 0, which stands for "any".
    #[must_use]
    pub fn hash_of(bytes: &[u8]) -> u64 {
        fnv1a_64(bytes).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Button, Entity, Input, schema_hash};

    #[derive(Clone, Copy, Debug, Entity)]
    struct Crate {
        #[entity(range = 0..=99)]
        at: u8,
    }

    #[derive(Clone, Debug, Default, PartialEq, Input)]
    struct Pad {
        #[input(range = -1..=1)]
        go: i8,
        fire: Button,
    }

    fn yard() -> GameSchema {
        GameSchema::of::<Crate, Pad>(7)
    }

    #[test]
    fn the_schema_hash_is_the_hash_of_the_bytes_that_are_sent() {
        let bytes = yard().encode().unwrap();
        let hash = schema_hash(7, &Crate::kinds(), &Pad::schema());
        assert_eq!(GameSchema::hash_of(&bytes), hash);
        assert_eq!(GameSchema::decode(&bytes), Ok(yard()));
    }

    #[test]
    fn an_input_that_breaks_a_bound_is_refused() {
        let with = |change: fn(&mut GameSchema)| {
            let mut schema = yard();
            change(&mut schema);
            GameSchema::decode(&codec::encode(&schema).unwrap())
        };
        let many = with(|schema| schema.input.fields = vec![schema.input.fields[0].clone(); 33]);
        assert_eq!(many, Err(DecodeError::OutOfRange));
        assert_eq!(with(|schema| schema.input.fields[0].grid.per_unit = 0), Err(DecodeError::OutOfRange));
        let wide = with(|schema| {
            schema.input.fields[0].grid = crate::entity::Grid::integers(0, i32::MAX);
            schema.input.fields = vec![schema.input.fields[0].clone(); 9];
        });
        assert_eq!(wide, Err(DecodeError::OutOfRange));
    }
}
