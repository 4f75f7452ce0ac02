//! A client for any game: it knows no types and reads rows by the schema that the server sends.
//!
//! `Client<AnyGame>` decodes, interpolates and extrapolates by the declared predictors. It does not predict
//! the player's own entity, because it does not know the game's step, and refuses a schema with `custom`
//! fields. Settings, events and commands are the codec's bytes.
//!
//! As soon as [`Client::is_playing`] is true after a message, before the first input is made, it must be
//! given [`Client::neutral_input`], or an input made from that.

use super::{Client, ClientError, ClientGame, ClientRules};
use crate::entity::{Entity, GameSchema, Grid, Input, InputSchema, Kind, Meaning, Schema};
use crate::limits::{INPUT_FIELDS_MAX, ROW_FIELDS_MAX};
use crate::wire::control::Joined;
use core::fmt;
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// A game of which only the schema is known.
#[derive(Debug)]
pub enum AnyGame {}

/// A row of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyEntity {
    kind: u8,
    values: Box<[i32]>,
}

/// An input with the fields of a schema. The default has no fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnyInput {
    grids: Arc<[Grid]>,
    /// Bit n: field n is a button.
    buttons: u32,
    values: Box<[i32]>,
}

/// A value of an unknown type: the rest of the codec's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opaque(pub Vec<u8>);

impl AnyInput {
    /// The input with these values, each fitted to its grid; missing values are 0.
    #[must_use]
    pub fn with_values(&self, values: &[i32]) -> Self {
        let values = values.iter().copied().chain(core::iter::repeat(0));
        let fitted = self.grids.iter().zip(values).map(|(grid, value)| grid.fit(i64::from(value)));
        Self { grids: self.grids.clone(), buttons: self.buttons, values: fitted.collect() }
    }

    fn is_button(&self, at: usize) -> bool {
        self.buttons >> at & 1 != 0
    }
}

impl Entity for AnyEntity {
    fn kinds() -> Vec<Kind> {
        Vec::new()
    }

    fn kind(&self) -> u8 {
        self.kind
    }

    fn write_row(&self, row: &mut Vec<i32>) {
        row.extend_from_slice(&self.values);
    }

    fn read_row(kind: u8, row: &[i32]) -> Option<Self> {
        (row.len() <= ROW_FIELDS_MAX).then(|| Self { kind, values: row.into() })
    }
}

/// Bit 0 of a button: it is down. Bit 1: it was pressed.
const PRESSED: i32 = 2;

impl Input for AnyInput {
    const GRIDS: &'static [Grid] = &[];

    fn schema() -> InputSchema {
        InputSchema { fields: Vec::new() }
    }

    fn grids(&self) -> &[Grid] {
        &self.grids
    }

    fn write_row(&self, row: &mut Vec<i32>) {
        row.extend_from_slice(&self.values);
    }

    fn read_row(row: &[i32]) -> Option<Self> {
        row.is_empty().then(Self::default)
    }

    fn on_grid(&self) -> Self {
        self.clone()
    }

    fn held(&self) -> Self {
        let mut held = self.clone();
        for (at, value) in held.values.iter_mut().enumerate() {
            if self.is_button(at) {
                *value &= !PRESSED;
            }
        }
        held
    }

    fn fold(&mut self, late: &Self) {
        for (at, (value, of_late)) in self.values.iter_mut().zip(&late.values).enumerate() {
            if late.is_button(at) {
                *value |= of_late & PRESSED;
            }
        }
    }
}

impl Serialize for Opaque {
    /// Writes the bytes without a length, as a tuple.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut tuple = to.serialize_tuple(self.0.len())?;
        self.0.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Opaque {
    /// Reads to the end. The size of the message is the limit.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ToTheEnd;
        impl<'de> Visitor<'de> for ToTheEnd {
            type Value = Opaque;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(to, "bytes to the end")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Opaque, A::Error> {
                let mut bytes = Vec::new();
                while let Ok(Some(byte)) = from.next_element() {
                    bytes.push(byte);
                }
                Ok(Opaque(bytes))
            }
        }
        from.deserialize_tuple(usize::MAX, ToTheEnd)
    }
}

impl ClientGame for AnyGame {
    type Settings = Opaque;
    type Scene = ();
    type Input = AnyInput;
    type Entity = AnyEntity;
    type State = AnyEntity;
    type Event = Opaque;
    type Command = Opaque;

    const RULES: Option<ClientRules<Self>> = None;
}

impl<G: ClientGame> Client<G> {
    /// The fields of the game's input; none before `Joined` if they come from the server.
    #[must_use]
    pub fn input_schema(&self) -> &InputSchema {
        &self.types.input_schema
    }

    /// The game's version, kinds and input. `None` before `Joined` if they come from the server.
    #[must_use]
    pub fn game_schema(&self) -> Option<GameSchema> {
        let schema = self.types.schema.as_ref()?;
        let kinds = schema.kinds().to_vec();
        let entities = schema.first_state_kind().map_or(kinds.len(), usize::from);
        let state_kinds = (kinds.len() - entities) as u8;
        Some(GameSchema {
            version: self.types.version,
            kinds,
            state_kinds,
            input: self.types.input_schema.clone(),
        })
    }

    /// The schema from `Joined`; after a resume, the one received before.
    pub(super) fn schema_sent(&mut self, joined: &Joined) -> Result<Schema, ClientError> {
        let missing = || ClientError::NoSchema(self.config.game.clone());
        if let Some(bytes) = &joined.schema {
            self.types.schema_bytes = Some(bytes.to_vec());
        } else if !joined.resumed {
            return Err(missing());
        }
        let bytes = self.types.schema_bytes.as_deref().ok_or_else(missing)?;
        if GameSchema::hash_of(bytes) != self.types.schema_hash {
            return Err(missing());
        }
        let sent = GameSchema::decode(bytes)?;
        self.types.version = sent.version;
        self.types.input_schema = sent.input.clone();
        Ok(sent.rows(joined.tick_rate)?)
    }
}

impl Client<AnyGame> {
    /// The input in which the player does nothing.
    #[must_use]
    pub fn neutral_input(&self) -> AnyInput {
        let fields = || self.types.input_schema.fields.iter().take(INPUT_FIELDS_MAX).enumerate();
        let buttons = fields().filter(|(_, field)| field.meaning == Meaning::Button);
        let buttons = buttons.fold(0, |buttons, (at, _)| buttons | 1 << at);
        let grids = fields().map(|(_, field)| field.grid).collect();
        AnyInput { grids, buttons, values: Box::default() }.with_values(&[])
    }
}
