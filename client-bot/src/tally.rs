//! What a fleet has measured so far. One shard per worker thread, so that bots rarely wait for each other.

use crate::histogram::Spread;
use crate::network::Networks;
use crate::second::Second;
use crate::silence::{Gap, Silence};
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tickwire_shared::client::{CORRECTION_UNITS, ClientStats, Sample};

/// Everything that the bots of a fleet measure.
#[derive(Debug)]
pub(crate) struct Tally {
    /// The shards of the first network, one for each thread, then those of the next.
    shards: Box<[Mutex<Shard>]>,
    threads: usize,
    networks: Networks,
    fates: Mutex<Fates>,
    /// Bots that have left, and since when they had seen nothing new. At most one for each stay.
    silences: Mutex<Vec<Silence>>,
    /// Bots in a room now.
    playing: AtomicU32,
    /// Connections made so far.
    connected: AtomicU32,
}

/// What the bots of one thread have measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shard {
    /// Counts of this second.
    pub(crate) second: Counts,
    /// Gaps between snapshots of this second.
    pub(crate) second_gaps: Spread,
    /// Lags of this second.
    pub(crate) second_lags: Spread,
    /// Gaps of earlier seconds.
    pub(crate) gaps: Spread,
    /// Lags of earlier seconds.
    pub(crate) lags: Spread,
    /// From an input to its effect.
    pub(crate) effects: Spread,
    /// Round trips.
    pub(crate) round_trips: Spread,
    /// Prediction errors.
    pub(crate) errors: Spread,
    /// From connecting to being in a room.
    pub(crate) joins: Spread,
    /// Prediction errors above 1/4 unit.
    pub(crate) corrections: Spread,
    /// From the loss of a connection to the next snapshot.
    pub(crate) resumes: Spread,
    /// How late simulated networks delivered messages.
    pub(crate) network_lags: Spread,
    /// Connections that simulated networks cut.
    pub(crate) cuts: u64,
    /// Lost connections that were not resumed.
    pub(crate) cuts_not_resumed: u64,
    /// Times that a bot saw nothing new for too long.
    pub(crate) outages: u64,
    /// Ends by close code.
    pub(crate) disconnects: BTreeMap<u16, u64>,
    /// The sum of the clients that have ended.
    pub(crate) clients: ClientStats,
    /// Time in a room.
    pub(crate) time: Duration,
}

/// What arrives while bots play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Snapshots decoded.
    pub(crate) snapshots: u64,
    /// Messages.
    pub(crate) messages: u64,
    /// Bytes of the messages.
    pub(crate) bytes: u64,
    /// Connections that the bots did not end themselves.
    pub(crate) disconnects: u64,
}

/// What became of each bot.
#[derive(Clone, Debug, Default)]
struct Fates {
    bots: Vec<BotOutcome>,
    /// The last text to bots that were turned away or lost their session, by reason.
    texts: BTreeMap<String, String>,
    joined: u32,
    all_joined_at: Option<Duration>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum BotOutcome {
    /// Its stay has not begun.
    #[default]
    Waiting,
    /// Its stay has begun.
    Trying,
    Joined,
    /// It had hardly any time, and met no refusal.
    OutOfTime,
    Failed(String),
}

/// Why a bot gave up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GivenUp {
    /// The reason, for programs.
    pub(crate) reason: String,
    /// What the server said to it, or what failed, for people; may be empty.
    pub(crate) text: String,
    /// Its stay ended too soon to join a room, and it met no refusal.
    pub(crate) out_of_time: bool,
}

