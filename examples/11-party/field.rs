//! The match: gems drift, and runners take them.

use super::rules::Party;
use super::{Gem, Runner, SIDE, Team};
use tickwire_shared::prelude::*;

/// A runner takes what is nearer than this, cm.
const REACH: i32 = 150;

impl Party {
    pub(super) fn play(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (_, gem) in stage.world.iter_as_mut::<Gem>() {
            drift(gem);
        }
        for player in turn.players {
            self.take(stage, player.entity, turn.tick_rate);
        }
        let goal_reached = stage.state.red.max(stage.state.blue) >= turn.scene.goal;
        let is_there = |team| stage.world.iter_as::<Runner>().any(|(_, runner)| runner.team == team);
        if goal_reached || !is_there(Team::Red) || !is_there(Team::Blue) {
            self.end(stage);
        }
    }

    /// The runner takes the gems that it reaches; others appear elsewhere.
    fn take(&mut self, stage: &mut Stage<Self>, runner: EntityId, tick_rate: TickRate) {
        let Some(Runner { pos, team, .. }) = stage.world.get_as::<Runner>(runner).cloned() else { return };
        let mut taken = 0;
        for (_, gem) in stage.world.iter_as_mut::<Gem>() {
            if (gem.pos - pos).abs().max_element() < REACH {
                *gem = self.new_gem(tick_rate);
                taken += 1;
            }
        }
        if let (1.., Some(runner)) = (taken, stage.world.get_as_mut::<Runner>(runner)) {
            runner.points += taken;
            let board = &mut stage.state;
            *(if team == Team::Red { &mut board.red } else { &mut board.blue }) += taken;
        }
    }

    pub(super) fn new_gem(&mut self, tick_rate: TickRate) -> Gem {
        let rng = &mut self.rng;
        let mut pair = |low, high| IVec2::new(rng.range(low, high), rng.range(low, high));
        let (pos, way) = (pair(0, SIDE), pair(-2, 2));
        Gem { pos, vel: way * tick_rate.per_tick(150) }
    }
}

/// One tick; a wall turns it round.
fn drift(gem: &mut Gem) {
    let next = gem.pos + gem.vel;
    gem.pos = next.clamp(IVec2::ZERO, IVec2::splat(SIDE));
    for axis in 0..2 {
        if next[axis] != gem.pos[axis] {
            gem.vel[axis] = -gem.vel[axis];
        }
    }
}
