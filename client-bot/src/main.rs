//! The load tool's command.

use clap::Parser;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tickwire_arena::Arena;
use tickwire_client_bot::args::{Args, Command};
use tickwire_client_bot::assertion::failures;
use tickwire_client_bot::connect::{Addresses, Sources, TlsRoots, WebSocketConnect};
use tickwire_client_bot::profile_table::ProfileTable;
use tickwire_client_bot::progress::Progress;
use tickwire_client_bot::recording::{
    BadRecording, Header, RecordConnect, Recorder, RecorderConfig, Recording,
};
use tickwire_client_bot::report::Report;
use tickwire_client_bot::table::Table;
use tickwire_client_bot::{FleetConfig, open_files, run};
use tickwire_shared::entity::{Kind, Trainer};

/// A threshold fails, wanted bots never joined a room, or there was an outage.
const FAILED: u8 = 1;
/// Wrong arguments.
const USAGE: u8 = 2;
/// The server can't be reached.
const UNREACHABLE: u8 = 3;

/// Why the program fails: a line for people and the exit status.
struct Failure(String, u8);

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.command {
        None => check_and_run(&args),
        Some(Command::Profile { file, json }) => profile(file, *json),
        Some(Command::Train { files, out }) => train(files, out),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(text, status)) => {
            // If stderr is closed, the text is lost.
            let _ = writeln!(std::io::stderr(), "tickwire-client-bot: {text}");
            ExitCode::from(status)
        }
    }
}

fn check_and_run(args: &Args) -> Result<(), Failure> {
    let usage = |text: String| Failure(text, USAGE);
    args.check().map_err(usage)?;
    open_files::make_room_for(args.plan().bots_max()).map_err(usage)?;
    // Now, not after the run: a report that cannot be written would waste the run.
    let to_file = args.report.as_ref().filter(|path| path.as_os_str() != "-");
    if let Some(path) = to_file {
        std::fs::File::create(path).map_err(|error| usage(format!("{}: {error}", path.display())))?;
    }
    let mut builder = match args.threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder
        .worker_threads(args.threads.into())
        .enable_all()
        .build()
        .map_err(|error| usage(format!("no runtime: {error}")))?;
    let recorder = args.record.as_deref().map(|path| recorder(args, path)).transpose()?;
    let report = runtime.block_on(play(args, recorder.clone()))?;
    conclude(args, &report)?;
    recorder.map_or(Ok(()), |recorder| end_recording(args, &recorder))
}

/// Begins a recording, before the run: a file that cannot be written would waste the run.
fn recorder(args: &Args, path: &Path) -> Result<Arc<Recorder>, Failure> {
    let fault = |error| Failure(format!("{}: {error}", path.display()), USAGE);
    let config =
        RecorderConfig { bots: args.record_bots, bytes_max: u64::from(args.record_mib) * 1024 * 1024 };
    let file = BufWriter::new(File::create(path).map_err(fault)?);
    let header = Header::of::<Arena>(&args.game);
    Recorder::new(Box::new(file), &header, config).map(Arc::new).map_err(fault)
}

fn end_recording(args: &Args, recorder: &Recorder) -> Result<(), Failure> {
    let fault = |error| Failure(format!("the recording cannot be written: {error}"), USAGE);
    let left_out = recorder.finish().map_err(fault)?;
    if left_out > 0 && !args.quiet {
        let text = format!("the recording is full: {left_out} messages were left out (see --record-mib)\n");
        say(std::io::stderr(), text).map_err(fault)?;
    }
    Ok(())
}

/// Shows where a recording's bytes went.
fn profile(path: &Path, json: bool) -> Result<(), Failure> {
    let digest = open(path)?.digest().map_err(|error| unreadable(path, &error))?;
    let fault = |error: &dyn Display| Failure(format!("the profile cannot be written: {error}"), USAGE);
    if !json {
        return say(std::io::stdout(), ProfileTable(&digest)).map_err(|error| fault(&error));
    }
    let mut text = serde_json::to_string_pretty(&digest).map_err(|error| fault(&error))?;
    text.push('\n');
    say(std::io::stdout(), &text).map_err(|error| fault(&error))
}

/// Trains a table on recordings.
fn train(paths: &[PathBuf], out: &Path) -> Result<(), Failure> {
    let mut trainer: Option<(Vec<Kind>, Trainer)> = None;
    for path in paths {
        let recording = open(path)?;
        let kinds = recording.header().kinds.clone();
        let (known, trainer) = trainer.get_or_insert_with(|| (kinds.clone(), Trainer::new(kinds.clone())));
        if *known != kinds {
            let text = format!("{} has other kinds of entity than the recordings before it", path.display());
            return Err(Failure(text, USAGE));
        }
        recording.train(trainer).map_err(|error| unreadable(path, &error))?;
    }
    let table = trainer.map(|(_, trainer)| trainer.table()).unwrap_or_default();
    std::fs::write(out, table).map_err(|error| Failure(format!("{}: {error}", out.display()), USAGE))
}

fn open(path: &Path) -> Result<Recording<BufReader<File>>, Failure> {
    let file = File::open(path).map_err(|error| Failure(format!("{}: {error}", path.display()), USAGE))?;
    Recording::open(BufReader::new(file)).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &BadRecording) -> Failure {
    Failure(format!("{}: {error}", path.display()), USAGE)
}

