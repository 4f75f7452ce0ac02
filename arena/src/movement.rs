//! How ships move: the part of the step that a client predicts, and what happens when two ships meet.

use super::entities::Ship;
use super::heading::DIRECTION_UNIT;
use super::input::ArenaInput;
use super::map::{Map, TILE};
use super::tempo::{ship_speed, ship_steer_divisor};
use tickwire_shared::prelude::*;

/// For walls a ship is a square with this half side, for ships and shots a circle with this radius.
pub const SHIP_RADIUS: i32 = 400;

/// The grid of `Ship::vel`, as its attributes declare it.
const VELOCITY: Grid = Grid::integers(-640, 640);

/// A ship's own step: aim, accelerate towards what the input asks for, move, stop at walls.
///
/// On an axis on which a wall stops it, a ship loses its velocity and its target. So the declared predictors
/// are right for a ship that pushes against a wall.
pub(super) fn steer_and_move(ship: &mut Ship, input: &ArenaInput, map: &Map, rate: TickRate) {
    if !ship.alive {
        return;
    }
    ship.heading = input.aim;
    ship.target = target_of(input, ship_speed(rate));
    let divisor = ship_steer_divisor(rate);
    ship.vel.x = steer_once(ship.vel.x, ship.target.x, divisor, &VELOCITY);
    ship.vel.y = steer_once(ship.vel.y, ship.target.y, divisor, &VELOCITY);
    let stopped = slide(&mut ship.pos, ship.vel, map);
    if stopped.x {
        (ship.vel.x, ship.target.x) = (0, 0);
    }
    if stopped.y {
        (ship.vel.y, ship.target.y) = (0, 0);
    }
}

/// The velocity that an input asks for: at most `speed`, also diagonally.
fn target_of(input: &ArenaInput, speed: i32) -> IVec2 {
    let axes = IVec2::new(i32::from(input.move_x), i32::from(input.move_y)).clamp(FULL_LEFT, -FULL_LEFT);
    let squared = axes.length_squared();
    // Rounded up, so that the velocity is never too long.
    let length = squared.isqrt() + i32::from(squared.isqrt().pow(2) < squared);
    axes * speed / length.max(FULL)
}

const FULL: i32 = 127;
const FULL_LEFT: IVec2 = IVec2::splat(-FULL);

/// Moves `pos` by `way`, first in x, then in y, up to the walls. Returns the axes on which a wall stopped it.
fn slide(pos: &mut IVec2, way: IVec2, map: &Map) -> tickwire_shared::glam::BVec2 {
    let (x, stopped_x) = slide_axis(pos.x, way.x, pos.y, |column, row| map.is_wall(column, row));
    pos.x = x;
    let (y, stopped_y) = slide_axis(pos.y, way.y, pos.x, |row, column| map.is_wall(column, row));
    pos.y = y;
    tickwire_shared::glam::BVec2::new(stopped_x, stopped_y)
}

/// One axis. Checks every line of tiles that the leading edge enters, so a ship passes through no wall at any
/// speed.
#[inline]
fn slide_axis(along: i32, by: i32, across: i32, is_wall: impl Fn(i32, i32) -> bool) -> (i32, bool) {
    let tile = |at: i32| at.div_euclid(TILE);
    let (low, high) = (tile(across - SHIP_RADIUS), tile(across + SHIP_RADIUS - 1));
    let blocked = |line: i32| (low..=high).any(|other| is_wall(line, other));
    if by > 0 {
        let (first, last) = (tile(along + SHIP_RADIUS - 1) + 1, tile(along + by + SHIP_RADIUS - 1));
        if let Some(line) = (first..=last).find(|&line| blocked(line)) {
            return (line * TILE - SHIP_RADIUS, true);
        }
    } else if by < 0 {
        let (first, last) = (tile(along - SHIP_RADIUS) - 1, tile(along + by - SHIP_RADIUS));
        if let Some(line) = (last..=first).rev().find(|&line| blocked(line)) {
            return ((line + 1) * TILE + SHIP_RADIUS, true);
        }
    }
    (along + by, false)
}

