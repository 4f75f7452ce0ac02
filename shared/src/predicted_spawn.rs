//! What a game knows when a player's client predicts what the player's step spawns.

use crate::game::Game;
use crate::id::{EntityId, PlayerId};
use crate::tick::{Tick, TickRate};
use core::cell::OnceCell;

/// One tick of a player on its own client, for [`Game::predict_spawns`].
pub struct SpawnPrediction<'a, G: Game> {
    /// The tick that the step led to.
    pub tick: Tick,
    /// The player.
    pub player: PlayerId,
    /// Its entity after the step.
    pub own: &'a G::Entity,
    /// Its input in this tick.
    pub input: &'a G::Input,
    /// The room's scene.
    pub scene: &'a G::Scene,
    /// How often the room steps.
    pub tick_rate: TickRate,
    /// The newest tick in which something was predicted.
    pub last: Option<Tick>,
    /// How many predicted spawns exist, including those that the server confirmed.
    pub under_way: usize,
    pub(crate) seen: &'a dyn Fn() -> Entities<'a, G::Entity>,
}

/// The entities that the client knows of.
pub(crate) type Entities<'a, E> = Box<dyn Iterator<Item = (EntityId, E)> + 'a>;

impl<G: Game> SpawnPrediction<'_, G> {
    /// All entities in view as the server last sent them.
    pub fn seen(&self) -> impl Iterator<Item = (EntityId, G::Entity)> {
        (self.seen)()
    }

    /// The number of ticks since the last prediction.
    #[must_use]
    pub fn ticks_since_last(&self) -> Option<i64> {
        Some(self.tick.since(self.last?))
    }
}

/// One tick of a predicted spawn's motion, for [`Game::predicted_spawn_continues`].
pub struct PredictedSpawn<'a, G: Game> {
    /// The player whose client predicts it.
    pub player: PlayerId,
    /// The room's scene.
    pub scene: &'a G::Scene,
    /// How often the room steps.
    pub tick_rate: TickRate,
    /// Ticks since it was created.
    pub age_ticks: u32,
    pub(crate) others: &'a Others<'a, G::Entity>,
}

/// The other entities as a client shows them, computed on demand.
pub(crate) struct Others<'a, E> {
    pub(crate) found: OnceCell<Vec<(EntityId, E)>>,
    pub(crate) find: &'a dyn Fn() -> Vec<(EntityId, E)>,
}

impl<G: Game> PredictedSpawn<'_, G> {
    /// The other entities as the player sees them at this moment.
    #[must_use]
    pub fn others(&self) -> &[(EntityId, G::Entity)] {
        self.others.found.get_or_init(self.others.find)
    }
}

impl<G: Game> core::fmt::Debug for PredictedSpawn<'_, G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PredictedSpawn {{ player: {:?}, age_ticks: {} }}", self.player, self.age_ticks)
    }
}

impl<G: Game> core::fmt::Debug for SpawnPrediction<'_, G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SpawnPrediction {{ tick: {}, under_way: {} }}", self.tick, self.under_way)
    }
}
