//! What a client is to join.

use crate::wire::control::{Credential, GameName, Name, Options, Role, Target};
use crate::wire::terms::JoinTerms;

/// Who joins, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientConfig {
    /// The name that others see.
    pub name: Name,
    /// What entitles the client to join.
    pub credential: Credential,
    /// The game, by its name on the server.
    pub game: GameName,
    /// Player or spectator.
    pub role: Role,
    /// Which room.
    pub target: Target,
    /// On which terms.
    pub terms: JoinTerms,
}

impl ClientConfig {
    /// A guest who plays `game` in any open room.
    #[must_use]
    pub fn new(game: GameName, name: Name) -> Self {
        let target = Target::Match(Options::none());
        Self {
            name,
            credential: Credential::Guest,
            game,
            role: Role::Player,
            target,
            terms: JoinTerms::default(),
        }
    }
}
