//! What a game may do with its room: the [`Stage`].

use super::requests::{Ending, Kick, Report, Requests};
use super::{Access, Events, Game};
use crate::id::PlayerId;
use crate::json::BadJson;
use crate::limits::REPORTS_PER_STEP_MAX;
use crate::rng::Rng;
use crate::wire::Text;
use crate::wire::control::Options;
use crate::world::World;
use core::time::Duration;
use serde::Serialize;

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
    invites: bool,
    metadata: Option<Options>,
    metadata_changes: u32,
    seeds: Rng,
    pub(crate) requests: Requests,
}

impl<G: Game> Stage<G> {
    /// `has_groups`: the room is divided. `seed`: that of [`Setup`](super::Setup).
    pub(crate) fn new(has_groups: bool, seed: u64) -> Self {
        let mut world = World::new();
        world.reserve_state_id(has_state::<G>());
        let events = Events::new(G::is_droppable, has_groups);
        Self {
            world,
            state: G::State::default(),
            events,
            access: Access::default(),
            hidden: false,
            invites: true,
            metadata: None,
            metadata_changes: 0,
            // Not the numbers that a game draws from the seed itself.
            seeds: Rng::new(!seed).split(),
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
    /// [`Game::metadata`]. Matches see a change at once, or a quarter of a second after
    /// the last one; listings within a second or two.
    pub fn set_metadata(&mut self, metadata: Options) {
        if self.metadata.as_ref() != Some(&metadata) {
            self.metadata = Some(metadata);
            self.metadata_changes = self.metadata_changes.wrapping_add(1);
        }
    }

    /// How often it has changed.
    pub(crate) fn metadata_changes(&self) -> u32 {
        self.metadata_changes
    }

    /// What listings say, if the game has changed it.
    #[must_use]
    pub fn metadata(&self) -> Option<&Options> {
        self.metadata.as_ref()
    }

    /// Whether players may invite others into the room, as they may by default. Invitations that were given
    /// out before stay valid.
    pub fn set_invites(&mut self, may_invite: bool) {
        self.invites = may_invite;
    }

    /// Whether players may invite others.
    #[must_use]
    pub fn invites(&self) -> bool {
        self.invites
    }

    /// A new seed, for example for the next round: with the room's seed the same numbers follow.
    pub fn next_seed(&mut self) -> u64 {
        self.seeds.next_u64()
    }

    /// How long the player's seat is held from now on when its connection is cut: at most as long as the
    /// server's `resume_grace_ms`, which `None` means; zero gives the seat up at once.
    pub fn set_grace(&mut self, player: PlayerId, grace: Option<Duration>) {
        self.requests.graces.push((player, grace));
    }

    /// Tells the host something after this step, such as the result of a round: its services get it as
    /// [`Notice::Reported`](crate::room::Notice::Reported). No client sees it.
    ///
    /// # Errors
    /// The value has no JSON form or a longer one than
    /// [`REPORT_BYTES_MAX`](crate::limits::REPORT_BYTES_MAX) bytes, or it is one too many: see
    /// [`REPORTS_PER_STEP_MAX`].
    pub fn report(&mut self, report: &impl Serialize) -> Result<(), BadReport> {
        let report = Report::of(report)?;
        if self.requests.reports.len() >= REPORTS_PER_STEP_MAX {
            return Err(BadReport::TooMany);
        }
        self.requests.reports.push(report);
        Ok(())
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
        self.requests.end.get_or_insert_with(|| Ending { text: Text::cut(text), result: Report::default() });
    }

    /// As [`Stage::end`], with a result for the host: its services get it as
    /// [`Notice::Ended`](crate::room::Notice::Ended). No client sees it.
    ///
    /// # Errors
    /// The result has no JSON form or a longer one than
    /// [`REPORT_BYTES_MAX`](crate::limits::REPORT_BYTES_MAX) bytes. The room goes on.
    pub fn end_with(&mut self, text: &str, result: &impl Serialize) -> Result<(), BadJson> {
        let ending = Ending { text: Text::cut(text), result: Report::of(result)? };
        self.requests.end.get_or_insert(ending);
        Ok(())
    }
}

/// Why a report is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadReport {
    /// It cannot be kept.
    #[error("the report cannot be kept: {0}")]
    Json(#[from] BadJson),
    /// There were too many in this step.
    #[error("a game reports at most {REPORTS_PER_STEP_MAX} times in one step")]
    TooMany,
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
