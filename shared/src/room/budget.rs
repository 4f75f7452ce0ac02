//! The byte budget of one client: its credit, and the bytes that it was sent in the last two seconds.

use crate::tick::{Tick, TickRate};

/// The time over which the bound applies, ms.
const WINDOW_MS: u64 = 2_000;
/// The maximum number of parts of the window, including the one in progress.
const PARTS_MAX: usize = 33;

/// Bytes sent to one client.
#[derive(Clone, Copy, Debug, Default)]
struct BytesSpent {
    all: u32,
    /// Those that belong to streams that had to ask.
    asked: u32,
}

/// The byte budget of one client.
///
/// Always sent are the private section, the stream that contains the player's entity, and the room's state.
/// They are the **floor**. Every other stream must ask. Over any two seconds the total is at most 1.1 x the
/// budget. If the floor leaves less than a quarter of the budget, the other streams still get a quarter, and
/// at least one packet.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    bytes_per_s: u32,
    /// Negative after more than a tick's share was sent.
    credit_bytes: i64,
    /// The same for the quarter that is guaranteed to the streams that must ask.
    owed_bytes: i64,
    /// The part in progress, then earlier ones.
    parts: [BytesSpent; PARTS_MAX],
    /// The number of the part in progress, counted from tick 0.
    part: u32,
    /// The number of parts; those before the one in progress cover `covered_ms`, which is at least the
    /// window.
    count: usize,
    covered_ms: u64,
}

impl Budget {
    pub(super) fn new(bytes_per_s: u32) -> Self {
        let parts = [BytesSpent::default(); PARTS_MAX];
        Self { bytes_per_s, credit_bytes: 0, owed_bytes: 0, parts, part: 0, count: 1, covered_ms: WINDOW_MS }
    }

    pub(super) fn bytes_per_s(&self) -> u32 {
        self.bytes_per_s
    }

    /// A tick begins: the credit grows by its share, up to a tenth of a second's budget.
    pub(super) fn earn(&mut self, tick: Tick, rate: TickRate) {
        let share = (i64::from(self.bytes_per_s) / i64::from(rate.hz().max(1))).max(1);
        let most = i64::from(self.bytes_per_s / 10).max(share);
        self.credit_bytes = (self.credit_bytes + share).min(most);
        self.owed_bytes = (self.owed_bytes + (share / 4).max(1)).min(most);
        let window_ticks = rate.ticks_covering(WINDOW_MS);
        let part_ticks = window_ticks.div_ceil(PARTS_MAX as u32 - 1).max(1);
        let full = window_ticks.div_ceil(part_ticks);
        self.count = full as usize + 1;
        self.covered_ms = u64::from(full * part_ticks) * 1_000 / u64::from(rate.hz().max(1));
        let part = tick.0 / part_ticks;
        let passed = part.saturating_sub(core::mem::replace(&mut self.part, part)).min(PARTS_MAX as u32);
        for _ in 0..passed {
            self.parts.rotate_right(1);
            self.parts[0] = BytesSpent::default();
        }
    }

    /// Whether a stream that must ask may send a packet of `bytes`, given the bytes `pending` in this update.
    pub(super) fn permits(&self, bytes: usize, pending: Pending) -> bool {
        let parts = self.parts.iter().take(self.count);
        let (all, asked) = parts.fold((0, 0), |sum: (u64, u64), part| {
            (sum.0 + u64::from(part.all), sum.1 + u64::from(part.asked))
        });
        let (budget, bytes) = (u64::from(self.bytes_per_s), bytes as u64);
        let (all, asked) = (all + pending.all as u64, asked + pending.asked as u64);
        // A tenth of a second's budget is reserved for the private section, whose length is not known yet.
        let fits = all + bytes <= budget * 21 / 10;
        let is_owed = self.owed_bytes > pending.asked as i64 && (asked == 0 || asked + bytes <= budget / 2);
        (self.credit_bytes > pending.all as i64 && fits) || is_owed
    }

