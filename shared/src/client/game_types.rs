//! The types of a client's game: those it was built with, or those that the server sent.

use super::ClientGame;
use crate::entity::{Input, InputSchema, Schema, SchemaError};

/// A game's types as the client knows them.
pub(super) struct GameTypes {
    /// The kinds of entity. `None` if they do not form a valid schema, and before `Joined` if they come from
    /// the server.
    pub(super) schema: Option<Schema>,
    /// Why they form none.
    pub(super) fault: Option<SchemaError>,
    pub(super) input_schema: InputSchema,
    /// The game's own version.
    pub(super) version: u32,
    /// 0 until `Welcome` if the schema comes from the server.
    pub(super) schema_hash: u64,
    /// The schema as the server sent it; it sends it only once.
    pub(super) schema_bytes: Option<Vec<u8>>,
}

impl GameTypes {
    /// What is known of `G` before a server has sent anything.
    pub(super) fn of<G: ClientGame>() -> Self {
        let (schema, fault) = match G::RULES.map(|rules| rules.schema()) {
            Some(Ok(valid)) => (Some(valid), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        Self {
            schema,
            fault,
            input_schema: G::Input::schema(),
            version: G::RULES.map(|rules| rules.version).unwrap_or_default(),
            schema_hash: G::RULES.map_or(0, |rules| rules.types().hash()),
            schema_bytes: None,
        }
    }
}
