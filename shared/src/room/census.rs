//! Who is in a room, and how many it takes.

use super::Room;
use crate::game::Game;
use crate::id::MemberId;
use crate::limits::MEMBERS_MAX;
use crate::wire::control::Name;

impl<G: Game> Room<G> {
    /// Whether an attachment has its place here.
    #[must_use]
    pub fn has_member(&self, member: MemberId) -> bool {
        self.find(member).is_some()
    }

    /// Whether a place is held for an attachment that was cut.
    #[must_use]
    pub fn holds(&self, member: MemberId) -> bool {
        let at = self.members.binary_search_by_key(&member, |member| member.id).ok();
        at.and_then(|at| self.members.get(at)).is_some_and(|member| member.link.is_none())
    }

    /// Players who are away and give way to newcomers when the room is full.
    #[must_use]
    pub fn yielding(&self) -> usize {
        self.members.iter().filter(|member| member.gives_way()).count()
    }

    /// The name of an attachment's player; `None` for a spectator, and for one that is not here.
    #[must_use]
    pub fn player_name(&self, member: MemberId) -> Option<&Name> {
        let member = self.find(member).and_then(|at| self.members.get(at))?;
        member.player.as_ref().map(|player| &player.name)
    }

    /// Players, those who are cut off and may resume among them.
    #[must_use]
    pub fn players(&self) -> usize {
        self.members.iter().filter(|member| member.player.is_some()).count()
    }

    /// Players that the room takes.
    #[must_use]
    pub fn players_max(&self) -> u16 {
        self.players_max
    }

    /// How many spectators the room takes: as configured, but always leaving a place for each player.
    #[must_use]
    pub fn spectators_max(&self) -> u16 {
        let left = MEMBERS_MAX.saturating_sub(self.players_max.into());
        self.config.spectators_max.min(u16::try_from(left).unwrap_or(u16::MAX))
    }

    /// Spectators.
    #[must_use]
    pub fn spectators(&self) -> usize {
        self.members.len() - self.players()
    }

    /// Whether nobody is here, nor may resume.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}
