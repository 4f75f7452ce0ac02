//! Pickups: a ship takes one by flying over it, and it returns after a while.

use super::Arena;
use super::combat::distance_squared;
use super::entities::{ArenaEntity, Gift, HP_MAX, Pickup, Ship, Weapon};
use super::events::News;
use super::map::Map;
use super::movement::SHIP_RADIUS;
use super::seats::Seat;
use super::tempo::ticks_in_s;
use tickwire_shared::prelude::*;

/// Hit points that a health pickup gives.
pub const HEALTH_GIFT: u8 = 40;
/// How long rapid fire lasts, s; also the maximum of `Ship::rapid_s`.
pub const RAPID_S: u16 = 8;
/// How long a taken pickup stays away, s.
pub const PICKUP_S: u16 = 12;

/// A pickup is a circle of this radius.
const PICKUP_RADIUS: i32 = 300;

/// The server's side of a pickup.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    id: EntityId,
    pos: IVec2,
    gift: Gift,
    ticks_left: u32,
}

/// Puts all pickups of the map into the world.
pub(super) fn place(world: &mut World<ArenaEntity>, map: &Map) -> Vec<Spot> {
    let places = map.pickups().iter();
    let spots = places.map_while(|&(pos, gift)| {
        let id = world.spawn(ArenaEntity::Pickup(Pickup { pos, gift, ready: true })).ok()?;
        Some(Spot { id, pos, gift, ticks_left: 0 })
    });
    spots.collect()
}

/// Gives pickups to the ships above them, and restores those whose time is over, `passed_ticks` after the
/// last call.
pub(super) fn take(
    spots: &mut [Spot],
    world: &mut World<ArenaEntity>,
    seats: &mut [Seat],
    ships: &mut [Ship],
    turn: &Turn<'_, Arena>,
    news: &mut News<'_>,
) {
    const NEAR: i64 = (SHIP_RADIUS + PICKUP_RADIUS) as i64;
    for spot in spots {
        if spot.ticks_left > 0 {
            spot.ticks_left = spot.ticks_left.saturating_sub(turn.passed_ticks);
            if spot.ticks_left == 0 {
                set_ready(world, spot.id, true);
            }
            continue;
        }
        let taker = ships.iter_mut().zip(seats.iter_mut()).find(|(ship, _)| {
            ship.alive && wants(ship, spot.gift) && distance_squared(ship.pos, spot.pos) <= NEAR * NEAR
        });
        if let Some((ship, seat)) = taker {
            give(ship, seat, spot.gift, turn.tick_rate);
            news.picked_up(seat.player, spot.gift);
            spot.ticks_left = ticks_in_s(PICKUP_S, turn.tick_rate);
            set_ready(world, spot.id, false);
        }
    }
}

/// Restores all pickups, for a new round.
pub(super) fn restore(spots: &mut [Spot], world: &mut World<ArenaEntity>) {
    for spot in spots.iter_mut().filter(|spot| spot.ticks_left > 0) {
        spot.ticks_left = 0;
        set_ready(world, spot.id, true);
    }
}

/// A ship with full hit points does not take health.
fn wants(ship: &Ship, gift: Gift) -> bool {
    gift != Gift::Health || ship.hp < HP_MAX
}

fn give(ship: &mut Ship, seat: &mut Seat, gift: Gift, rate: TickRate) {
    match gift {
        Gift::Health => ship.hp = ship.hp.saturating_add(HEALTH_GIFT).min(HP_MAX),
        Gift::Rapid => {
            ship.weapon = Weapon::Rapid;
            seat.rapid_ticks = ticks_in_s(RAPID_S, rate);
            ship.rapid_s = seat.rapid_s(rate);
            seat.pause = seat.pause.min(Weapon::Rapid.pause(rate));
        }
    }
}

fn set_ready(world: &mut World<ArenaEntity>, id: EntityId, ready: bool) {
    if let Some(ArenaEntity::Pickup(pickup)) = world.get_mut(id) {
        pickup.ready = ready;
    }
}
