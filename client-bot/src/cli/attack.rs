//! `attack`: the runtimes, the report and the exit status of a run of attacks.

use super::{Bots, FAILED, Failure, say, signals, unwritable};
use crate::attack::args::AttackArgs;
use crate::attack::case::Case;
use crate::attack::{AttackError, AttackReport, AttackTable, run};
use crate::open_files;
use core::fmt::Display;
use std::io::{IsTerminal, Write};
use tickwire_shared::game::Game;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// Connections of the honest.
const HONEST_CONNECTIONS: u32 = 16;

/// Runs the cases and reports.
pub(super) fn attack<G: Game>(bots: &Bots<G>, args: &AttackArgs) -> Result<(), Failure> {
    if args.list {
        let lines: String =
            Case::all().map(|case| format!("{:<17}{}\n", case.name(), case.about())).collect();
        return say(std::io::stdout(), lines).map_err(|error| fault(&error));
    }
    open_files::make_room_for(args.connections + HONEST_CONNECTIONS).map_err(Failure::usage)?;
    if let Some(path) = args.json.as_ref().filter(|path| path.as_os_str() != "-") {
        std::fs::File::create(path).map_err(|error| unwritable(path.display(), &error))?;
    }
    let report = report(bots, args)?;
    write(args, &report)?;
    match report.is_passed() {
        true => Ok(()),
        false => Err(Failure("the honest noticed attacks".to_owned(), FAILED)),
    }
}

fn report<G: Game>(bots: &Bots<G>, args: &AttackArgs) -> Result<AttackReport, Failure> {
    super::check_no_runtime()?;
    let no_runtime = |error| Failure::usage(format!("no runtime: {error}"));
    let honest = Builder::new_current_thread().enable_all().build().map_err(no_runtime)?;
    let attackers: Runtime =
        Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(no_runtime)?;
    let shows = std::io::stderr().is_terminal();
    let each_case = |name: &str| {
        if shows {
            // What goes to a closed terminal is lost.
            let _ = writeln!(std::io::stderr(), "{name} ...");
        }
    };
    let report = honest.block_on(async {
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            signals::stopped().await;
            // The run may have ended.
            let _ = stop.send(true);
            core::future::pending::<()>().await;
        });
        let chosen = bots.chosen(args.behaviour.as_deref());
        Box::pin(run::<G, _>(args, chosen, attackers.handle().clone(), stopped, each_case)).await
    });
    attackers.shutdown_background();
    report.map_err(|error| {
        let status = if matches!(error, AttackError::Unreachable(_)) { FAILED } else { super::USAGE };
        Failure(error.to_string(), status)
    })
}

fn write(args: &AttackArgs, report: &AttackReport) -> Result<(), Failure> {
    let table = AttackTable(report);
    let Some(path) = &args.json else {
        return say(std::io::stdout(), table).map_err(|error| fault(&error));
    };
    let mut text = serde_json::to_string_pretty(report).map_err(|error| fault(&error))?;
    text.push('\n');
    let written = if path.as_os_str() == "-" {
        say(std::io::stderr(), table).and_then(|()| say(std::io::stdout(), text))
    } else {
        std::fs::write(path, text).and_then(|()| say(std::io::stdout(), table))
    };
    written.map_err(|error| fault(&error))
}

fn fault(error: &dyn Display) -> Failure {
    Failure::usage(format!("the report cannot be written: {error}"))
}
