//! Every bound of the protocol, and what happens when it is reached.
//!
//! These bounds are the same for every server and are part of `docs/protocol.md`. What an operator can set is
//! in the server's configuration.

use crate::tick::TickRate;

/// The protocol version in `Hello`. Any other version is refused with 4012.
pub const PROTOCOL_VERSION: u16 = 1;
/// The WebSocket subprotocol that a client requests.
pub const SUBPROTOCOL: &str = "tickwire.v1";

/// The longest client message, bytes. A longer one ends the session with 1009.
pub const INBOUND_BYTES_MAX: usize = 4 * 1024;
/// The longest server message, bytes. A client ends the session at a longer one; a server never sends one.
pub const OUTBOUND_BYTES_MAX: usize = 240 * 1024;

/// Entities in a room at one time. Further spawns are refused, and the game gets an error.
pub const ENTITIES_MAX: usize = 4096;
/// Bits of one entity in a keyframe, its fields alone. A wider kind is refused when the schema is built.
pub const ROW_BITS_MAX: u32 = 352;
/// Fields (after splitting vectors) of one kind of entity. More are refused when the schema is built.
pub const ROW_FIELDS_MAX: usize = 48;
/// Bits of the owner-only fields in one message: the kind's number, and each field with a bit before it.
pub const OWN_BITS_MAX: usize = 6 + ROW_FIELDS_MAX + ROW_BITS_MAX as usize;
/// Kinds of entity in one game.
pub const KINDS_MAX: usize = 64;
/// Bits of one input. A wider input is refused when the schema is built.
pub const INPUT_BITS_MAX: u32 = 256;
/// Fields (after splitting vectors) of one input.
pub const INPUT_FIELDS_MAX: usize = 32;

/// How long both ends keep a stream's snapshots, and how far an input may be from the next tick, ms. A round
/// trip of this length works without loss at every tick rate. See [`window_ticks`].
pub const WINDOW_MS: u64 = 2_000;
/// The minimum number of ticks in that window, for slow rooms.
pub const WINDOW_TICKS_MIN: u32 = 64;
/// The maximum number of ticks in that window, at [`TickRate::MAX`]. A baseline's age is below it.
pub const WINDOW_TICKS_MAX: u32 = window_ticks(TickRate::FASTEST);
/// Every snapshot whose tick is divisible by this carries the state hash.
pub const HASH_PERIOD_TICKS: u32 = 32;
/// At 30 Hz a predictor computes this many ticks exactly and continues linearly. See [`exact_steps_max`].
pub const EXACT_STEPS_AT_30_HZ: u32 = 8;

/// Inputs in one client frame. More end the session with 4002.
pub const INPUTS_PER_FRAME_MAX: usize = 32;
/// How much lost time a room catches up when it wakes, ms. Ticks that are further behind are skipped.
pub const CATCH_UP_MS_MAX: u64 = 133;
/// How long a missing input is held before the player's input becomes neutral, ms.
pub const INPUT_HOLD_MS_MAX: u32 = 500;

/// Commands that may wait for an acknowledgement: a further one is refused, and the client program gets an
/// error. Also how many of a player's commands may wait in the room for their tick: a further one ends the
/// session with 4008. Also how many reliable events may be in flight to a client at one time; the others
/// wait.
pub const RELIABLE_QUEUE_MAX: usize = 128;
/// Bytes of one of the game's reliable events, or of one command, in the codec. The sending program gets an
/// error for a longer one.
pub const RELIABLE_BYTES_MAX: usize = 512;
/// Bytes of a reliable event on the wire, including its envelope.
pub const EVENT_BYTES_MAX: usize = RELIABLE_BYTES_MAX + 4;
/// What one of the game's events counts, in the two bounds below, in addition to its bytes on the wire.
pub const EVENT_EXTRA_BYTES: usize = 32;
/// Bytes of events that a game may send in one step, each event counted once. A further one is refused, and
/// the game gets an error. Half of what may wait for a client, so that one step alone disconnects no client
/// that keeps up.
pub const EVENTS_STEP_BYTES_MAX: usize = 128 * 1024;
/// Bytes of the game's events that may wait for one client. Beyond it the oldest droppable ones are dropped
/// and reported as a gap; if there are none, the client is closed (4013). Enough for 8,738 bytes/s over
/// [`RESUME_GRACE_MS`]: 30 events of 250 bytes, or 100 of 50, in every second.
pub const EVENTS_WAITING_BYTES_MAX: usize = 256 * 1024;
/// Reliable events in one message; the others wait for the next.
pub const RELIABLE_PER_MESSAGE_MAX: usize = 32;
/// Commands of one player that the game gets in one step; the others wait for the next.
pub const COMMANDS_PER_TICK_MAX: usize = 32;

