//! A fleet: all bots of a run, from the first connection to the report.

use crate::behaviour::Behaviours;
use crate::bot;
use crate::connect::Connect;
use crate::plan::Plan;
use crate::report::{REPORT_VERSION, Report, Second};
use crate::rooms::Rooms;
use crate::tally::Tally;
use core::future::Future;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;
use tickwire_shared::game::Game;
use tickwire_shared::wire::control::{GameName, Options, Role};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

/// How long bots have to leave after the end of the run.
const GRACE: Duration = Duration::from_secs(3);

/// What a fleet does.
#[derive(Clone, Debug)]
pub struct FleetConfig {
    /// The game's name on the server.
    pub game: GameName,
    /// When bots come and go.
    pub plan: Plan,
    /// How many rooms the fleet makes; bot i joins room i modulo this.
    pub rooms: u32,
    /// How many of the bots only watch: the ones with the highest numbers.
    pub spectators: u32,
    /// The options that rooms are made with.
    pub options: Options,
    /// Where all chance of the bots comes from.
    pub seed: u64,
    /// The threads of the runtime, to spread the books over.
    pub threads: usize,
}

impl FleetConfig {
    pub(crate) fn role_of(&self, bot: u32) -> Role {
        bot::role(bot, self.plan.bots_max(), self.spectators)
    }
}

/// A fleet at work.
pub(crate) struct Fleet<C, B> {
    pub(crate) config: FleetConfig,
    pub(crate) connect: C,
    pub(crate) behaviours: B,
    pub(crate) rooms: Rooms,
    pub(crate) tally: Tally,
    pub(crate) clock: Clock,
}

/// The fleet's time, counted from its start.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    stopped: AtomicBool,
}

impl Clock {
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn instant(&self, at: Duration) -> Instant {
        self.start + at
    }

    pub(crate) async fn sleep_until(&self, at: Duration) {
        tokio::time::sleep_until(self.instant(at)).await;
    }

    pub(crate) async fn timeout_at<F: Future>(&self, at: Duration, work: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.instant(at), work).await.ok()
    }

    /// Whether all bots are to leave before their time.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// Runs a fleet to its end and reports. Ends early when `stop` does, or when no server can be reached; `each_second`
/// hears of every second. Needs a tokio runtime with time.
pub async fn run<G, C, B>(
    config: FleetConfig,
    connect: C,
    behaviours: B,
    stop: impl Future<Output = ()>,
    mut each_second: impl FnMut(&Second),
) -> Report
where
    G: Game,
    C: Connect,
    B: Behaviours<G>,
{
    let fleet = Arc::new(Fleet {
        rooms: Rooms::new(config.rooms),
        tally: Tally::new(config.plan.bots_max(), config.threads),
        clock: Clock { start: Instant::now(), stopped: AtomicBool::new(false) },
        config,
        connect,
        behaviours,
    });
    let mut timeline = Vec::new();
    let mut bots = JoinSet::new();
    for (bot, shift) in fleet.config.plan.roll() {
        let fleet = Arc::clone(&fleet);
        bots.spawn(async move { bot::live::<G, C, B>(&fleet, bot, shift).await });
    }
    let mut stop = pin!(stop);
    let mut ends_at = fleet.config.plan.time() + GRACE;
    let mut seconds =
        tokio::time::interval_at(fleet.clock.instant(Duration::from_secs(1)), Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        tokio::select! {
            biased;
            () = &mut stop, if !fleet.clock.is_stopped() => {
                fleet.clock.stopped.store(true, Ordering::Relaxed);
                ends_at = fleet.clock.now() + GRACE;
            }
            () = fleet.clock.sleep_until(ends_at) => break,
            _ = seconds.tick() => {
                let second = fleet.tally.close_second(timeline.len() as u32);
                each_second(&second);
                timeline.push(second);
                if fleet.tally.connections() == 0 && fleet.tally.any_failed() {
                    break;
                }
            }
            ended = bots.join_next() => if ended.is_none() { break },
        }
    }
    bots.shutdown().await;
    fleet.report(timeline)
}

impl<C, B> Fleet<C, B> {
    fn report(&self, timeline: Vec<Second>) -> Report {
        let sum = self.tally.sum();
        let (bots_joined, all_joined_at) = self.tally.arrivals();
        let clients = &sum.clients;
        let time = sum.time.as_secs_f64();
        let per_second = |count: u64| if time > 0.0 { count as f64 / time } else { 0.0 };
        let moving = clients.moving_entities;
        Report {
            version: REPORT_VERSION,
            game: self.config.game.to_string(),
            seed: self.config.seed,
            rooms: self.rooms.len(),
            bots_wanted: self.config.plan.bots_max(),
            bots_joined,
            bots_failed: self.tally.failures(),
            disconnects: sum.disconnects.iter().map(|(code, count)| (code.to_string(), *count)).collect(),
            resumes: clients.resumes,
            all_joined_s: all_joined_at.map(|at| at.as_secs_f64()),
            seconds: self.clock.now().as_secs_f64(),
            client_seconds: time,
            join_ms: sum.joins.percentiles(),
            snapshots: clients.snapshots,
            snapshots_per_client_s: per_second(clients.snapshots),
            snapshot_gap_ms: sum.gaps.percentiles(),
            input_to_effect_ms: sum.effects.percentiles(),
            rtt_ms: sum.round_trips.percentiles(),
            payload_bytes: clients.message_bytes,
            payload_bytes_per_client_s: per_second(clients.message_bytes),
            messages: clients.messages,
            messages_per_client_s: per_second(clients.messages),
            bytes_per_entity: (moving > 0).then(|| clients.delta_bytes as f64 / moving as f64),
            keyframes: clients.keyframes,
            hash_checks: clients.hash_checks,
            hash_mismatches: clients.hash_mismatches,
            decode_errors: clients.decode_errors,
            prediction_error_units: sum.errors.percentiles(),
            inputs_sent: clients.inputs_made,
            inputs_late: clients.inputs.late.into(),
            inputs_held: clients.inputs.held.into(),
            events_sent: clients.commands,
            events_received: clients.events,
            events_lost: clients.events_lost,
            bot_lag_ms: sum.lags.percentiles(),
            timeline,
        }
    }
}