    /// Records the bytes of an update.
    pub(super) fn spend(&mut self, went: Pending) {
        // The floor may exceed the budget. This bounds how long the other streams pay for it.
        let least = -i64::from(self.bytes_per_s / 5);
        self.credit_bytes = (self.credit_bytes - went.all as i64).max(least);
        self.owed_bytes = (self.owed_bytes - went.asked as i64).max(least);
        let [part, ..] = &mut self.parts;
        part.all = part.all.saturating_add(went.all as u32);
        part.asked = part.asked.saturating_add(went.asked as u32);
    }

    /// The floor over the last two seconds, bytes/s.
    pub(super) fn floor_bytes_per_s(&self) -> u32 {
        let full = self.parts.iter().take(self.count).skip(1);
        let floor: u64 = full.map(|part| u64::from(part.all - part.asked)).sum();
        (floor * 1_000 / self.covered_ms.max(1)) as u32
    }
}

/// Bytes of an update.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pending {
    pub(super) all: usize,
    /// Those that belong to streams that had to ask.
    pub(super) asked: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: TickRate = TickRate::DEFAULT;

    /// Bytes per tick over ten seconds, with a constant floor and packets of one size that ask all the time.
    fn run(bytes_per_s: u32, floor: usize, packet: usize) -> Vec<usize> {
        let mut budget = Budget::new(bytes_per_s);
        let ticks = (1..=10 * u32::from(RATE.hz())).map(|tick| {
            budget.earn(Tick(tick), RATE);
            let mut went = Pending { all: floor, asked: 0 };
            while budget.permits(packet, went) {
                went.all += packet;
                went.asked += packet;
            }
            budget.spend(went);
            went.all
        });
        ticks.collect()
    }

    fn most_in_two_seconds(ticks: &[usize]) -> usize {
        ticks.windows(2 * usize::from(RATE.hz())).map(|window| window.iter().sum()).max().unwrap_or(0)
    }

    #[test]
    fn over_any_two_seconds_at_most_a_tenth_more_than_the_budget_goes_or_the_floor_and_a_quarter() {
        for (budget, floor, packet) in [
            (2_000, 20, 100),
            (2_000, 20, 1_500),
            (6_000, 0, 50),
            (900, 10, 300),
            (2_000, 65, 100),
            (300, 30, 200),
        ] {
            let ticks = run(budget, floor, packet);
            let floor = floor * 60;
            let owed = (budget as usize / 2).max(packet);
            let most = most_in_two_seconds(&ticks);
            assert!(
                most <= (budget as usize * 22 / 10).max(floor + owed),
                "{budget} {floor} {packet}: {most}"
            );
            let spent: usize = ticks.iter().sum::<usize>() / 10;
            let due = (budget as usize).max(floor / 2);
            assert!(spent * 100 >= due * 70, "{budget} {floor} {packet}: {spent} bytes/s of {due}");
        }
    }

    #[test]
    fn what_goes_is_spread_evenly_when_packets_are_small() {
        let ticks = run(3_000, 10, 20);
        assert!(ticks.iter().skip(30).all(|bytes| (90..=130).contains(bytes)), "{ticks:?}");
    }

    #[test]
    fn a_packet_larger_than_two_seconds_permit_goes_when_nothing_else_did() {
        let ticks = run(1_000, 5, 4_000);
        let packets = ticks.iter().filter(|bytes| **bytes > 4_000).count();
        assert!((4..=5).contains(&packets), "{packets}");
    }

    #[test]
    fn the_floor_is_known() {
        let mut budget = Budget::new(1_000);
        for tick in 1..100 {
            budget.earn(Tick(tick), RATE);
            budget.spend(Pending { all: 130, asked: 100 });
        }
        assert!((880..=960).contains(&budget.floor_bytes_per_s()), "{}", budget.floor_bytes_per_s());
    }
}
