//! The owner-only fields of a member's entity: read from the world when the member is served.

use super::Room;
use super::member::Member;
use crate::entity::{Entity, Schema};
use crate::game::Game;
use crate::snapshot::OwnTold;
use crate::wire::update::OwnBits;
use crate::world::World;

/// The whole row of one member's entity; its memory is reused.
#[derive(Debug, Default)]
pub(super) struct OwnRow {
    kind: u8,
    /// Empty if the member has no entity, or an entity without owner-only fields.
    row: Vec<i32>,
}

impl OwnRow {
    /// Reads the entity of `member`, which is quantized to its grid.
    pub(super) fn load<E: Entity, I>(&mut self, schema: &Schema, world: &World<E>, member: &Member<I>) {
        self.row.clear();
        let entity = member.player.as_ref().and_then(|player| world.get(player.entity));
        if let Some(entity) = entity.filter(|entity| !schema.owner_only_fields(entity.kind()).is_empty()) {
            self.kind = entity.kind();
            entity.write_row(&mut self.row);
        }
    }

    /// Whether there is something that was not sent.
    pub(super) fn is_news(&self, schema: &Schema, told: &OwnTold) -> bool {
        !self.row.is_empty() && told.is_news(schema, self.kind, &self.row)
    }

    /// The fields to send; they then count as sent.
    pub(super) fn update(&self, schema: &Schema, told: &mut OwnTold) -> Option<OwnBits> {
        if self.row.is_empty() { None } else { told.update(schema, self.kind, &self.row) }
    }
}

impl<G: Game> Room<G> {
    /// Reads the entity of the member that is served now.
    pub(super) fn load_own(&mut self, at: usize) {
        if self.plan.schema.has_own()
            && let Some(member) = self.members.get(at)
        {
            self.scratch.own.load(&self.plan.schema, &self.stage.world, member);
        }
    }
}
