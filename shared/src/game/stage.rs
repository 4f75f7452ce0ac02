//! What a game may do with its room: the [`Stage`].

use super::requests::{Kick, Requests};
use super::{Access, Events, Game};
use crate::id::PlayerId;
use crate::wire::Text;
use crate::wire::control::Options;
use crate::world::World;
use core::time::Duration;

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
    hidden: bool,
    metadata: Option<Options>,
    pub(crate) requests: Requests,
}

impl<G: Game> Stage<G> {
    /// `has_groups`: the room is divided.
    pub(crate) fn new(has_groups: bool) -> Self {
        let mut world = World::new();
        world.reserve_state_id(has_state::<G>());
        let events = Events::new(G::is_droppable, has_groups);
        Self {
            world,
            state: G::State::default(),
            events,
            access: Access::default(),
            hidden: false,
            metadata: None,
            requests: Requests::default(),
        }
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

    /// Whether the room stands in public listings. A hidden room is entered by its id, and by matches unless
    /// [`Access`] forbids them.
    pub fn set_hidden(&mut self, hidden: bool) {
        self.hidden = hidden;
    }

    /// Whether the room is in no public listing.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// What listings say about the room from now on, such as its title, map or phase, instead of
    /// [`Game::metadata`]. Listings show a change within a second or two.
    pub fn set_metadata(&mut self, metadata: Options) {
        self.metadata = Some(metadata);
    }

    /// What listings say, if the game has changed it.
    #[must_use]
    pub fn metadata(&self) -> Option<&Options> {
        self.metadata.as_ref()
    }

    /// Removes a player after this step, whose events and state it is still sent: [`Game::leave`] gets
    /// [`LeaveReason::Kicked`](super::LeaveReason::Kicked), and the client is closed with 4014 and this text,
    /// of which 120 bytes are shown. One that is cut hears it when it comes back. For the time `barred` the
    /// same account may not enter the room again, also if it left just before; a guest, who has none, is
    /// known by its address, which others may share. A room keeps 256 bars: the oldest goes first. Other
    /// seats of the account stay, and spectators cannot be kicked.
    pub fn kick(&mut self, player: PlayerId, text: &str, barred: Duration) {
        self.requests.kicks.push(Kick { player, text: Text::cut(text), barred });
    }

    /// Ends the room after this step, with a text for everybody, of which 120 bytes are shown. Nobody enters
    /// from then on. The room goes on until every connected client has the events and the state of this step,
    /// for two seconds at most; then each is closed with 1000, and [`Game::leave`] gets
    /// [`LeaveReason::RoomClosed`](super::LeaveReason::RoomClosed). A second call changes nothing.
    pub fn end(&mut self, text: &str) {
        self.requests.end.get_or_insert_with(|| Text::cut(text));
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
