//! The network of each bot: profiles by name with shares, and values that override single ones.

mod args;
mod connect;
mod values;

pub use args::NetworkArgs;
pub use connect::{SimulatedConnect, SimulatedLink};
pub use values::BadValue;

use core::str::FromStr;
use tickwire_shared::link::LinkProfile;

/// The largest sum of the shares of a mix.
const SHARES_MAX: u32 = 1_000;

/// A network that some of the bots play over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its name in the report.
    pub name: String,
    /// How it behaves.
    pub profile: LinkProfile,
    /// How many bots play over it, in proportion to the others' shares.
    pub share: u32,
}

impl FromStr for Network {
    type Err = BadNetworks;

    /// A profile's name, and a share if there are several: `4g:50`.
    fn from_str(text: &str) -> Result<Self, BadNetworks> {
        let (name, share) = text.split_once(':').unwrap_or((text, "1"));
        let share = share.parse().ok().filter(|share| (1..=SHARES_MAX).contains(share));
        let share = share.ok_or_else(|| BadNetworks::Share(text.into()))?;
        let profile = LinkProfile::by_name(name).ok_or_else(|| BadNetworks::Unknown(name.into()))?;
        Ok(Self { name: name.to_owned(), profile, share })
    }
}

/// Why networks cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadNetworks {
    /// The share is not a number in the permitted range.
    #[error("`{0}`: a share is a number from 1 to {SHARES_MAX}")]
    Share(String),
    /// No profile has this name.
    #[error("there is no network `{0}`; there are {known}", known = known_names())]
    Unknown(String),
    /// There is no network, one has no share, or all shares together are too many.
    #[error("the shares of the networks must be above 0, and their sum at most {SHARES_MAX}")]
    Shares,
    /// Two networks have one name.
    #[error("the network `{0}` is named twice")]
    Twice(String),
}

fn known_names() -> String {
    LinkProfile::NAMED.map(|(name, _)| name).join(", ")
}

/// The networks of a fleet; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks {
    networks: Vec<Network>,
    /// Which network bot i modulo the length of this plays over.
    turns: Vec<u16>,
}

impl FromStr for Networks {
    type Err = BadNetworks;

    /// One network or a mix by shares: `wifi`, `4g:50,wifi:50`.
    fn from_str(text: &str) -> Result<Self, BadNetworks> {
        Self::new(text.split(',').map(Network::from_str).collect::<Result<_, _>>()?)
    }
}

impl Networks {
    /// A mix by shares. Bots with adjacent numbers play over different networks, so that each room has all of
    /// them.
    ///
    /// # Errors
    /// There is no network, one has no share, two have one name, or the shares are too large.
    pub fn new(networks: Vec<Network>) -> Result<Self, BadNetworks> {
        let total: u32 = networks.iter().map(|network| network.share).fold(0, u32::saturating_add);
        if total == 0 || total > SHARES_MAX || networks.iter().any(|network| network.share == 0) {
            return Err(BadNetworks::Shares);
        }
        let mut names: Vec<_> = networks.iter().map(|network| &network.name).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(BadNetworks::Twice(pair[0].clone()));
        }
        // Each turn goes to the network that is furthest behind its share.
        let mut given = vec![0_u32; networks.len()];
        let mut turns = Vec::new();
        for turn in 1..=total {
            let behind = |at: usize| {
                let wanted = networks.get(at).map_or(0, |network| network.share * turn);
                i64::from(wanted) - i64::from(given.get(at).copied().unwrap_or(0) * total)
            };
            let next = (0..networks.len()).rev().max_by_key(|&at| behind(at)).unwrap_or(0);
            if let Some(given) = given.get_mut(next) {
                *given += 1;
            }
            turns.push(next as u16);
        }
        Ok(Self { networks, turns })
    }

    /// All bots play over one network.
    #[must_use]
    pub fn one(name: &str, profile: LinkProfile) -> Self {
        Self { networks: vec![Network { name: name.to_owned(), profile, share: 1 }], turns: vec![0] }
    }

    /// The networks.
    #[must_use]
    pub fn all(&self) -> &[Network] {
        &self.networks
    }

    /// The index in [`Networks::all`] of the network of bot number `bot`.
    #[must_use]
    pub fn of(&self, bot: u32) -> usize {
        let turn = (bot as usize).checked_rem(self.turns.len()).unwrap_or(0);
        self.turns.get(turn).copied().unwrap_or(0).into()
    }

    /// How the network of bot number `bot` behaves.
    #[must_use]
    pub fn profile(&self, bot: u32) -> LinkProfile {
        self.networks.get(self.of(bot)).map_or(LinkProfile::CLEAN, |network| network.profile)
    }
}

impl Default for Networks {
    /// The real network between the bots and the server, without a simulation.
    fn default() -> Self {
        Self::one("clean", LinkProfile::CLEAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(texts: &[&str]) -> Result<Networks, BadNetworks> {
        Networks::new(texts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?)
    }

    #[test]
    fn a_mix_is_read_from_one_text() {
        let mix: Networks = "4g:3,wifi".parse().unwrap();
        assert_eq!(mix, Networks::new(vec!["4g:3".parse().unwrap(), "wifi".parse().unwrap()]).unwrap());
        assert_eq!("wifi,wifi".parse::<Networks>(), Err(BadNetworks::Twice("wifi".into())));
        let unknown = "moon".parse::<Networks>().unwrap_err().to_string();
        assert!(unknown.contains("`moon`") && unknown.contains("wifi"), "{unknown}");
    }

    #[test]
    fn bots_are_spread_over_the_networks_by_their_shares() {
        let networks = mix(&["4g:50", "wifi:25", "bad-hotel:25"]).unwrap();
        for bots in [0..4, 40..44, 100..104] {
            let mut counts = [0; 3];
            bots.for_each(|bot| counts[networks.of(bot)] += 1);
            assert_eq!(counts, [2, 1, 1]);
        }
        assert_eq!(networks.profile(0), LinkProfile::MOBILE_4G);
        assert_eq!(Networks::default().profile(9), LinkProfile::CLEAN);
    }

    #[test]
    fn what_is_no_mix_is_refused_with_its_reason() {
        assert!(mix(&["5g"]).unwrap_err().to_string().contains("clean, wifi, 4g, bad-hotel"));
        assert!(mix(&["4g:0"]).unwrap_err().to_string().contains("from 1 to"));
        assert!(mix(&["4g", "4g:2"]).unwrap_err().to_string().contains("twice"));
        assert!(mix(&["4g:900", "wifi:900"]).unwrap_err().to_string().contains("at most 1000"));
        assert!(mix(&[]).is_err());
    }
}
