//! The program around a fleet: command line, run, report, exit status. For the arena's program and for a
//! host's own.

mod attack;
mod conclude;
mod recordings;
mod signals;

use crate::args::{Args, Command};
use crate::connect::{Addresses, ConnectError, Sources, TlsRoots, WebSocketConnect};
use crate::progress::Progress;
use crate::recording::{Header, RecordConnect, Recorder};
use crate::report::Report;
use crate::{FleetConfig, open_files, run};
use clap::builder::PossibleValuesParser;
use clap::{CommandFactory, FromArgMatches};
use core::fmt::Display;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use tickwire_shared::bot::{Behaviour, Behaviours};
use tickwire_shared::game::Game;

/// A threshold fails, wanted bots never joined a room, or there was an outage.
const FAILED: u8 = 1;
/// Wrong arguments.
const USAGE: u8 = 2;
/// The server can't be reached.
const UNREACHABLE: u8 = 3;

/// Why the program fails: a line for people and the exit status.
struct Failure(String, u8);

impl Failure {
    fn usage(error: impl Display) -> Self {
        Self(error.to_string(), USAGE)
    }
}

/// A program whose bots play the game `G`, with all flags of `tickwire-client-bot`.
///
/// ```no_run
/// # use tickwire_client_bot::cli::Bots;
/// use tickwire_arena::{Arena, bots::ArenaBehaviour};
///
/// fn main() -> std::process::ExitCode {
///     Bots::<Arena>::new("arena-bots", "arena")
///         .behaviour("hunt", ArenaBehaviour::Hunt)
///         .behaviour("wander", ArenaBehaviour::Wander)
///         .run()
/// }
/// ```
pub struct Bots<G: Game> {
    program: &'static str,
    version: &'static str,
    game: &'static str,
    behaviours: Vec<(&'static str, Arc<dyn Behaviours<G>>)>,
}

impl<G: Game> Bots<G> {
    /// A program with this name. Servers host the game under the name `game` unless `--game` says otherwise.
    #[must_use]
    pub fn new(program: &'static str, game: &'static str) -> Self {
        Self { program, version: env!("CARGO_PKG_VERSION"), game, behaviours: Vec::new() }
    }

    /// The program's version, for `--version`. By default that of this library.
    #[must_use]
    pub fn version(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    /// Adds a behaviour for `--behaviour`. The first one is the default. Without any, bots do nothing.
    #[must_use]
    pub fn behaviour(mut self, name: &'static str, behaviours: impl Behaviours<G>) -> Self {
        self.behaviours.push((name, Arc::new(behaviours)));
        self
    }

    /// Reads the command line, runs the bots and reports. Exit status: see `--help`.
    #[must_use]
    pub fn run(self) -> ExitCode {
        self.run_from(std::env::args_os())
    }

    /// The same with a command line that does not come from the system. It begins with the program's name.
    #[must_use]
    pub fn run_from<T: Into<OsString> + Clone>(self, args: impl IntoIterator<Item = T>) -> ExitCode {
        let matches = match self.command().try_get_matches_from(args) {
            Ok(matches) => matches,
            Err(error) => error.exit(),
        };
        let args = match Args::from_arg_matches(&matches) {
            Ok(args) => args,
            Err(error) => error.exit(),
        };
        let done = match &args.command {
            None => self.check_and_run(&args),
            Some(Command::Profile { file, json }) => recordings::profile(file, *json),
            Some(Command::Attack(args)) => attack::attack(&self, args),
            Some(Command::Train { files, out }) => recordings::train(files, out),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure(text, status)) => {
                // If stderr is closed, the text is lost.
                let _ = writeln!(std::io::stderr(), "{}: {text}", self.program);
                ExitCode::from(status)
            }
        }
    }

    /// The command line with this program's names.
    fn command(&self) -> clap::Command {
        let (program, game) = (self.program, self.game);
        let names: Vec<&str> = self.behaviours.iter().map(|(name, _)| *name).collect();
        let command = Args::command().name(program).version(self.version).after_help(examples(program));
        let of_game = |command: clap::Command| {
            let command = command.mut_arg("game", |arg| arg.default_value(game));
            command.mut_arg("behaviour", |arg| match names.first() {
                None => arg.hide(true),
                Some(first) => arg.default_value(*first).value_parser(PossibleValuesParser::new(&names)),
            })
        };
        of_game(command).mut_subcommand("attack", of_game)
    }

