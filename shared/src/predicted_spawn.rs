//! What a game knows when a player's client predicts what the player's step spawns.

use crate::id::{EntityId, PlayerId};
use crate::tick::{Tick, TickRate};
use core::cell::OnceCell;

/// One tick of a player on its own client: a game's
/// [`SpawnPrediction`](crate::game::SpawnPrediction).
pub struct SpawnContext<'a, E, I, S, R> {
    /// The tick that the step led to.
    pub tick: Tick,
    /// The player.
    pub player: PlayerId,
    /// Its entity after the step.
    pub own: &'a E,
    /// Its input in this tick.
    pub input: &'a I,
    /// The room's scene.
    pub scene: &'a S,
    /// The room's state as the server last sent it; `None` if it has none.
    pub state: Option<&'a R>,
    /// How often the room steps.
    pub tick_rate: TickRate,
    /// The newest tick in which something was predicted.
    pub last: Option<Tick>,
    /// How many predicted spawns exist, including those that the server confirmed.
    pub under_way: usize,
    pub(crate) seen: &'a dyn Fn() -> Entities<'a, E>,
}

/// The entities that the client knows of.
pub(crate) type Entities<'a, E> = Box<dyn Iterator<Item = (EntityId, E)> + 'a>;

impl<E, I, S, R> SpawnContext<'_, E, I, S, R> {
    /// All entities in view as the server last sent them.
    pub fn seen(&self) -> impl Iterator<Item = (EntityId, E)> {
        (self.seen)()
    }

    /// The number of ticks since the last prediction.
    #[must_use]
    pub fn ticks_since_last(&self) -> Option<i64> {
        Some(self.tick.since(self.last?))
    }
}

/// One tick of a predicted spawn's motion: a game's [`PredictedSpawn`](crate::game::PredictedSpawn).
pub struct SpawnMotion<'a, E, S> {
    /// The player whose client predicts it.
    pub player: PlayerId,
    /// The room's scene.
    pub scene: &'a S,
    /// How often the room steps.
    pub tick_rate: TickRate,
    /// Ticks since it was created.
    pub age_ticks: u32,
    pub(crate) others: &'a Others<'a, E>,
}

/// The other entities as a client shows them, computed on demand.
pub(crate) struct Others<'a, E> {
    pub(crate) found: OnceCell<Vec<(EntityId, E)>>,
    pub(crate) find: &'a dyn Fn() -> Vec<(EntityId, E)>,
}

impl<E, S> SpawnMotion<'_, E, S> {
    /// The other entities as the player sees them at this moment.
    #[must_use]
    pub fn others(&self) -> &[(EntityId, E)] {
        self.others.found.get_or_init(self.others.find)
    }
}

impl<E, S> core::fmt::Debug for SpawnMotion<'_, E, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SpawnMotion {{ player: {:?}, age_ticks: {} }}", self.player, self.age_ticks)
    }
}

impl<E, I, S, R> core::fmt::Debug for SpawnContext<'_, E, I, S, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SpawnContext {{ tick: {}, under_way: {} }}", self.tick, self.under_way)
    }
}
