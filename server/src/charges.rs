//! What is charged to whom. Joins, rooms and the seats of disconnected players outlive the connection that
//! made them, so they count against its address.
//!
//! An address has rate limits, and limits on what it holds at one time. Fixed limits alone would let many
//! addresses together take everything; so the fewer rooms are free, the fewer an address may hold
//! ([`share`]), and the last ones go to addresses that hold none. Anything else that may be charged later,
//! such as an account, becomes another [`Payer`].

mod bucket;

use crate::config::{AddressRange, Limits};
use crate::metrics::{Charged, Metrics, Refused};
use crate::transport::peer::Peer;
pub(crate) use bucket::Bucket;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tickwire_shared::id::RoomId;
use tickwire_shared::room::Hold;
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::time::Instant;

/// How many payers are remembered. Beyond this, payers that hold nothing are forgotten; the others cost less
/// to remember than what they hold: rooms, and seats of disconnected players.
const PAYERS_MAX: usize = 65_536;
/// When to try again after reaching a limit on what is held at one time.
const HELD_RETRY: Duration = Duration::from_secs(10);

/// Who is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Payer {
    /// An address; of IPv6 the /64, which is what one customer gets.
    Address(IpAddr),
}

impl Payer {
    /// A number for this payer in this process.
    pub(crate) fn number(self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// What the payers of a server owe.
pub(crate) struct Charges {
    limits: Limits,
    exempt: Vec<AddressRange>,
    used_by: Mutex<HashMap<Payer, PayerUse>>,
    metrics: Arc<Metrics>,
}

/// What one payer has used up and holds now.
#[derive(Debug, Default)]
struct PayerUse {
    handshakes: Bucket,
    authentications: Bucket,
    joins: Bucket,
    rooms_made: Bucket,
    rooms: u32,
    /// One entry per seat held for a disconnected player: the seat's room.
    held: Vec<RoomId>,
}

impl PayerUse {
    fn holds_nothing(&self) -> bool {
        self.rooms == 0 && self.held.is_empty()
    }
}

/// Charges a room until dropped.
#[derive(Debug)]
pub(crate) struct RoomCharge(Option<(Arc<Charges>, Payer)>);

/// Charges a held seat until dropped.
#[derive(Debug)]
pub(crate) struct HeldSeat(Option<(Arc<Charges>, Payer, RoomId)>);

/// How many of `max` things, of which `used` are in use, one payer may hold: a quarter of the free ones, and
/// always one. So a hundred greedy payers leave some 40 of 1,000 free.
pub(crate) fn share(max: u32, used: u32) -> u32 {
    (max.saturating_sub(used) / 4).max(1)
}

/// The address that is charged.
pub(crate) fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

impl std::fmt::Debug for Charges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Charges").field("payers", &self.used_by().len()).finish_non_exhaustive()
    }
}

impl Charges {
    /// No charges yet. The addresses `exempt` are never charged.
    pub(crate) fn new(limits: Limits, exempt: Vec<AddressRange>, metrics: Arc<Metrics>) -> Self {
        Self { limits, exempt, used_by: Mutex::default(), metrics }
    }

    /// Who pays for what this peer does; `None` if it is not charged.
    pub(crate) fn payer(&self, peer: Peer) -> Option<Payer> {
        match peer {
            Peer::Memory => None,
            Peer::Address(address) if self.exempt.iter().any(|range| range.contains(address)) => None,
            Peer::Address(address) => Some(Payer::Address(counted_as(address))),
        }
    }

    fn used_by(&self) -> MutexGuard<'_, HashMap<Payer, PayerUse>> {
        self.used_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `run` on what the payer uses; a new payer uses nothing.
    fn with_use<T>(&self, payer: Payer, run: impl FnOnce(&mut PayerUse) -> T) -> T {
        let mut used_by = self.used_by();
        if used_by.len() >= PAYERS_MAX && !used_by.contains_key(&payer) {
            used_by.retain(|_, used| !used.holds_nothing());
        }
        run(used_by.entry(payer).or_default())
    }

    fn refuse(&self, what: Charged, retry: Duration, text: &str) -> Close {
        self.metrics.charges_refused.of(what).inc();
        let retry_ms = u32::try_from(retry.as_millis()).unwrap_or(u32::MAX).saturating_add(1);
        Close { advice: Advice::RetryAfter(retry_ms), ..Close::new(CloseCode::RateLimited, text) }
    }