/// Pushes overlapping ships apart, each by half of the overlap and never into a wall.
pub(super) fn push_apart(ships: &mut [Ship], map: &Map) {
    const NEAR: i32 = 2 * SHIP_RADIUS;
    for at in 1..ships.len() {
        let (before, after) = ships.split_at_mut(at);
        let Some(one) = after.first_mut().filter(|ship| ship.alive) else { continue };
        for other in before.iter_mut().filter(|ship| ship.alive) {
            let way = one.pos - other.pos;
            if way.x.abs() >= NEAR || way.y.abs() >= NEAR || way.length_squared() >= NEAR * NEAR {
                continue;
            }
            let apart = way.length_squared().isqrt();
            let half = (NEAR - apart + 1) / 2;
            // Two ships at the same position part along x.
            let push = if apart == 0 { IVec2::new(half, 0) } else { way * half / apart };
            slide(&mut one.pos, push, map);
            slide(&mut other.pos, -push, map);
        }
    }
}

const _: () = {
    assert!(2 * SHIP_RADIUS < TILE, "a ship fits through a gap of one tile");
    assert!(DIRECTION_UNIT > TILE);
};

#[cfg(test)]
mod tests {
    use super::*;

    fn hall() -> Map {
        let rows = ["#########", "#.......#", "#..s.#..#", "#.......#", "#########"];
        Map::parse("hall", &rows.map(str::to_owned)).unwrap()
    }

    fn ship(pos: IVec2) -> Ship {
        Ship::fresh(PlayerId(1), pos)
    }

    #[test]
    fn walls_stop_ships_at_any_speed() {
        let map = hall();
        for speed in [1, 205, 1023, 1024, 5000, 100_000] {
            for way in [IVec2::X, IVec2::Y, IVec2::NEG_X, IVec2::NEG_Y, IVec2::ONE, IVec2::NEG_ONE] {
                let mut pos = map.spawns()[0];
                for _ in 0..8 {
                    slide(&mut pos, way * speed, &map);
                    assert!(map.is_free(pos, SHIP_RADIUS), "{pos} at {speed} along {way}");
                }
            }
        }
    }

    #[test]
    fn a_ship_slides_along_a_wall_and_touches_it() {
        let map = hall();
        let mut ship = ship(map.spawns()[0]);
        let down_right = ArenaInput { move_x: 127, move_y: 127, ..ArenaInput::default() };
        for _ in 0..60 {
            steer_and_move(&mut ship, &down_right, &map, TickRate::DEFAULT);
        }
        assert_eq!(ship.pos, IVec2::new(8 * TILE - SHIP_RADIUS, 4 * TILE - SHIP_RADIUS));
        assert_eq!((ship.vel, ship.target), (IVec2::ZERO, IVec2::ZERO));
    }

    #[test]
    fn a_ship_gathers_speed_and_is_no_faster_on_the_diagonal() {
        let map = Map::parse(
            "wide",
            &core::array::from_fn::<_, 60, _>(|row| {
                let inner = if row == 1 { format!("s{}", ".".repeat(57)) } else { ".".repeat(58) };
                if row % 59 == 0 { "#".repeat(60) } else { format!("#{inner}#") }
            }),
        )
        .unwrap();
        let mut ship = ship(map.spawns()[0]);
        let (mut speeds, input) =
            (Vec::new(), ArenaInput { move_x: 127, move_y: 127, ..ArenaInput::default() });
        for _ in 0..40 {
            steer_and_move(&mut ship, &input, &map, TickRate::DEFAULT);
            speeds.push(ship.vel.length_squared().isqrt());
        }
        let speed = ship_speed(TickRate::DEFAULT);
        assert!(speeds[0] < speed / 3 && speeds.is_sorted());
        assert!((speed - 2..=speed).contains(&speeds[39]), "{}", speeds[39]);
    }

    #[test]
    fn ships_that_overlap_are_pushed_apart_but_not_into_walls() {
        let map = hall();
        for from in [IVec2::ZERO, IVec2::new(300, 0), IVec2::new(-200, 250)] {
            let start = IVec2::new(TILE + SHIP_RADIUS, TILE + SHIP_RADIUS) + IVec2::splat(300);
            let mut ships = [ship(start), ship(start + from), ship(start - from / 2)];
            for _ in 0..60 {
                push_apart(&mut ships, &map);
                assert!(ships.iter().all(|ship| map.is_free(ship.pos, SHIP_RADIUS)));
            }
            let near = (ships[0].pos - ships[1].pos).length_squared().isqrt();
            assert!(near >= 2 * SHIP_RADIUS - 4, "{near}");
        }
    }
}
