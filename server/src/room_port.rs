//! A room as sessions and the hub see it: the interface that hides a game's types.

use crate::charges::{Charges, HeldSeat, Payer};
use crate::passes::Passes;
use crate::slot::Slot;
use std::sync::Arc;
use tickwire_shared::Rewinds;
use tickwire_shared::byte_profile::ByteProfile;
use tickwire_shared::entity::Kind;
use tickwire_shared::game::{Account, BadJson, HostMessage, LeaveReason};
use tickwire_shared::id::{MemberId, ResumeSecret, RoomId};
use tickwire_shared::room::{Hold, JoinRequest};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::{GameName, Options, Role};
use tickwire_shared::wire::{Close, CloseCode};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// One room. Hides its game's types from everything else.
pub(crate) trait RoomPort: Send + Sync {
    /// The room's id.
    fn id(&self) -> RoomId;

    /// The name under which its game is hosted.
    fn game(&self) -> &GameName;

    /// The options that it was made with.
    fn options(&self) -> &Options;

    /// How often it steps.
    fn tick_rate(&self) -> TickRate;

    /// How many players it has, including those on their way, or `None` if a match must not lead this many of
    /// `role` to it now.
    fn players_if_matchable(&self, role: Role, count: u8) -> Option<u16>;

    /// The whole number that its listing has under `key`, among its options or its metadata.
    fn number(&self, key: &str) -> Option<i64>;

    /// When it was made.
    fn born(&self) -> Instant;

    /// What opens it.
    fn passes(&self) -> &Passes;

    /// Keeps matches away from this room for a while: the room refused one with this code.
    fn pass_over(&self, refusal: CloseCode);

    /// Asks for a seat. The room answers at its next tick.
    ///
    /// # Errors
    /// The room refuses at once; nothing has changed.
    fn enter(&self, entry: Entry, slot: &Arc<Slot>) -> Result<Asking, Close>;

    /// Decodes a member's message, the only time that it is decoded, and queues it for the next tick.
    ///
    /// # Errors
    /// How the session must be closed.
    fn deliver(&self, member: MemberId, message: &[u8], at: Instant) -> Result<(), Close>;

    /// How many players it takes.
    fn players_max(&self) -> u16;

    /// A member's connection was lost. Its seat is held as `held` says.
    fn cut(&self, member: MemberId, held: (Hold, HeldSeat));

    /// A member's session has ended for good. Its seat is given up.
    fn leave(&self, member: MemberId, reason: LeaveReason);

    /// Gives up a member's seat that is held after a cut. Nothing happens if it is not.
    fn evict(&self, member: MemberId);

    /// A message of the host for the game's next step.
    ///
    /// # Errors
    /// The room is over, or too many wait.
    fn send(&self, message: HostMessage) -> Result<(), SendError>;

    /// Ends the room at its next tick.
    fn close(&self, close: Close);

    /// Whether its game hangs, so that the room does not reach its ticks.
    fn is_hung(&self) -> bool;

    /// Sets whether its game hangs.
    fn set_hung(&self, hung: bool);

    /// Ends a room whose game hangs, without waiting for it. The caller must close its members.
    fn abandon(&self, close: &Close);

    /// What the listings say about it.
    fn listing(&self) -> RoomListing;

    /// What its updates are made of, as far as they were sampled.
    fn bytes_sent(&self) -> BytesSent;

    /// The rewinds for each player since it joined, as of the last second.
    fn rewinds(&self) -> Vec<(MemberId, Rewinds)>;

    /// The kinds of its game's entities, for the names in a profile.
    fn kinds(&self) -> Vec<Kind>;
}

/// What a room sent since it started.
#[derive(Clone, Debug, Default)]
pub(crate) struct BytesSent {
    /// Updates.
    pub(crate) updates: u64,
    /// Bytes of these updates.
    pub(crate) update_bytes: u64,
    /// What some of them are made of: one per second.
    pub(crate) sampled: ByteProfile,
}

/// Why a message of the host does not reach a room.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no such room on this server, or it is over.
    #[error("there is no such room")]
    NoSuchRoom,
    /// [`HOST_MESSAGES_MAX`](tickwire_shared::limits::HOST_MESSAGES_MAX) wait for the room's next step.
    #[error("too many messages wait for the room's next step")]
    Full,
    /// The message has no JSON form, or one that is too long.
    #[error("the message cannot be sent: {0}")]
    Message(#[from] BadJson),
}

/// How a session enters a room.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// As a new member.
    Join(Box<JoinRequest>),
    /// In the seat of a session whose connection was lost.
    Resume {
        /// The secret that the member shows.
        shown: ResumeSecret,
        /// The number of the last event that it received.
        events_received: u32,
        /// The secret that the member will get for coming back.
        next: ResumeSecret,
    },
}

/// How a session leaves its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parting {
    /// The connection was lost; a player may come back for a while.
    Cut,
    /// Permanently.
    Leave(LeaveReason),
}

/// A room's answer to a request for a seat: as whom the member plays there, `None` for a spectator; or the
/// reason for the refusal.
pub(crate) type Answer = Result<Option<Arc<Account>>, Close>;

/// A request for a seat, until the room answers.
pub(crate) struct Asking {
    pub(crate) member: MemberId,
    pub(crate) answer: oneshot::Receiver<Answer>,
}

/// A session's seat in a room, or its request for one. Dropping it leaves the room.
pub(crate) struct Membership {
    pub(crate) port: Arc<dyn RoomPort>,
    pub(crate) member: MemberId,
    pub(crate) parting: Parting,
    /// Who pays for the seat while it is held after a lost connection.
    pub(crate) payer: Option<Payer>,
    pub(crate) charges: Arc<Charges>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        let hold = || self.charges.hold(self.payer, self.port.id(), self.port.players_max());
        match self.parting {
            Parting::Cut => self.port.cut(self.member, hold()),
            Parting::Leave(reason) => self.port.leave(self.member, reason),
        }
    }
}

/// A room as listed to the public and the operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RoomListing {
    pub(crate) id: RoomId,
    pub(crate) game: GameName,
    pub(crate) players: u16,
    pub(crate) players_max: u16,
    pub(crate) spectators: u16,
    pub(crate) spectators_max: u16,
    pub(crate) tick_rate_hz: u16,
    pub(crate) options: Options,
    /// Who may join, in a word: see [`tickwire_shared::Access`].
    pub(crate) access: &'static str,
    /// In no listing for the public.
    pub(crate) hidden: bool,
    /// Nobody enters without its password or an invitation.
    pub(crate) password: bool,
    pub(crate) metadata: Options,
    pub(crate) age_s: u64,
}
