//! The command line.

use crate::arg_values::{game_name, option};
use crate::assertion::Assertion;
use crate::attack::args::AttackArgs;
use crate::connect::Url;
use crate::join_args::JoinArgs;
use crate::network::{BadNetworks, NetworkArgs};
use crate::plan::{Plan, Stage};
use crate::tickets::TicketSource;
use clap::{Parser, Subcommand};
use core::time::Duration;
use std::net::IpAddr;
use std::path::PathBuf;
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{GameName, OptionText, Options, OptionsError};
use tickwire_tickets::KeysError;

/// Fills a Tickwire server with bots that really play, and reports what they saw.
///
/// Exit status: 0 if all bots joined a room, no bot met an outage and all thresholds are met; 1 if a bot
/// never joined, a bot met an outage or a threshold fails; 2 for wrong arguments; 3 if the server can't be
/// reached. Bots that had no time to join, because of Ctrl-C or a stay of less than 1 s, do not fail the run.
#[derive(Clone, Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    /// What to do instead of playing.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The server: ws://HOST:PORT or wss://HOST:PORT; without a path, /play is used.
    #[arg(long, default_value = "ws://127.0.0.1:8080")]
    pub url: Url,
    /// The number of bots.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub bots: u32,
    /// How many rooms the bots make; bot i joins room i modulo this. By default one for every 32 bots; up to
    /// 32 bots join an open room, if there is one.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub rooms: Option<u32>,
    /// The room that all bots join instead of making rooms: the eight letters and digits of its id.
    #[arg(long, value_name = "ID", conflicts_with_all = ["rooms", "options"])]
    pub room: Option<RoomId>,
    /// How long the run goes on after all bots have started.
    #[arg(long, default_value = "15s", value_parser = humantime::parse_duration)]
    pub duration: Duration,
    /// The time over which the bots start, evenly. By default 1 s for every 500 bots.
    #[arg(long, value_parser = humantime::parse_duration)]
    pub ramp: Option<Duration>,
    /// Instead of --bots, --ramp and --duration: stages such as 30s:200,60s:500. During its time each stage
    /// goes, in a straight line, from the previous number of bots to its own. May be repeated.
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["bots", "duration", "ramp"])]
    pub stages: Vec<Stage>,
    /// How the bots play.
    #[arg(long, value_name = "NAME")]
    pub behaviour: Option<String>,
    /// How many of the bots only watch.
    #[arg(long, default_value_t = 0)]
    pub spectators: u32,
    /// The name under which the server hosts the game.
    #[arg(long, default_value = "arena", value_parser = game_name)]
    pub game: GameName,
    /// An option for new rooms, as KEY=VALUE. May be repeated.
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = option)]
    pub options: Vec<(OptionText, OptionText)>,
    /// On which terms the bots join.
    #[command(flatten)]
    pub(crate) join: JoinArgs,
    /// Where the bots' tickets come from: they sign them with the first key of this file.
    #[arg(long, value_name = "FILE", conflicts_with = "ticket_cmd")]
    pub ticket_key: Option<PathBuf>,
    /// A command of the shell that prints a ticket; it runs for each join, with the bot's number in
    /// TICKWIRE_BOT.
    #[arg(long, value_name = "COMMAND")]
    pub ticket_cmd: Option<String>,
    /// The seed of all random choices: with the same seed, bots decide the same in the same situations.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Writes the report as JSON to this file; - is stdout.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// A threshold on the report, such as 'snapshot_gap_ms.p99<60'. May be repeated.
    #[arg(long = "assert", value_name = "PATH OP VALUE")]
    pub assertions: Vec<Assertion>,
    /// Outages do not fail the run: neither a lost connection that was never resumed, nor a bot that saw
    /// nothing new for 5 s. For tests that restart a server.
    #[arg(long)]
    pub allow_outages: bool,
    /// Writes what the first bots receive to this file, for `profile` and `train`.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// How many bots are recorded.
    #[arg(long, value_name = "BOTS", default_value_t = 1, requires = "record",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub record_bots: u32,
    /// The largest recording, MiB. Messages that do not fit are left out, and counted at the end.
    #[arg(long, value_name = "MIB", default_value_t = 64, requires = "record",
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub record_mib: u32,
    /// Addresses of this machine from which bots connect, in turn. By default, for a server on the loopback,
    /// 127.0.0.1 and up, one for every 1000 bots.
    #[arg(long, value_name = "ADDR", value_delimiter = ',')]
    pub sources: Vec<IpAddr>,
    /// Certificates to trust with wss instead of the system's, as PEM.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Threads to run the bots on.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,
    /// Shows no progress and no table; failed thresholds are still reported.
    #[arg(long, short)]
    pub quiet: bool,
    /// The simulated network between the bots and the server.
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// Flags that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BadArgs {
    /// The plan is empty.
    #[error("no stage has any bots")]
    NoBots,
    /// More spectators than bots.
    #[error("--spectators {spectators} is more than all {bots} bots")]
    Spectators {
        /// How many should only watch.
        spectators: u32,
        /// How many bots there are.
        bots: u32,
    },
    /// The networks are not a valid mix.
    #[error(transparent)]
    Networks(#[from] BadNetworks),
    /// The rooms' options are not valid.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The file of keys cannot be used.
    #[error("--ticket-key {}: {cause}", file.display())]
    TicketKey {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
}

/// What is done instead of playing.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows where the bytes of a recording went: by part of a message, kind of entity, field and stream.
    Profile {
        /// A recording that --record wrote.
        file: PathBuf,
        /// JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Attacks your own server with hostile clients, beside honest ones that must not notice.
    ///
    /// Exit status: 0 if no case failed; 1 if one did, or the server can't be reached; 2 for wrong arguments.
    Attack(Box<AttackArgs>),
    /// Trains a table for profile 1 on recordings of one game.
    Train {
        /// Recordings that --record wrote.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The table to write.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
    },
}

impl Args {
    /// When bots start and leave.
    #[must_use]
    pub(crate) fn plan(&self) -> Plan {
        if self.stages.is_empty() {
            let ramp = self.ramp.unwrap_or(Duration::from_secs(1).mul_f64(f64::from(self.bots) / 500.0));
            Plan::steady(self.bots, ramp, self.duration)
        } else {
            Plan::stages(self.stages.clone())
        }
    }

    /// How many rooms the fleet makes.
    #[must_use]
    pub(crate) fn rooms(&self) -> u32 {
        if self.room.is_some() {
            return 1;
        }
        self.rooms.unwrap_or(self.plan().bots_max().div_ceil(32)).max(1)
    }

    /// Whether the bots join an open room before they make one: a few bots for the players there.
    #[must_use]
    pub(crate) fn takes_open_room(&self) -> bool {
        let asks = self.rooms.is_some() || self.room.is_some() || !self.options.is_empty();
        !asks && !self.join.has_password() && self.plan().bots_max() <= 32
    }

    /// The options of the rooms.
    ///
    /// # Errors
    /// There are too many, or two have one key.
    pub(crate) fn options(&self) -> Result<Options, OptionsError> {
        Options::new(self.options.clone())
    }

    /// Where the bots' tickets come from.
    ///
    /// # Errors
    /// The file of keys cannot be used.
    pub(crate) fn tickets(&self) -> Result<TicketSource, BadArgs> {
        if let Some(command) = &self.ticket_cmd {
            return Ok(TicketSource::command(command));
        }
        let Some(file) = &self.ticket_key else { return Ok(TicketSource::default()) };
        let wrong = |cause: String| BadArgs::TicketKey { file: file.clone(), cause };
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        Ok(TicketSource::keys(text.parse().map_err(|error: KeysError| wrong(error.to_string()))?))
    }

    /// Checks what clap cannot check by itself.
    ///
    /// # Errors
    /// What is wrong and how to fix it.
    pub(crate) fn check(&self) -> Result<(), BadArgs> {
        let bots = self.plan().bots_max();
        if bots == 0 {
            return Err(BadArgs::NoBots);
        }
        if self.spectators > bots {
            return Err(BadArgs::Spectators { spectators: self.spectators, bots });
        }
        self.network.networks()?;
        Ok(self.options().map(drop)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(args: &[&str]) -> Result<Args, String> {
        let args = core::iter::once(&"tickwire-client-bot").chain(args);
        Args::try_parse_from(args).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_documented_line_is_read() {
        let line = "--url ws://127.0.0.1:8080 --bots 200 --rooms 8 --duration 15s --seed 1 \
                    --report report.json --assert snapshot_gap_ms.p99<60";
        let args = parse(&line.split_whitespace().collect::<Vec<_>>()).unwrap();
        assert_eq!((args.bots, args.rooms(), args.seed), (200, 8, 1));
        assert!(!args.takes_open_room());
        assert_eq!(args.plan().time(), Duration::from_millis(15_400));
        assert_eq!(args.assertions.len(), 1);
        assert_eq!(args.check(), Ok(()));
    }

    #[test]
    fn stages_may_be_listed_and_repeated() {
        let args = parse(&["--stages", "30s:200,60s:500", "--stages", "10s:0"]).unwrap();
        assert_eq!((args.stages.len(), args.plan().bots_max(), args.rooms()), (3, 500, 16));
        assert!(parse(&["--stages", "30s:200", "--bots", "5"]).is_err());
    }

    #[test]
    fn recordings_are_worked_on_by_commands_of_their_own() {
        let args = parse(&["--bots", "4", "--record", "a.twrec", "--record-bots", "2"]).unwrap();
        assert_eq!((args.record, args.record_bots, args.record_mib), (Some("a.twrec".into()), 2, 64));
        let profile = parse(&["profile", "a.twrec", "--json"]).unwrap().command;
        assert!(matches!(profile, Some(Command::Profile { json: true, .. })));
        let train = parse(&["train", "a.twrec", "b.twrec", "--out", "tag.twt"]).unwrap().command;
        assert!(matches!(train, Some(Command::Train { files, .. }) if files.len() == 2));
        assert!(parse(&["--bots", "4", "profile", "a.twrec"]).is_err());
        assert!(parse(&["--record-bots", "4"]).is_err());
        assert!(parse(&["train", "--out", "tag.twt"]).is_err());
    }

    #[test]
    fn wrong_use_is_named() {
        assert!(parse(&["--bots", "0"]).is_err());
        assert!(parse(&["--assert", "nonsense<3"]).unwrap_err().contains("snapshot_gap_ms.p99"));
        assert!(parse(&["--stages", "1s:0"]).unwrap().check().is_err());
        assert!(parse(&["--bots", "2", "--spectators", "3"]).unwrap().check().is_err());
    }
}
