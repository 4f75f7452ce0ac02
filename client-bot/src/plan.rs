//! When each bot starts and leaves.

use core::ops::Range;
use core::str::FromStr;
use core::time::Duration;

/// A part of a run: during `time` the number of bots goes, in a straight line, from the previous number to
/// `bots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// How long the stage lasts.
    pub time: Duration,
    /// How many bots there are at its end.
    pub bots: u32,
}

impl FromStr for Stage {
    type Err = StageError;
    fn from_str(text: &str) -> Result<Self, StageError> {
        let bad = || StageError(text.to_owned());
        let (time, bots) = text.trim().split_once(':').ok_or_else(bad)?;
        let time = humantime::parse_duration(time.trim()).map_err(|_| bad())?;
        let bots = bots.trim().parse().map_err(|_| bad())?;
        Ok(Self { time, bots })
    }
}

/// Not a stage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a stage; a stage is a time and a number of bots, such as 30s:200")]
pub struct StageError(String);

/// The stages of a run in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    stages: Vec<Stage>,
}

impl Plan {
    /// `bots` start one by one within `ramp` and then stay for `time`.
    #[must_use]
    pub fn steady(bots: u32, ramp: Duration, time: Duration) -> Self {
        Self { stages: vec![Stage { time: ramp, bots }, Stage { time, bots }] }
    }

    /// The given stages, one after the other.
    #[must_use]
    pub fn stages(stages: Vec<Stage>) -> Self {
        Self { stages }
    }

    /// How long the run takes.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.stages.iter().map(|stage| stage.time).sum()
    }

    /// The largest number of bots at one time.
    #[must_use]
    pub fn bots_max(&self) -> u32 {
        self.stages.iter().map(|stage| stage.bots).max().unwrap_or(0)
    }

    /// When bot number `bot` plays, as times from the start of the run. Bots with higher numbers start later
    /// and leave earlier.
    #[must_use]
    pub fn stays(&self, bot: u32) -> Vec<Range<Duration>> {
        let (mut stays, mut since) = (Vec::new(), None);
        let (mut begin, mut from) = (Duration::ZERO, 0);
        for stage in &self.stages {
            let (low, high) = (from.min(stage.bots), from.max(stage.bots));
            if (low..high).contains(&bot) {
                // The n-th bot of a rise starts at (n - 1) / rise, the n-th to leave leaves at n / fall.
                let step = if stage.bots > from { bot - from } else { from - bot };
                let at = begin + stage.time.mul_f64(f64::from(step) / f64::from(high - low));
                match since.take() {
                    None => since = Some(at),
                    Some(came) => stays.push(came..at),
                }
            }
            begin += stage.time;
            from = stage.bots;
        }
        if let Some(came) = since {
            stays.push(came..begin);
        }
        stays
    }

    /// Every stay of every bot, in the order in which they begin.
    #[must_use]
    pub fn stays_by_start(&self) -> Vec<(u32, Range<Duration>)> {
        let mut stays_by_start: Vec<_> = (0..self.bots_max())
            .flat_map(|bot| self.stays(bot).into_iter().map(move |stay| (bot, stay)))
            .collect();
        stays_by_start.sort_by_key(|(bot, stay)| (stay.start, *bot));
        stays_by_start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_stage_is_a_time_and_a_number() {
        assert_eq!("30s:200".parse(), Ok(Stage { time: s(30), bots: 200 }));
        assert_eq!(" 2m : 5 ".parse(), Ok(Stage { time: s(120), bots: 5 }));
        for bad in ["30s", "200", "x:200", "30s:x", "30s:-1", ""] {
            assert_eq!(bad.parse::<Stage>(), Err(StageError(bad.to_owned())));
        }
    }

    #[test]
    fn a_steady_run_brings_all_bots_within_the_ramp() {
        let plan = Plan::steady(10, s(5), s(15));
        assert_eq!((plan.time(), plan.bots_max()), (s(20), 10));
        assert_eq!(plan.stays(0), [s(0)..s(20)]);
        assert_eq!(plan.stays(4), [s(2)..s(20)]);
        assert_eq!(plan.stays(10), []);
        let none = Plan::steady(3, s(0), s(1));
        assert!(none.stays_by_start().iter().all(|(_, stay)| *stay == (s(0)..s(1))));
    }

    #[test]
    fn bots_go_and_come_again_with_the_stages() {
        let stage = |time, bots| Stage { time: s(time), bots };
        let plan = Plan::stages(vec![stage(10, 10), stage(10, 0), stage(10, 10)]);
        assert_eq!(plan.stays(0), [s(0)..s(20), s(20)..s(30)]);
        assert_eq!(plan.stays(9), [s(9)..s(11), s(29)..s(30)]);
        assert_eq!(plan.stays_by_start().len(), 20);
        assert!(plan.stays_by_start().is_sorted_by_key(|(_, stay)| stay.start));
    }
}