/// If a holder of the lock panicked, the counters are still good enough to report.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    /// Nothing measured yet, for `bots` bots on `threads` threads.
    #[must_use]
    pub(crate) fn new(bots: u32, threads: usize, networks: Networks) -> Self {
        let threads = threads.max(1);
        let fates = Fates { bots: vec![BotOutcome::Waiting; bots as usize], ..Fates::default() };
        Self {
            shards: (0..threads * networks.all().len()).map(|_| Mutex::default()).collect(),
            threads,
            networks,
            fates: Mutex::new(fates),
            silences: Mutex::default(),
            playing: AtomicU32::new(0),
            connected: AtomicU32::new(0),
        }
    }

    /// Lets `record` write into the shard of `bot`.
    pub(crate) fn record(&self, bot: u32, record: impl FnOnce(&mut Shard)) {
        let at = self.networks.of(bot) * self.threads + bot as usize % self.threads;
        if let Some(shard) = self.shards.get(at) {
            record(&mut lock(shard));
        }
    }

    /// A connection was made.
    pub(crate) fn connected(&self) {
        self.connected.fetch_add(1, Ordering::Relaxed);
    }

    /// How many connections were made so far.
    #[must_use]
    pub(crate) fn connections(&self) -> u32 {
        self.connected.load(Ordering::Relaxed)
    }

    /// How many bots are in a room.
    #[must_use]
    pub(crate) fn playing(&self) -> u32 {
        self.playing.load(Ordering::Relaxed)
    }

    /// `bot` joined a room at `now`.
    pub(crate) fn joined(&self, bot: u32, now: Duration) {
        self.playing.fetch_add(1, Ordering::Relaxed);
        let mut fates = lock(&self.fates);
        let Some(fate) = fates.bots.get_mut(bot as usize) else { return };
        if core::mem::replace(fate, BotOutcome::Joined) != BotOutcome::Joined {
            fates.joined += 1;
            if fates.joined as usize == fates.bots.len() {
                fates.all_joined_at = Some(now);
            }
        }
    }

    /// A bot left its room.
    pub(crate) fn left(&self) {
        self.playing.fetch_sub(1, Ordering::Relaxed);
    }

    /// The stay of `bot` has begun.
    pub(crate) fn started(&self, bot: u32) {
        if let Some(fate @ (BotOutcome::Waiting | BotOutcome::OutOfTime)) =
            lock(&self.fates).bots.get_mut(bot as usize)
        {
            *fate = BotOutcome::Trying;
        }
    }

    /// `bot` gave up; this counts if it never was in a room.
    pub(crate) fn failed(&self, bot: u32, why: GivenUp) {
        self.said(why.reason.clone(), why.text);
        let fates = &mut *lock(&self.fates);
        match fates.bots.get_mut(bot as usize) {
            None | Some(BotOutcome::Joined) => {}
            Some(BotOutcome::Failed(_)) if why.out_of_time => {}
            Some(fate) => {
                *fate = if why.out_of_time { BotOutcome::OutOfTime } else { BotOutcome::Failed(why.reason) }
            }
        }
    }

    /// What the server said when it turned a bot away or ended its session; empty if it said nothing.
    pub(crate) fn said(&self, reason: String, text: String) {
        if !text.is_empty() {
            lock(&self.fates).texts.insert(reason, text);
        }
    }

    /// The last text to bots, by reason.
    #[must_use]
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        lock(&self.fates).texts.clone()
    }

    /// How many bots were in a room at least once, and when the last of all bots joined.
    #[must_use]
    pub(crate) fn arrivals(&self) -> (u32, Option<Duration>) {
        let fates = lock(&self.fates);
        (fates.joined, fates.all_joined_at)
    }

    /// Whether a bot gave up without ever having been in a room.
    #[must_use]
    pub(crate) fn any_failed(&self) -> bool {
        lock(&self.fates).bots.iter().any(|fate| matches!(fate, BotOutcome::Failed(_)))
    }

    /// The bots that never joined a room, by reason, at the end of the run.
    #[must_use]
    pub(crate) fn failures(&self) -> BTreeMap<String, u64> {
        self.absent(true)
    }

    /// Those of [`Self::failures`] that had time to join a room.
    #[must_use]
    pub(crate) fn missing(&self) -> BTreeMap<String, u64> {
        self.absent(false)
    }

    fn absent(&self, without_time: bool) -> BTreeMap<String, u64> {
        let mut reasons = BTreeMap::new();
        for fate in &lock(&self.fates).bots {
            let reason = match fate {
                BotOutcome::Joined => continue,
                BotOutcome::Waiting | BotOutcome::OutOfTime if !without_time => continue,
                BotOutcome::Failed(reason) => reason.as_str(),
                BotOutcome::Waiting | BotOutcome::Trying | BotOutcome::OutOfTime => "run_over",
            };
            *reasons.entry(reason.to_owned()).or_default() += 1;
        }
        reasons
    }

    /// Ends a second and returns its counts.
    pub(crate) fn close_second(&self, number: u32) -> Second {
        let (mut counts, mut gaps, mut lags) = (Counts::default(), Spread::default(), Spread::default());
        for shard in &self.shards {
            let mut shard = lock(shard);
            counts.add(core::mem::take(&mut shard.second));
            let shard = &mut *shard;
            gaps.add(&shard.second_gaps);
            lags.add(&shard.second_lags);
            shard.gaps.take(&mut shard.second_gaps);
            shard.lags.take(&mut shard.second_lags);
        }
        Second {
            second: number,
            bots: self.playing(),
            disconnects: counts.disconnects,
            snapshots: counts.snapshots,
            messages: counts.messages,
            bytes: counts.bytes,
            gap_p99_ms: gaps.at(0.99),
            gap_max_ms: gaps.max(),
            lag_p99_ms: lags.at(0.99),
        }
    }

    /// A bot has left that had seen nothing new for a while.
    pub(crate) fn silent(&self, silence: Silence) {
        lock(&self.silences).push(silence);
    }

    /// The sum of all shards, and the sum for each network, of a run that ended at `end`. Empties the shards.
    #[must_use]
    pub(crate) fn sum(&self, end: Duration) -> (Shard, Vec<Shard>) {
        for silence in core::mem::take(&mut *lock(&self.silences)) {
            if let Some(gap) = silence.gap(end) {
                self.record(silence.bot, |shard| shard.gap(&gap));
            }
        }
        let mut sum = Shard::default();
        let of_network = |shards: &[Mutex<Shard>]| {
            let mut own = Shard::default();
            shards.iter().for_each(|shard| own.take(&mut lock(shard)));
            sum.take(&mut own.clone());
            own
        };
        let networks = self.shards.chunks(self.threads).map(of_network).collect();
        (sum, networks)
    }
}

