//! What a game knows when it foresees, on a player's client, what the player's step brings forth.

use crate::game::Game;
use crate::id::{EntityId, PlayerId};
use crate::tick::Tick;

/// A tick of a player on its own client, for [`Game::foresee`].
pub struct Foresight<'a, G: Game> {
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
    /// The newest tick in which something was foreseen.
    pub last: Option<Tick>,
    /// How many foreseen entities are under way, those that the server confirmed among them.
    pub under_way: usize,
    pub(crate) seen: &'a dyn Fn() -> Seen<'a, G::Entity>,
}

/// The entities that the client knows of.
pub(crate) type Seen<'a, E> = Box<dyn Iterator<Item = (EntityId, E)> + 'a>;

impl<G: Game> Foresight<'_, G> {
    /// All entities in view as the server sent them last.
    pub fn seen(&self) -> impl Iterator<Item = (EntityId, G::Entity)> {
        (self.seen)()
    }

    /// How many ticks ago something was foreseen last.
    #[must_use]
    pub fn ticks_since_last(&self) -> Option<i64> {
        Some(self.tick.since(self.last?))
    }
}

impl<G: Game> core::fmt::Debug for Foresight<'_, G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Foresight {{ tick: {}, under_way: {} }}", self.tick, self.under_way)
    }
}
