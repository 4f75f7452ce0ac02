//! What a player's client predicts to spawn: the shots of its own ship.

use super::Arena;
use super::combat::{SHOTS_PER_PLAYER_MAX, muzzle, touches};
use super::entities::{ArenaEntity, Ship, Shot};
use super::tempo::{PAUSES_PER_S, shot_ticks};
use tickwire_shared::prelude::*;

/// The shot that the ship fires in this tick, as far as its client can know: the client counts the pause from
/// the last predicted shot.
fn shot(spawn: &SpawnPrediction<'_, Arena>) -> Option<Shot> {
    let ship = spawn.own.as_ship().filter(|ship| ship.alive && spawn.input.fire.active())?;
    let pause = i64::from(ship.weapon.pause(spawn.tick_rate));
    let paused = spawn.ticks_since_last().is_some_and(|ticks| ticks * i64::from(PAUSES_PER_S) < pause);
    if paused || spawn.under_way >= usize::from(SHOTS_PER_PLAYER_MAX) {
        return None;
    }
    if spawn.state.is_some_and(|round| !round.is_playing()) {
        None
    } else {
        muzzle(ship, spawn.scene, spawn.tick_rate)
    }
}

impl PredictsSpawns for Arena {
    fn predict_spawns(spawn: &SpawnPrediction<'_, Self>, spawned: &mut Vec<ArenaEntity>) {
        spawned.extend(shot(spawn).map(ArenaEntity::Shot));
    }

    /// A predicted shot ends at walls, and at other players' ships where this player sees them; the server
    /// tests it there too.
    fn predicted_spawn_continues(
        before: &ArenaEntity,
        after: &ArenaEntity,
        way: &PredictedSpawn<'_, Self>,
    ) -> bool {
        let (ArenaEntity::Shot(before), ArenaEntity::Shot(after)) = (before, after) else { return false };
        if way.age_ticks >= u32::from(shot_ticks(way.tick_rate)) || !way.scene.is_clear(before.pos, after.pos)
        {
            return false;
        }
        let hit = |ship: &Ship| {
            ship.alive
                && ship.player != before.owner
                && touches(before.pos, after.pos - before.pos, ship.pos, way.scene).is_some()
        };
        !way.others().iter().filter_map(|(_, other)| other.as_ship()).any(hit)
    }

    /// Both are shots of the same ship on the same course. The server's shot is farther along it, by as much
    /// as the server rewound.
    fn is_predicted_spawn(predicted: &ArenaEntity, real: &ArenaEntity) -> bool {
        match (predicted, real) {
            (ArenaEntity::Shot(one), ArenaEntity::Shot(other)) => {
                one.owner == other.owner && one.vel == other.vel
            }
            _ => false,
        }
    }
}
