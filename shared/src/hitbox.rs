//! Lag compensation: where entities could be hit in the last ticks, and the rewind to what a player saw.
//!
//! A player aims at the others as its screen shows them, some ticks old. Each of its frames says which tick
//! that was. So for each entity that can be hit, a room keeps one box per tick and gives a game the boxes of
//! that moment, bounded by the game's `REWIND_MS_MAX`. The result depends only on the kept boxes and the
//! frame.

use crate::entity::Entity;
use crate::id::EntityId;
use crate::tick::{Tick, TickRate};
use crate::world::World;
use core::cell::Cell;
use core::time::Duration;
use glam::IVec3;

/// Parts of a tick.
const FRACTIONS: i64 = 256;

/// The part of an entity that can be hit at a tick, in the game's own unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hitbox {
    /// The centre; interpolated between ticks.
    pub centre: IVec3,
    /// Half the side lengths of a box, or radii.
    pub half: IVec3,
    /// Changes when the entity is moved elsewhere: there is no interpolation between boxes whose `life`
    /// differs.
    pub life: u32,
}

/// The hitboxes of the last ticks. Memory is reused: after the first ticks, only additional entities
/// allocate.
#[derive(Clone, Debug)]
pub(crate) struct Hitboxes {
    ring: Vec<Boxes>,
    newest: Tick,
    rewind_max: i64,
}

/// Sorted by id.
#[derive(Clone, Debug, Default)]
struct Boxes {
    tick: Tick,
    boxes: Vec<(EntityId, Hitbox)>,
}

impl Hitboxes {
    /// Room for a maximum rewind.
    pub(crate) fn new(rewind_ms_max: u32, rate: TickRate) -> Self {
        let rewind = Duration::from_millis(u64::from(rewind_ms_max));
        let rewind_max = (rate.ticks_in(rewind) * FRACTIONS as f64) as i64;
        let ticks = rewind_max / FRACTIONS + 2;
        Self { ring: vec![Boxes::default(); ticks as usize], newest: Tick(0), rewind_max }
    }

    /// Keeps the boxes of `tick`.
    pub(crate) fn capture<E: Entity>(
        &mut self,
        tick: Tick,
        world: &World<E>,
        hitbox: impl Fn(&E) -> Option<Hitbox>,
    ) {
        let len = self.ring.len();
        let Some(slot) = self.ring.get_mut(tick.0 as usize % len.max(1)) else { return };
        slot.tick = tick;
        slot.boxes.clear();
        slot.boxes.extend(world.iter().filter_map(|(id, entity)| Some((id, hitbox(entity)?))));
        self.newest = tick;
    }

    fn at(&self, tick: Tick) -> Option<&Boxes> {
        self.ring.get(tick.0 as usize % self.ring.len().max(1)).filter(|boxes| boxes.tick == tick)
    }

    /// The boxes of the ticks before and after a moment (in 1/256 tick), and the part of a tick between the
    /// first and the moment.
    fn around(&self, moment: i64) -> (Option<&Boxes>, Option<&Boxes>, i64) {
        let tick = Tick(0).offset(moment.div_euclid(FRACTIONS));
        (self.at(tick), self.at(tick.next()), moment.rem_euclid(FRACTIONS))
    }

    /// The box of `entity` at a moment, in 1/256 tick.
    fn hitbox(&self, entity: EntityId, moment: i64) -> Option<Hitbox> {
        let (older, newer, part) = self.around(moment);
        let (at, older) = older?.find(entity, 0)?;
        Some(between(older, newer.and_then(|boxes| boxes.find(entity, at)), part))
    }

    /// All boxes at a moment, in 1/256 tick.
    fn hitboxes(&self, moment: i64) -> impl Iterator<Item = (EntityId, Hitbox)> {
        let (older, newer, part) = self.around(moment);
        let older = older.into_iter().flat_map(|older| older.boxes.iter().enumerate());
        older.map(move |(at, (entity, older))| {
            (*entity, between(older, newer.and_then(|boxes| boxes.find(*entity, at)), part))
        })
    }
}

/// A box `part` of a tick after `older`. `newer` is that of the next tick, with its index.
fn between(older: &Hitbox, newer: Option<(usize, &Hitbox)>, part: i64) -> Hitbox {
    match newer {
        Some((_, newer)) if newer.life == older.life => {
            Hitbox { centre: mix(older.centre, newer.centre, part), ..*older }
        }
        _ => *older,
    }
}

