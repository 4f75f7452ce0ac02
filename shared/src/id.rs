//! Identifiers: small newtypes, so that none can be confused with another.

use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// A player of one room, from 1 to 65,534. An id is reused only after every client has learned that its
/// previous player left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlayerId(pub u16);

/// A replicated entity of one room, from 1 to [`EntityId::LAST`]. Ids are assigned in ascending order. After
/// the last one they start over at 1 and skip those that exist or existed until recently. At 4,096 spawns a
/// second they start over every twelve days, so nothing that is kept that long may name a removed entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityId(pub u32);

impl EntityId {
    /// No entity: the entity of a player that controls none. No entity ever has this id.
    pub const NONE: Self = Self(0);

    /// The row of the room's own state, in a room that has one
    /// ([`Game::State`](crate::game::Game::State)). Otherwise the first entity has this id.
    pub const STATE: Self = Self(1);

    /// The largest assigned id. Those above it are free for a client's predicted spawns.
    pub const LAST: Self = Self(0xffef_ffff);
}

/// One stream of a room's snapshots: a (cell, group) pair, the whole room, or the room's own state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId(pub u16);

impl StreamId {
    /// The stream that contains a whole room, if the room is not divided into cells.
    pub const ROOM: Self = Self(0);

    /// The stream that contains the room's own state, if the room is divided and has one.
    pub const STATE: Self = Self(4_094 << 4);
}

/// One attachment of a connection to a room, assigned by the code that drives the room. Not reused while the
/// room exists: at a million a second, 64 bits last half a million years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u64);

/// One connection to a server, for logs and for the operator. It does not identify a person. Like
/// [`MemberId`] numbers, its numbers do not run out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub u64);

// The number, as logs and pages show it.
macro_rules! display_number {
    ($($id:ty),*) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

display_number!(PlayerId, EntityId, SessionId);

/// A room, unique per server. Displayed as eight characters of Crockford's base 32 (40 bits), suitable for a
/// link.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct RoomId(u64);

const ROOM_ID_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ROOM_ID_CHARS: usize = 8;

impl RoomId {
    /// The room id made of the low 40 bits of `bits`.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & 0xff_ffff_ffff)
    }

    /// The id as a number below 2^40.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl From<RoomId> for u64 {
    fn from(id: RoomId) -> u64 {
        id.0
    }
}

impl TryFrom<u64> for RoomId {
    type Error = RoomIdError;
    fn try_from(bits: u64) -> Result<Self, RoomIdError> {
        if bits >> 40 == 0 { Ok(Self(bits)) } else { Err(RoomIdError) }
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for at in (0..ROOM_ID_CHARS).rev() {
            let digit = (self.0 >> (5 * at)) & 31;
            write!(f, "{}", char::from(ROOM_ID_ALPHABET[digit as usize]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomId({self})")
    }
}

impl FromStr for RoomId {
    type Err = RoomIdError;
    fn from_str(text: &str) -> Result<Self, RoomIdError> {
        if text.len() != ROOM_ID_CHARS {
            return Err(RoomIdError);
        }
        let mut bits = 0;
        for byte in text.bytes() {
            let low = byte.to_ascii_lowercase();
            let digit = ROOM_ID_ALPHABET.iter().position(|&c| c == low).ok_or(RoomIdError)?;
            bits = bits << 5 | digit as u64;
        }
        Ok(Self(bits))
    }
}

/// Not a room id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a room id is 8 characters of 0-9 and a-z without i, l, o and u")]
pub struct RoomIdError;

/// What a client presents to take its seat in a room again after a disconnect: the room and 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ResumeSecret {
    /// The room that knows the secret.
    pub room: RoomId,
    /// The secret itself, from a cryptographic generator.
    pub key: [u8; 16],
}

impl ResumeSecret {
    /// Compares two secrets in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let differing = self.key.iter().zip(&other.key).fold(0, |sum, (a, b)| sum | (a ^ b));
        self.room == other.room && differing == 0
    }
}

impl fmt::Debug for ResumeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResumeSecret({}, hidden)", self.room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_id_survives_its_text() {
        for bits in [0, 1, 31, 32, 0xff_ffff_ffff, 0x12_3456_789a] {
            let id = RoomId::from_bits(bits);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!("not-a-room".parse::<RoomId>(), Err(RoomIdError));
        assert_eq!("iiiiiiii".parse::<RoomId>(), Err(RoomIdError));
    }

    #[test]
    fn players_entities_and_sessions_are_shown_as_their_numbers() {
        let shown = format!("{} {} {:>3}", PlayerId(7), EntityId(70_000), SessionId(9));
        assert_eq!(shown, "7 70000   9");
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = ResumeSecret { room: RoomId::from_bits(7), key: [0xab; 16] };
        assert!(!format!("{secret:?}").contains("ab"));
    }
}
