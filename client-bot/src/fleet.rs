//! A fleet: all bots of a run, from the first connection to the report.

use crate::bot;
use crate::clock::FleetClock;
use crate::connect::Connect;
use crate::context::{FleetConfig, FleetContext};
use crate::network::SimulatedConnect;
use crate::report::{NetworkReport, REPORT_VERSION, Report, Second};
use crate::rooms::Rooms;
use crate::session::LEAVE_TIMEOUT;
use crate::tally::Tally;
use core::future::Future;
use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;
use tickwire_shared::bot::Behaviours;
use tickwire_shared::game::Game;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// How long bots have to leave after the end of the run: long enough that a server that does not answer
/// counts as an outage.
const GRACE: Duration = LEAVE_TIMEOUT.saturating_add(Duration::from_secs(1));

/// Runs a fleet to its end and returns the report. Ends early when `stop` does, or when no server can be
/// reached. Calls `each_second` for every second. Needs a tokio runtime with time.
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
    let context = Arc::new(FleetContext {
        rooms: Rooms::new(config.rooms, config.room),
        tally: Tally::new(config.plan.bots_max(), config.threads, config.networks.clone()),
        clock: FleetClock::new(),
        connect: SimulatedConnect::new(connect, config.networks.clone(), config.seed),
        config,
        behaviours,
    });
    let mut timeline = Vec::new();
    let mut bots = JoinSet::new();
    for (bot, stay) in context.config.plan.stays_by_start() {
        let context = Arc::clone(&context);
        bots.spawn(async move { bot::live::<G, _, B>(&context, bot, stay).await });
    }
    let mut stop = pin!(stop);
    let mut ends_at = context.config.plan.time() + GRACE;
    let mut seconds =
        tokio::time::interval_at(context.clock.instant(Duration::from_secs(1)), Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        tokio::select! {
            biased;
            () = &mut stop, if !context.clock.is_stopped() => {
                context.clock.stop();
                ends_at = context.clock.now() + GRACE;
            }
            () = context.clock.sleep_until(ends_at) => break,
            _ = seconds.tick() => {
                let second = context.tally.close_second(timeline.len() as u32);
                each_second(&second);
                timeline.push(second);
                if context.tally.connections() == 0 && context.tally.any_failed() {
                    break;
                }
            }
            ended = bots.join_next() => if ended.is_none() { break },
        }
    }
    bots.shutdown().await;
    context.report(timeline)
}

impl<C, B> FleetContext<C, B> {
    #[expect(clippy::too_many_lines, reason = "one field after the other")]
    fn report(&self, timeline: Vec<Second>) -> Report {
        let (sum, by_network) = self.tally.sum(self.clock.now());
        let networks = self.config.networks.all().iter().zip(&by_network);
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
            // If no bot joined, all bots count as missing, unless the run was stopped.
            bots_missing: match bots_joined {
                0 if !self.clock.is_stopped() => self.tally.failures(),
                _ => self.tally.missing(),
            },
            failure_texts: self.tally.texts(),
            bots_failed: self.tally.failures(),
            disconnects: sum.disconnects.iter().map(|(code, count)| (code.to_string(), *count)).collect(),
            cuts: sum.cuts,
            resumes: clients.resumes,
            cuts_not_resumed: sum.cuts_not_resumed,
            outages: sum.outages,
            resume_ms: sum.resumes.percentiles(),
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
            corrections: clients.corrections + clients.corrections_snapped,
            corrections_snapped: clients.corrections_snapped,
            correction_units: sum.corrections.percentiles(),
            frames: clients.frames,
            frames_starved: clients.frames_starved,
            inputs_sent: clients.inputs_made,
            inputs_late: clients.inputs.late.into(),
            inputs_held: clients.inputs.held.into(),
            inputs_folded: clients.inputs.folded.into(),
            inputs_refused: clients.inputs.refused.into(),
            events_sent: clients.commands,
            events_received: clients.events,
            events_lost: clients.events_lost,
            events_doubled: clients.events_repeated,
            events_reordered: clients.events_reordered,
            bot_lag_ms: sum.lags.percentiles(),
            network_lag_ms: sum.network_lags.percentiles(),
            networks: networks
                .map(|(network, shard)| (network.name.clone(), NetworkReport::of(shard)))
                .collect(),
            timeline,
        }
    }
}
