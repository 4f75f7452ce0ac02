//! Control messages: handshake, close, repair, and everything else that is rare.
//!
//! ```text
//! byte 0    0 (control)
//! byte 1..  one enum value in the codec: the variant's number, then its fields
//! ```

pub use super::options::{List, ListError, OptionText, Options, OptionsError};
use super::terms::{Invitation, Invite, JoinTerms};
use super::{Close, DecodeError, Text};
use crate::coding::codec;
use crate::entity::PacketProfile;
use crate::id::{EntityId, PlayerId, ResumeSecret, RoomId, SessionId, StreamId};
use crate::limits::{
    GAME_NAME_BYTES_MAX, GAMES_MAX, INBOUND_BYTES_MAX, MEMBERS_MAX, NAME_BYTES_MAX, OUTBOUND_BYTES_MAX,
    RELIABLE_BYTES_MAX, SCHEMA_BYTES_MAX, SETTINGS_BYTES_MAX, TABLE_BYTES_MAX, TICKET_BYTES_MAX,
};
use crate::tick::{Tick, TickRate};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The first byte of a control message.
pub const TAG_CONTROL: u8 = 0;

/// A player's name. Shown to others as text, never as markup.
pub type Name = Text<NAME_BYTES_MAX>;
/// A game's name, as a client requests it in `Join`.
pub type GameName = Text<GAME_NAME_BYTES_MAX>;

/// A message of a client other than its frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientControl {
    /// The first message of a session.
    Hello(Hello),
    /// Requests to join a room. Once per session.
    Join(Join),
    /// Gives up the seat permanently; answered with a normal close.
    Leave,
    /// The client's state of `stream` at `tick` has another hash: requests that tick's keyframe.
    Repair {
        /// The stream that differs.
        stream: StreamId,
        /// The tick whose hash differs.
        tick: Tick,
    },
    /// The result of a repair: the first field that differs.
    Desync(Desync),
    /// A spectator requests the client view of a player, or its own again. The game decides what it shows.
    Follow(Option<PlayerId>),
    /// Whether the client's page is hidden: its member may then be idle for longer.
    Hidden(bool),
    /// A player requests an invitation to its room; answered with `Invitation`.
    Invite(Invite),
}

/// Who connects, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`crate::limits::PROTOCOL_VERSION`].
    pub version: u16,
    /// The name that other players see.
    pub name: Name,
    /// What entitles the client to connect.
    pub credential: Credential,
}

/// What a client presents in its `Hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credential {
    /// Nothing: a guest.
    Guest,
    /// A ticket of an authentication service.
    Ticket(List<u8, TICKET_BYTES_MAX>),
    /// The secret of an earlier `Joined`: the client continues in the same room as the same player.
    Resume {
        /// The secret.
        secret: ResumeSecret,
        /// The number of the last reliable event that the client has.
        events_received: u32,
    },
}

/// Requests to join a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The game's name.
    pub game: GameName,
    /// The hash of the schema that the client was built with, or 0 to read the game by the server's schema.
    pub schema_hash: u64,
    /// Player or spectator.
    pub role: Role,
    /// Which room.
    pub target: Target,
    /// On which terms.
    pub terms: JoinTerms,
}

impl Join {
    /// A join on no special terms.
    #[must_use]
    pub fn new(game: GameName, schema_hash: u64, role: Role, target: Target) -> Self {
        Self { game, schema_hash, role, target, terms: JoinTerms::default() }
    }
}

/// What a member of a room may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Has an entity and sends inputs.
    Player,
    /// Only watches.
    Spectator,
}

/// Which room to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// This room.
    Room(RoomId),
    /// An open room with these options, the fullest first; a new one if there is none.
    Match(Options),
    /// A new room with these options.
    Create(Options),
}

/// The first field in which a client's state differs from the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desync {
    /// The stream.
    pub stream: StreamId,
    /// The tick of the compared states.
    pub tick: Tick,
    /// The entity.
    pub entity: EntityId,
    /// The field's index in the kind's schema; `None` if the entity is missing on one side or is of another
    /// kind.
    pub field: Option<u16>,
    /// The client's value.
    pub client: i32,
    /// The server's value.
    pub server: i32,
}

/// A message of a server other than its updates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerControl {
    /// Answers `Hello`.
    Welcome(Welcome),
    /// Answers `Join`, or a `Hello` that resumes (then right after `Welcome`).
    Joined(Joined),
    /// The last message, before the close frame.
    Close(Close),
    /// The member has been idle for long: if it stays idle, its session ends soon.
    IdleWarning {
        /// The time until then, ms.
        closes_in_ms: u32,
    },
    /// Answers `Invite`; `None` if the room gives out no invitation.
    Invitation(Option<Invitation>),
}

