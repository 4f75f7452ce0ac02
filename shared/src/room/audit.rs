//! The leak audit: checks whether an update contains anything that its receiver may not see.
//!
//! It asks the game and measures distances itself; it uses nothing of the code that selects streams.

use super::Room;
use crate::entity::{Entity, Schema};
use crate::game::Game;
use crate::id::{EntityId, MemberId, StreamId};
use crate::snapshot::{Cells, Interest, Location, OwnTold, Reach, Snapshot, View, decode_packet};
use crate::wire::DecodeError;
use crate::wire::update::{OwnBits, Update};

/// Something in an update that its receiver may not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Leak {
    /// An entity in one of its packets is out of reach or in a group that is not permitted.
    #[error("entity {} of stream {} is out of the member's view", .entity.0, .stream.0)]
    Entity {
        /// The stream.
        stream: StreamId,
        /// The entity.
        entity: EntityId,
    },
    /// A stream contains an owner-only field.
    #[error("owner-only field {field} of entity {} is in stream {}", .entity.0, .stream.0)]
    Hidden {
        /// The stream.
        stream: StreamId,
        /// The entity.
        entity: EntityId,
        /// The field's index in the row.
        field: u16,
    },
    /// A packet contains something other than the state of its stream.
    #[error("a packet of stream {} contains a state that differs from the room's", .stream.0)]
    Bytes {
        /// The stream.
        stream: StreamId,
    },
    /// The private section contains owner-only fields of an entity that is not the member's.
    #[error("the private section contains owner-only fields of another player's entity")]
    Own,
    /// The update cannot be decoded, or names a state that the room does not store; see
    /// [`Room::keep_states`].
    #[error("the update cannot be audited: {0}")]
    Unknown(#[from] DecodeError),
}

impl<G: Game> Room<G> {
    /// Checks that `member` may see everything in an update that this room made for it in its last step:
    ///
    /// - every entity has a [`location`](crate::game::InterestRules::location) in a group of the member's
    ///   [`view`](crate::game::InterestRules::view) and, as far as cells go, within its reach, or is in the
    ///   cell of the member's own entity;
    /// - each packet encodes exactly the state of its stream;
    /// - no stream contains owner-only fields, and the private section contains only those of the member's
    ///   own entity, with their current values.
    ///
    /// # Errors
    /// The first thing that the member may not see.
    pub fn audit(&self, member: MemberId, update: &[u8]) -> Result<(), Leak> {
        let update = Update::decode(update)?;
        let Some(member) = self.members.iter().find(|other| other.id == member) else { return Ok(()) };
        let entity = member.player.as_ref().and_then(|player| self.stage.world.get(player.entity));
        if let Some(told) = &update.private.own {
            audit_own(&self.plan.schema, entity, told)?;
        }
        let cells = match self.streams.interest() {
            Interest::Cells(cells) => Some(cells),
            Interest::Whole => None,
        };
        let view = self.view_of(member);
        let own = entity.map(G::FEATURES.interest.location);
        for packet in &update.streams {
            let history = self.history(packet.stream).ok_or(DecodeError::BadSnapshot)?;
            let state = history.get(packet.target).ok_or(DecodeError::UnknownBaseline)?;
            let baseline = packet.baseline.map(|tick| history.get(tick).ok_or(DecodeError::UnknownBaseline));
            let mut told = Snapshot::new(packet.target);
            decode_packet(&self.plan.schema, baseline.transpose()?, packet, &mut told)?;
            if !told.rows().eq(state.rows()) {
                return Err(Leak::Bytes { stream: packet.stream });
            }
            audit_hidden(&self.plan.schema, packet.stream, state)?;
            if packet.stream == StreamId::STATE
                && state.rows().any(|row| !self.plan.schema.is_state(row.kind))
            {
                return Err(Leak::Bytes { stream: packet.stream });
            }
            if let Some(cells) = cells
                && packet.stream != StreamId::STATE
            {
                audit_state::<G>(cells, &view, own.as_ref(), packet.stream, state)?;
            }
        }
        Ok(())
    }
}

