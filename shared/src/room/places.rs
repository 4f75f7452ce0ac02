//! Places that are held for the others of a player's party, until a deadline.

use crate::id::PlayerId;
use crate::limits::PLACES_HELD_MS;
use crate::tick::{Tick, TickRate};
use core::time::Duration;

/// The places held in a room: at most one entry per player in it.
#[derive(Debug, Default)]
pub(super) struct HeldPlaces(Vec<Party>);

#[derive(Debug)]
struct Party {
    /// The player whose invitation takes a place.
    of: PlayerId,
    places: u8,
    until: Tick,
}

impl HeldPlaces {
    /// Holds places for those whom a player who has just joined invites.
    pub(super) fn hold(&mut self, of: PlayerId, places: u8, now: Tick, rate: TickRate) {
        if places > 0 {
            let until = now.offset(i64::from(rate.ticks_ceil(Duration::from_millis(PLACES_HELD_MS))));
            self.0.push(Party { of, places, until });
        }
    }

    /// How many places are held for others than those whom `inviter` invites.
    pub(super) fn for_others(&self, inviter: Option<PlayerId>) -> usize {
        let others = self.0.iter().filter(|party| Some(party.of) != inviter);
        others.map(|party| usize::from(party.places)).sum()
    }

    /// One whom `inviter` invited has taken a place.
    pub(super) fn take(&mut self, inviter: Option<PlayerId>) {
        if let Some(party) = self.0.iter_mut().find(|party| Some(party.of) == inviter) {
            party.places = party.places.saturating_sub(1);
        }
    }

    /// Gives the places of a player who has left to everybody.
    pub(super) fn release(&mut self, player: PlayerId) {
        self.0.retain(|party| party.of != player);
    }

    /// Gives the places whose time is over to everybody.
    pub(super) fn expire(&mut self, now: Tick) {
        self.0.retain(|party| party.places > 0 && now < party.until);
    }
}