impl Boxes {
    /// The box of an entity and its index, which may be `guess`: usually the same entities can be hit in both
    /// ticks.
    fn find(&self, entity: EntityId, guess: usize) -> Option<(usize, &Hitbox)> {
        if let Some((id, hitbox)) = self.boxes.get(guess)
            && *id == entity
        {
            return Some((guess, hitbox));
        }
        let at = self.boxes.binary_search_by_key(&entity, |(id, _)| *id).ok()?;
        self.boxes.get(at).map(|(_, hitbox)| (at, hitbox))
    }
}

fn mix(from: IVec3, to: IVec3, part: i64) -> IVec3 {
    let axis =
        |from: i32, to: i32| (i64::from(from) + (i64::from(to) - i64::from(from)) * part / FRACTIONS) as i32;
    IVec3::new(axis(from.x, to.x), axis(from.y, to.y), axis(from.z, to.z))
}

/// How far behind a step a player saw the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rewind {
    /// From the tick of the step back to the tick that the player saw, in 1/256 tick, not yet bounded.
    /// `None`: the client never sent it.
    pub(crate) behind: Option<i64>,
    /// The game used it.
    pub(crate) used: Cell<bool>,
}

/// The other entities at the moment that a player saw.
#[derive(Clone, Copy, Debug)]
pub struct Rewound<'a> {
    hitboxes: &'a Hitboxes,
    /// In 1/256 tick.
    moment: i64,
    now: i64,
}

impl<'a> Rewound<'a> {
    pub(crate) fn new(hitboxes: &'a Hitboxes, tick: Tick, rewind: &Rewind) -> Self {
        let now = i64::from(tick.0) * FRACTIONS;
        let behind = rewind.behind.unwrap_or(0).clamp(0, hitboxes.rewind_max);
        Self { hitboxes, moment: now - behind, now }
    }

    /// How far back the player saw the others, in 1/256 tick, bounded by the game's limit.
    #[must_use]
    pub fn behind(&self) -> u32 {
        (self.now - self.moment) as u32
    }

    /// Where an entity could be hit at the moment that the player saw. `None` if it could not be hit.
    #[must_use]
    pub fn hitbox(&self, entity: EntityId) -> Option<Hitbox> {
        self.hitbox_after(entity, 0)
    }

    /// The same, `later` (in 1/256 tick) after that moment; at most at the state before this step.
    #[must_use]
    pub fn hitbox_after(&self, entity: EntityId, later: u32) -> Option<Hitbox> {
        self.hitboxes.hitbox(entity, self.moment_after(later))
    }

    /// Where all that could be hit was then, in the order of ids. Cheaper than to ask for each.
    pub fn hitboxes_after(&self, later: u32) -> impl Iterator<Item = (EntityId, Hitbox)> + 'a {
        self.hitboxes.hitboxes(self.moment_after(later))
    }

    fn moment_after(&self, later: u32) -> i64 {
        let newest = i64::from(self.hitboxes.newest.0) * FRACTIONS;
        (self.moment + i64::from(later)).min(newest)
    }
}

/// The rewinds that a player, or a whole room, was granted: what other players may call unfair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewinds {
    /// Steps in which the game rewound for it.
    pub count: u64,
    /// The sum of the distances, in 1/256 tick.
    pub sum: u64,
    /// The farthest rewind, in 1/256 tick.
    pub max: u32,
    /// How often the game's limit shortened it.
    pub clamped: u64,
}

impl Rewinds {
    pub(crate) fn add(&mut self, hitboxes: &Hitboxes, tick: Tick, rewind: &Rewind) {
        let behind = Rewound::new(hitboxes, tick, rewind).behind();
        self.count += 1;
        self.sum += u64::from(behind);
        self.max = self.max.max(behind);
        self.clamped += u64::from(rewind.behind.is_some_and(|wanted| wanted > hitboxes.rewind_max));
    }

    /// The mean, in ticks.
    #[must_use]
    pub fn mean_ticks(&self) -> f64 {
        self.sum as f64 / FRACTIONS as f64 / self.count.max(1) as f64
    }

