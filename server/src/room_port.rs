//! A room as sessions and the hub see it: the seam behind which a game's types are.

use crate::charges::{Charges, HeldSeat, Payer};
use crate::slot::Slot;
use std::sync::Arc;
use tickwire_shared::Rewinds;
use tickwire_shared::byte_profile::ByteProfile;
use tickwire_shared::entity::Kind;
use tickwire_shared::id::{MemberId, ResumeSecret, RoomId};
use tickwire_shared::room::Hold;
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::{GameName, Name, Options, Role};
use tickwire_shared::wire::{Close, CloseCode};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// One room. Knows the game's types behind it, so that nobody else has to.
pub(crate) trait RoomPort: Send + Sync {
    /// The room's id.
    fn id(&self) -> RoomId;

    /// The name under which its game is hosted.
    fn game(&self) -> &GameName;

    /// The options that it was made with.
    fn options(&self) -> &Options;

    /// How often it steps.
    fn tick_rate(&self) -> TickRate;

    /// How many players it has, those who are on their way among them, or `None` if a match leads nobody in `role` to
    /// it now.
    fn players_if_matchable(&self, role: Role) -> Option<u16>;

    /// Leads no match here for a while: the room refused one with this code.
    fn pass_over(&self, refusal: CloseCode);

    /// Asks for a place. Whether there is one, the room answers at its next tick.
    ///
    /// # Errors
    /// The room takes nobody; nothing has changed.
    fn enter(&self, entry: Entry, slot: &Arc<Slot>) -> Result<Asking, Close>;

    /// Decodes a message of a member, the only time that it is decoded, and leaves it for the next tick.
    ///
    /// # Errors
    /// How the session must be closed.
    fn deliver(&self, member: MemberId, message: &[u8], at: Instant) -> Result<(), Close>;

    /// How many players it takes.
    fn players_max(&self) -> u16;

    /// A member's session is over; its place is held like this, or given up.
    fn part(&self, member: MemberId, held: Option<(Hold, HeldSeat)>);

    /// Ends the room at its next tick.
    fn close(&self, close: Close);

    /// Whether its game hangs: the room does not come to its ticks.
    fn is_hung(&self) -> bool;

    /// Notes whether its game hangs.
    fn set_hung(&self, hung: bool);

    /// Ends a room whose game hangs, without waiting for it. Those who are in it are for the caller to close.
    fn abandon(&self, close: &Close);

    /// What is told about it.
    fn listing(&self) -> RoomListing;

    /// What its updates are made of, as far as they were sampled.
    fn bytes_sent(&self) -> BytesSent;

    /// How much the game looked back for each player since it came, as of the last second.
    fn rewinds(&self) -> Vec<(MemberId, Rewinds)>;

    /// The kinds of its game's entities, for the names in a profile.
    fn kinds(&self) -> Vec<Kind>;
}

/// What a room sent since it began.
#[derive(Clone, Debug, Default)]
pub(crate) struct BytesSent {
    /// Updates.
    pub(crate) updates: u64,
    /// Bytes of them.
    pub(crate) update_bytes: u64,
    /// What some of them are made of: one in each second.
    pub(crate) sampled: ByteProfile,
}

/// How someone comes into a room.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// As a new member.
    Join {
        /// The name that others see.
        name: Name,
        /// Player or spectator.
        role: Role,
        /// What the member will be told to come back with.
        secret: ResumeSecret,
        /// It has to be sent the game's schema.
        wants_schema: bool,
        /// A match leads it here.
        matched: bool,
    },
    /// In the place of a session that was cut.
    Resume {
        /// The secret that the member shows.
        shown: ResumeSecret,
        /// The number of the last event that it has.
        events_received: u32,
        /// What the member will be told to come back with.
        next: ResumeSecret,
    },
}

/// How a session leaves its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parting {
    /// It broke off; a player may come back for a time.
    Cut,
    /// For good.
    Leave,
}

/// What a room says to one who asks for a place: the name that it has there, none for a spectator; or why not.
pub(crate) type Answer = Result<Option<Name>, Close>;

/// One who asked for a place, until the room answers.
pub(crate) struct Asking {
    pub(crate) member: MemberId,
    pub(crate) answer: oneshot::Receiver<Answer>,
}

/// A session's place in a room, or its wish for one. Dropping it leaves the room.
pub(crate) struct Membership {
    pub(crate) port: Arc<dyn RoomPort>,
    pub(crate) member: MemberId,
    pub(crate) parting: Parting,
    /// Who pays for the place while it is held after a cut.
    pub(crate) payer: Option<Payer>,
    pub(crate) charges: Arc<Charges>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        let hold = || self.charges.hold(self.payer, self.port.id(), self.port.players_max());
        self.port.part(self.member, (self.parting == Parting::Cut).then(hold));
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
    /// Who may come in, in a word: see [`tickwire_shared::Access`].
    pub(crate) access: &'static str,
    pub(crate) metadata: Options,
    pub(crate) age_s: u64,
}