    fn check_and_run(&self, args: &Args) -> Result<(), Failure> {
        args.check().map_err(Failure::usage)?;
        open_files::make_room_for(args.plan().bots_max()).map_err(Failure::usage)?;
        // Now, not after the run: a report that cannot be written would waste the run.
        let to_file = args.report.as_ref().filter(|path| path.as_os_str() != "-");
        if let Some(path) = to_file {
            std::fs::File::create(path).map_err(|error| unwritable(path.display(), &error))?;
        }
        check_no_runtime()?;
        let mut builder = match args.threads {
            1 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = builder
            .worker_threads(args.threads.into())
            .enable_all()
            .build()
            .map_err(|error| Failure::usage(format!("no runtime: {error}")))?;
        let header = Header::of::<G>(&args.game);
        let recorder = recordings::start(args, &header)?;
        let report = runtime.block_on(self.play(args, recorder.clone()))?;
        conclude::conclude(self.program, args, &report)?;
        recorder.map_or(Ok(()), |recorder| recordings::end(args, &recorder))
    }

    async fn play(&self, args: &Args, recorder: Option<Arc<Recorder>>) -> Result<Report, Failure> {
        let unreachable = |error: ConnectError| Failure(error.to_string(), UNREACHABLE);
        let roots = TlsRoots::for_url(&args.url, args.ca.as_deref()).map_err(Failure::usage)?;
        let plan = args.plan();
        let addresses = args.url.resolve().await.map_err(unreachable)?;
        let (addresses, sources) = match args.sources.as_slice() {
            [] => {
                let sources = Sources::for_targets(addresses.all(), plan.bots_max());
                (addresses, sources)
            }
            given => (reachable_from(given, addresses)?, Sources(given.to_vec())),
        };
        let connect =
            WebSocketConnect::new(args.url.clone(), addresses, sources, roots).map_err(Failure::usage)?;
        connect.probe().await.map_err(unreachable)?;
        let connect = RecordConnect::new(connect, recorder);
        let progress = Progress::new(plan.time(), plan.bots_max(), args.quiet);
        let config = FleetConfig {
            game: args.game.clone(),
            rooms: args.rooms(),
            room: args.room,
            takes_open_room: args.takes_open_room(),
            spectators: args.spectators,
            options: args.options().map_err(Failure::usage)?,
            networks: args.network.networks().map_err(Failure::usage)?,
            terms: args.join.terms(),
            tickets: args.tickets().map_err(Failure::usage)?,
            seed: args.seed,
            threads: args.threads.into(),
            plan,
        };
        let chosen = self.chosen(args.behaviour.as_deref());
        let report =
            run::<G, _, _>(config, connect, chosen, signals::stopped(), |second| progress.second(second));
        let report = report.await;
        progress.finish();
        Ok(report)
    }

    fn chosen(&self, name: Option<&str>) -> Chosen<G> {
        let named = self.behaviours.iter().find(|(known, _)| Some(*known) == name);
        Chosen(named.or(self.behaviours.first()).map(|(_, behaviours)| Arc::clone(behaviours)))
    }
}

/// A runtime cannot be made within another.
fn check_no_runtime() -> Result<(), Failure> {
    match tokio::runtime::Handle::try_current() {
        Err(_) => Ok(()),
        Ok(_) => Err(Failure::usage(
            "this is called where a tokio runtime runs already: call it from a `fn main` that is not async, \
             or run a `FleetConfig` in your own runtime",
        )),
    }
}

/// The behaviours of a run; `None`: bots do nothing.
struct Chosen<G>(Option<Arc<dyn Behaviours<G>>>);

impl<G> Clone for Chosen<G> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<G: Game> Behaviours<G> for Chosen<G> {
    fn of(&self, bot: u32) -> Box<dyn Behaviour<G>> {
        match &self.0 {
            Some(behaviours) => behaviours.of(bot),
            None => Box::new(crate::Idle),
        }
    }
}

/// The examples at the end of `--help`.
fn examples(program: &str) -> String {
    format!(
        "Examples:
  {program} --bots 200 --rooms 8 --duration 15s --report report.json \\
    --assert 'snapshot_gap_ms.p99<60'
  {program} --bots 64 --network 4g:50,wifi:50 --loss 0.5%
  {program} --stages 30s:200,60s:500,10s:0 --report - --quiet | jq .snapshot_gap_ms
  {program} --bots 32 --record match.twrec && {program} profile match.twrec
  {program} attack ws://127.0.0.1:8080 --metrics http://127.0.0.1:8081/metrics"
    )
}

/// Those of a server's addresses that bots can reach from `sources`.
fn reachable_from(sources: &[IpAddr], addresses: Addresses) -> Result<Addresses, Failure> {
    let is_of_family =
        |address: &&SocketAddr| sources.iter().any(|source| source.is_ipv4() == address.is_ipv4());
    let reachable: Vec<_> = addresses.all().iter().filter(is_of_family).copied().collect();
    if reachable.is_empty() {
        let text = format!("--sources: the server is at {addresses}, but no source is of that family");
        return Err(Failure::usage(text));
    }
    Ok(reachable.into())
}

fn unwritable(path: impl Display, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{path}: {error}"))
}

/// Writes all of `text`. A reader that stops early, such as `head`, is not an error.
fn say(mut to: impl Write, text: impl Display) -> std::io::Result<()> {
    match write!(to, "{text}").and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
