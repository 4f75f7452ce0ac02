//! Rules that apply after every tick of every match, for long tests.

use super::combat::SHOTS_PER_PLAYER_MAX;
use super::entities::{ArenaEntity, Ship};
use super::map::Map;
use super::movement::SHIP_RADIUS;
use super::settings::PLAYERS_MAX;
use super::tempo::ship_speed;
use tickwire_shared::prelude::*;

/// A broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{entity:?}: {rule}")]
pub struct Broken {
    /// The entity that breaks the rule; 0 for the world as a whole.
    pub entity: EntityId,
    /// The rule.
    pub rule: &'static str,
}

/// Checks the world of a room with this tick rate after a step. Allocates nothing, so it can run at every
/// tick of a simulated day.
///
/// # Errors
/// The first broken rule.
pub fn invariants(world: &World<ArenaEntity>, map: &Map, rate: TickRate) -> Result<(), Broken> {
    let mut last = EntityId(0);
    let mut owners = Owners::default();
    let (mut pickups, mut shots) = (0, 0);
    for (id, entity) in world.iter() {
        let must = |holds: bool, rule| if holds { Ok(()) } else { Err(Broken { entity: id, rule }) };
        must(id > last, "ids are ascending and unique")?;
        last = id;
        match entity {
            ArenaEntity::Ship(ship) => {
                must(owners.add(ship.player), "a player has one ship, a room at most 64")?;
                check_ship(ship, map, ship_speed(rate), must)?;
            }
            ArenaEntity::Shot(shot) => {
                shots += 1;
                must(!map.is_wall_at(shot.pos), "a shot is not in a wall")?;
            }
            ArenaEntity::Pickup(pickup) => {
                pickups += 1;
                must(!map.is_wall_at(pickup.pos), "a pickup is not in a wall")?;
            }
        }
    }
    let must = |holds: bool, rule| if holds { Ok(()) } else { Err(Broken { entity: EntityId(0), rule }) };
    must(pickups == map.pickups().len(), "the world has every pickup of the map")?;
    if shots > 0 {
        for (id, entity) in world.iter() {
            if let ArenaEntity::Shot(shot) = entity
                && !owners.shoot(shot.owner)
            {
                return Err(Broken {
                    entity: id,
                    rule: "a shot's owner is in the room and has at most 12 shots",
                });
            }
        }
    }
    Ok(())
}

fn check_ship(
    ship: &Ship,
    map: &Map,
    speed: i32,
    must: impl Fn(bool, &'static str) -> Result<(), Broken>,
) -> Result<(), Broken> {
    must(map.is_free(ship.pos, SHIP_RADIUS), "a ship touches no wall")?;
    must(ship.hp <= super::HP_MAX && (ship.hp > 0) == ship.alive, "a ship flies while it has hit points")?;
    must(ship.vel.abs().max_element() <= speed, "a ship keeps to the speed limit")?;
    must(ship.target.length_squared() <= speed * speed, "a ship's target keeps to the speed limit")?;
    must(ship.alive || ship.vel == IVec2::ZERO, "a destroyed ship does not move")
}

/// The number of shots of each owner, on the stack.
struct Owners {
    shots: [(u16, u8); PLAYERS_MAX as usize],
    len: usize,
}

impl Default for Owners {
    fn default() -> Self {
        Self { shots: [(0, 0); PLAYERS_MAX as usize], len: 0 }
    }
}

impl Owners {
    fn find(&mut self, player: u16) -> Option<&mut u8> {
        let known = self.shots.get_mut(..self.len)?;
        known.iter_mut().find(|(owner, _)| *owner == player).map(|(_, shots)| shots)
    }

    /// `false` if the player is already known or the table is full.
    fn add(&mut self, player: u16) -> bool {
        if self.find(player).is_some() {
            return false;
        }
        let Some(place) = self.shots.get_mut(self.len) else { return false };
        *place = (player, 0);
        self.len += 1;
        true
    }

    /// `false` if the owner is unknown or has too many shots.
    fn shoot(&mut self, player: u16) -> bool {
        let Some(shots) = self.find(player) else { return false };
        *shots += 1;
        *shots <= SHOTS_PER_PLAYER_MAX
    }
}
