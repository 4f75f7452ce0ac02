//! The addresses from which bots connect.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Bots per source address: far below its 28,000 ephemeral ports, which stay taken for a minute after a
/// connection.
const BOTS_PER_SOURCE: u32 = 1_000;

/// The addresses of this machine from which bots connect: bot i takes address i modulo their number. Without
/// any, the system chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(pub Vec<IpAddr>);

impl Sources {
    /// Enough of 127.0.0.x for `bots` connections to a server on the loopback, used for its IPv4 addresses;
    /// else the system chooses. Only Linux offers all of 127.0.0.0/8.
    #[must_use]
    pub fn for_targets(targets: &[SocketAddr], bots: u32) -> Self {
        let loopback = targets.iter().all(|target| target.ip().is_loopback());
        if !loopback || !cfg!(target_os = "linux") {
            return Self::default();
        }
        let count = bots.div_ceil(BOTS_PER_SOURCE).min(250) as u8;
        Self((1..=count).map(|last| Ipv4Addr::new(127, 0, 0, last).into()).collect())
    }

    /// The address from which bot number `bot` connects to `target`.
    pub(super) fn of(&self, bot: u32, target: SocketAddr) -> Option<IpAddr> {
        let fitting = || self.0.iter().filter(|source| source.is_ipv4() == target.is_ipv4());
        let at = (bot as usize).checked_rem(fitting().count())?;
        fitting().nth(at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn many_bots_spread_over_the_loopback() {
        let target = SocketAddr::from(([127, 0, 0, 1], 8080));
        assert_eq!(Sources::for_targets(&[target], 200).0, [IpAddr::from([127, 0, 0, 1])]);
        let many = Sources::for_targets(&[target], 2_500);
        assert_eq!(many.0.len(), 3);
        assert_eq!(many.of(5, target), Some([127, 0, 0, 3].into()));
        let six = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 8080));
        assert_eq!(many.of(5, six), None, "no address of another family");
        assert_eq!(Sources::for_targets(&[six, target], u32::MAX).0.len(), 250);
    }

    #[test]
    fn elsewhere_the_system_chooses() {
        let target = SocketAddr::from(([192, 0, 2, 1], 8080));
        assert_eq!(Sources::for_targets(&[target], 100_000).of(7, target), None);
    }
}
