//! Ticks: the unit of time that both ends agree on.

use core::fmt;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// The number of a simulation step of a room. Tick 0 is the state before the first step.
///
/// A room ends at [`Tick::LAST`]: after 388 days at 128 Hz, after four and a half years at 30 Hz. A server
/// then closes it and tells its players to join another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tick(pub u32);

impl Tick {
    /// The last tick of a room. The numbers after it are for inputs that are ahead of it.
    pub const LAST: Self = Self(u32::MAX - (1 << 16));

    /// The tick after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// This tick moved by `ticks`, clamped to the range of a tick.
    #[must_use]
    pub fn offset(self, ticks: i64) -> Self {
        Self((i64::from(self.0) + ticks).clamp(0, i64::from(u32::MAX)) as u32)
    }

    /// How many ticks `self` is after `earlier` (negative if it is before).
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        i64::from(self.0) - i64::from(earlier.0)
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How often a room steps, in Hz, between [`TickRate::MIN`] and [`TickRate::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct TickRate(u16);

impl TickRate {
    /// The slowest room, in Hz.
    pub const MIN: u16 = 10;
    /// The fastest room, in Hz.
    pub const MAX: u16 = 128;
    /// 30 Hz.
    pub const DEFAULT: Self = Self(30);
    /// [`TickRate::MIN`].
    pub const SLOWEST: Self = Self(Self::MIN);
    /// [`TickRate::MAX`].
    pub const FASTEST: Self = Self(Self::MAX);

    /// A rate of `hz`, or `None` outside [`TickRate::MIN`]`..=`[`TickRate::MAX`].
    #[must_use]
    pub const fn new(hz: u16) -> Option<Self> {
        if hz >= Self::MIN && hz <= Self::MAX { Some(Self(hz)) } else { None }
    }

    /// The rate in Hz.
    #[must_use]
    pub const fn hz(self) -> u16 {
        self.0
    }

    /// The time of one tick.
    #[must_use]
    pub fn period(self) -> Duration {
        Duration::from_nanos(1_000_000_000 / u64::from(self.0))
    }

    /// When `tick` begins, counted from tick 0.
    #[must_use]
    pub fn time_of(self, tick: Tick) -> Duration {
        Duration::from_nanos(u64::from(tick.0) * 1_000_000_000 / u64::from(self.0))
    }

    /// How many ticks `time` lasts, including the fraction.
    #[must_use]
    pub fn ticks_in(self, time: Duration) -> f64 {
        time.as_secs_f64() * f64::from(self.0)
    }

    /// The ticks that cover `ms`, at least 1: for windows that are defined in time.
    #[must_use]
    pub const fn ticks_covering(self, ms: u64) -> u32 {
        let ticks = (self.0 as u64 * ms).div_ceil(1_000);
        if ticks == 0 { 1 } else { ticks as u32 }
    }

    /// Converts `per_s` units per second to units per tick, rounded: for speeds on a grid.
    #[must_use]
    pub const fn per_tick(self, per_s: i32) -> i32 {
        let (per_s, hz) = (per_s as i64, self.0 as i64);
        let half = if per_s < 0 { -hz } else { hz };
        ((2 * per_s + half) / (2 * hz)) as i32
    }

    /// The number of whole ticks in `time`.
    #[must_use]
    pub fn ticks_floor(self, time: Duration) -> u32 {
        self.ticks_in(time) as u32
    }

    /// The number of whole ticks in `time`, rounded up.
    #[must_use]
    pub fn ticks_ceil(self, time: Duration) -> u32 {
        self.ticks_in(time).ceil() as u32
    }
}

impl Default for TickRate {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl From<TickRate> for u16 {
    fn from(rate: TickRate) -> u16 {
        rate.0
    }
}

impl TryFrom<u16> for TickRate {
    type Error = TickRateError;
    fn try_from(hz: u16) -> Result<Self, TickRateError> {
        Self::new(hz).ok_or(TickRateError(hz))
    }
}

/// A tick rate outside the permitted range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tick rate of {0} Hz is outside {min} to {max} Hz", min = TickRate::MIN, max = TickRate::MAX)]
pub struct TickRateError(pub u16);
