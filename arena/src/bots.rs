//! The arena's bots: one flies about, one hunts, one does nothing.

use crate::{
    Arena, ArenaEntity, ArenaInput, Command, EMOTES, HEADING_STEPS, Map, SHIP_RADIUS, Ship, TILE, along,
    distance_squared, heading_of, lead,
};
use core::time::Duration;
use tickwire_shared::Rng;
use tickwire_shared::bot::{Behaviour, Behaviours, Idle};
use tickwire_shared::client::Client;
use tickwire_shared::entity::Button;
use tickwire_shared::prelude::IVec2;

/// A wanderer looks this far ahead for walls.
const LOOK_AHEAD: i32 = TILE * 3 / 2;
/// A hunter closer than this circles around its prey instead of closing in.
const CIRCLE_DISTANCE: i32 = 4 * TILE;
/// A hunter shoots from at most this distance.
const SHOOT_DISTANCE: i32 = 14 * TILE;
/// A bot shows an emote once in this many decisions.
const EMOTE_ONE_IN: u32 = 100;
/// The input for full speed.
const FULL: i32 = 127;

/// Which behaviour the arena's bots have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArenaBehaviour {
    /// All fly about, and shoot now and then.
    Wander,
    /// All chase the nearest ship and shoot at it.
    Hunt,
    /// All do nothing.
    Idle,
    /// On average five of ten bots hunt, four wander and one is idle.
    #[default]
    Mixed,
}

impl Behaviours<Arena> for ArenaBehaviour {
    fn of(&self, bot: u32) -> Box<dyn Behaviour<Arena>> {
        // Bot i plays in room i modulo the number of rooms: the mix must not depend on that remainder.
        let mixed = Rng::new(bot.into()).below(10);
        match (self, mixed) {
            (Self::Wander, _) | (Self::Mixed, 0..=3) => Box::new(Wander::default()),
            (Self::Hunt, _) | (Self::Mixed, 4..=8) => Box::new(Hunt::default()),
            (Self::Idle | Self::Mixed, _) => Box::new(Idle),
        }
    }
}

/// Flies straight, turns before walls and at random times, shoots in short bursts.
#[derive(Clone, Debug, Default)]
pub struct Wander {
    heading: u16,
    /// Decisions until it turns at random.
    turn_in: u32,
    /// Decisions for which it keeps shooting.
    shoot_for: u32,
    fire: Button,
}

impl Wander {
    /// The next heading from `pos`: the current one while it is free and near `wish`, otherwise a free one
    /// near `wish`.
    fn steer(&mut self, map: &Map, pos: IVec2, wish: Option<u16>, rng: &mut Rng) -> u16 {
        self.turn_in = self.turn_in.saturating_sub(1);
        let wish = match wish {
            Some(heading) => heading,
            None if self.turn_in == 0 => {
                self.turn_in = 10 + rng.below(40);
                rng.below(HEADING_STEPS.into()) as u16
            }
            None => self.heading,
        };
        let keeps = turn_between(self.heading, wish) < HEADING_STEPS / 16;
        if !keeps || !is_way_free(map, pos, self.heading, LOOK_AHEAD) {
            self.heading = free_heading(map, pos, wish, rng);
        }
        self.heading
    }
}

impl Behaviour<Arena> for Wander {
    fn decide(&mut self, client: &Client<Arena>, _: Duration, rng: &mut Rng) -> ArenaInput {
        let Some((ship, map)) = own_ship(client) else { return ArenaInput::default() };
        let heading = self.steer(map, ship.pos, None, rng);
        if self.shoot_for == 0 && rng.chance(15) {
            self.shoot_for = 3 + rng.below(6);
        }
        self.shoot_for = self.shoot_for.saturating_sub(1);
        self.fire = Button::after(self.fire, self.shoot_for > 0);
        input(heading, heading, self.fire)
    }

    fn command(&mut self, _: &Client<Arena>, rng: &mut Rng) -> Option<Command> {
        emote(rng)
    }
}

/// Chases the nearest ship, aims where it will be, and shoots when no wall is in between.
#[derive(Clone, Debug, Default)]
pub struct Hunt {
    wander: Wander,
    /// Whether it circles to the left.
    left: bool,
    fire: Button,
}

impl Behaviour<Arena> for Hunt {
    fn decide(&mut self, client: &Client<Arena>, now: Duration, rng: &mut Rng) -> ArenaInput {
        let Some((ship, map)) = own_ship(client) else { return ArenaInput::default() };
        let view = client.view(now);
        let others = view.iter().filter_map(|(_, entity)| match entity {
            ArenaEntity::Ship(other) if other.alive && other.player != ship.player => Some(other),
            _ => None,
        });
        let Some(prey) = others.min_by_key(|other| distance_squared(other.pos, ship.pos)) else {
            self.fire = Button::after(self.fire, false);
            let heading = self.wander.steer(map, ship.pos, None, rng);
            return input(heading, heading, self.fire);
        };
        let way = prey.pos - ship.pos;
        let (sees, distance) =
            (map.is_clear(ship.pos, prey.pos), distance_squared(prey.pos, ship.pos).isqrt());
        let heading = match sees {
            true if distance < i64::from(CIRCLE_DISTANCE) => self.circle(map, ship.pos, heading_of(way), rng),
            true => self.wander.steer(map, ship.pos, Some(heading_of(way)), rng),
            // Around a corner: mostly keeps its heading, otherwise it would get stuck at the wall in between.
            false => {
                let wish = rng.chance(8).then(|| heading_of(way));
                self.wander.steer(map, ship.pos, wish, rng)
            }
        };
        let may_shoot = sees && !prey.shielded && distance < i64::from(SHOOT_DISTANCE);
        self.fire = Button::after(self.fire, may_shoot);
        input(heading, lead(ship.pos, prey, client.tick_rate().unwrap_or_default()), self.fire)
    }

