//! The command line of `attack`.

use super::case::Case;
use crate::arg_values::{game_name, option};
use crate::connect::Url;
use clap::Args;
use core::time::Duration;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use tickwire_shared::wire::control::{GameName, OptionText, Options, OptionsError};
use tickwire_shared::wire::terms::{JoinTerms, Parameters};

/// What to attack, and how.
#[derive(Clone, Debug, Args)]
pub(crate) struct AttackArgs {
    /// The server: ws://HOST:PORT or wss://HOST:PORT. Only a server of this machine, or one whose owner has
    /// set a token for --consent.
    #[arg(required_unless_present = "list")]
    pub url: Option<Url>,
    /// The cases to run; by default all of them.
    #[arg(value_name = "CASE")]
    pub cases: Vec<Case>,
    /// Lists the cases with what each does.
    #[arg(long)]
    pub list: bool,
    /// How long each case runs, s.
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// How many connections attack at one time, all from one address.
    #[arg(long, default_value_t = 45, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub connections: u32,
    /// The server's metrics on its operator's listener, such as http://127.0.0.1:8081/metrics. Without them
    /// nobody looks whether memory, descriptors and sessions come back.
    #[arg(long, value_name = "URL")]
    pub metrics: Option<String>,
    /// The token that the server's owner has set as `attack_consent`.
    #[arg(long, value_name = "TOKEN")]
    pub consent: Option<String>,
    /// Addresses of this machine: the first is that of the attackers, the others are those of the honest. By
    /// default, for a server on the loopback, 127.0.0.x and 127.0.1.x.
    #[arg(long, value_name = "ADDR", value_delimiter = ',')]
    pub sources: Vec<IpAddr>,
    /// How much longer than in calm (99 of 100) a witness may wait for an update, ms. At least 250 ms are
    /// permitted.
    #[arg(long, value_name = "MS", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub gap_margin_ms: u32,
    /// The name under which the server hosts the game.
    #[arg(long, default_value = "arena", value_parser = game_name)]
    pub game: GameName,
    /// An option for new rooms, as KEY=VALUE. May be repeated.
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = option)]
    pub options: Vec<(OptionText, OptionText)>,
    /// What the game is told of each player, honest or not, such as '{"team":"red"}'.
    #[arg(long, value_name = "JSON", value_parser = Parameters::from_str)]
    pub parameters: Option<Parameters>,
    /// How the honest players play.
    #[arg(long, value_name = "NAME")]
    pub behaviour: Option<String>,
    /// Where tickets come from: they are signed with the first key of this file.
    #[arg(long, value_name = "FILE")]
    pub ticket_key: Option<PathBuf>,
    /// Certificates to trust with wss instead of the system's, as PEM.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The seed of the attackers' random choices.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Writes the report as JSON to this file; - is stdout.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl AttackArgs {
    /// The cases to run, each once, in their own order.
    pub(crate) fn chosen(&self) -> Vec<Case> {
        let is_chosen = |case: &Case| self.cases.is_empty() || self.cases.contains(case);
        Case::all().filter(is_chosen).collect()
    }

    /// The options of new rooms.
    ///
    /// # Errors
    /// There are too many, or two have one key.
    pub(super) fn options(&self) -> Result<Options, OptionsError> {
        Options::new(self.options.clone())
    }

    /// On which terms everybody joins.
    pub(super) fn terms(&self) -> JoinTerms {
        let mut terms = JoinTerms::default();
        terms.parameters = self.parameters.clone().unwrap_or_default();
        terms
    }

    /// How long each case runs.
    pub(super) fn time(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }
}
