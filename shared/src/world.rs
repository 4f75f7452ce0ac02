//! The replicated entities of a room.

use crate::entity::{Entity, KindOf};
use crate::id::{EntityId, PlayerId};
use crate::limits::ENTITIES_MAX;

/// All replicated entities of a room, in the order of their ids: the order in which they were spawned, until
/// ids start over (see [`EntityId`]).
///
/// The room owns the world and assigns the ids; a game changes the entities. After each step the room
/// quantizes every entity to its grid, so in the next step the game reads what the clients have.
#[derive(Clone, Debug)]
pub struct World<E> {
    entries: Vec<Entry<E>>,
    live: usize,
    next_id: u32,
    /// Ids of removed entities that would soon be assigned again. Each is skipped once, so that no id means
    /// two things within a history.
    passed_over: Vec<EntityId>,
    /// What each player controls, sorted by player.
    controlled: Vec<(PlayerId, EntityId)>,
    controls_changed: bool,
    /// The smallest id that an entity may have.
    first_id: u32,
    /// The index of the entity that was found last for a change: games often go through a list in the order
    /// of ids.
    found: usize,
}

/// An id that is reached within this many spawns is reached soon: more than a room can spawn while its states
/// are kept.
const SOON: u32 = 1 << 21;

#[derive(Clone, Debug)]
struct Entry<E> {
    id: EntityId,
    /// `None` once despawned; the entry is removed at the end of the step.
    entity: Option<E>,
}

/// The room already contains the maximum number of entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the room already contains {ENTITIES_MAX} entities")]
pub struct WorldFull;

