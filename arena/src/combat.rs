//! How shots start, fly, and end at walls and ships; what a hit does; how a destroyed ship returns.

use super::entities::{ArenaEntity, HP_MAX, SCORE_MAX, Ship, Shot, Weapon};
use super::events::News;
use super::heading::{along, heading_of};
use super::map::Map;
use super::movement::SHIP_RADIUS;
use super::seats::Seat;
use super::tempo::{shot_speed, shot_ticks};
use tickwire_shared::prelude::*;

/// The most shots that one player has under way. At this limit its weapon waits.
pub const SHOTS_PER_PLAYER_MAX: u8 = 12;
/// The hit points that a hit costs.
pub const HIT_DAMAGE: u8 = 20;

/// A shot is a circle of this radius.
const SHOT_RADIUS: i32 = 60;
/// The distance from the centre of a ship to where its shots begin.
const MUZZLE: i32 = SHIP_RADIUS + SHOT_RADIUS + 40;

/// The server's side of a shot.
#[derive(Clone, Copy, Debug)]
pub(super) struct LiveShot {
    pub(super) id: EntityId,
    pub(super) owner: PlayerId,
    /// How much longer it flies, in 1/256 tick.
    pub(super) left: u32,
}

/// Moves every shot by one tick. Removes those that meet a ship or a wall or whose time is over.
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

/// The positions of the ships in a step, in groups of eight. Most shots are near no ship, and the compiler
/// turns that check into a few vector instructions.
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

    /// The indices of the ships that are less than `reach` away from `middle` on both axes.
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

/// Whether a shot that flies from `pos` by `way` touches a ship at `ship` before a wall. If so: how far along
/// `way` it is nearest to the ship, from 0 to the squared length of `way`.
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

/// The ship that a shot meets first on `way`, as its index in `ships`.
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

/// A shot of `by` hits `on`. Both are indices of `seats` and `ships`, which are in the same order.
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

/// Fires a shot if the ship flies, its weapon is ready, and not too many of its shots are under way.
pub(super) fn fire(seat: &mut Seat, ship: &mut Ship, map: &Map, rate: TickRate) -> Option<Shot> {
    if !ship.alive || seat.pause > 0 || seat.shots >= SHOTS_PER_PLAYER_MAX {
        return None;
    }
    seat.pause += ship.weapon.pause(rate);
    ship.shielded = false;
    muzzle(ship, map, rate)
}

/// A shot that begins in front of the ship. None if a wall is there: the shot ends in it.
pub(super) fn muzzle(ship: &Ship, map: &Map, rate: TickRate) -> Option<Shot> {
    let pos = ship.pos + along(ship.heading, MUZZLE);
    let vel = along(ship.heading, shot_speed(rate));
    map.is_clear(ship.pos, pos).then_some(Shot { pos, vel, owner: ship.player })
}

/// What happened to a new shot on its way to the present.
pub(super) enum CaughtUp {
    /// It flies on for this long, in 1/256 tick.
    Flies(Shot, u32),
    /// It met the ship of the seat with this index.
    Hits(usize),
    /// It met a wall, or its time is over.
    Ends,
}

/// Flies a new shot from the moment that its player saw until now, among the ships as they were. So it hits
/// what it hit on the player's screen, and is where the player sees it.
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
        let seat_of =
            |entity| seats.iter().position(|seat| seat.entity == entity && seat.player.0 != shot.owner);
        let near = seen.hitboxes_after(flown).filter_map(|(entity, target)| {
            let target = target.centre.truncate();
            let off = (target - middle).abs();
            let is_near = off.x < reach.x && off.y < reach.y;
            is_near.then(|| Some((touches(shot.pos, way, target, map)?, seat_of(entity)?))).flatten()
        });
        // Of two that it meets at the same point, the one that came first.
        if let Some((_, at)) = near.min() {
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

/// Where a ship spawns: at the spawn whose nearest flying ship is farthest away. Chance decides among equal
/// ones.
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

/// Returns a ship at `pos`, with full hit points and a shield. Score and deaths stay.
pub(super) fn revive(seat: &mut Seat, ship: &mut Ship, pos: IVec2, rate: TickRate) {
    let fresh = Ship::fresh(seat.player, pos);
    *ship = Ship { score: ship.score, deaths: ship.deaths, heading: ship.heading, ..fresh };
    *seat = Seat {
        shots: seat.shots,
        emote_ticks: seat.emote_ticks,
        ..Seat::new(seat.player, seat.entity, rate)
    };
}

/// The heading at which a shot from `from` meets a ship that keeps its velocity. For players and bots.
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
    // Shots never fill the room, even with everything else in it.
    assert!(64 * SHOTS_PER_PLAYER_MAX as usize + 64 + 64 + 1 < tickwire_shared::limits::ENTITIES_MAX);
};
