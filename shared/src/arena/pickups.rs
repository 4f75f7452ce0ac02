//! Pickups: taken by flying over them, back after a while.

use super::combat::distance_squared;
use super::entities::{ArenaEntity, Gift, HP_MAX, Pickup, Ship, Weapon};
use super::events::News;
use super::map::Map;
use super::movement::SHIP_RADIUS;
use super::seats::{Seat, TICKS_PER_S};
use crate::prelude::*;

/// Hit points that a health pickup gives.
pub const HEALTH_GIFT: u8 = 40;
/// How long rapid fire lasts, ticks.
pub const RAPID_TICKS: u16 = 8 * TICKS_PER_S;
/// How long a taken pickup stays away, ticks.
pub const PICKUP_TICKS: u16 = 12 * TICKS_PER_S;

const _: () = assert!(RAPID_TICKS == 8 * TICKS_PER_S, "the range of Ship::rapid_s");

/// A pickup is a circle of this radius.
const PICKUP_RADIUS: i32 = 300;

/// The server's side of a pickup.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    id: EntityId,
    pos: IVec2,
    gift: Gift,
    ticks_left: u16,
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

/// Gives what lies under ships to them, and brings back what is due.
pub(super) fn take(
    spots: &mut [Spot],
    world: &mut World<ArenaEntity>,
    seats: &mut [Seat],
    ships: &mut [Ship],
    news: &mut News<'_>,
) {
    const NEAR: i64 = (SHIP_RADIUS + PICKUP_RADIUS) as i64;
    for spot in spots {
        if spot.ticks_left > 0 {
            spot.ticks_left -= 1;
            if spot.ticks_left == 0 {
                set_ready(world, spot.id, true);
            }
            continue;
        }
        let taker = ships.iter_mut().zip(seats.iter_mut()).find(|(ship, _)| {
            ship.alive && wants(ship, spot.gift) && distance_squared(ship.pos, spot.pos) <= NEAR * NEAR
        });
        if let Some((ship, seat)) = taker {
            give(ship, seat, spot.gift);
            news.picked_up(seat.player, spot.gift);
            spot.ticks_left = PICKUP_TICKS;
            set_ready(world, spot.id, false);
        }
    }
}

/// Brings all pickups back, for a new round.
pub(super) fn restore(spots: &mut [Spot], world: &mut World<ArenaEntity>) {
    for spot in spots.iter_mut().filter(|spot| spot.ticks_left > 0) {
        spot.ticks_left = 0;
        set_ready(world, spot.id, true);
    }
}

/// A ship in full health leaves health to others.
fn wants(ship: &Ship, gift: Gift) -> bool {
    gift != Gift::Health || ship.hp < HP_MAX
}

fn give(ship: &mut Ship, seat: &mut Seat, gift: Gift) {
    match gift {
        Gift::Health => ship.hp = ship.hp.saturating_add(HEALTH_GIFT).min(HP_MAX),
        Gift::Rapid => {
            ship.weapon = Weapon::Rapid;
            seat.rapid_ticks = RAPID_TICKS;
            ship.rapid_s = seat.rapid_s();
            seat.pause_ticks = seat.pause_ticks.min(Weapon::Rapid.pause_ticks());
        }
    }
}

fn set_ready(world: &mut World<ArenaEntity>, id: EntityId, ready: bool) {
    if let Some(ArenaEntity::Pickup(pickup)) = world.get_mut(id) {
        pickup.ready = ready;
    }
}
