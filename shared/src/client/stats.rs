//! What a client counts, for reports and for an overlay.

use crate::wire::update::InputCounts;
use core::time::Duration;
use std::collections::VecDeque;

/// Samples that wait to be drained; at the bound the oldest is dropped and counted.
pub const SAMPLES_MAX: usize = 256;

/// One measured value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// Time between the arrivals of two ticks' states. One that was confirmed later counts as come in its time.
    SnapshotGap(Duration),
    /// Round trip of a frame, without the time that it waited for the tick at the server.
    RoundTrip(Duration),
    /// Time from making an input to the update that shows its effect.
    InputToEffect(Duration),
    /// Distance in units between the own entity as predicted for a tick and as the server has it.
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
    /// Ticks whose state came, or was confirmed without a packet.
    pub snapshots: u64,
    /// Of these, the ticks of which the server said later that all went as predicted.
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
    /// Deltas that made no sense for the client's state, which must be wrong then.
    pub deltas_refused: u64,
    /// Repairs asked for.
    pub repairs_asked: u64,
    /// Repairs that came.
    pub repairs_received: u64,
    /// Messages that could not be decoded.
    pub decode_errors: u64,
    /// Inputs made.
    pub inputs_made: u64,
    /// Inputs dropped unsent because the driver took no message, or because the server was not heard for a second; their
    /// edges went into the next.
    pub inputs_dropped: u64,
    /// What the server said became of the inputs.
    pub inputs: InputCounts,
    /// Times that the input clock jumped instead of running faster or slower.
    pub clock_jumps: u64,
    /// Reliable events received, each once.
    pub events: u64,
    /// Reliable events that never came: gaps in their numbers.
    pub events_lost: u64,
    /// Droppable events that the server left out, because too much waited.
    pub events_dropped: u64,
    /// Reliable events that came again and were dropped.
    pub events_repeated: u64,
    /// Reliable events that came after one with a higher number and were dropped.
    pub events_reordered: u64,
    /// Commands taken over for sending.
    pub commands: u64,
    /// Commands that the server confirmed.
    pub commands_confirmed: u64,
    /// Times that the client came back after a cut.
    pub resumes: u64,
    /// Ticks whose prediction was compared with the server's state.
    pub predictions: u64,
    /// Of these, the ones that differed in some field.
    pub predictions_wrong: u64,
    /// Times that the own entity was moved by more than 1/4 unit to where the server has it, the error worked off smoothly.
    pub corrections: u64,
    /// Times that it was put there at once: it was far off, or the game had put it elsewhere.
    pub corrections_snapped: u64,
    /// Entities that were predicted: shots shown before the server's came.
    pub predicted_spawns: u64,
    /// Of these, the ones that were taken back in flight, because the server made none.
    pub predicted_spawns_withdrawn: u64,
    /// The smoothed round trip.
    pub rtt: Option<Duration>,
    /// The smoothed margin of inputs at the server, in ticks.
    pub margin_ticks: f64,
    /// How much longer than the fastest nearly all updates take.
    pub jitter: Duration,
    /// How much longer than the fastest nearly all frames take on their way up.
    pub jitter_up: Duration,
    /// How far behind the server's time the others are shown.
    pub view_delay: Duration,
    /// Calls of [`Client::advance`](super::Client::advance) with something to show: pictures.
    pub frames: u64,
    /// Of these, the ones that showed the others at a time of which the client knew nothing yet, nor was told later that all
    /// went as predicted.
    pub frames_starved: u64,
    /// Samples dropped because they were not drained.
    pub samples_dropped: u64,
}

/// Samples on their way to whoever reports them.
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