impl<E: Entity> World<E> {
    /// An empty world.
    #[must_use]
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            live: 0,
            next_id: 1,
            passed_over: Vec::new(),
            controlled: Vec::new(),
            controls_changed: false,
            first_id: 1,
            found: 0,
        }
    }

    /// Adds an entity and gives it an id.
    ///
    /// # Errors
    /// [`WorldFull`] at [`ENTITIES_MAX`] entities; nothing is added in that case.
    pub fn spawn(&mut self, entity: E) -> Result<EntityId, WorldFull> {
        if self.live >= ENTITIES_MAX {
            return Err(WorldFull);
        }
        let id = self.free_id();
        self.live += 1;
        let entry = Entry { id, entity: Some(entity) };
        match self.entries.last() {
            Some(last) if last.id > id => {
                let at = self.entries.partition_point(|other| other.id < id);
                self.entries.insert(at, entry);
            }
            _ => self.entries.push(entry),
        }
        Ok(id)
    }

    /// Lets `player` control another entity (a respawn, a vehicle) or none (it is dead, for example). This
    /// applies to the state that the current step produces, and from the next step on:
    /// [`PlayerTurn::entity`](crate::game::PlayerTurn::entity) then contains it, the player's client predicts
    /// it, and rosters, views, following spectators and owner-only fields all use it. Two players may control
    /// one entity. No player controls an entity that is despawned; an id that is not in the world counts as
    /// none.
    pub fn set_controlled(&mut self, player: PlayerId, entity: Option<EntityId>) {
        let entity = entity.filter(|id| self.get(*id).is_some()).unwrap_or(EntityId::NONE);
        self.controls_changed = true;
        match self.controlled.binary_search_by_key(&player, |(player, _)| *player) {
            Ok(at) => {
                if let Some(place) = self.controlled.get_mut(at) {
                    place.1 = entity;
                }
            }
            Err(at) => self.controlled.insert(at, (player, entity)),
        }
    }

    /// The entity that a player controls.
    #[must_use]
    pub fn controlled(&self, player: PlayerId) -> Option<EntityId> {
        let at = self.controlled.binary_search_by_key(&player, |(player, _)| *player).ok()?;
        self.controlled.get(at).map(|(_, entity)| *entity).filter(|entity| *entity != EntityId::NONE)
    }

    /// Whether any player may control a different entity than at the last call.
    pub(crate) fn take_controls_changed(&mut self) -> bool {
        core::mem::take(&mut self.controls_changed)
    }

    /// A player has left.
    pub(crate) fn forget_player(&mut self, player: PlayerId) {
        self.controlled.retain(|(other, _)| *other != player);
    }

    /// Ids that are spawned from now on start at `next`.
    pub(crate) fn start_at(&mut self, next: u32) {
        self.next_id = next.clamp(self.first_id, EntityId::LAST.0);
    }

    /// Keeps [`EntityId::STATE`] free for the room's state.
    pub(crate) fn reserve_state_id(&mut self, has_state: bool) {
        self.first_id = EntityId::STATE.0 + u32::from(has_state);
        self.next_id = self.next_id.max(self.first_id);
    }

    /// The next unused id; ids wrap around. There are far more ids than skipped ones.
    fn free_id(&mut self) -> EntityId {
        loop {
            let id = EntityId(self.next_id);
            self.next_id = if id >= EntityId::LAST { self.first_id } else { id.0 + 1 };
            let passed_over = self.passed_over.iter().position(|other| *other == id);
            let passed_over = passed_over.map(|at| self.passed_over.swap_remove(at));
            if passed_over.is_none() && self.find(id).is_none() {
                return id;
            }
        }
    }

    /// Records that an entity was removed.
    fn gone(&mut self, id: EntityId) {
        self.live -= 1;
        for (_, controlled) in self.controlled.iter_mut().filter(|(_, controlled)| *controlled == id) {
            *controlled = EntityId::NONE;
            self.controls_changed = true;
        }
        if id.0.wrapping_sub(self.next_id) < SOON {
            self.passed_over.push(id);
        }
    }

    /// Removes an entity and returns it.
    pub fn despawn(&mut self, id: EntityId) -> Option<E> {
        let at = self.find(id)?;
        let entity = self.entries.get_mut(at)?.entity.take()?;
        self.gone(id);
        Some(entity)
    }

    /// The entity with this id.
    #[must_use]
    pub fn get(&self, id: EntityId) -> Option<&E> {
        self.entries.get(self.find(id)?)?.entity.as_ref()
    }

    /// The entity with this id, mutable.
    pub fn get_mut(&mut self, id: EntityId) -> Option<&mut E> {
        let is_at = |at: usize| self.entries.get(at).is_some_and(|entry| entry.id == id);
        let near = [self.found + 1, self.found].into_iter().find(|at| is_at(*at));
        self.found = match near {
            Some(at) => at,
            None => self.find(id)?,
        };
        self.entries.get_mut(self.found)?.entity.as_mut()
    }

    /// The entity with this id as its kind `K`; `None` also if it is of another kind.
    #[must_use]
    pub fn get_as<K: KindOf<E>>(&self, id: EntityId) -> Option<&K> {
        self.get(id).and_then(K::of)
    }

    /// The entity with this id as its kind `K`, mutable; `None` also if it is of another kind.
    pub fn get_as_mut<K: KindOf<E>>(&mut self, id: EntityId) -> Option<&mut K> {
        self.get_mut(id).and_then(K::of_mut)
    }

    /// All entities of kind `K` in the order of their ids.
    pub fn iter_as<'a, K: KindOf<E> + 'a>(&'a self) -> impl Iterator<Item = (EntityId, &'a K)> {
        self.iter().filter_map(|(id, entity)| Some((id, K::of(entity)?)))
    }

    /// All entities of kind `K` in the order of their ids, mutable.
    pub fn iter_as_mut<'a, K: KindOf<E> + 'a>(&'a mut self) -> impl Iterator<Item = (EntityId, &'a mut K)> {
        self.iter_mut().filter_map(|(id, entity)| Some((id, K::of_mut(entity)?)))
    }

    /// All entities in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (EntityId, &E)> {
        self.entries.iter().filter_map(|entry| Some((entry.id, entry.entity.as_ref()?)))
    }

    /// All entities in the order of their ids, mutable.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (EntityId, &mut E)> {
        self.entries.iter_mut().filter_map(|entry| Some((entry.id, entry.entity.as_mut()?)))
    }

    /// Removes every entity for which `keep` returns `false`.
    pub fn retain(&mut self, mut keep: impl FnMut(EntityId, &mut E) -> bool) {
        for at in 0..self.entries.len() {
            let Some(entry) = self.entries.get_mut(at) else { break };
            let id = entry.id;
            if entry.entity.as_mut().is_some_and(|entity| !keep(id, entity)) {
                entry.entity = None;
                self.gone(id);
            }
        }
    }

    /// How many entities there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is no entity.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Removes the entries of despawned entities.
    pub(crate) fn compact(&mut self) {
        if self.entries.len() != self.live {
            self.entries.retain(|entry| entry.entity.is_some());
        }
    }

    fn find(&self, id: EntityId) -> Option<usize> {
        self.entries.binary_search_by_key(&id, |entry| entry.id).ok()
    }
}