/// Bytes of a player's name (UTF-8). A longer one is refused with 4002.
pub const NAME_BYTES_MAX: usize = 32;
/// Bytes of a game's name.
pub const GAME_NAME_BYTES_MAX: usize = 32;
/// Options of a room, each a short key and value.
pub const OPTIONS_MAX: usize = 8;
/// Bytes of an option's key or value.
pub const OPTION_BYTES_MAX: usize = 64;
/// Bytes of the parameters in `Join`, as JSON.
pub const PARAMETERS_BYTES_MAX: usize = 1024;
/// Bytes of a room's password.
pub const PASSWORD_BYTES_MAX: usize = 64;
/// Bytes of an invitation.
pub const INVITATION_BYTES_MAX: usize = 96;
/// Ranges in a match.
pub const MATCH_RANGES_MAX: usize = 4;
/// Places that a room holds for the others of one player's party. `Join` is refused with more.
pub const PLACES_MAX: u8 = 15;
/// How long it holds them, ms.
pub const PLACES_HELD_MS: u64 = 30_000;
/// Bytes of what a game tells its host in one report or as its result, as JSON.
pub const REPORT_BYTES_MAX: usize = 16 * 1024;
/// Reports of a game in one step. A further one is refused, and the game gets an error.
pub const REPORTS_PER_STEP_MAX: usize = 8;
/// Bytes of a message of the host to a room, as JSON.
pub const HOST_MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// Messages of the host that wait for a room's next step. A further one is refused.
pub const HOST_MESSAGES_MAX: usize = 64;
/// Bytes of a ticket.
pub const TICKET_BYTES_MAX: usize = 2048;
/// Bytes of a room's public settings in `Joined`.
pub const SETTINGS_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a game's schema in `Joined`.
pub const SCHEMA_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a table in `Joined`.
pub const TABLE_BYTES_MAX: usize = 4 * 1024;
/// Bytes of the text that explains a close.
pub const CLOSE_TEXT_BYTES_MAX: usize = 120;
/// Games in `Welcome`.
pub const GAMES_MAX: usize = 32;
/// Streams that one client sees at one time, and packets in one message. Of a larger view, the farthest
/// streams are left out. A client that receives more packets ends the session.
pub const VIEW_STREAMS_MAX: usize = 255;

/// Entities that one update can name as held, and as released. Those beyond it vanish until their stream is
/// sent.
pub const HELD_CHANGES_MAX: usize = 96;
/// Entities that a client holds at one time. Those beyond it vanish until their stream is sent.
pub const HELD_MAX: usize = 1_024;

/// Rows that a client stores for all its streams together. Beyond it, rows of streams out of view are
/// discarded; if there are none, the client ends the session.
pub const VIEW_ROWS_MAX: usize = 4 * ENTITIES_MAX;

/// Players and spectators of one room together.
pub const MEMBERS_MAX: usize = 512;

/// How long a client has for its `Hello` after the connection is established, ms.
pub const HELLO_TIMEOUT_MS: u64 = 5_000;
/// How long a disconnected player keeps its seat, ms.
pub const RESUME_GRACE_MS: u64 = 30_000;
/// How long a disconnected player keeps its seat if it never sent an input or if its address holds too many
/// seats, ms.
pub const RESUME_GRACE_BRIEF_MS: u64 = 2_000;
/// The longest time without a message while there is nothing to send, in each direction, ms.
pub const QUIET_MS_MAX: u64 = 250;
/// The smallest margin of an input that need not be reported at once, 1/256 tick.
pub const MARGIN_MIN: i16 = 64;
/// The largest margin of an input that need not be reported at once, ms.
pub const MARGIN_MS_MAX: u64 = 266;
/// A player says which tick it sees. This is how much older than its round trip that tick may be, ms: a tick,
/// the margin of its inputs, and the time that its client waits for late updates. An older tick counts as
/// this old.
pub const VIEW_SPARE_MS: u64 = 150;
/// How old a client's acknowledgement may be before it is served less often, ms (or two round trips).
pub const ACK_AGE_MS_MAX: u64 = 250;
/// How old it may be before a client that sends frames is closed as too slow (4013), ms. A player may resume.
pub const ACK_LOST_MS: u64 = 30_000;
/// A client that does not keep up is served on ticks divisible by 2 to the power of its rate step; this is
/// the largest step.
pub const RATE_STEP_MAX: u8 = 3;

