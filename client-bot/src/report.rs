//! What a run measured. `docs/bot-report.schema.json` describes the JSON form.

use crate::histogram::Percentiles;
pub use crate::second::Second;
use crate::tally::Shard;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the report's format. Raised when a value is renamed or redefined, not when one is added.
pub const REPORT_VERSION: u32 = 2;

/// The result of a run. Values per client and second count the time that bots were in a room.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub version: u32,
    /// The game's name.
    pub game: String,
    /// The run's seed.
    pub seed: u64,
    /// Rooms that the fleet made.
    pub rooms: u32,
    /// The largest number of bots in the plan.
    pub bots_wanted: u32,
    /// Bots that were in a room at least once.
    pub bots_joined: u32,
    /// Bots that never joined a room, by the reason of their last attempt.
    pub bots_failed: BTreeMap<String, u64>,
    /// Those of `bots_failed` that had time to join: not those that a stop or a very short stay left none.
    /// Not in the JSON; used only for the exit status.
    #[serde(skip)]
    pub bots_missing: BTreeMap<String, u64>,
    /// What the server last said when it turned a bot away or ended its session, or what failed, by reason.
    /// Not in the JSON; only for people.
    #[serde(skip)]
    pub failure_texts: BTreeMap<String, String>,
    /// Connections that the bot did not end itself, by close code; 1006 if there was none.
    pub disconnects: BTreeMap<String, u64>,
    /// Connections that a simulated network cut; not included in `disconnects`.
    pub cuts: u64,
    /// Times that a bot resumed after it had lost its connection.
    pub resumes: u64,
    /// Connections that the bot did not end itself and never resumed. Simulated cuts count unless the bot's
    /// stay ended first.
    pub cuts_not_resumed: u64,
    /// Times that a bot in a room saw nothing new for 5 s or more; simulated stalls and cuts add their
    /// length.
    pub outages: u64,
    /// From the loss of a connection until the next snapshot after the resume.
    pub resume_ms: Percentiles,
    /// From the start of the run until all wanted bots were in a room; `null` if one never was.
    pub all_joined_s: Option<f64>,
    /// How long the run took.
    pub seconds: f64,
    /// The time that bots spent in a room, summed over all bots.
    pub client_seconds: f64,
    /// From the start of a bot's connection until it was in a room.
    pub join_ms: Percentiles,
    /// Snapshots that were decoded.
    pub snapshots: u64,
    /// Snapshots per client and second.
    pub snapshots_per_client_s: f64,
    /// The time from one snapshot of a bot to its next, also across a cut, or to the end of its stay or of
    /// the run, corrected for coordinated omission. Quiet ticks, which the server confirms later, count as on
    /// time.
    pub snapshot_gap_ms: Percentiles,
    /// From the creation of an input until the arrival of the snapshot in which it is applied.
    pub input_to_effect_ms: Percentiles,
    /// The round trip of a client frame, without its waiting time at the server.
    pub rtt_ms: Percentiles,
    /// Bytes of all messages from the server, without WebSocket and TCP headers.
    pub payload_bytes: u64,
    /// Bytes of messages from the server per client and second.
    pub payload_bytes_per_client_s: f64,
    /// Messages from the server.
    pub messages: u64,
    /// Messages from the server per client and second.
    pub messages_per_client_s: f64,
    /// Bytes of delta payloads per entity of a kind that moves, over all snapshots. Quiet ticks count their
    /// entities; keyframes and packet heads are left out.
    pub bytes_per_entity: Option<f64>,
    /// Snapshots that arrived whole, not as a delta.
    pub keyframes: u64,
    /// Snapshots whose state hash was compared.
    pub hash_checks: u64,
    /// Snapshots whose state hash differed.
    pub hash_mismatches: u64,
    /// Messages that could not be decoded.
    pub decode_errors: u64,
    /// How far a bot's own predicted entity was from the server's.
    pub prediction_error_units: Percentiles,
    /// Times that a bot's own entity was moved by more than 1/4 unit to the server's state, also because of
    /// another player.
    pub corrections: u64,
    /// Those of the corrections that were too large to be smoothed, above all of ships that respawn
    /// elsewhere.
    pub corrections_snapped: u64,
    /// Those of `prediction_error_units` that are above 1/4.
    pub correction_units: Percentiles,
    /// Frames that a client would have rendered, one for each input.
    pub frames: u64,
    /// Those that showed a time beyond the newest state, unless the server later confirmed that all went as
    /// predicted.
    pub frames_starved: u64,
    /// Inputs that were sent.
    pub inputs_sent: u64,
    /// Inputs that arrived after their tick.
    pub inputs_late: u64,
    /// Ticks for which no input had arrived, so the previous one was held.
    pub inputs_held: u64,
    /// Late inputs with a button edge that was moved to the next step.
    pub inputs_folded: u64,
    /// Inputs that the server refused: too old, too far ahead, or for a tick that was over.
    pub inputs_refused: u64,
    /// Commands that bots sent: the reliable messages of a client.
    pub events_sent: u64,
    /// Reliable events that bots received.
    pub events_received: u64,
    /// Events that never arrived, and commands that the server had not confirmed for 2 s at the end.
    pub events_lost: u64,
    /// Events that arrived again.
    pub events_doubled: u64,
    /// Events that arrived after one with a higher number, too late to be delivered.
    pub events_reordered: u64,
    /// How late the bots' own timers fired. If this is large, the bots measure themselves, not the server.
    pub bot_lag_ms: Percentiles,
    /// How late the simulated networks handed over messages. `snapshot_gap_ms` is without it.
    pub network_lag_ms: Percentiles,
    /// What the bots of each network measured, by the network's name.
    pub networks: BTreeMap<String, NetworkReport>,
    /// What happened in each second of the run.
    pub timeline: Vec<Second>,
}

