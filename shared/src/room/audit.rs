//! The leak audit: whether an update holds anything that its receiver may not see.
//!
//! It asks the game and measures distances anew; of how streams are chosen it uses nothing.

use super::Room;
use crate::entity::Entity;
use crate::game::Game;
use crate::id::{EntityId, MemberId, StreamId};
use crate::snapshot::{Cells, Interest, Place, Reach, Snapshot, View};
use crate::wire::DecodeError;
use crate::wire::update::Update;

/// What an update holds that its receiver may not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Leak {
    /// An entity in one of its packets is neither within reach nor of a permitted group.
    #[error("entity {} of stream {} is out of the member's view", .entity.0, .stream.0)]
    Entity {
        /// The stream.
        stream: StreamId,
        /// The entity.
        entity: EntityId,
    },
    /// The update cannot be decoded, or names a state that the room does not hold; see [`Room::keep_states`].
    #[error("the update cannot be audited: {0}")]
    Unknown(#[from] DecodeError),
}

impl<G: Game> Room<G> {
    /// Whether everything in an update that this room made for `member` in its last step is something that the member may
    /// see: an entity whose [`Game::place`] is in a group of the member's [`Game::view`] and, as far as cells go, within
    /// its reach, or lies in the cell of its own entity. A room that is not cut has no secrets.
    ///
    /// # Errors
    /// The first entity that it may not see.
    pub fn audit(&self, member: MemberId, update: &[u8]) -> Result<(), Leak> {
        let update = Update::decode(update)?;
        let Interest::Cells(cells) = self.streams.interest() else { return Ok(()) };
        let Some(member) = self.members.iter().find(|other| other.id == member) else { return Ok(()) };
        let view = self.view_of(member);
        let own = member.player.as_ref().and_then(|player| self.world.get(player.entity)).map(G::place);
        for packet in &update.streams {
            let history = self.history(packet.stream).ok_or(DecodeError::BadSnapshot)?;
            let state = history.get(packet.target).ok_or(DecodeError::UnknownBaseline)?;
            audit_state::<G>(cells, &view, own.as_ref(), packet.stream, state)?;
        }
        Ok(())
    }
}

fn audit_state<G: Game>(
    cells: &Cells,
    view: &View,
    own: Option<&Place>,
    stream: StreamId,
    state: &Snapshot,
) -> Result<(), Leak> {
    for row in state.rows() {
        let place = G::Entity::read_row(row.kind, row.values).map(|entity| G::place(&entity));
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

/// Two corners of a cell that is larger by the slack on each side.
fn cell_across(cells: &Cells) -> f64 {
    (f64::from(cells.size) + 2.0 * f64::from(cells.slack)) * core::f64::consts::SQRT_2
}

fn is_beside(cells: &Cells, own: &Place, other: &Place) -> bool {
    match (own.at, other.at) {
        (Some(own), Some(other)) => distance(cells, own, other) <= cell_across(cells),
        (None, None) => true,
        _ => false,
    }
}

fn is_within(cells: &Cells, view: &View, place: &Place) -> bool {
    match (view.reach, place.at) {
        (Reach::Everywhere, _) | (_, None) => true,
        (Reach::Nowhere, Some(_)) => false,
        (Reach::Around(centre), Some(at)) => {
            let reach = f64::from(cells.radius) + 2.0 * f64::from(cells.slack) + cell_across(cells);
            distance(cells, centre, at) <= reach
        }
    }
}

/// The distance of two positions, both brought into the grid of cells: what is outside belongs to the border.
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