/// Bytes of a stream packet's header: its stream, target, age and length.
pub const PACKET_HEAD_BYTES_MAX: usize = 3 + 2 + 1 + 3;
/// Bytes of an update's private section and the number of its packets.
pub const PRIVATE_BYTES_MAX: usize = 20 * 1024;

/// Bits of a row in a keyframe of profile 0: its fields, kind and id. No keyframe takes more: see
/// [`encode_keyframe`](crate::snapshot::encode_keyframe).
pub(crate) const KEYFRAME_ROW_BITS_MAX: usize = ROW_BITS_MAX as usize + 6 + 63;
/// What a packet contains besides rows and its header: their number, the first one's id, the hash, the
/// padding.
pub(crate) const KEYFRAME_EXTRA_BYTES_MAX: usize = 24;
const _: () = {
    assert!(KINDS_MAX <= 1 << 6);
    // All entities in keyframes, each in one stream of a view.
    assert!(
        ENTITIES_MAX * KEYFRAME_ROW_BITS_MAX / 8
            + VIEW_STREAMS_MAX * (PACKET_HEAD_BYTES_MAX + KEYFRAME_EXTRA_BYTES_MAX)
            + PRIVATE_BYTES_MAX
            <= OUTBOUND_BYTES_MAX
    );
    // Events, lists of streams (dropped, waiting) and entities (held, released), owner-only fields, numbers.
    // The list of streams that start or stop waiting may be twice as long, but that many sorted 16-bit ids
    // take less than two bytes each.
    assert!(
        RELIABLE_PER_MESSAGE_MAX * (EVENT_BYTES_MAX + 4)
            + 2 * VIEW_STREAMS_MAX * 4
            + 2 * HELD_CHANGES_MAX * 8
            + OWN_BITS_MAX / 8
            + 128
            <= PRIVATE_BYTES_MAX
    );
    assert!(
        SETTINGS_BYTES_MAX + SCHEMA_BYTES_MAX + TABLE_BYTES_MAX + MEMBERS_MAX * (NAME_BYTES_MAX + 16)
            < OUTBOUND_BYTES_MAX
    );
    assert!(EVENT_BYTES_MAX * RELIABLE_PER_MESSAGE_MAX < OUTBOUND_BYTES_MAX / 4);
    assert!(RELIABLE_QUEUE_MAX * (EVENT_BYTES_MAX + EVENT_EXTRA_BYTES) < EVENTS_WAITING_BYTES_MAX / 2);
    assert!(TICKET_BYTES_MAX + NAME_BYTES_MAX + 64 < INBOUND_BYTES_MAX);
    assert!(
        OPTIONS_MAX * 2 * (OPTION_BYTES_MAX + 1)
            + PARAMETERS_BYTES_MAX
            + INVITATION_BYTES_MAX
            + (MATCH_RANGES_MAX + 1) * (OPTION_BYTES_MAX + 20)
            + 128
            < INBOUND_BYTES_MAX
    );
    assert!(INPUTS_PER_FRAME_MAX * (INPUT_BITS_MAX as usize + 32) / 8 < INBOUND_BYTES_MAX);
    assert!(WINDOW_TICKS_MAX <= 1 << 8, "the age of a baseline is a byte");
    assert!(MARGIN_MS_MAX * (TickRate::MAX as u64) / 1_000 < (i16::MAX / 256) as u64);
};

/// The ticks of [`WINDOW_MS`] at a tick rate, at least [`WINDOW_TICKS_MIN`]: the snapshots that both ends
/// keep per stream (an older baseline is answered with a keyframe), and how far an input may be from the next
/// tick. An input farther ahead or farther behind is refused, counted and reported.
#[must_use]
pub const fn window_ticks(rate: TickRate) -> u32 {
    let ticks = rate.ticks_covering(WINDOW_MS);
    if ticks < WINDOW_TICKS_MIN { WINDOW_TICKS_MIN } else { ticks }
}

/// How many ticks a predictor computes exactly at a tick rate: they cover the time for which nothing is sent
/// of a quiet stream. Never fewer than at 30 Hz.
#[must_use]
pub const fn exact_steps_max(rate: TickRate) -> u32 {
    let steps = (EXACT_STEPS_AT_30_HZ * rate.hz() as u32).div_ceil(30);
    if steps < EXACT_STEPS_AT_30_HZ { EXACT_STEPS_AT_30_HZ } else { steps }
}
