//! A room's counters, for the operator and for reports.

use crate::events::RefusedCounts;
use crate::hitbox::Rewinds;
use crate::limits::MARGIN_MIN;
use crate::wire::control::Desync;
use crate::wire::update::InputCounts;

/// How early inputs arrived before the step for their tick. Times are in 1/256 tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// Frames with an input.
    pub count: u64,
    /// The sum of their margins; late inputs count as negative.
    pub sum: i64,
    /// Frames whose input arrived less than a quarter of a tick early, or late.
    pub narrow: u64,
}

impl Margins {
    pub(super) fn add(&mut self, margin: i16) {
        self.count += 1;
        self.sum += i64::from(margin);
        self.narrow += u64::from(margin < MARGIN_MIN);
    }

    /// The mean, in ticks.
    #[must_use]
    pub fn mean_ticks(&self) -> f64 {
        self.sum as f64 / 256.0 / self.count.max(1) as f64
    }
}

/// The fate of all players' inputs since the room's start; see [`InputCounts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputTotals {
    /// Inputs that arrived after their tick.
    pub late: u64,
    /// Ticks without their own input.
    pub held: u64,
    /// Late inputs whose button edges were folded into the next tick.
    pub folded: u64,
    /// Inputs too far in the past or future, or for a tick that already had one.
    pub refused: u64,
}

impl InputTotals {
    pub(super) fn add(&mut self, more: InputCounts) {
        self.late += u64::from(more.late);
        self.held += u64::from(more.held);
        self.folded += u64::from(more.folded);
        self.refused += u64::from(more.refused);
    }
}

/// Counters since the room's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomStats {
    /// Updates that were queued.
    pub updates: u64,
    /// Bytes of those updates.
    pub update_bytes: u64,
    /// Bytes of stream payloads in them.
    pub stream_bytes: u64,
    /// Updates that contain a keyframe.
    pub keyframes: u64,
    /// Bytes of those updates.
    pub keyframe_bytes: u64,
    /// Packets with a keyframe in profile 0, because the room's table would make it longer.
    pub keyframes_plain: u64,
    /// Updates that were not sent because they exceeded the bound of a message: a bug in this library.
    pub updates_too_long: u64,
    /// Keyframes of old ticks, for repairs.
    pub repairs: u64,
    /// Updates skipped because the member's slot was full.
    pub skips_full: u64,
    /// Updates skipped because the member's acknowledgement was too old.
    pub skips_lag: u64,
    /// Updates skipped because the member is served at a fraction of the room's rate.
    pub skips_pace: u64,
    /// How often a member's service rate was halved because it did not keep up.
    pub paced_slower: u64,
    /// How often it was doubled again after a trouble-free period.
    pub paced_faster: u64,
    /// Members closed because they sent frames but acknowledged nothing for too long.
    pub lost: u64,
    /// Updates skipped because the client's byte budget was used up.
    pub skips_budget: u64,
    /// Updates skipped because everything matched the client's prediction.
    pub quiet: u64,
    /// Streams that waited because the byte budget was used up or the view was too wide, counted once per
    /// update.
    pub streams_waiting: u64,
    /// Bytes that were sent regardless of the byte budget: private sections, and the streams of players'
    /// entities.
    pub floor_bytes: u64,
    /// Updates to clients whose floor alone exceeded the byte budget over the last two seconds.
    pub floors_above_budget: u64,
    /// Entities that vanished at a client between two streams, because the client already held the maximum.
    pub entities_not_held: u64,
    /// How often the streams of a view were derived: when the view or the room's set of streams changed.
    pub views_found: u64,
    /// Streams left out of views that were too wide, counted when a view changes.
    pub streams_left_out: u64,
    /// Entities encoded, each counted once per packet.
    pub entities_encoded: u64,
    /// Frames received.
    pub frames: u64,
    /// The fate of inputs.
    pub inputs: InputTotals,
    /// How early the newest inputs of frames arrived.
    pub margins: Margins,
    /// Reliable events queued for sending, per receiver.
    pub events: u64,
    /// Events refused because they exceeded a bound.
    pub events_refused: RefusedCounts,
    /// The game's events that were encoded, each once for all receivers.
    pub events_encoded: u64,
    /// Droppable events that were dropped because too many waited for a client, per receiver.
    pub events_dropped: u64,
    /// Members that lost their seat because too many events waited for them.
    pub overflowed: u64,
    /// Commands received.
    pub commands: u64,
    /// Players that joined.
    pub joins: u64,
    /// Sessions that resumed a disconnected player's seat.
    pub resumes: u64,
    /// Players that were removed because their time to resume was over.
    pub expired: u64,
    /// Members closed because they were idle for too long.
    pub idle: u64,
    /// Players whose seat was held only briefly after a disconnect.
    pub held_briefly: u64,
    /// Disconnected players whose seat was given to another player.
    pub yielded: u64,
    /// Rewinds for players: how many, and how far.
    pub rewinds: Rewinds,
    /// Reports of a differing state that the room could confirm as far as it knows; at most one in 15 s per
    /// room.
    pub desyncs: u64,
    /// Further such reports within those 15 s.
    pub desyncs_excess: u64,
    /// False reports. Each ended a session.
    pub desyncs_false: u64,
    /// The last report that counted.
    pub last_desync: Option<Desync>,
}
