//! Where each account plays: what happens when one comes twice is a rule of the game.

use crate::config::SameAccount;
use crate::directory::RoomHandle;
use crate::room_port::{Parting, RoomPort};
use crate::slot::Slot;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tickwire_shared::game::AccountId;
use tickwire_shared::id::{MemberId, SessionId};
use tickwire_shared::wire::control::GameName;
use tickwire_shared::wire::{Close, CloseCode};
use tokio::time::Instant;

/// The game and the account.
type Key = (GameName, AccountId);

/// The players with accounts, of games whose rule is not that both play.
#[derive(Default)]
pub(crate) struct AccountSeats(Mutex<Seats>);

#[derive(Default)]
struct Seats {
    by_account: HashMap<Key, Seat>,
    /// At this number those that are over are removed.
    prune_at: usize,
}

impl Seats {
    /// The lookup takes the same time on average, however many accounts play.
    fn prune(&mut self, now: Instant) {
        if self.by_account.len() >= self.prune_at {
            self.by_account.retain(|_, seat| !seat.is_over(now));
            self.prune_at = 2 * self.by_account.len() + 64;
        }
    }
}

/// Where an account plays, or is about to.
struct Seat {
    session: SessionId,
    slot: Weak<Slot>,
    room: Option<(Weak<dyn RoomPort>, MemberId)>,
    /// Set after a cut: the room gives the seat up then at the latest.
    held_until: Option<Instant>,
}

impl Seat {
    fn is_over(&self, now: Instant) -> bool {
        self.held_until.is_some_and(|until| until <= now)
    }

    /// Makes room for a newer session of the account.
    fn give_way(self) {
        if let Some((room, member)) = self.room.and_then(|(room, member)| Some((room.upgrade()?, member))) {
            room.evict(member);
        }
        if let Some(slot) = self.slot.upgrade() {
            slot.put_close(CloseCode::Replaced.into());
        }
    }
}

/// A session's claim that its account plays here. Dropping it gives the claim up, unless the seat is held.
pub(crate) struct AccountSeat {
    seats: Arc<AccountSeats>,
    key: Key,
    session: SessionId,
    /// How long the room holds the seat after a cut.
    grace: Duration,
    parting: Parting,
}

impl AccountSeats {
    /// Claims a seat for a session of this account.
    ///
    /// # Errors
    /// The account plays already, and the rule refuses a second session.
    pub(crate) fn claim(
        self: &Arc<Self>,
        key: Key,
        rule: SameAccount,
        (session, slot): (SessionId, &Arc<Slot>),
        grace: Duration,
    ) -> Result<AccountSeat, Close> {
        let now = Instant::now();
        let seat = Seat { session, slot: Arc::downgrade(slot), room: None, held_until: None };
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let older = match seats.by_account.entry(key.clone()) {
            Entry::Occupied(held) if rule == SameAccount::Refuse && !held.get().is_over(now) => {
                let text = "this account plays already: leave there first";
                return Err(Close::new(CloseCode::Policy, text));
            }
            Entry::Occupied(mut older) => Some(older.insert(seat)),
            Entry::Vacant(free) => {
                free.insert(seat);
                None
            }
        };
        seats.prune(now);
        // Outside the lock: the session that gives way comes back here.
        drop(seats);
        if let Some(older) = older {
            older.give_way();
        }
        Ok(AccountSeat { seats: Arc::clone(self), key, session, grace, parting: Parting::Leave(LEFT) })
    }

    /// Claims the seat that a session took back in its room.
    pub(crate) fn reclaim(
        self: &Arc<Self>,
        key: Key,
        (session, slot): (SessionId, &Arc<Slot>),
        grace: Duration,
    ) -> AccountSeat {
        let seat = Seat { session, slot: Arc::downgrade(slot), room: None, held_until: None };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_account.insert(key.clone(), seat);
        AccountSeat { seats: Arc::clone(self), key, session, grace, parting: Parting::Leave(LEFT) }
    }
}

const LEFT: tickwire_shared::game::LeaveReason = tickwire_shared::game::LeaveReason::Left;

impl AccountSeat {
    /// The session has its seat.
    pub(crate) fn seated(&self, room: &RoomHandle, member: MemberId) {
        self.change(|seat| seat.room = Some((Arc::downgrade(room), member)));
    }

    /// The session has ended so.
    pub(crate) fn part(&mut self, parting: Parting) {
        self.parting = parting;
    }

    fn change(&self, change: impl FnOnce(&mut Seat)) {
        let mut seats = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seat) = seats.by_account.get_mut(&self.key).filter(|seat| seat.session == self.session) {
            change(seat);
        }
    }
}

impl Drop for AccountSeat {
    fn drop(&mut self) {
        if self.parting == Parting::Cut {
            return self.change(|seat| seat.held_until = Some(Instant::now() + self.grace));
        }
        let mut seats = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.by_account.get(&self.key).is_some_and(|seat| seat.session == self.session) {
            seats.by_account.remove(&self.key);
        }
    }
}
