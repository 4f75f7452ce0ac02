//! What all bots of a run share: configuration, connector, rooms, tally and clock.

use crate::clock::FleetClock;
use crate::network::Networks;
use crate::plan::Plan;
use crate::rooms::Rooms;
use crate::tally::Tally;
use crate::tickets::TicketSource;
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{GameName, Options, Role};
use tickwire_shared::wire::terms::JoinTerms;

/// What a fleet does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FleetConfig {
    /// The game's name on the server.
    pub game: GameName,
    /// When bots start and leave.
    pub plan: Plan,
    /// How many rooms the fleet makes; bot i joins room i modulo this.
    pub rooms: u32,
    /// An existing room, which becomes the fleet's first. If it ends, the fleet makes another.
    pub room: Option<RoomId>,
    /// Whether the fleet takes an open room, if there is one, before it makes one.
    pub takes_open_room: bool,
    /// How many of the bots only watch: those with the highest numbers.
    pub spectators: u32,
    /// The options for new rooms.
    pub options: Options,
    /// The networks that the bots play over.
    pub networks: Networks,
    /// On which terms the bots join.
    pub terms: JoinTerms,
    /// What the bots show when they join.
    pub tickets: TicketSource,
    /// The seed of all random choices.
    pub seed: u64,
    /// The number of threads of the runtime; the tally has a shard for each.
    pub threads: usize,
}

impl FleetConfig {
    /// Players of `game` that come and go by `plan`, in one new room without options, over a clean network.
    #[must_use]
    pub fn new(game: GameName, plan: Plan) -> Self {
        Self {
            game,
            plan,
            rooms: 1,
            room: None,
            takes_open_room: false,
            spectators: 0,
            options: Options::none(),
            networks: Networks::default(),
            terms: JoinTerms::default(),
            tickets: TicketSource::default(),
            seed: 1,
            threads: 1,
        }
    }

    /// A bot's role in its room, by its number.
    pub(crate) fn role_of(&self, bot: u32) -> Role {
        let players = self.plan.bots_max().saturating_sub(self.spectators);
        if bot >= players { Role::Spectator } else { Role::Player }
    }
}

/// The state that the bots of a run share.
pub(crate) struct FleetContext<C, B> {
    pub(crate) config: FleetConfig,
    pub(crate) connect: C,
    pub(crate) behaviours: B,
    pub(crate) rooms: Rooms,
    pub(crate) tally: Tally,
    pub(crate) clock: FleetClock,
}
