//! Shots: fired, flown, stopped by walls and ships; what they cost, and a ship's end and return.

use super::entities::{ArenaEntity, HP_MAX, SCORE_MAX, Ship, Shot, Weapon};
use super::events::News;
use super::heading::{along, heading_of};
use super::map::Map;
use super::movement::SHIP_RADIUS;
use super::seats::Seat;
use super::tempo::{shot_speed, shot_ticks};
use tickwire_shared::prelude::*;

/// Shots of one player under way at one time; at the bound its weapon waits.
pub const SHOTS_PER_PLAYER_MAX: u8 = 12;
/// Hit points that a hit costs.
pub const HIT_DAMAGE: u8 = 20;

/// A shot is a circle of this radius.
const SHOT_RADIUS: i32 = 60;
/// From the centre of a ship to where its shots begin.
const MUZZLE: i32 = SHIP_RADIUS + SHOT_RADIUS + 40;

/// The server's side of a shot.
#[derive(Clone, Copy, Debug)]
pub(super) struct LiveShot {
    pub(super) id: EntityId,
    pub(super) owner: PlayerId,
    /// How much longer it flies, in 1/256 tick.
    pub(super) left: u32,
}

/// Moves every shot on by a tick and lets those that meet a ship or a wall, or whose time is over, end.
pub(super) fn fly(
    shots: &mut Vec<LiveShot>,
    world: &mut World<ArenaEntity>,
    map: &Map,
    seats: &mut [Seat],
    ships: &mut [Ship],
    respawn_ticks: u32,
    news: &mut News<'_>,
) {
    let places = ShipPositions::of(ships);
    shots.retain_mut(|live| {
        let part = live.left.min(256);
        live.left -= part;
        let Some(ArenaEntity::Shot(shot)) = world.get_mut(live.id) else { return false };
        let way = shot.vel * part as i32 / 256;
        let target = first_hit(shot, way, ships, &places, map);
        let end = shot.pos + way;
        if target.is_none() && live.left > 0 && map.is_clear(shot.pos, end) {
            shot.pos = end;
            return true;
        }
        world.despawn(live.id);
        let by = seats.iter().position(|seat| seat.player == live.owner);
        if let Some(by) = by.and_then(|at| seats.get_mut(at)) {
            by.shots = by.shots.saturating_sub(1);
        }
        if let Some(on) = target {
            hit(by, on, seats, ships, respawn_ticks, news);
        }
        false
    });
}

/// Where the ships of a step are, eight and eight side by side: most shots are near none, and the compiler makes a few
/// vector instructions of finding that out.
struct ShipPositions {
    eights: Vec<[[i32; 8]; 2]>,
}

impl ShipPositions {
    fn of(ships: &[Ship]) -> Self {
        let mut eights = vec![[[i32::MAX; 8]; 2]; ships.len().div_ceil(8)];
        for ([xs, ys], ships) in eights.iter_mut().zip(ships.chunks(8)) {
            for ((x, y), ship) in xs.iter_mut().zip(ys).zip(ships) {
                (*x, *y) = (ship.pos.x, ship.pos.y);
            }
        }
        Self { eights }
    }

    /// The places in the list of ships within less than `reach` of `middle` on both axes.
    fn near(&self, middle: IVec2, reach: IVec2) -> impl Iterator<Item = usize> {
        let (low, high) = (middle - reach, middle + reach);
        let is_near = move |x: i32, y: i32| (x > low.x) & (x < high.x) & (y > low.y) & (y < high.y);
        let any = move |[xs, ys]: &[[i32; 8]; 2]| {
            xs.iter().zip(ys).fold(false, |any, (&x, &y)| any | is_near(x, y))
        };
        self.eights.iter().enumerate().filter(move |(_, eight)| any(eight)).flat_map(move |(at, [xs, ys])| {
            let near = xs.iter().zip(ys).enumerate().filter(move |&(_, (&x, &y))| is_near(x, y));
            near.map(move |(within, _)| at * 8 + within)
        })
    }
}

