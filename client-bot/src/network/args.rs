//! The flags for the simulated network.

use super::values::{EachWay, bandwidth, bytes, loss, outage, time};
use super::{BadNetworks, Network, Networks};
use clap::Args;
use core::time::Duration;
use tickwire_shared::link::{LinkProfile, Outage};

/// The network between each bot and the server, simulated in the bot. A value may be given for each
/// direction, as UP:DOWN.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// A network by name: clean, wifi (round trip 20 +- 5 ms, a stall of 60 ms every 10 s), 4g (80 +- 20 ms,
    /// 200 ms every 30 s) or bad-hotel (150 +- 60 ms, 300 ms every 5 s, a cut of 1 s every minute). Several
    /// with shares make a mix: 4g:50,wifi:50.
    #[arg(long = "network", value_name = "NAME[:SHARE]", value_delimiter = ',')]
    networks: Vec<Network>,
    /// The time that a message takes one way.
    #[arg(long, value_name = "TIME[:TIME]", value_parser = |text: &str| EachWay::parse(text, time))]
    delay: Option<EachWay<Duration>>,
    /// How much longer or shorter than --delay a message takes, at random.
    #[arg(long, value_name = "TIME[:TIME]", value_parser = |text: &str| EachWay::parse(text, time))]
    jitter: Option<EachWay<Duration>>,
    /// TCP segments that get lost: all after one waits until it is sent again, after a round trip, at least
    /// 200 ms.
    #[arg(long, value_name = "SHARE[:SHARE]", value_parser = |text: &str| EachWay::parse(text, loss))]
    loss: Option<EachWay<u32>>,
    /// The rate of the bottleneck, such as 200kbit.
    #[arg(long, value_name = "RATE[:RATE]", value_parser = |text: &str| EachWay::parse(text, bandwidth))]
    bandwidth: Option<EachWay<u64>>,
    /// Bytes on the way before the sender has to wait [default: 16kb].
    #[arg(long, value_name = "SIZE[:SIZE]", value_parser = |text: &str| EachWay::parse(text, bytes))]
    queue: Option<EachWay<usize>>,
    /// Messages arrive in bursts this far apart.
    #[arg(long, value_name = "TIME[:TIME]", value_parser = |text: &str| EachWay::parse(text, time))]
    burst: Option<EachWay<Duration>>,
    /// How long nothing arrives, once in each period, such as 300ms/5s; none for never.
    #[arg(long, value_name = "TIME/PERIOD", value_parser = outage)]
    stall: Option<Outage>,
    /// The connection breaks once in each period, and none can be made for a time, such as 1s/60s; none for
    /// never.
    #[arg(long, value_name = "TIME/PERIOD", value_parser = outage)]
    cut: Option<Outage>,
}

impl NetworkArgs {
    /// The networks that the flags describe.
    ///
    /// # Errors
    /// They are not a valid mix.
    pub fn networks(&self) -> Result<Networks, BadNetworks> {
        let mut networks = self.networks.clone();
        if networks.is_empty() {
            let name = if self.apply(LinkProfile::CLEAN) == LinkProfile::CLEAN { "clean" } else { "custom" };
            networks.push(Network { name: name.to_owned(), profile: LinkProfile::CLEAN, share: 1 });
        }
        for network in &mut networks {
            network.profile = self.apply(network.profile);
        }
        Networks::new(networks)
    }

    /// `profile` with the given values.
    fn apply(&self, mut profile: LinkProfile) -> LinkProfile {
        fn set<T: Copy>(value: Option<EachWay<T>>, up: &mut T, down: &mut T) {
            if let Some(value) = value {
                (*up, *down) = (value.up, value.down);
            }
        }
        let LinkProfile { up, down, stall, cut } = &mut profile;
        set(self.delay, &mut up.delay, &mut down.delay);
        set(self.jitter, &mut up.jitter, &mut down.jitter);
        set(self.loss, &mut up.loss_per_million, &mut down.loss_per_million);
        set(self.bandwidth, &mut up.bandwidth_bits_per_s, &mut down.bandwidth_bits_per_s);
        set(self.queue, &mut up.queue_bytes_max, &mut down.queue_bytes_max);
        set(self.burst, &mut up.burst_every, &mut down.burst_every);
        *stall = self.stall.unwrap_or(*stall);
        *cut = self.cut.unwrap_or(*cut);
        profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        network: NetworkArgs,
    }

    fn networks(line: &str) -> Result<Networks, String> {
        let words = core::iter::once("bots").chain(line.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        line.network.networks().map_err(|error| error.to_string())
    }

    #[test]
    fn without_flags_nothing_is_simulated() {
        assert_eq!(networks(""), Ok(Networks::default()));
    }

    #[test]
    fn a_profile_can_have_single_values_of_its_own() {
        let networks = networks("--network 4g:50,wifi:50 --loss 1%:0% --cut 2s/30s").unwrap();
        for (network, base) in networks.all().iter().zip([LinkProfile::MOBILE_4G, LinkProfile::WIFI]) {
            assert_eq!(network.profile.up.delay, base.up.delay);
            assert_eq!(
                (network.profile.up.loss_per_million, network.profile.down.loss_per_million),
                (10_000, 0)
            );
            assert_eq!(
                (network.profile.stall, network.profile.cut),
                (base.stall, Outage::millis(2_000, 30_000))
            );
        }
        assert_eq!(networks.all()[1].name, "wifi");
    }

    #[test]
    fn values_alone_make_a_network_of_its_own() {
        let networks =
            networks("--delay 80ms --jitter 20ms --bandwidth 200kbit --queue 8kb --burst 20ms").unwrap();
        let [network] = networks.all() else { panic!("{networks:?}") };
        let up = network.profile.up;
        assert_eq!((&*network.name, up), ("custom", network.profile.down));
        assert_eq!((up.delay, up.jitter), (Duration::from_millis(80), Duration::from_millis(20)));
        assert_eq!((up.bandwidth_bits_per_s, up.queue_bytes_max), (200_000, 8_192));
        assert!(super::super::Networks::new(vec![]).is_err());
    }

    #[test]
    fn wrong_values_are_named() {
        for line in ["--network 5g", "--loss 3", "--delay 1ms:x", "--stall 5s", "--network 4g,4g"] {
            assert!(networks(line).is_err(), "{line}");
        }
    }
}
