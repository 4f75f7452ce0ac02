//! Speeds and times, defined per second and converted to ticks: the game is the same at every tick rate.

use super::entities::Weapon;
use tickwire_shared::entity::steer_divisor;
use tickwire_shared::tick::TickRate;

/// The speed of a ship, in 1/1024 tile per second: 6 tiles a second.
const SHIP_SPEED_PER_S: i32 = 6_150;
/// The speed of a shot, in 1/1024 tile per second: 16 tiles a second.
const SHOT_SPEED_PER_S: i32 = 16_380;
/// How far a ship's velocity lags behind the one that its player asks for, ms. `Ship::vel` declares the same
/// value.
const STEER_LAG_MS: u16 = 100;
/// How long a shot flies, ms.
const SHOT_MS: u64 = 1_500;
/// Pauses between shots are defined in 1/30 s, which at most tick rates is not a whole number of ticks. So
/// they are counted in 1/30 tick, and the rest of a tick is carried over.
pub(super) const PAUSES_PER_S: i32 = 30;

/// The speed of a ship at a tick rate, in 1/1024 tile per tick.
#[must_use]
pub const fn ship_speed(rate: TickRate) -> i32 {
    rate.per_tick(SHIP_SPEED_PER_S)
}

/// The speed of a shot at a tick rate, in 1/1024 tile per tick.
#[must_use]
pub const fn shot_speed(rate: TickRate) -> i32 {
    rate.per_tick(SHOT_SPEED_PER_S)
}

/// How long a shot flies, ticks.
#[must_use]
pub const fn shot_ticks(rate: TickRate) -> u16 {
    rate.ticks_covering(SHOT_MS) as u16
}

/// The divisor with which a ship's velocity approaches the one that its player asks for.
pub(super) const fn ship_steer_divisor(rate: TickRate) -> i32 {
    steer_divisor(STEER_LAG_MS, rate)
}

/// This many seconds, in ticks.
pub(super) const fn ticks_in_s(seconds: u16, rate: TickRate) -> u32 {
    seconds as u32 * rate.hz() as u32
}

impl Weapon {
    /// The time from one shot to the next, in 1/30 s.
    const fn pause_30ths(self) -> i32 {
        match self {
            Self::Blaster => 9,
            Self::Rapid => 4,
        }
    }

    /// The time from one shot to the next, in 1/30 tick.
    pub(super) fn pause(self, rate: TickRate) -> i32 {
        self.pause_30ths() * i32::from(rate.hz())
    }
}

const _: () = {
    let slowest = TickRate::SLOWEST;
    assert!(ship_speed(slowest) <= 640, "the range of Ship::vel");
    assert!(shot_speed(slowest) <= 1_700, "the range of Shot::vel");
};
