//! Who may not come back into the room for a while, because the game kicked it.

use crate::game::{Account, AccountId};
use crate::limits::CLOSE_TEXT_BYTES_MAX;
use crate::tick::Tick;
use crate::wire::{Close, CloseCode, Text};

/// Bars at one time. Beyond it the oldest ends.
const BARS_MAX: usize = 256;

/// The bars of a room.
#[derive(Debug, Default)]
pub(super) struct Bars(Vec<Bar>);

#[derive(Debug)]
struct Bar {
    who: Barred,
    until: Tick,
    text: Text<CLOSE_TEXT_BYTES_MAX>,
}

/// An account, or the address of a guest.
#[derive(Debug, PartialEq, Eq)]
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
        let Some(who) = Barred::of(account, from) else { return };
        self.0.retain(|bar| bar.who != who);
        if self.0.len() >= BARS_MAX {
            self.0.remove(0);
        }
        self.0.push(Bar { who, until, text: text.clone() });
    }

    /// Why this player may not enter now: a rule of the game, so a match tries another room.
    pub(super) fn refusal(&mut self, account: &Account, from: Option<u64>, now: Tick) -> Option<Close> {
        self.0.retain(|bar| bar.until > now);
        let who = Barred::of(account, from)?;
        let bar = self.0.iter().find(|bar| bar.who == who)?;
        Some(Close::new(CloseCode::Policy, &bar.text))
    }
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
        assert_eq!(bars.0.len(), BARS_MAX);
        assert!(
            bars.refusal(&guest, Some(0), Tick(1)).is_none()
                && bars.refusal(&guest, Some(1), Tick(1)).is_some()
        );
    }
}
