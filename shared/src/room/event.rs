//! What a member can cause in a room.

use crate::coding::codec;
use crate::game::{Account, Game, LeaveReason};
use crate::id::{PlayerId, ResumeSecret, StreamId};
use crate::tick::Tick;
use crate::wire::control::{ClientControl, Desync, Role, TAG_CONTROL};
use crate::wire::frame::ClientFrame;
use crate::wire::terms::{Invite, Parameters};
use crate::wire::{Close, CloseCode, DecodeError};
use std::sync::Arc;

/// An action of a member, decoded once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MemberEvent<G: Game> {
    /// It asks for a seat. Its first event.
    Join(Box<JoinRequest>),
    /// It asks for the seat of a disconnected session. Its first event.
    Resume {
        /// The secret that it presents.
        shown: ResumeSecret,
        /// The number of the last event that it has.
        events_received: u32,
        /// The secret that the room will send it.
        next: ResumeSecret,
    },
    /// A frame.
    Frame(MemberFrame<G>),
    /// It asks for the keyframe of a tick whose hash differs.
    Repair {
        /// The stream.
        stream: StreamId,
        /// The tick.
        tick: Tick,
    },
    /// The result of a repair.
    Desync(Desync),
    /// A spectator asks for the view of a player, or for its own again.
    Follow(Option<PlayerId>),
    /// Its client's page is hidden, or is visible again.
    Hidden(bool),
    /// A player asks for an invitation.
    Invite(Invite),
    /// It leaves permanently, for this reason.
    Leave(LeaveReason),
    /// Its seat is given up, also while it is disconnected: the account plays elsewhere.
    Evict,
    /// Its connection broke; a player may return for a time.
    Cut(Hold),
}

/// A client that asks for a seat.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JoinRequest {
    /// As whom it plays.
    pub account: Arc<Account>,
    /// Player or spectator.
    pub role: Role,
    /// The secret that the room will send it.
    pub secret: ResumeSecret,
    /// It has no types of the game and needs the schema.
    pub wants_schema: bool,
    /// How it came to this room.
    pub way: Way,
    /// The address that it comes from, as a number that says nothing else; `None` if it is not known.
    pub from: Option<u64>,
    /// What it says for the game.
    pub parameters: Parameters,
    /// The places that the room is to hold for those whom it invites.
    pub places: u8,
}

impl JoinRequest {
    /// A client that named the room and wants nothing special.
    #[must_use]
    pub fn new(account: Arc<Account>, role: Role, secret: ResumeSecret) -> Self {
        Self {
            account,
            role,
            secret,
            wants_schema: false,
            way: Way::Named,
            from: None,
            parameters: Parameters::default(),
            places: 0,
        }
    }
}

impl<G: Game> From<JoinRequest> for MemberEvent<G> {
    fn from(request: JoinRequest) -> Self {
        Self::Join(Box::new(request))
    }
}

/// How a client came to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It named the room.
    Named,
    /// A match led it here.
    Matched,
    /// It made the room, or showed its password.
    Entitled,
    /// It showed an invitation of this player.
    Invited(PlayerId),
}

impl Way {
    /// Whether the room is open to it although it is private.
    #[must_use]
    pub fn has_pass(self) -> bool {
        matches!(self, Self::Entitled | Self::Invited(_))
    }

    /// Who invited it.
    #[must_use]
    pub fn inviter(self) -> Option<PlayerId> {
        match self {
            Self::Invited(player) => Some(player),
            _ => None,
        }
    }
}

/// How the seat of a disconnected player is held. If the player never sent an input, it is held briefly in
/// any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// For the full grace time.
    #[default]
    Firm,
    /// For the full grace time, but it gives way to a new player when the room is full.
    Yielding,
    /// For at most [`RESUME_GRACE_BRIEF_MS`](crate::limits::RESUME_GRACE_BRIEF_MS); it also gives way.
    Brief,
}

/// A client's frame with its commands decoded.
#[derive(Clone, Debug)]
pub struct MemberFrame<G: Game> {
    /// The frame, without the bytes of its commands but with their first number.
    pub frame: ClientFrame<G::Input>,
    /// The commands.
    pub commands: Vec<G::Command>,
    /// Whether the time given to the room is the frame's arrival time, which is sent to the client's clock.
    /// Otherwise it is only the time when the frame was read.
    pub timed: bool,
}

impl<G: Game> MemberEvent<G> {
    /// Reads any message that a client may send after it has joined.
    ///
    /// # Errors
    /// The close for the session.
    pub fn decode(bytes: &[u8]) -> Result<Self, Close> {
        match bytes.first() {
            Some(&TAG_CONTROL) => Self::from_control(ClientControl::decode(bytes).map_err(bad_bytes)?),
            _ => Self::decode_frame(bytes).map(Self::Frame).map_err(bad_bytes),
        }
    }

    fn from_control(message: ClientControl) -> Result<Self, Close> {
        match message {
            ClientControl::Leave => Ok(Self::Leave(LeaveReason::Left)),
            ClientControl::Repair { stream, tick } => Ok(Self::Repair { stream, tick }),
            ClientControl::Desync(desync) => Ok(Self::Desync(desync)),
            ClientControl::Follow(player) => Ok(Self::Follow(player)),
            ClientControl::Hidden(hidden) => Ok(Self::Hidden(hidden)),
            ClientControl::Invite(invite) => Ok(Self::Invite(invite)),
            ClientControl::Join(_) => Err(Close::new(
                CloseCode::AlreadyJoined,
                "a session joins one room; connect again for another",
            )),
            ClientControl::Hello(_) => Err(Close::new(CloseCode::DecodeError, "Hello may only come first")),
        }
    }

    fn decode_frame(bytes: &[u8]) -> Result<MemberFrame<G>, DecodeError> {
        let mut frame = ClientFrame::decode(bytes)?;
        let commands = frame
            .commands
            .items
            .drain(..)
            .map(|bytes| codec::decode_data(&bytes))
            .collect::<Result<_, _>>()?;
        Ok(MemberFrame { frame, commands, timed: true })
    }
}

fn bad_bytes(error: DecodeError) -> Close {
    Close::new(error.close_code(), &error.to_string())
}
