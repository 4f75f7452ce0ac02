//! A client's counters and samples, for reports and overlays.

use crate::wire::update::InputCounts;
use core::time::Duration;
use std::collections::VecDeque;

/// The most samples that wait to be drained; at the limit the oldest is dropped and counted.
pub const SAMPLES_MAX: usize = 256;

/// One measured value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// Time between the arrivals of two ticks' states. A tick that is confirmed later counts as having
    /// arrived on time.
    SnapshotGap(Duration),
    /// Round trip of a frame, without the time that it waited at the server for the tick.
    RoundTrip(Duration),
    /// Time from making an input to the update that shows its effect.
    InputToEffect(Duration),
    /// Distance in units between the player's own entity as predicted for a tick and as the server has it.
    PredictionError(f32),
}

/// Counters since the client was made. They go on across a resume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientStats {
    /// Messages received.
    pub messages: u64,
    /// Bytes of the messages received, without any framing below them.
    pub message_bytes: u64,
    /// Messages handed to the driver.
    pub messages_sent: u64,
    /// Bytes of the messages handed to the driver.
    pub message_bytes_sent: u64,
    /// Updates decoded.
    pub updates: u64,
    /// Ticks whose state arrived, or was confirmed without a packet.
    pub snapshots: u64,
    /// Of these, quiet ticks: the server said later that everything went as predicted.
    pub quiet_ticks: u64,
    /// The server gives updates at 1 / 2^this of the room's rate, because this client did not keep up.
    pub rate_step: u8,
    /// Streams that waited because the byte budget was used up or the view was too wide, once per update.
    pub streams_waiting: u64,
    /// Bytes of live packets' payloads, keyframes included.
    pub stream_bytes: u64,
    /// Bytes of live packets' payloads that were deltas.
    pub delta_bytes: u64,
    /// Sum over live deltas and quiet ticks of the entities in the snapshot whose kind moves.
    pub moving_entities: u64,
    /// Sum over live deltas and quiet ticks of all entities in the snapshot.
    pub entities: u64,
    /// Packets without a baseline, repairs not counted.
    pub keyframes: u64,
    /// State hashes compared.
    pub hash_checks: u64,
    /// State hashes that differed.
    pub hash_mismatches: u64,
    /// Deltas that do not fit the client's state, which must then be wrong.
    pub deltas_refused: u64,
    /// Repairs requested.
    pub repairs_asked: u64,
    /// Repairs received.
    pub repairs_received: u64,
    /// Messages that could not be decoded.
    pub decode_errors: u64,
    /// Inputs made.
    pub inputs_made: u64,
    /// Inputs dropped unsent because the driver took no message, or because the server was silent for a
    /// second; their edges went into the next input.
    pub inputs_dropped: u64,
    /// What became of the inputs, as the server reported.
    pub inputs: InputCounts,
    /// How often the input clock jumped instead of running faster or slower.
    pub clock_jumps: u64,
    /// Reliable events received, each once.
    pub events: u64,
    /// Reliable events that never arrived: gaps in their numbers.
    pub events_lost: u64,
    /// Droppable events that the server dropped because too many waited.
    pub events_dropped: u64,
    /// Reliable events that arrived again and were dropped.
    pub events_repeated: u64,
    /// Reliable events that arrived after one with a higher number and were dropped.
    pub events_reordered: u64,
    /// Commands queued for sending.
    pub commands: u64,
    /// Commands that the server confirmed.
    pub commands_confirmed: u64,
    /// How often the client came back after a cut.
    pub resumes: u64,
    /// Ticks whose prediction was compared with the server's state.
    pub predictions: u64,
    /// Of these, those that differed in some field.
    pub predictions_wrong: u64,
    /// How often the player's own entity was moved by more than 1/4 unit to where the server has it, with a
    /// smooth transition.
    pub corrections: u64,
    /// How often it was moved at once: it was far off, or the game had teleported it.
    pub corrections_snapped: u64,
    /// Predicted spawns: for example shots shown before the server's arrived.
    pub predicted_spawns: u64,
    /// Of these, those that were withdrawn in flight, because the server created none.
    pub predicted_spawns_withdrawn: u64,
    /// The smoothed round trip.
    pub rtt: Option<Duration>,
    /// The smoothed margin of inputs at the server, in ticks.
    pub margin_ticks: f64,
    /// How much longer nearly all updates take than the fastest.
    pub jitter: Duration,
    /// How much longer nearly all frames take to the server than the fastest.
    pub jitter_up: Duration,
    /// How far behind the server's time the other entities are shown.
    pub view_delay: Duration,
    /// Rendered frames: calls of [`Client::advance`](super::Client::advance) with something to show.
    pub frames: u64,
    /// Of these, those that showed the other entities at a tick of which the client knew nothing yet, and
    /// which the server did not later confirm as going as predicted.
    pub frames_starved: u64,
    /// Samples dropped because they were not drained.
    pub samples_dropped: u64,
}

/// Samples that wait to be drained.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    pending: VecDeque<Sample>,
}

impl Samples {
    pub(super) fn push(&mut self, stats: &mut ClientStats, sample: Sample) {
        if self.pending.len() >= SAMPLES_MAX {
            self.pending.pop_front();
            stats.samples_dropped += 1;
        }
        self.pending.push_back(sample);
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Sample> {
        self.pending.drain(..)
    }
}