impl<E: Entity> Default for World<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::Dot;

    const DOT: Dot = Dot { drifts: false, pos: 0, vel: 0, fired: 0 };

    fn ids(world: &World<Dot>) -> Vec<u32> {
        world.iter().map(|(id, _)| id.0).collect()
    }

    #[test]
    fn who_controls_what_is_known_and_what_is_gone_is_controlled_by_nobody() {
        let mut world = World::new();
        let (body, car) = (world.spawn(DOT).unwrap(), world.spawn(DOT).unwrap());
        let (ada, bob) = (PlayerId(2), PlayerId(1));
        assert_eq!((world.controlled(ada), world.take_controls_changed()), (None, false));
        world.set_controlled(ada, Some(body));
        world.set_controlled(bob, Some(car));
        world.set_controlled(ada, Some(car));
        assert_eq!((world.controlled(ada), world.controlled(bob)), (Some(car), Some(car)));
        assert!(world.take_controls_changed() && !world.take_controls_changed());
        world.despawn(car).unwrap();
        assert_eq!((world.controlled(ada), world.controlled(bob)), (None, None));
        assert!(world.take_controls_changed());
        world.set_controlled(bob, Some(car));
        assert_eq!(world.controlled(bob), None, "it does not exist");
        world.forget_player(bob);
        assert_eq!(world.controlled.len(), 1);
    }

    #[test]
    fn an_entity_is_found_for_a_change_in_any_order_and_none_that_is_gone() {
        let mut world = World::new();
        let ids: Vec<_> = (0..9).map(|_| world.spawn(DOT).unwrap()).collect();
        let mut rng = crate::Rng::new(5);
        for round in 0..200 {
            let id = ids[rng.below(9) as usize];
            if round == 100 {
                world.despawn(ids[4]).unwrap();
                world.compact();
            }
            let is_there = round < 100 || id != ids[4];
            assert_eq!(
                world.get_mut(id).map(|dot| core::mem::replace(&mut dot.pos, id.0 as i32)).is_some(),
                is_there
            );
            assert_eq!(world.get(id).map(|dot| dot.pos), is_there.then_some(id.0 as i32));
        }
        assert!(world.iter().all(|(id, dot)| dot.pos == DOT.pos || dot.pos == id.0 as i32));
    }

    #[test]
    fn ids_start_over_after_the_last_one_and_pass_over_those_that_are_there() {
        let mut world = World::new();
        let first: Vec<_> = (0..3).map(|_| world.spawn(DOT).unwrap()).collect();
        world.start_at(EntityId::LAST.0 - 1);
        let mut spawn = || world.spawn(DOT).unwrap().0;
        assert_eq!([spawn(), spawn(), spawn()], [EntityId::LAST.0 - 1, EntityId::LAST.0, 4]);
        assert_eq!(ids(&world), [1, 2, 3, 4, EntityId::LAST.0 - 1, EntityId::LAST.0]);
        // An id that is removed before ids wrap around to it is skipped once.
        world.start_at(EntityId::LAST.0);
        world.despawn(first[1]).unwrap();
        world.compact();
        let mut spawn = || world.spawn(DOT).unwrap().0;
        assert_eq!([spawn(), spawn()], [5, 6]);
        world.start_at(EntityId::LAST.0);
        assert_eq!([world.spawn(DOT).unwrap().0, world.len() as u32], [2, 8]);
        assert!(world.passed_over.is_empty());
        world.retain(|id, _| id.0 > 3);
        assert_eq!((ids(&world).len(), world.len()), (5, 5));
    }
}
