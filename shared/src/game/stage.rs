//! What a game may do with its room: the [`Stage`].

use super::{Access, Events, Game};
use crate::world::World;

/// What a game sees and changes of its room: entities, state, news, and who may enter.
///
/// The parts are fields, so that a game can use several at a time:
///
/// ```text
/// for (id, crate_) in stage.world.iter_as_mut::<Crate>() {
///     stage.state.crates_left -= 1;
///     stage.events.all(News::Opened { id }).ok();
/// }
/// ```
#[non_exhaustive]
pub struct Stage<G: Game> {
    /// The replicated entities.
    pub world: World<G::Entity>,
    /// The replicated state of the room itself. Its default until the game changes it. Like entities it is
    /// put on its grids after each step.
    pub state: G::State,
    /// Reliable news for clients. What is given between two steps goes with the next step.
    pub events: Events<G::Event>,
    access: Access,
}

impl<G: Game> Stage<G> {
    /// `has_groups`: the room is divided.
    pub(crate) fn new(has_groups: bool) -> Self {
        let mut world = World::new();
        world.reserve_state_id(has_state::<G>());
        let events = Events::new(G::is_droppable, has_groups);
        Self { world, state: G::State::default(), events, access: Access::default() }
    }

    /// Decides who may enter the room from now on, including clients that are already on their way. It
    /// applies until it is set again.
    pub fn set_access(&mut self, access: Access) {
        self.access = access;
    }

    /// Who may enter the room now.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }
}

impl<G: Game> core::fmt::Debug for Stage<G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { world, access, .. } = self;
        let mut to = f.debug_struct("Stage");
        to.field("entities", &world.len()).field("access", access).finish_non_exhaustive()
    }
}

/// Whether the rooms of a game have a state.
pub(crate) fn has_state<G: Game>() -> bool {
    use crate::entity::Entity;
    !G::State::kinds().is_empty()
}