/// The session is established.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The session's number, for reports to the operator.
    pub session: SessionId,
    /// What the server permits.
    pub limits: SessionLimits,
    /// The games that the server hosts.
    pub games: List<GameInfo, GAMES_MAX>,
}

/// What a server permits a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLimits {
    /// The most bytes in one message from the client.
    pub inbound_bytes_max: u32,
    /// The most bytes per second from the client.
    pub inbound_bytes_per_s: u32,
    /// How long a disconnected player keeps its seat, ms.
    pub resume_grace_ms: u32,
}

/// A hosted game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameInfo {
    /// The name for `Join`.
    pub name: GameName,
    /// The hash of its schema.
    pub schema_hash: u64,
    /// Its rooms' tick rate.
    pub tick_rate: TickRate,
}

/// The client has joined a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The room.
    pub room: RoomId,
    /// Whether the client resumed the seat of a session that was cut.
    pub resumed: bool,
    /// The player and its entity, [`EntityId::NONE`] if it controls none; `None` for a spectator.
    pub player: Option<(PlayerId, EntityId)>,
    /// The room's tick rate.
    pub tick_rate: TickRate,
    /// The room's tick when this was written; its keyframe follows.
    pub tick: Tick,
    /// The secret to present in `Hello` to come back after a cut. `None` for a spectator.
    pub secret: Option<ResumeSecret>,
    /// The number of the last command that the room has received from this player.
    pub commands_received: u32,
    /// The number of the last reliable event before the client's first.
    pub events_start: u32,
    /// How packets are coded.
    pub profile: PacketProfile,
    /// The coder's table; `None` in profile 0, and in profile 1 with its priors.
    pub table: Option<List<u8, TABLE_BYTES_MAX>>,
    /// The game's settings in the codec: everything that the client's step reads.
    pub settings: List<u8, SETTINGS_BYTES_MAX>,
    /// The players in the room, this one included.
    pub roster: List<RosterEntry, MEMBERS_MAX>,
    /// The game's schema ([`crate::entity::GameSchema`] in the codec), if `Join` had none.
    pub schema: Option<List<u8, SCHEMA_BYTES_MAX>>,
}

/// A player of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterEntry {
    /// The player.
    pub player: PlayerId,
    /// Its entity; [`EntityId::NONE`] if it controls none.
    pub entity: EntityId,
    /// Its name.
    pub name: Name,
}

/// The bytes of a control message, including the tag.
///
/// # Errors
/// The message is larger than the codec's limit.
pub fn encode_control<T: Serialize>(message: &T) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = vec![TAG_CONTROL];
    codec::encode_into(message, &mut bytes)?;
    Ok(bytes)
}

impl ClientControl {
    /// Reads a control message from a client, including the tag.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_control(bytes, INBOUND_BYTES_MAX, CLIENT_CONTROLS)
    }

    /// The bytes of the message, including the tag.
    ///
    /// # Errors
    /// The message is larger than the codec's limit.
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        encode_control(self)
    }
}

impl ServerControl {
    /// Reads a control message from a server, including the tag.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_control(bytes, OUTBOUND_BYTES_MAX, SERVER_CONTROLS)
    }

    /// The bytes of the message, including the tag.
    ///
    /// # Errors
    /// The message is larger than the codec's limit.
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        encode_control(self)
    }
}

/// The numbers of variants of [`ClientControl`] and [`ServerControl`]. A variant number from there on is no
/// message.
const CLIENT_CONTROLS: u32 = 8;
const SERVER_CONTROLS: u32 = 5;

fn decode_control<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    bytes_max: usize,
    variants: u32,
) -> Result<T, DecodeError> {
    if bytes.len() > bytes_max {
        return Err(DecodeError::TooBig);
    }
    match bytes.split_first() {
        None => Err(DecodeError::Truncated),
        Some((&TAG_CONTROL, body)) if codec::variant_number(body)? >= variants => {
            Err(DecodeError::UnknownTag)
        }
        Some((&TAG_CONTROL, body)) => codec::decode(body),
        Some(_) => Err(DecodeError::UnknownTag),
    }
}

/// The content of a reliable event for a client. Events are numbered and sent in an update's private section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReliableEvent {
    /// An event of the game, in the codec.
    Game(List<u8, RELIABLE_BYTES_MAX>),
    /// A player joined.
    PlayerJoined(RosterEntry),
    /// A player left permanently.
    PlayerLeft(PlayerId),
    /// A player controls another entity, or none: [`EntityId::NONE`].
    PlayerControls {
        /// The player.
        player: PlayerId,
        /// Its entity.
        entity: EntityId,
    },
    /// This many droppable events of the game are missing here, because too many waited for this client.
    EventsDropped(u32),
}