async fn play(args: &Args, recorder: Option<Arc<Recorder>>) -> Result<Report, Failure> {
    let unreachable =
        |error: tickwire_client_bot::connect::ConnectError| Failure(error.to_string(), UNREACHABLE);
    let usage = |text: String| Failure(text, USAGE);
    let roots = TlsRoots::for_url(&args.url, args.ca.as_deref()).map_err(usage)?;
    let plan = args.plan();
    let addresses = args.url.resolve().await.map_err(unreachable)?;
    let (addresses, sources) = match args.sources.as_slice() {
        [] => {
            let sources = Sources::for_targets(addresses.all(), plan.bots_max());
            (addresses, sources)
        }
        given => (reachable_from(given, addresses).map_err(usage)?, Sources(given.to_vec())),
    };
    let connect = WebSocketConnect::new(args.url.clone(), addresses, sources, roots)
        .map_err(|error| usage(error.to_string()))?;
    connect.probe().await.map_err(unreachable)?;
    let connect = RecordConnect::new(connect, recorder);
    let progress = Progress::new(plan.time(), plan.bots_max(), args.quiet);
    let config = FleetConfig {
        game: args.game.clone(),
        rooms: args.rooms(),
        room: args.room,
        takes_open_room: args.takes_open_room(),
        spectators: args.spectators,
        options: args.options().map_err(usage)?,
        networks: args.network.networks().map_err(usage)?,
        seed: args.seed,
        threads: args.threads.into(),
        plan,
    };
    let report =
        run::<Arena, _, _>(config, connect, args.behaviour, stopped(), |second| progress.second(second))
            .await;
    progress.finish();
    Ok(report)
}

/// Returns when Ctrl-C or, on Unix, SIGTERM stops the process.
async fn stopped() {
    let interrupted = async {
        // If no handler can be installed, the signal ends the process at once.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// Those of a server's addresses that bots can reach from `sources`.
fn reachable_from(sources: &[IpAddr], addresses: Addresses) -> Result<Addresses, String> {
    let is_of_family =
        |address: &&SocketAddr| sources.iter().any(|source| source.is_ipv4() == address.is_ipv4());
    let reachable: Vec<_> = addresses.all().iter().filter(is_of_family).copied().collect();
    if reachable.is_empty() {
        return Err(format!("--sources: the server is at {addresses}, but no source is of that family"));
    }
    Ok(reachable.into())
}

/// Writes the report and checks it.
fn conclude(args: &Args, report: &Report) -> Result<(), Failure> {
    let fault =
        |error: &dyn std::fmt::Display| Failure(format!("the report cannot be written: {error}"), USAGE);
    let json = serde_json::to_value(report).map_err(|error| fault(&error))?;
    let to_stdout = args.report.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if let Some(path) = &args.report {
        let mut text = serde_json::to_string_pretty(report).map_err(|error| fault(&error))?;
        text.push('\n');
        let written = match to_stdout {
            true => say(std::io::stdout(), &text),
            false => std::fs::write(path, text),
        };
        written.map_err(|error| fault(&error))?;
    }
    match (args.quiet, to_stdout) {
        (true, _) => {}
        (false, true) => say(std::io::stderr(), Table(report)).map_err(|error| fault(&error))?,
        (false, false) => say(std::io::stdout(), Table(report)).map_err(|error| fault(&error))?,
    }
    let never_connected = report.messages == 0 && report.bots_joined == 0;
    if never_connected && report.bots_failed.keys().any(|reason| is_unreachable(reason)) {
        let reasons = with_texts(report, &report.bots_failed);
        return Err(Failure(format!("{} can't be reached: {reasons}", args.url), UNREACHABLE));
    }
    let failing = failures(&args.assertions, &json);
    let outage = outage(report).filter(|_| !args.allow_outages);
    let failing = failing.iter().map(ToString::to_string);
    let lines: Vec<_> = missing(report).into_iter().chain(outage).chain(failing).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(Failure(lines.join("\ntickwire-client-bot: "), FAILED))
}

/// Writes all of `text`. A reader that stops early, such as `head`, is not an error.
fn say(mut to: impl Write, text: impl std::fmt::Display) -> std::io::Result<()> {
    match write!(to, "{text}").and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// How many bots should have joined a room and did not, and why.
fn missing(report: &Report) -> Option<String> {
    let count: u64 = report.bots_missing.values().sum();
    let reasons = with_texts(report, &report.bots_missing);
    let wanted = report.bots_wanted;
    (count > 0).then(|| format!("{count} of {wanted} bots never joined a room: {reasons}"))
}

/// Counts by reason, each with the server's text.
fn with_texts(report: &Report, counts: &BTreeMap<String, u64>) -> String {
    let reason = |(reason, count): (&String, &u64)| match report.failure_texts.get(reason) {
        Some(text) => format!("{count} x {reason} ({text})"),
        None => format!("{count} x {reason}"),
    };
    counts.iter().map(reason).collect::<Vec<_>>().join(", ")
}

/// The outages that bots met.
fn outage(report: &Report) -> Option<String> {
    let Report { cuts_not_resumed, outages, .. } = *report;
    let cuts = format!("{cuts_not_resumed} x a connection was lost and never resumed");
    let silences = format!("{outages} x a bot saw nothing new for 5 s or more");
    let parts = [(cuts_not_resumed, cuts), (outages, silences)];
    let parts: Vec<_> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    (!parts.is_empty()).then(|| format!("outage: {} (--allow-outages permits this)", parts.join(", ")))
}

fn is_unreachable(reason: &str) -> bool {
    matches!(reason, "unreachable" | "connect_timeout" | "handshake") || reason.starts_with("http_")
}
