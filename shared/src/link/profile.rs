//! How a link behaves, and named profiles of networks that players have.

use super::outage::Outage;
use core::time::Duration;

/// The least time after which a lost segment is sent again: the minimum retransmission timeout of Linux.
const RETRANSMIT_MIN: Duration = Duration::from_millis(200);
/// The bytes that a path holds by default.
const QUEUE_BYTES_MAX: usize = 16 * 1024;

/// How one direction behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathProfile {
    /// The time that a message takes.
    pub delay: Duration,
    /// A message takes up to this much longer or shorter, uniformly at random.
    pub jitter: Duration,
    /// Lost segments per million. A lost one is sent again after [`LinkProfile::retransmit`], after twice
    /// that if it is lost again, and so on; everything after it waits.
    pub loss_per_million: u32,
    /// The bandwidth of the bottleneck, bit/s, including [`super::HEADER_BYTES`] for each segment; 0:
    /// unlimited.
    pub bandwidth_bits_per_s: u64,
    /// Bytes in flight (in the sender's buffer, in the bottleneck's queue, in transit) at which a sender has
    /// to wait.
    pub queue_bytes_max: usize,
    /// The interval of the bursts in which messages arrive, as over a radio that sleeps; zero: each on its
    /// own.
    pub burst_every: Duration,
}

impl PathProfile {
    /// Nothing takes time.
    pub const CLEAN: Self = Self {
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        loss_per_million: 0,
        bandwidth_bits_per_s: 0,
        queue_bytes_max: QUEUE_BYTES_MAX,
        burst_every: Duration::ZERO,
    };

    const fn micros(delay_us: u64, jitter_us: u64) -> Self {
        let (delay, jitter) = (Duration::from_micros(delay_us), Duration::from_micros(jitter_us));
        Self { delay, jitter, ..Self::CLEAN }
    }
}

/// How a link behaves: each direction, and outages of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkProfile {
    /// Client to server.
    pub up: PathProfile,
    /// Server to client.
    pub down: PathProfile,
    /// Times in which nothing arrives; then everything arrives at once.
    pub stall: Outage,
    /// Times without a connection: the current one breaks at the start, and none can be made before the end.
    pub cut: Outage,
}

impl LinkProfile {
    /// Nothing takes time.
    pub const CLEAN: Self = Self::both(PathProfile::CLEAN);
    /// A home's Wi-Fi: a round trip of 20 ± 5 ms, a stall of 60 ms every 10 s.
    pub const WIFI: Self =
        Self { stall: Outage::millis(60, 10_000), ..Self::both(PathProfile::micros(10_000, 2_500)) };
    /// A phone's network: a round trip of 80 ± 20 ms, a stall of 200 ms every 30 s.
    pub const MOBILE_4G: Self =
        Self { stall: Outage::millis(200, 30_000), ..Self::both(PathProfile::micros(40_000, 10_000)) };
    /// An overloaded guest network: a round trip of 150 ± 60 ms, a stall of 300 ms every 5 s, a cut of 1 s
    /// every minute.
    pub const BAD_HOTEL: Self = Self {
        stall: Outage::millis(300, 5_000),
        cut: Outage::millis(1_000, 60_000),
        ..Self::both(PathProfile::micros(75_000, 30_000))
    };

    /// The profiles by their names.
    pub const NAMED: [(&str, Self); 4] = [
        ("clean", Self::CLEAN),
        ("wifi", Self::WIFI),
        ("4g", Self::MOBILE_4G),
        ("bad-hotel", Self::BAD_HOTEL),
    ];

    /// The same in both directions, without outages.
    #[must_use]
    pub const fn both(path: PathProfile) -> Self {
        Self { up: path, down: path, stall: Outage::NEVER, cut: Outage::NEVER }
    }

    /// Every message takes `delay`, in either direction.
    #[must_use]
    pub const fn delayed(delay: Duration) -> Self {
        Self::both(PathProfile { delay, ..PathProfile::CLEAN })
    }

    /// The profile of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(own, _)| *own == name).map(|(_, profile)| *profile)
    }

    /// The time until a lost segment is sent again: a round trip, but at least 200 ms.
    #[must_use]
    pub fn retransmit(&self) -> Duration {
        let paths = [&self.up, &self.down];
        paths.into_iter().map(|path| path.delay + path.jitter).sum::<Duration>().max(RETRANSMIT_MIN)
    }
}

impl Default for LinkProfile {
    fn default() -> Self {
        Self::CLEAN
    }
}