impl Counts {
    fn add(&mut self, more: Self) {
        self.snapshots += more.snapshots;
        self.messages += more.messages;
        self.bytes += more.bytes;
        self.disconnects += more.disconnects;
    }
}

impl Shard {
    /// Adds a sample of a client. The bot itself measures gaps, because it knows its cuts.
    pub(crate) fn sample(&mut self, sample: Sample) {
        match sample {
            Sample::SnapshotGap(_) => {}
            Sample::RoundTrip(time) => self.round_trips.record(time),
            Sample::InputToEffect(time) => self.effects.record(time),
            Sample::PredictionError(units) => {
                self.errors.record_units(f64::from(units));
                if units > CORRECTION_UNITS {
                    self.corrections.record_units(f64::from(units));
                }
            }
        }
    }

    /// A bot had to wait for something new.
    pub(crate) fn gap(&mut self, gap: &Gap) {
        self.outages += u64::from(gap.is_outage);
        self.second_gaps.record_gap(gap.time, gap.interval);
        (0..gap.quiet).for_each(|_| self.second_gaps.record_gap(gap.interval, gap.interval));
    }

    /// A connection ended that the bot did not end itself.
    pub(crate) fn disconnected(&mut self, code: u16) {
        *self.disconnects.entry(code).or_default() += 1;
        self.second.disconnects += 1;
    }