/// How far along `way` from `pos` a shot comes nearest to a ship at `ship`, as a part of the way's squared length, if it
/// touches it there.
pub(super) fn touches(pos: IVec2, way: IVec2, ship: IVec2, map: &Map) -> Option<i64> {
    const NEAR: i32 = SHIP_RADIUS + SHOT_RADIUS;
    let to = ship - pos;
    let length = i64::from(way.length_squared()).max(1);
    let part = (i64::from(to.x) * i64::from(way.x) + i64::from(to.y) * i64::from(way.y)).clamp(0, length);
    let along = |axis: i32| (i64::from(axis) * part / length) as i32;
    let nearest = IVec2::new(along(way.x), along(way.y));
    let near = distance_squared(to, nearest) <= i64::from(NEAR * NEAR);
    (near && map.is_clear(pos, pos + nearest)).then_some(part)
}

/// The ship that a shot meets first on `way`, as its place in `ships`.
fn first_hit(shot: &Shot, way: IVec2, ships: &[Ship], places: &ShipPositions, map: &Map) -> Option<usize> {
    const NEAR: i32 = SHIP_RADIUS + SHOT_RADIUS;
    let (middle, reach) = (shot.pos + way / 2, way.abs() / 2 + (NEAR + 2));
    let (mut best, mut best_along) = (None, i64::MAX);
    for at in places.near(middle, reach) {
        let Some(ship) = ships.get(at).filter(|ship| ship.alive && ship.player != shot.owner) else {
            continue;
        };
        if let Some(part) = touches(shot.pos, way, ship.pos, map).filter(|part| *part < best_along) {
            (best, best_along) = (Some(at), part);
        }
    }
    best
}

/// `by` and `on` are places in `seats` and `ships`, which lie side by side.
pub(super) fn hit(
    by: Option<usize>,
    on: usize,
    seats: &mut [Seat],
    ships: &mut [Ship],
    respawn_ticks: u32,
    news: &mut News<'_>,
) {
    let (Some(hit), Some(seat)) = (ships.get_mut(on), seats.get_mut(on)) else { return };
    if hit.shielded || !hit.alive {
        return;
    }
    let victim = seat.player;
    hit.hp = hit.hp.saturating_sub(HIT_DAMAGE);
    let killed = hit.hp == 0;
    if killed {
        hit.alive = false;
        (hit.vel, hit.target, hit.weapon) = (IVec2::ZERO, IVec2::ZERO, Weapon::Blaster);
        hit.deaths = (hit.deaths + 1).min(SCORE_MAX);
        seat.respawn_ticks = respawn_ticks;
        seat.rapid_ticks = 0;
    }
    let Some(by) = by else { return };
    if killed && let Some(ship) = ships.get_mut(by) {
        ship.score = (ship.score + 1).min(SCORE_MAX);
    }
    if let Some(shooter) = seats.get(by).map(|seat| seat.player) {
        news.hit(shooter, victim, HIT_DAMAGE);
        if killed {
            news.kill(shooter, victim);
        }
    }
}

/// A shot from the ship, if it may: its weapon is ready and not too many shots are under way.
pub(super) fn fire(seat: &mut Seat, ship: &mut Ship, map: &Map, rate: TickRate) -> Option<Shot> {
    if !ship.alive || seat.pause > 0 || seat.shots >= SHOTS_PER_PLAYER_MAX {
        return None;
    }
    seat.pause += ship.weapon.pause(rate);
    ship.shielded = false;
    muzzle(ship, map, rate)
}

/// A shot that begins before the ship. A ship that leans on a wall shoots into it.
pub(super) fn muzzle(ship: &Ship, map: &Map, rate: TickRate) -> Option<Shot> {
    let pos = ship.pos + along(ship.heading, MUZZLE);
    let vel = along(ship.heading, shot_speed(rate));
    map.is_clear(ship.pos, pos).then_some(Shot { pos, vel, owner: ship.player })
}

/// What became of a new shot on its way to the present.
pub(super) enum CaughtUp {
    /// It flies on, for so many 1/256 tick.
    Flies(Shot, u32),
    /// It met the ship at this place in the list of seats.
    Hits(usize),
    /// It met a wall.
    Ends,
}

