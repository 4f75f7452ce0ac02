//! Recordings: writing one during a run, and the commands that work on them.

use super::{Failure, say, unwritable};
use crate::args::Args;
use crate::profile_table::ProfileTable;
use crate::recording::{BadRecording, Header, Recorder, RecorderConfig, Recording};
use core::fmt::Display;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tickwire_shared::entity::{Kind, Trainer};

/// Begins the recording that `--record` asks for, before the run: a file that cannot be written would waste
/// it.
pub(super) fn start(args: &Args, header: &Header) -> Result<Option<Arc<Recorder>>, Failure> {
    let Some(path) = &args.record else { return Ok(None) };
    let fault = |error| unwritable(path.display(), &error);
    let config =
        RecorderConfig { bots: args.record_bots, bytes_max: u64::from(args.record_mib) * 1024 * 1024 };
    let file = BufWriter::new(File::create(path).map_err(fault)?);
    Recorder::new(Box::new(file), header, config).map(|recorder| Some(Arc::new(recorder))).map_err(fault)
}

/// Completes the file.
pub(super) fn end(args: &Args, recorder: &Recorder) -> Result<(), Failure> {
    let fault = |error| Failure::usage(format!("the recording cannot be written: {error}"));
    let left_out = recorder.finish().map_err(fault)?;
    if left_out > 0 && !args.quiet {
        let text = format!("the recording is full: {left_out} messages were left out (see --record-mib)\n");
        say(std::io::stderr(), text).map_err(fault)?;
    }
    Ok(())
}

/// Shows where a recording's bytes went.
pub(super) fn profile(path: &Path, json: bool) -> Result<(), Failure> {
    let digest = open(path)?.digest().map_err(|error| unreadable(path, &error))?;
    let fault = |error: &dyn Display| Failure::usage(format!("the profile cannot be written: {error}"));
    if !json {
        return say(std::io::stdout(), ProfileTable(&digest)).map_err(|error| fault(&error));
    }
    let mut text = serde_json::to_string_pretty(&digest).map_err(|error| fault(&error))?;
    text.push('\n');
    say(std::io::stdout(), &text).map_err(|error| fault(&error))
}

/// Trains a table on recordings.
pub(super) fn train(paths: &[PathBuf], out: &Path) -> Result<(), Failure> {
    let mut trainer: Option<(Vec<Kind>, Trainer)> = None;
    for path in paths {
        let recording = open(path)?;
        let kinds = recording.header().kinds.clone();
        let (known, trainer) = trainer.get_or_insert_with(|| (kinds.clone(), Trainer::new(kinds.clone())));
        if *known != kinds {
            let text = format!("{} has other kinds of entity than the recordings before it", path.display());
            return Err(Failure::usage(text));
        }
        recording.train(trainer).map_err(|error| unreadable(path, &error))?;
    }
    let table = trainer.map(|(_, trainer)| trainer.table()).unwrap_or_default();
    std::fs::write(out, table).map_err(|error| unwritable(out.display(), &error))
}

fn open(path: &Path) -> Result<Recording<BufReader<File>>, Failure> {
    let file = File::open(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Recording::open(BufReader::new(file)).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &BadRecording) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}