    fn command(&mut self, _: &Client<Arena>, rng: &mut Rng) -> Option<Command> {
        emote(rng)
    }
}

impl Hunt {
    /// A heading at a right angle to the prey. Changes sides at random times and before a wall.
    fn circle(&mut self, map: &Map, pos: IVec2, to_prey: u16, rng: &mut Rng) -> u16 {
        let quarter = HEADING_STEPS / 4;
        let side = |left: bool| (to_prey + if left { 3 * quarter } else { quarter }) % HEADING_STEPS;
        if rng.chance(20) || !is_way_free(map, pos, side(self.left), LOOK_AHEAD) {
            self.left = !self.left;
        }
        self.wander.steer(map, pos, Some(side(self.left)), rng)
    }
}

fn own_ship(client: &Client<Arena>) -> Option<(&Ship, &Map)> {
    let (_, own) = client.own()?;
    Some((own.as_ship().filter(|ship| ship.alive)?, client.scene()?))
}

fn input(heading: u16, aim: u16, fire: Button) -> ArenaInput {
    let way = along(heading, FULL).clamp(IVec2::splat(-FULL), IVec2::splat(FULL));
    ArenaInput { move_x: way.x as i8, move_y: way.y as i8, aim, fire }
}

fn emote(rng: &mut Rng) -> Option<Command> {
    rng.chance(EMOTE_ONE_IN).then(|| Command::Emote(rng.below(EMOTES.into()) as u8))
}

/// By how many steps two headings differ, the shorter way around.
fn turn_between(one: u16, other: u16) -> u16 {
    let turn = one.abs_diff(other) % HEADING_STEPS;
    turn.min(HEADING_STEPS - turn)
}

/// Whether a ship can fly from `pos` for `distance` without touching a wall.
fn is_way_free(map: &Map, pos: IVec2, heading: u16, distance: i32) -> bool {
    // Steps are shorter than a ship, so no wall lies between two.
    let step = SHIP_RADIUS / 2;
    (1..=distance / step).all(|steps| map.is_free(pos + along(heading, steps * step), SHIP_RADIUS))
}

/// The free heading closest to `wish`, on a random side; `wish` itself if there is none.
fn free_heading(map: &Map, pos: IVec2, wish: u16, rng: &mut Rng) -> u16 {
    let left_first = rng.chance(2);
    // Looks ahead less each time: in a narrow spot any way out is good.
    for distance in [LOOK_AHEAD, LOOK_AHEAD / 2, LOOK_AHEAD / 4] {
        for turn in (0..=HEADING_STEPS / 2).step_by(usize::from(HEADING_STEPS / 16)) {
            for left in [left_first, !left_first] {
                let heading = (wish + if left { HEADING_STEPS - turn } else { turn }) % HEADING_STEPS;
                if is_way_free(map, pos, heading, distance) {
                    return heading;
                }
            }
        }
    }
    wish
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{centre_of, shot_speed, tile_of};
    use tickwire_shared::prelude::{PlayerId, TickRate};

    fn map() -> Map {
        let rows = ["########", "#s.....#", "#..##..#", "#......#", "#......#", "########"];
        Map::parse("test", &rows.map(str::to_owned)).unwrap()
    }

    #[test]
    fn a_wanderer_never_steers_into_a_wall() {
        let (map, mut wander) = (map(), Wander::default());
        let mut pos = centre_of(IVec2::new(1, 1));
        let (mut rng, mut seen) = (Rng::new(1), std::collections::HashSet::new());
        for _ in 0..2_000 {
            let heading = wander.steer(&map, pos, None, &mut rng);
            pos += along(heading, 205);
            assert!(map.is_free(pos, SHIP_RADIUS), "in a wall at {pos}");
            seen.insert(tile_of(pos));
        }
        assert!(seen.len() > 10, "it stayed in {} tiles", seen.len());
    }

    #[test]
    fn a_wish_is_followed_where_it_is_free() {
        let (map, mut rng) = (map(), Rng::new(1));
        let pos = centre_of(IVec2::new(1, 3));
        assert_eq!(free_heading(&map, pos, 0, &mut rng), 0);
        let around = free_heading(&map, pos, HEADING_STEPS / 2, &mut rng);
        assert!(is_way_free(&map, pos, around, LOOK_AHEAD));
    }

    #[test]
    fn a_shot_is_aimed_where_the_prey_will_be() {
        let way = IVec2::new(10 * shot_speed(TickRate::DEFAULT), 0);
        let prey = Ship { vel: IVec2::new(0, 100), ..Ship::fresh(PlayerId(2), way) };
        let aim = heading_of(way + IVec2::new(0, 1_000));
        assert_eq!(lead(IVec2::ZERO, &prey, TickRate::DEFAULT), aim);
    }
}