/// No row may contain anything but the placeholder in an owner-only field.
fn audit_hidden(schema: &Schema, stream: StreamId, state: &Snapshot) -> Result<(), Leak> {
    for row in state.rows() {
        let shown = schema.owner_only_fields(row.kind).iter().find(|own| {
            let hidden = own.grid.nearest_to_zero();
            row.values.get(own.at) != Some(&hidden)
        });
        if let Some(own) = shown {
            return Err(Leak::Hidden { stream, entity: row.id, field: own.at as u16 });
        }
    }
    Ok(())
}

/// For a client that already knows everything of its own entity, nothing may be new.
fn audit_own<E: Entity>(schema: &Schema, own: Option<&E>, told: &OwnBits) -> Result<(), Leak> {
    let own = own.ok_or(Leak::Own)?;
    let mut row = Vec::new();
    own.write_row(&mut row);
    let mut known = OwnTold::default();
    known.update(schema, own.kind(), &row);
    let mut after = known.clone();
    if after.apply(schema, told).is_err() || after != known {
        return Err(Leak::Own);
    }
    Ok(())
}

fn audit_state<G: Game>(
    cells: &Cells,
    view: &View,
    own: Option<&Location>,
    stream: StreamId,
    state: &Snapshot,
) -> Result<(), Leak> {
    for row in state.rows() {
        let place =
            G::Entity::read_row(row.kind, row.values).map(|entity| (G::FEATURES.interest.location)(&entity));
        let permitted = place.is_some_and(|place| {
            let beside = own.is_some_and(|own| own.group == place.group && is_beside(cells, own, &place));
            beside || (view.groups.contains(place.group) && is_within(cells, view, &place))
        });
        if !permitted {
            return Err(Leak::Entity { stream, entity: row.id });
        }
    }
    Ok(())
}

/// The diagonal of a cell that is enlarged by the slack on each side.
fn cell_across(cells: &Cells) -> f64 {
    (f64::from(cells.size) + 2.0 * f64::from(cells.slack)) * core::f64::consts::SQRT_2
}

fn is_beside(cells: &Cells, own: &Location, other: &Location) -> bool {
    match (own.at, other.at) {
        (Some(own), Some(other)) => distance(cells, own, other) <= cell_across(cells),
        (None, None) => true,
        _ => false,
    }
}

fn is_within(cells: &Cells, view: &View, place: &Location) -> bool {
    match (view.reach, place.at) {
        (Reach::Everywhere, _) | (_, None) => true,
        (Reach::Nowhere | Reach::AsBefore, Some(_)) => false,
        (Reach::Around(centre), Some(at)) => {
            let reach = f64::from(cells.radius) + 2.0 * f64::from(cells.slack) + cell_across(cells);
            distance(cells, centre, at) <= reach
        }
    }
}

/// The distance of two positions, both clamped to the grid of cells: positions outside belong to the border.
fn distance(cells: &Cells, a: glam::IVec2, b: glam::IVec2) -> f64 {
    let high = [cells.columns, cells.rows].map(|count| f64::from(cells.size) * f64::from(count));
    let along = |a: i32, b: i32, origin: i32, high: f64| {
        let inside = |at: i32| (f64::from(at) - f64::from(origin)).clamp(0.0, high);
        inside(a) - inside(b)
    };
    let [columns, rows] = high;
    let (x, y) = (along(a.x, b.x, cells.origin.x, columns), along(a.y, b.y, cells.origin.y, rows));
    x.hypot(y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Field, Grid, Kind, Predictor};
    use crate::tick::TickRate;

    #[test]
    fn a_stream_that_holds_what_is_for_an_owner_alone_is_found() {
        let field = |name: &str, own| Field {
            name: name.into(),
            grid: Grid::integers(2, 90),
            predictor: Predictor::Hold,
            own,
            interpolate: false,
            meaning: Default::default(),
        };
        let kind = Kind { name: "player".into(), fields: vec![field("hp", false), field("card", true)] };
        let schema = Schema::new(vec![kind], TickRate::DEFAULT).unwrap();
        let state = |card| {
            let mut state = Snapshot::default();
            state.push(EntityId(1), 0, &[50, 2]);
            state.push(EntityId(5), 0, &[50, card]);
            audit_hidden(&schema, StreamId(3), &state)
        };
        assert_eq!(state(2), Ok(()));
        let leak = Leak::Hidden { stream: StreamId(3), entity: EntityId(5), field: 1 };
        assert_eq!(state(7), Err(leak));
    }
}