    /// Charges a Join.
    ///
    /// # Errors
    /// The payer joins too often.
    pub(crate) fn join(&self, payer: Option<Payer>) -> Result<(), Close> {
        let (Some(payer), per_min) = (payer, self.limits.joins_per_address_per_min) else { return Ok(()) };
        let taken = self.with_use(payer, |used| used.joins.take(per_min, Instant::now()));
        taken.map_err(|wait| {
            self.refuse(
                Charged::Joins,
                wait,
                &format!("more than {per_min} joins a minute from this address"),
            )
        })
    }

    /// Charges a question to the host's authenticator. A payer may ask as often as it may join.
    ///
    /// # Errors
    /// The payer asks too often.
    pub(crate) fn authentication(&self, payer: Option<Payer>) -> Result<(), Close> {
        let (Some(payer), per_min) = (payer, self.limits.joins_per_address_per_min) else { return Ok(()) };
        let taken = self.with_use(payer, |used| used.authentications.take(per_min, Instant::now()));
        taken.map_err(|wait| {
            let text = format!("more than {per_min} attempts a minute from this address");
            self.refuse(Charged::Authentications, wait, &text)
        })
    }

    /// Charges a TLS handshake. `false` if the payer makes too many.
    pub(crate) fn handshake(&self, payer: Option<Payer>) -> bool {
        let per_min = self.limits.tls_handshakes_per_address_per_min;
        let take = |used: &mut PayerUse| used.handshakes.take(per_min, Instant::now()).is_ok();
        let may = payer.is_none_or(|payer| self.with_use(payer, take));
        if !may {
            self.metrics.connections_refused.of(Refused::HandshakeRate).inc();
        }
        may
    }

    /// Charges a room that is about to be made while `rooms_used` others exist.
    ///
    /// # Errors
    /// The payer makes rooms too often or has too many.
    pub(crate) fn room(self: &Arc<Self>, payer: Option<Payer>, rooms_used: u32) -> Result<RoomCharge, Close> {
        let Some(payer) = payer else { return Ok(RoomCharge(None)) };
        let Limits { rooms_max, rooms_per_address_max, rooms_made_per_address_per_min: per_min, .. } =
            self.limits;
        let share = share(rooms_max, rooms_used);
        let taken = self.with_use(payer, |used| {
            if used.rooms >= rooms_per_address_max {
                return Err((Charged::Rooms, HELD_RETRY));
            }
            if used.rooms >= share {
                return Err((Charged::RoomsShare, HELD_RETRY));
            }
            used.rooms_made.take(per_min, Instant::now()).map_err(|wait| (Charged::RoomsMade, wait))?;
            used.rooms += 1;
            Ok(())
        });
        match taken {
            Ok(()) => Ok(RoomCharge(Some((Arc::clone(self), payer)))),
            Err((what, retry)) => {
                let text = match what {
                    Charged::RoomsMade => format!("more than {per_min} new rooms a minute from this address"),
                    Charged::Rooms => format!("this address has {rooms_per_address_max} rooms open"),
                    _ => "few rooms are free, and this address has its share of them".to_owned(),
                };
                Err(self.refuse(what, retry, &text))
            }
        }
    }

    /// How the seat of a disconnected player is held in `room`, which takes `players_max`. The seat gives way
    /// to newcomers if its payer holds more than a quarter of the room, and is held briefly if its payer
    /// holds as many seats as it may.
    pub(crate) fn hold(
        self: &Arc<Self>,
        payer: Option<Payer>,
        room: RoomId,
        players_max: u16,
    ) -> (Hold, HeldSeat) {
        let Some(payer) = payer else { return (Hold::Firm, HeldSeat(None)) };
        let part = usize::from(players_max / 4).max(1);
        let bound = self.limits.held_seats_per_address_max as usize;
        let in_room = self.with_use(payer, |used| {
            if used.held.len() >= bound {
                return None;
            }
            used.held.push(room);
            Some(used.held.iter().filter(|held| **held == room).count())
        });
        let Some(in_room) = in_room else { return (Hold::Brief, HeldSeat(None)) };
        let hold = if in_room > part { Hold::Yielding } else { Hold::Firm };
        (hold, HeldSeat(Some((Arc::clone(self), payer, room))))
    }
}

impl Drop for RoomCharge {
    fn drop(&mut self) {
        if let Some((charges, payer)) = self.0.take()
            && let Some(used) = charges.used_by().get_mut(&payer)
        {
            used.rooms = used.rooms.saturating_sub(1);
        }
    }
}

