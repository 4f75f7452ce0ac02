//! What all bots of a run share: their orders, the way to the server, the rooms, the books and the time.

use crate::clock::FleetClock;
use crate::network::Networks;
use crate::plan::Plan;
use crate::rooms::Rooms;
use crate::tally::Tally;
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{GameName, Options, Role};

/// What a fleet does.
#[derive(Clone, Debug)]
pub struct FleetConfig {
    /// The game's name on the server.
    pub game: GameName,
    /// When bots come and go.
    pub plan: Plan,
    /// How many rooms the fleet makes; bot i joins room i modulo this.
    pub rooms: u32,
    /// A room that stands already: the fleet's first. Should it end, another is made in its place.
    pub room: Option<RoomId>,
    /// Whether the fleet takes a room that is open, if there is one, before it makes one.
    pub takes_open_room: bool,
    /// How many of the bots only watch: the ones with the highest numbers.
    pub spectators: u32,
    /// The options that rooms are made with.
    pub options: Options,
    /// The networks that the bots play over.
    pub networks: Networks,
    /// Where all chance of the bots comes from.
    pub seed: u64,
    /// The threads of the runtime, to spread the books over.
    pub threads: usize,
}

impl FleetConfig {
    /// What a bot is in its room, by its number.
    pub(crate) fn role_of(&self, bot: u32) -> Role {
        let players = self.plan.bots_max().saturating_sub(self.spectators);
        if bot >= players { Role::Spectator } else { Role::Player }
    }
}

/// The bots of a run, by what they share.
pub(crate) struct FleetContext<C, B> {
    pub(crate) config: FleetConfig,
    pub(crate) connect: C,
    pub(crate) behaviours: B,
    pub(crate) rooms: Rooms,
    pub(crate) tally: Tally,
    pub(crate) clock: FleetClock,
}
