//! What a player's client foresees: the shots of its own ship.

use super::combat::{SHOT_TICKS, SHOTS_PER_PLAYER_MAX, muzzle};
use super::entities::{ArenaEntity, Phase, Shot};
use super::{Arena, Map};
use crate::prelude::*;

/// The shot that the ship fires in this tick, as far as its player can know: its pause is counted from the last one.
pub(super) fn shot(sight: &Foresight<'_, Arena>) -> Option<Shot> {
    let ship = sight.own.as_ship().filter(|ship| ship.alive && sight.input.fire.active())?;
    let paused = sight.ticks_since_last().is_some_and(|ticks| ticks < i64::from(ship.weapon.pause_ticks()));
    if paused || sight.under_way >= usize::from(SHOTS_PER_PLAYER_MAX) {
        return None;
    }
    let is_break =
        |entity: &ArenaEntity| matches!(entity, ArenaEntity::Round(round) if round.phase == Phase::Break);
    if sight.seen().any(|(_, entity)| is_break(&entity)) { None } else { muzzle(ship, sight.scene) }
}

pub(super) fn goes_on(before: &ArenaEntity, after: &ArenaEntity, map: &Map, age_ticks: u32) -> bool {
    match (before, after) {
        (ArenaEntity::Shot(before), ArenaEntity::Shot(after)) => {
            age_ticks < u32::from(SHOT_TICKS) && map.is_clear(before.pos, after.pos)
        }
        _ => false,
    }
}

/// A shot of the same ship with the same course. The server's is ahead on it by as much as it was rewound.
pub(super) fn is_same_shot(foreseen: &ArenaEntity, real: &ArenaEntity) -> bool {
    match (foreseen, real) {
        (ArenaEntity::Shot(one), ArenaEntity::Shot(other)) => {
            one.owner == other.owner && one.vel == other.vel
        }
        _ => false,
    }
}
