//! Who may not come back into the room for a while, because the game kicked it, and who is told why.

use crate::game::{Account, AccountId};
use crate::id::{PlayerId, ResumeSecret};
use crate::limits::CLOSE_TEXT_BYTES_MAX;
use crate::tick::Tick;
use crate::wire::{Close, CloseCode, Text};
use std::collections::VecDeque;

/// Bars at one time. Beyond it the oldest ends.
const BARS_MAX: usize = 256;

/// Players who left, whom the game may still bar, and kicked seats whose clients may come back to hear why.
const LEFT_MAX: usize = 64;

/// The bars of a room, and what is needed for more.
#[derive(Debug, Default)]
pub(super) struct Bars {
    bars: Vec<Bar>,
    left: VecDeque<(PlayerId, Option<Barred>)>,
    kicked: VecDeque<KickedSeat>,
}

/// A seat that the game took away.
#[derive(Debug)]
struct KickedSeat {
    secret: ResumeSecret,
    until: Tick,
    close: Close,
}

#[derive(Debug)]
struct Bar {
    who: Barred,
    until: Tick,
    text: Text<CLOSE_TEXT_BYTES_MAX>,
}

/// An account, or the address of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Barred {
    Account(AccountId),
    From(u64),
}

impl Barred {
    fn of(account: &Account, from: Option<u64>) -> Option<Self> {
        account.id.clone().map(Self::Account).or(from.map(Self::From))
    }
}

impl Bars {
    pub(super) fn add(
        &mut self,
        account: &Account,
        from: Option<u64>,
        until: Tick,
        text: &Text<CLOSE_TEXT_BYTES_MAX>,
    ) {
        if let Some(who) = Barred::of(account, from) {
            self.push(who, until, text);
        }
    }

    /// A bar that ends now is none: the next question removes it.
    fn push(&mut self, who: Barred, until: Tick, text: &Text<CLOSE_TEXT_BYTES_MAX>) {
        self.bars.retain(|bar| bar.who != who);
        if self.bars.len() >= BARS_MAX {
            self.bars.remove(0);
        }
        self.bars.push(Bar { who, until, text: text.clone() });
    }

    /// A player has left.
    pub(super) fn left(&mut self, player: PlayerId, account: &Account, from: Option<u64>) {
        keep(&mut self.left, (player, Barred::of(account, from)));
    }

    /// Bars a player who has left: leaving first does not help.
    pub(super) fn add_left(&mut self, player: PlayerId, until: Tick, text: &Text<CLOSE_TEXT_BYTES_MAX>) {
        let found = self.left.iter().rfind(|(of, _)| *of == player).and_then(|(_, who)| who.clone());
        if let Some(who) = found {
            self.push(who, until, text);
        }
    }

    /// A kicked seat had these secrets: a client that was cut hears why when it comes back.
    pub(super) fn keep_seat(
        &mut self,
        secrets: impl Iterator<Item = ResumeSecret>,
        until: Tick,
        text: &Text<CLOSE_TEXT_BYTES_MAX>,
    ) {
        for secret in secrets {
            let close = Close::new(CloseCode::Kicked, text);
            keep(&mut self.kicked, KickedSeat { secret, until, close });
        }
    }

    /// Why a client that comes back with this secret has no seat, if the game took it.
    pub(super) fn kicked(&mut self, shown: &ResumeSecret, now: Tick) -> Option<Close> {
        self.kicked.retain(|seat| seat.until > now);
        self.kicked.iter().find(|seat| seat.secret.matches(shown)).map(|seat| seat.close.clone())
    }

    /// Why this player may not enter now: a rule of the game, so a match tries another room.
    pub(super) fn refusal(&mut self, account: &Account, from: Option<u64>, now: Tick) -> Option<Close> {
        self.bars.retain(|bar| bar.until > now);
        let who = Barred::of(account, from)?;
        let bar = self.bars.iter().find(|bar| bar.who == who)?;
        Some(Close::new(CloseCode::Policy, &bar.text))
    }
}

/// Adds an item; the oldest goes where there are too many.
fn keep<T>(items: &mut VecDeque<T>, item: T) {
    if items.len() >= LEFT_MAX {
        items.pop_front();
    }
    items.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_holds_for_its_time_an_account_or_a_guests_address() {
        let (mut bars, text) = (Bars::default(), Text::cut("voted out"));
        let (ada, guest) = (Account::new(Text::cut("u-1"), Text::cut("Ada")), Account::guest(Text::cut("g")));
        bars.add(&ada, Some(7), Tick(100), &text);
        let close = bars.refusal(&ada, Some(8), Tick(99)).expect("barred from any address");
        assert_eq!((close.code, &*close.text), (CloseCode::Policy, "voted out"));
        assert_eq!(bars.refusal(&guest, Some(7), Tick(99)), None, "the account was barred, not its house");
        assert_eq!(bars.refusal(&ada, Some(7), Tick(100)), None);
        bars.add(&guest, Some(7), Tick(200), &text);
        assert!(bars.refusal(&guest, Some(7), Tick(150)).is_some());
        assert_eq!(bars.refusal(&guest, Some(9), Tick(150)), None);
        assert_eq!(bars.refusal(&guest, None, Tick(150)), None, "nothing is known of it");
    }

    #[test]
    fn bars_max() {
        let (mut bars, guest) = (Bars::default(), Account::guest(Text::cut("g")));
        for from in 0..=BARS_MAX as u64 {
            bars.add(&guest, Some(from), Tick(10), &Text::cut(""));
        }
        assert_eq!(bars.bars.len(), BARS_MAX);
        assert!(
            bars.refusal(&guest, Some(0), Tick(1)).is_none()
                && bars.refusal(&guest, Some(1), Tick(1)).is_some()
        );
    }
}