/// Flies a new shot from the moment that its player saw to now, through the ships as they were. So it hits what it hit on the
/// player's screen, and is where the player sees it.
pub(super) fn catch_up(
    mut shot: Shot,
    seats: &[Seat],
    seen: &Rewound<'_>,
    map: &Map,
    rate: TickRate,
) -> CaughtUp {
    const NEAR: i32 = SHIP_RADIUS + SHOT_RADIUS;
    let (mut flown, behind) = (0, seen.behind());
    while flown < behind {
        let part = (behind - flown).min(256);
        flown += part;
        let way = shot.vel * part as i32 / 256;
        let (middle, reach) = (shot.pos + way / 2, way.abs() / 2 + NEAR);
        let (mut first, mut first_along) = (None, i64::MAX);
        for (at, seat) in seats.iter().enumerate().filter(|(_, seat)| seat.player.0 != shot.owner) {
            let Some(target) = seen.hitbox_after(seat.entity, flown) else { continue };
            let target = target.centre.truncate();
            let off = (target - middle).abs();
            if off.x < reach.x
                && off.y < reach.y
                && let Some(along) = touches(shot.pos, way, target, map)
                && along < first_along
            {
                (first, first_along) = (Some(at), along);
            }
        }
        if let Some(at) = first {
            return CaughtUp::Hits(at);
        }
        if !map.is_clear(shot.pos, shot.pos + way) {
            return CaughtUp::Ends;
        }
        shot.pos += way;
    }
    match (u32::from(shot_ticks(rate)) * 256).checked_sub(behind) {
        Some(left @ 1..) => CaughtUp::Flies(shot, left),
        _ => CaughtUp::Ends,
    }
}

/// Where a ship comes in: of the spawns the one farthest from the nearest ship that flies; chance decides among
/// equals.
pub(super) fn best_spawn(map: &Map, ships: impl Iterator<Item = Ship> + Clone, rng: &mut Rng) -> IVec2 {
    let spawns = map.spawns();
    let start = rng.below(spawns.len() as u32) as usize;
    let nearest = |spawn: IVec2| {
        let flying = ships.clone().filter(|ship| ship.alive);
        flying.map(|ship| distance_squared(ship.pos, spawn)).min().unwrap_or(i64::MAX)
    };
    let (mut best, mut best_free) = (IVec2::ZERO, -1);
    for &spawn in spawns.iter().cycle().skip(start).take(spawns.len()) {
        let free = nearest(spawn);
        if free > best_free {
            (best, best_free) = (spawn, free);
        }
    }
    best
}

/// A ship's return at `pos`, in full health and shielded for a moment. Score and deaths stay.
pub(super) fn revive(seat: &mut Seat, ship: &mut Ship, pos: IVec2, rate: TickRate) {
    let fresh = Ship::fresh(seat.player, pos);
    *ship = Ship { score: ship.score, deaths: ship.deaths, heading: ship.heading, ..fresh };
    *seat = Seat {
        shots: seat.shots,
        emote_ticks: seat.emote_ticks,
        ..Seat::new(seat.player, seat.entity, rate)
    };
}

/// The heading in which a shot from `from` meets a ship that flies on as it does. For players.
#[must_use]
pub fn lead(from: IVec2, ship: &Ship, rate: TickRate) -> u16 {
    let ticks = distance_squared(from, ship.pos).isqrt() / i64::from(shot_speed(rate));
    heading_of(ship.pos + ship.vel * ticks as i32 - from)
}

/// The square of a distance between positions. It does not fit into 32 bits on a large map.
#[must_use]
pub fn distance_squared(one: IVec2, other: IVec2) -> i64 {
    let way = one - other;
    i64::from(way.x) * i64::from(way.x) + i64::from(way.y) * i64::from(way.y)
}

const _: () = {
    assert!(HP_MAX.is_multiple_of(HIT_DAMAGE));
    // What is under way never fills the room, also with everything else in it.
    assert!(64 * SHOTS_PER_PLAYER_MAX as usize + 64 + 64 + 1 < tickwire_shared::limits::ENTITIES_MAX);
};
