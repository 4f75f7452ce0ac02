//! A game's kinds and controls, for a decoder that was not built with the game.

use super::{Entity, Field, Input, InputSchema, Kind, Schema, SchemaError, fnv1a_64};
use crate::coding::DecodeError;
use crate::coding::codec;
use crate::limits::{INPUT_BITS_MAX, INPUT_FIELDS_MAX, KINDS_MAX, SCHEMA_BYTES_MAX};
use crate::tick::TickRate;

/// A game's types as both ends know them. The schema hash covers its bytes.
///
/// ```text
/// the codec's bytes of (version, kinds, input)
/// byte      only if the room has a state: how many of the kinds, the last ones, are the state's
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GameSchema {
    /// The game's own version.
    pub version: u32,
    /// The kinds in the order of their numbers: those of entities, then those of the room's state.
    pub kinds: Vec<Kind>,
    /// How many of the kinds, the last ones, are the room's state; 0 if it has none.
    pub state_kinds: u8,
    /// The fields of the input.
    pub input: InputSchema,
}

impl GameSchema {
    /// The schema of a game's types: its entities, the room's state and the input.
    #[must_use]
    pub fn of<E: Entity, S: Entity, I: Input>(version: u32) -> Self {
        let (mut kinds, state) = (E::kinds(), S::kinds());
        let state_kinds = u8::try_from(state.len()).unwrap_or(u8::MAX);
        kinds.extend(state);
        Self { version, kinds, state_kinds, input: I::schema() }
    }

    /// The hash that two ends compare before playing: 64-bit FNV-1a over the bytes of
    /// [`GameSchema::encode`], whatever their number. Never 0, which means "any".
    #[must_use]
    pub fn hash(&self) -> u64 {
        Self::hash_of(&self.bytes().unwrap_or_default())
    }

    fn bytes(&self) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = codec::encode(&(self.version, &self.kinds, &self.input))?;
        bytes.extend((self.state_kinds > 0).then_some(self.state_kinds));
        Ok(bytes)
    }

    /// The bytes in `Joined`, for a client that has no types of the game.
    ///
    /// # Errors
    /// It is longer than [`SCHEMA_BYTES_MAX`].
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        let bytes = self.bytes()?;
        if bytes.len() > SCHEMA_BYTES_MAX { Err(DecodeError::TooMany) } else { Ok(bytes) }
    }

    /// Reads a schema off the wire. The remaining checks of the kinds are in [`super::Schema`].
    ///
    /// # Errors
    /// The problem with the bytes, or an input that breaks the protocol's bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > SCHEMA_BYTES_MAX {
            return Err(DecodeError::TooMany);
        }
        let ((version, kinds, input), rest) = codec::decode_start::<(u32, Vec<Kind>, InputSchema)>(bytes)?;
        let state_kinds = match rest {
            [] => 0,
            [0] => return Err(DecodeError::NotCanonical),
            [count] => *count,
            _ => return Err(DecodeError::Leftover),
        };
        let schema = Self { version, kinds, state_kinds, input };
        let fields = &schema.input.fields;
        let is_sound = fields.len() <= INPUT_FIELDS_MAX
            && fields.iter().all(Field::is_sound)
            && schema.input.bits() <= INPUT_BITS_MAX
            && schema.kinds.len() <= KINDS_MAX
            && usize::from(state_kinds) <= schema.kinds.len();
        if is_sound { Ok(schema) } else { Err(DecodeError::OutOfRange) }
    }

    /// The schema of the rows in a room of this rate, without a step of the game's own.
    ///
    /// # Errors
    /// As [`Schema::new`] and [`Schema::with_state`].
    pub fn rows(self, rate: TickRate) -> Result<Schema, SchemaError> {
        Schema::new(self.kinds, rate)?.with_state(usize::from(self.state_kinds))
    }

    /// The schema hash of these bytes.
    #[must_use]
    pub fn hash_of(bytes: &[u8]) -> u64 {
        fnv1a_64(bytes).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Button, Entity, Input};

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
        GameSchema::of::<Crate, (), Pad>(7)
    }

    #[test]
    fn the_schema_hash_is_the_hash_of_the_bytes_that_are_sent() {
        let bytes = yard().encode().unwrap();
        assert_eq!(GameSchema::hash_of(&bytes), yard().hash());
        assert_eq!(GameSchema::decode(&bytes), Ok(yard()));
        assert_eq!(bytes, codec::encode(&(7_u32, Crate::kinds(), Pad::schema())).unwrap());
    }

    #[test]
    fn the_kinds_of_a_state_come_last_and_their_number_is_part_of_the_hash() {
        let with_state = GameSchema::of::<Crate, Crate, Pad>(7);
        let bytes = with_state.encode().unwrap();
        assert_eq!((with_state.kinds.len(), bytes.last()), (2, Some(&1)));
        assert_eq!(GameSchema::decode(&bytes), Ok(with_state.clone()));
        let without = GameSchema { state_kinds: 0, ..with_state };
        assert_ne!(without.hash(), GameSchema::hash_of(&bytes));
        let end = bytes.len() - 1;
        let with_end = |ends: &[u8]| GameSchema::decode(&[&bytes[..end], ends].concat());
        assert_eq!(with_end(&[]), Ok(without));
        assert_eq!(with_end(&[0]), Err(DecodeError::NotCanonical));
        assert_eq!(with_end(&[3]), Err(DecodeError::OutOfRange));
        assert_eq!(with_end(&[1, 1]), Err(DecodeError::Leftover));
    }

    #[test]
    fn an_input_that_breaks_a_bound_is_refused() {
        let with = |change: fn(&mut GameSchema)| {
            let mut schema = yard();
            change(&mut schema);
            GameSchema::decode(&schema.bytes().unwrap())
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