/// What the bots of one network measured. Each value means the same as in the whole report.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NetworkReport {
    /// The time that its bots spent in a room.
    pub client_seconds: f64,
    /// Connections that it cut.
    pub cuts: u64,
    /// Times that a bot resumed.
    pub resumes: u64,
    /// Connections that ended and were never resumed.
    pub cuts_not_resumed: u64,
    /// Times that a bot saw nothing new for too long.
    pub outages: u64,
    /// From the loss of a connection until the next snapshot.
    pub resume_ms: Percentiles,
    /// The round trip of a client frame.
    pub rtt_ms: Percentiles,
    /// The time between the arrivals of two snapshots.
    pub snapshot_gap_ms: Percentiles,
    /// From the creation of an input until the arrival of its effect.
    pub input_to_effect_ms: Percentiles,
    /// How far a bot's own predicted entity was from the server's.
    pub prediction_error_units: Percentiles,
    /// Times that its own entity was moved by more than 1/4 unit.
    pub corrections: u64,
    /// The same per bot and minute.
    pub corrections_per_client_min: Option<f64>,
    /// The errors above 1/4 unit.
    pub correction_units: Percentiles,
    /// Frames that a client would have rendered.
    pub frames: u64,
    /// Those without a later state to interpolate towards.
    pub frames_starved: u64,
    /// `frames_starved` by `frames`, in percent.
    pub frames_starved_percent: Option<f64>,
    /// Inputs that were sent.
    pub inputs_sent: u64,
    /// Inputs that arrived after their tick.
    pub inputs_late: u64,
    /// Ticks for which no input had arrived.
    pub inputs_held: u64,
    /// Late inputs with a button edge that was moved to the next step.
    pub inputs_folded: u64,
    /// Inputs that the server refused.
    pub inputs_refused: u64,
    /// `inputs_late` and `inputs_held` by `inputs_sent`, in percent.
    pub inputs_late_or_held_percent: Option<f64>,
    /// How late the simulation itself was.
    pub network_lag_ms: Percentiles,
}

impl NetworkReport {
    pub(crate) fn of(shard: &Shard) -> Self {
        let clients = &shard.clients;
        let time = shard.time.as_secs_f64();
        let corrections = clients.corrections + clients.corrections_snapped;
        let (late, held) = (u64::from(clients.inputs.late), u64::from(clients.inputs.held));
        let percent = |part: u64, whole: u64| (whole > 0).then(|| 100.0 * part as f64 / whole as f64);
        Self {
            client_seconds: time,
            cuts: shard.cuts,
            resumes: clients.resumes,
            cuts_not_resumed: shard.cuts_not_resumed,
            outages: shard.outages,
            resume_ms: shard.resumes.percentiles(),
            rtt_ms: shard.round_trips.percentiles(),
            snapshot_gap_ms: shard.gaps.percentiles(),
            input_to_effect_ms: shard.effects.percentiles(),
            prediction_error_units: shard.errors.percentiles(),
            corrections,
            corrections_per_client_min: (time > 0.0).then(|| corrections as f64 * 60.0 / time),
            correction_units: shard.corrections.percentiles(),
            frames: clients.frames,
            frames_starved: clients.frames_starved,
            frames_starved_percent: percent(clients.frames_starved, clients.frames),
            inputs_sent: clients.inputs_made,
            inputs_late: late,
            inputs_held: held,
            inputs_folded: clients.inputs.folded.into(),
            inputs_refused: clients.inputs.refused.into(),
            inputs_late_or_held_percent: percent(late + held, clients.inputs_made),
            network_lag_ms: shard.network_lags.percentiles(),
        }
    }
}

impl Report {
    /// The sum of `bots_failed`.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.bots_failed.values().sum()
    }

    /// The sum of `disconnects`.
    #[must_use]
    pub fn disconnected(&self) -> u64 {
        self.disconnects.values().sum()
    }
}
