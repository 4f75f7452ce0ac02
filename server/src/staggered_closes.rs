//! A close reason that many clients get at once, each with its own time to come back: they must not all
//! return at the same moment.

use tickwire_shared::Rng;
use tickwire_shared::wire::{Advice, Close};

/// What one returning client costs a server, with a TLS handshake each, ms.
const RETURN_MS: u32 = 2;

/// The close reasons for these clients, one after another.
#[derive(Debug)]
pub(crate) struct StaggeredCloses {
    close: Close,
    /// The time over which the clients' returns are spread, ms.
    spread_ms: u32,
    rng: Rng,
}

impl StaggeredCloses {
    /// `size` clients get `close`.
    pub(crate) fn new(close: Close, size: usize) -> Self {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let spread_ms = match close.advice {
            Advice::RetryAfter(ms) if size > 1 => ms.max(size.saturating_mul(RETURN_MS)),
            _ => 0,
        };
        // Without randomness they return together, as before.
        Self { close, spread_ms, rng: Rng::new(getrandom::u64().unwrap_or(0)) }
    }

    /// The close reason for the next client.
    pub(crate) fn next(&mut self) -> Close {
        let mut close = self.close.clone();
        if let Advice::RetryAfter(ms) = &mut close.advice {
            *ms = ms.saturating_add(self.rng.below(self.spread_ms));
        }
        close
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_shared::wire::CloseCode;

    fn advised(code: CloseCode, size: usize) -> Vec<u32> {
        let mut closes = StaggeredCloses::new(code.into(), size);
        let ms = |close: Close| match close.advice {
            Advice::RetryAfter(ms) => ms,
            advice => panic!("{advice}"),
        };
        (0..size).map(|_| ms(closes.next())).collect()
    }

    #[test]
    fn many_clients_come_back_over_as_long_as_their_return_takes() {
        let advised = advised(CloseCode::GoingAway, 5_000);
        assert!(advised.iter().all(|ms| (2_000..12_000).contains(ms)));
        for second in 2..12 {
            let count = advised.iter().filter(|&&ms| ms / 1_000 == second).count();
            assert!((400..600).contains(&count), "{count} in second {second}");
        }
    }

    #[test]
    fn one_alone_gets_the_advice_of_the_table() {
        assert_eq!(advised(CloseCode::GoingAway, 1), [2_000]);
    }

    #[test]
    fn other_advice_stays_what_it_is() {
        let mut closes = StaggeredCloses::new(CloseCode::Kicked.into(), 9);
        assert_eq!(closes.next(), CloseCode::Kicked.into());
    }
}
