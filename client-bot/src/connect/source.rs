//! The addresses that bots come from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Connections that one source address takes on before the next is used: far below its 28,000 ephemeral ports,
/// which stay taken for a minute after a connection.
const BOTS_PER_SOURCE: u32 = 1_000;

/// The addresses of this machine that connections come from: bot i takes address i modulo their number. The
/// system chooses where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(pub Vec<IpAddr>);

impl Sources {
    /// Enough of 127.0.0.x for `bots` connections to a server on the IPv4 loopback; else the system chooses.
    /// Only Linux has all of 127.0.0.0/8 at hand.
    #[must_use]
    pub fn for_target(target: SocketAddr, bots: u32) -> Self {
        let loopback = matches!(target.ip(), IpAddr::V4(ip) if ip.is_loopback());
        if !loopback || !cfg!(target_os = "linux") {
            return Self::default();
        }
        let count = bots.div_ceil(BOTS_PER_SOURCE).min(250) as u8;
        Self((1..=count).map(|last| Ipv4Addr::new(127, 0, 0, last).into()).collect())
    }

    pub(super) fn of(&self, bot: u32) -> Option<IpAddr> {
        let at = (bot as usize).checked_rem(self.0.len())?;
        self.0.get(at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn many_bots_spread_over_the_loopback() {
        let target = SocketAddr::from(([127, 0, 0, 1], 8080));
        assert_eq!(Sources::for_target(target, 200).0, [IpAddr::from([127, 0, 0, 1])]);
        let many = Sources::for_target(target, 2_500);
        assert_eq!(many.0.len(), 3);
        assert_eq!(many.of(5), Some([127, 0, 0, 3].into()));
        assert_eq!(Sources::for_target(target, u32::MAX).0.len(), 250);
    }

    #[test]
    fn elsewhere_the_system_chooses() {
        let target = SocketAddr::from(([192, 0, 2, 1], 8080));
        assert_eq!(Sources::for_target(target, 100_000).of(7), None);
    }
}
