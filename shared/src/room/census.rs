//! A room's members and its capacity.

use super::Room;
use crate::game::{Account, Game};
use crate::id::MemberId;
use crate::limits::MEMBERS_MAX;
use std::sync::Arc;

impl<G: Game> Room<G> {
    /// Whether an attachment has its seat here.
    #[must_use]
    pub fn has_member(&self, member: MemberId) -> bool {
        self.find(member).is_some()
    }

    /// Whether a seat is held for an attachment that was disconnected.
    #[must_use]
    pub fn holds(&self, member: MemberId) -> bool {
        let at = self.members.binary_search_by_key(&member, |member| member.id).ok();
        at.and_then(|at| self.members.get(at)).is_some_and(|member| member.connection.is_none())
    }

    /// Disconnected players who give way to new players when the room is full.
    #[must_use]
    pub fn yielding(&self) -> usize {
        self.members.iter().filter(|member| member.gives_way()).count()
    }

    /// As whom an attachment plays; `None` for a spectator, and for an attachment that is not here.
    #[must_use]
    pub fn account(&self, member: MemberId) -> Option<&Arc<Account>> {
        let member = self.find(member).and_then(|at| self.members.get(at))?;
        member.player.as_ref().map(|player| &player.account)
    }

    /// The number of players, including disconnected ones who may resume.
    #[must_use]
    pub fn players(&self) -> usize {
        self.members.iter().filter(|member| member.player.is_some()).count()
    }

    /// The maximum number of players.
    #[must_use]
    pub fn players_max(&self) -> u16 {
        self.plan.players_max
    }

    /// The maximum number of spectators: as configured, but always leaving a seat for each player.
    #[must_use]
    pub fn spectators_max(&self) -> u16 {
        let left = MEMBERS_MAX.saturating_sub(self.plan.players_max.into());
        self.config.spectators_max.min(u16::try_from(left).unwrap_or(u16::MAX))
    }

    /// The number of spectators.
    #[must_use]
    pub fn spectators(&self) -> usize {
        self.members.len() - self.players()
    }

    /// Whether no member is here, nor may resume.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}
