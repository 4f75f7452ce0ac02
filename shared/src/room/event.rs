//! What a member can make happen in a room.

use crate::game::Game;
use crate::id::{PlayerId, ResumeSecret, StreamId};
use crate::tick::Tick;
use crate::wire::control::{ClientControl, Desync, Name, Role, TAG_CONTROL};
use crate::wire::frame::ClientFrame;
use crate::wire::{Close, CloseCode, DecodeError, codec};

/// Something that a member did, decoded once.
#[derive(Clone, Debug)]
pub enum MemberEvent<G: Game> {
    /// It asks for a place. Its first event.
    Join {
        /// The name that others see.
        name: Name,
        /// Player or spectator.
        role: Role,
        /// The secret that it will be told.
        secret: ResumeSecret,
        /// It knows no types of the game and has to be sent the schema.
        wants_schema: bool,
        /// A match leads it here; else it named the room or made it.
        matched: bool,
    },
    /// It asks for the place of a session that was cut. Its first event.
    Resume {
        /// The secret that it shows.
        shown: ResumeSecret,
        /// The number of the last event that it has.
        events_received: u32,
        /// The secret that it will be told.
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
    /// What a repair found.
    Desync(Desync),
    /// A spectator asks for the view of a player, or for its own again.
    Follow(Option<PlayerId>),
    /// Its client's page is hidden, or is seen again.
    Hidden(bool),
    /// It goes for good.
    Leave,
    /// Its connection broke; a player may come back for a time.
    Cut(Hold),
}

/// How the place of a cut player is held. One that never sent an input is held briefly in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// For the whole grace time.
    #[default]
    Firm,
    /// For the whole grace time; but it gives way to a newcomer when the room is full.
    Yielding,
    /// For [`RESUME_GRACE_BRIEF_MS`](crate::limits::RESUME_GRACE_BRIEF_MS) at most; and it gives way.
    Brief,
}

/// A client's frame with its commands decoded.
#[derive(Clone, Debug)]
pub struct MemberFrame<G: Game> {
    /// The frame; its commands' bytes are no longer in it, their first number is.
    pub frame: ClientFrame<G::Input>,
    /// The commands.
    pub commands: Vec<G::Command>,
    /// Whether the time with which it is handed to the room is that of its arrival, to be told to the client's clock; else it
    /// is only when it was read.
    pub timed: bool,
}

impl<G: Game> MemberEvent<G> {
    /// Reads any message that a client may send after it joined.
    ///
    /// # Errors
    /// How the session must be closed.
    pub fn decode(bytes: &[u8]) -> Result<Self, Close> {
        match bytes.first() {
            Some(&TAG_CONTROL) => Self::from_control(ClientControl::decode(bytes).map_err(bad_bytes)?),
            _ => Self::decode_frame(bytes).map(Self::Frame).map_err(bad_bytes),
        }
    }

    fn from_control(message: ClientControl) -> Result<Self, Close> {
        match message {
            ClientControl::Leave => Ok(Self::Leave),
            ClientControl::Repair { stream, tick } => Ok(Self::Repair { stream, tick }),
            ClientControl::Desync(desync) => Ok(Self::Desync(desync)),
            ClientControl::Follow(player) => Ok(Self::Follow(player)),
            ClientControl::Hidden(hidden) => Ok(Self::Hidden(hidden)),
            ClientControl::Join(_) => Err(Close::new(
                CloseCode::AlreadyJoined,
                "a session joins one room; connect again for another",
            )),
            ClientControl::Hello(_) => Err(Close::new(CloseCode::DecodeError, "Hello may only come first")),
        }
    }

    fn decode_frame(bytes: &[u8]) -> Result<MemberFrame<G>, DecodeError> {
        let mut frame = ClientFrame::decode(bytes)?;
        let commands =
            frame.commands.items.drain(..).map(|bytes| codec::decode(&bytes)).collect::<Result<_, _>>()?;
        Ok(MemberFrame { frame, commands, timed: true })
    }
}

fn bad_bytes(error: DecodeError) -> Close {
    Close::new(error.close_code(), &error.to_string())
}