    /// Adds the counters of a client that has ended.
    pub(crate) fn client(&mut self, stats: &ClientStats) {
        let sum = &mut self.clients;
        sum.messages += stats.messages;
        sum.message_bytes += stats.message_bytes;
        sum.snapshots += stats.snapshots;
        sum.delta_bytes += stats.delta_bytes;
        sum.moving_entities += stats.moving_entities;
        sum.keyframes += stats.keyframes;
        sum.hash_checks += stats.hash_checks;
        sum.hash_mismatches += stats.hash_mismatches;
        sum.decode_errors += stats.decode_errors;
        sum.inputs_made += stats.inputs_made;
        sum.inputs.add(stats.inputs);
        sum.events += stats.events;
        sum.events_lost += stats.events_lost;
        sum.events_repeated += stats.events_repeated;
        sum.events_reordered += stats.events_reordered;
        sum.commands += stats.commands;
        sum.commands_confirmed += stats.commands_confirmed;
        sum.resumes += stats.resumes;
        sum.predictions += stats.predictions;
        sum.predictions_wrong += stats.predictions_wrong;
        sum.corrections += stats.corrections;
        sum.corrections_snapped += stats.corrections_snapped;
        sum.frames += stats.frames;
        sum.frames_starved += stats.frames_starved;
    }

    fn take(&mut self, other: &mut Self) {
        for (code, count) in core::mem::take(&mut other.disconnects) {
            *self.disconnects.entry(code).or_default() += count;
        }
        self.client(&core::mem::take(&mut other.clients));
        self.time += core::mem::take(&mut other.time);
        self.gaps.take(&mut other.second_gaps);
        self.gaps.take(&mut other.gaps);
        self.lags.take(&mut other.second_lags);
        self.lags.take(&mut other.lags);
        self.effects.take(&mut other.effects);
        self.round_trips.take(&mut other.round_trips);
        self.errors.take(&mut other.errors);
        self.joins.take(&mut other.joins);
        self.corrections.take(&mut other.corrections);
        self.resumes.take(&mut other.resumes);
        self.network_lags.take(&mut other.network_lags);
        self.cuts += core::mem::take(&mut other.cuts);
        self.cuts_not_resumed += core::mem::take(&mut other.cuts_not_resumed);
        self.outages += core::mem::take(&mut other.outages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> GivenUp {
        GivenUp { reason: "full".into(), ..GivenUp::default() }
    }

    #[test]
    fn bots_without_time_are_not_missing() {
        let tally = Tally::new(4, 1, Networks::default());
        let out_of_time = GivenUp { reason: "run_over".into(), out_of_time: true, ..GivenUp::default() };
        (0..3).for_each(|bot| tally.started(bot));
        tally.failed(0, full());
        tally.failed(0, out_of_time.clone());
        tally.failed(1, out_of_time);
        assert_eq!(tally.failures(), BTreeMap::from([("full".to_owned(), 1), ("run_over".to_owned(), 3)]));
        assert_eq!(tally.missing(), BTreeMap::from([("full".to_owned(), 1), ("run_over".to_owned(), 1)]));
    }

    #[test]
    fn a_bot_that_joined_once_has_not_failed() {
        let tally = Tally::new(2, 1, Networks::default());
        tally.joined(0, Duration::from_secs(1));
        tally.failed(0, full());
        tally.failed(1, full());
        assert_eq!(tally.arrivals(), (1, None));
        assert_eq!(tally.failures(), BTreeMap::from([("full".to_owned(), 1)]));
        tally.joined(1, Duration::from_secs(2));
        tally.joined(1, Duration::from_secs(3));
        assert_eq!(tally.arrivals(), (2, Some(Duration::from_secs(2))));
    }

    #[test]
    fn a_second_is_reported_once_and_the_run_has_all_of_them() {
        let tally = Tally::new(2, 2, Networks::default());
        for (bot, ms) in [(0, 30), (1, 40)] {
            tally.record(bot, |shard| {
                shard.second.snapshots += 1;
                shard.second_gaps.record(Duration::from_millis(ms));
            });
        }
        let second = tally.close_second(0);
        assert_eq!(second.snapshots, 2);
        assert!(second.gap_max_ms.is_some_and(|max| (39.9..40.1).contains(&max)), "{second:?}");
        assert_eq!(tally.close_second(1), Second { second: 1, ..Second::default() });
        assert_eq!(tally.sum(Duration::from_secs(2)).0.gaps.count(), 2);
    }
}