    /// The farthest, in ticks.
    #[must_use]
    pub fn max_ticks(&self) -> f64 {
        f64::from(self.max) / FRACTIONS as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::Dot;

    fn hitbox(dot: &Dot) -> Option<Hitbox> {
        Some(Hitbox { centre: IVec3::new(dot.pos, 0, 0), half: IVec3::ONE, life: dot.fired as u32 })
    }

    fn moved_by(speed: i32, ticks: u32) -> (Hitboxes, EntityId) {
        let (mut world, mut hitboxes) = (World::new(), Hitboxes::new(250, TickRate::DEFAULT));
        let id = world.spawn(Dot { drifts: false, pos: 0, vel: 0, fired: 0 }).unwrap();
        for tick in 1..=ticks {
            world.get_mut(id).unwrap().pos += speed;
            hitboxes.capture(Tick(tick), &world, hitbox);
        }
        (hitboxes, id)
    }

    fn look(hitboxes: &Hitboxes, tick: u32, behind: i64) -> Rewound<'_> {
        Rewound::new(hitboxes, Tick(tick), &Rewind { behind: Some(behind), ..Rewind::default() })
    }

    #[test]
    fn a_box_is_where_it_was_between_two_ticks_and_later_on() {
        let (hitboxes, id) = moved_by(100, 40);
        let seen = look(&hitboxes, 41, 3 * 256 + 128);
        assert_eq!(seen.hitbox(id).unwrap().centre.x, 3_750);
        assert_eq!(seen.hitbox_after(id, 256).unwrap().centre.x, 3_850);
        assert_eq!(seen.hitbox_after(id, 20 * 256).unwrap().centre.x, 4_000, "the state before the step");
        assert_eq!(seen.hitbox(EntityId(99)), None);
    }

    #[test]
    fn all_boxes_of_a_moment_are_those_of_each_entity() {
        let (mut world, mut hitboxes) = (World::new(), Hitboxes::new(250, TickRate::DEFAULT));
        let dot = |pos| Dot { drifts: false, pos, vel: 0, fired: 0 };
        let ids: Vec<_> = (0..5).map(|at| world.spawn(dot(1_000 * at)).unwrap()).collect();
        for tick in 1..=40 {
            world.iter_mut().for_each(|(_, dot)| dot.pos += 100);
            if tick == 39 {
                world.despawn(ids[1]);
                world.spawn(dot(77)).unwrap();
            }
            hitboxes.capture(Tick(tick), &world, hitbox);
        }
        for behind in [3 * 256 + 128, 2 * 256 + 5, 256 + 200, 256] {
            let seen = look(&hitboxes, 41, behind);
            for later in [0, 100, 256, 9_999] {
                let all: Vec<_> = seen.hitboxes_after(later).collect();
                assert!(all.len() >= 5 && all.is_sorted_by_key(|(id, _)| *id), "{all:?}");
                assert!(all.iter().all(|(id, found)| seen.hitbox_after(*id, later) == Some(*found)));
            }
        }
    }

    #[test]
    fn nobody_looks_farther_back_than_the_game_permits_nor_into_the_future() {
        let (hitboxes, id) = moved_by(100, 40);
        let far = look(&hitboxes, 41, i64::MAX);
        assert_eq!(far.behind(), 7 * 256 + 128, "250 ms at 30 Hz");
        assert_eq!(far.hitbox(id).unwrap().centre.x, 3_350);
        assert_eq!(look(&hitboxes, 41, i64::MIN).behind(), 0);
        let mut rewinds = Rewinds::default();
        rewinds.add(&hitboxes, Tick(41), &Rewind { behind: Some(9_000), ..Rewind::default() });
        assert_eq!((rewinds.count, rewinds.clamped, rewinds.max_ticks()), (1, 1, 7.5));
    }

    #[test]
    fn boxes_of_two_lives_have_nothing_between_them() {
        let (mut hitboxes, id) = moved_by(100, 40);
        let mut world = World::new();
        world.spawn(Dot { drifts: false, pos: -9_000, vel: 0, fired: 1 }).unwrap();
        hitboxes.capture(Tick(41), &world, hitbox);
        assert_eq!(look(&hitboxes, 42, 256 + 20).hitbox(id).unwrap().centre.x, 4_000);
        assert_eq!(look(&hitboxes, 42, 256).hitbox(id).unwrap().centre.x, -9_000);
    }
}