impl Drop for HeldSeat {
    fn drop(&mut self) {
        if let Some((charges, payer, room)) = self.0.take()
            && let Some(used) = charges.used_by().get_mut(&payer)
            && let Some(at) = used.held.iter().position(|held| *held == room)
        {
            used.held.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charges(limits: Limits) -> Arc<Charges> {
        Arc::new(Charges::new(limits, vec!["127.0.0.0/8".parse().unwrap()], Arc::default()))
    }

    fn payer(charges: &Charges, address: &str) -> Option<Payer> {
        charges.payer(Peer::Address(address.parse().unwrap()))
    }

    #[tokio::test(start_paused = true)]
    async fn joins_have_a_rate_and_say_when_to_come_again() {
        let charges = charges(Limits { joins_per_address_per_min: 6, ..Limits::default() });
        let mallory = payer(&charges, "192.0.2.1");
        for _ in 0..6 {
            charges.join(mallory).unwrap();
        }
        let close = charges.join(mallory).unwrap_err();
        assert_eq!(close.code, CloseCode::RateLimited);
        let Advice::RetryAfter(ms) = close.advice else { panic!("{close}") };
        assert!((9_000..=10_001).contains(&ms), "{close}");
        charges.join(payer(&charges, "192.0.2.2")).unwrap();
        tokio::time::advance(Duration::from_millis(ms.into())).await;
        charges.join(mallory).unwrap();
        assert!(charges.join(mallory).is_err());
    }

    #[test]
    fn one_customers_ipv6_block_pays_as_one_and_the_exempt_pay_nothing() {
        let charges = charges(Limits::default());
        assert_eq!(payer(&charges, "2001:db8::1"), payer(&charges, "2001:db8::2:3"));
        assert_ne!(payer(&charges, "2001:db8::1"), payer(&charges, "2001:db8:0:1::1"));
        assert_eq!(payer(&charges, "::ffff:192.0.2.1"), payer(&charges, "192.0.2.1"));
        assert_eq!(payer(&charges, "127.0.0.9"), None);
        assert_eq!(charges.payer(Peer::Memory), None);
    }

    #[tokio::test(start_paused = true)]
    async fn rooms_are_bounded_by_the_address_and_given_back() {
        let charges = charges(Limits { rooms_per_address_max: 2, ..Limits::default() });
        let mallory = payer(&charges, "192.0.2.1");
        let first = charges.room(mallory, 0).unwrap();
        let _second = charges.room(mallory, 1).unwrap();
        assert!(charges.room(mallory, 2).is_err());
        drop(first);
        assert!(charges.room(mallory, 1).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_addresses_are_greedy_one_more_gets_a_room() {
        let limits = Limits { rooms_max: 1_000, ..Limits::default() };
        let charges = charges(limits);
        let mut held = Vec::new();
        for round in 0..100 {
            for address in 0..200 {
                let mallory = payer(&charges, &format!("192.0.2.{address}"));
                if let Ok(room) = charges.room(mallory, held.len() as u32) {
                    held.push(room);
                }
            }
            assert!(held.len() < 990, "round {round}: {}", held.len());
        }
        assert!(held.len() > 800, "{}", held.len());
        assert!(charges.room(payer(&charges, "198.51.100.1"), held.len() as u32).is_ok());
    }

    #[test]
    fn seats_beyond_a_part_of_the_room_give_way_and_beyond_the_bound_are_brief() {
        let charges = charges(Limits { held_seats_per_address_max: 4, ..Limits::default() });
        let mallory = payer(&charges, "192.0.2.1");
        let (room, other) = (RoomId::from_bits(1), RoomId::from_bits(2));
        let first = charges.hold(mallory, room, 8);
        let second = charges.hold(mallory, room, 8);
        assert_eq!((first.0, second.0), (Hold::Firm, Hold::Firm));
        let third = charges.hold(mallory, room, 8);
        assert_eq!(third.0, Hold::Yielding);
        let _fourth = charges.hold(mallory, other, 8);
        assert_eq!(charges.hold(mallory, other, 8).0, Hold::Brief);
        drop((first, second, third));
        assert_eq!(charges.hold(mallory, room, 8).0, Hold::Firm);
    }

    #[test]
    fn who_holds_something_is_never_forgotten() {
        let charges = charges(Limits::default());
        let mallory = payer(&charges, "192.0.2.1");
        let _held = charges.hold(mallory, RoomId::from_bits(1), 8);
        for number in 0..2 * PAYERS_MAX as u32 {
            charges.join(Some(Payer::Address(std::net::Ipv4Addr::from_bits(number).into()))).unwrap();
            assert!(charges.used_by().len() <= PAYERS_MAX + 1);
        }
        assert!(charges.used_by().contains_key(&mallory.unwrap()));
    }
}
