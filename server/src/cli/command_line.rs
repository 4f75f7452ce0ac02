//! Reads the command line and the environment, and reports the first error in one line.

use super::identity::Identity;
use crate::args::Args;
use crate::config::ConfigError;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Args as _, Command, FromArgMatches};
use std::error::Error;
use std::ffi::OsString;
use tickwire_shared::limits::PROTOCOL_VERSION;

/// The prefix of the program's variables.
const PREFIX: &str = "TICKWIRE_";
/// Variables of the tests and of the builder of browser cores, which may be set in the shell that starts the
/// server.
const OF_OTHERS: [&str; 3] = ["TICKWIRE_LONG", "TICKWIRE_SEED", "TICKWIRE_WASM_TOOLCHAIN"];
/// Up to this many wrong letters, a name is taken for a misspelling.
const SLIP_LETTERS: usize = 3;

/// The heading of the server's flags, if the program has flags of its own.
const HEADING: &str = "Options of the server";

/// What the command line asks for.
pub(super) enum CommandLine<F> {
    /// Start the server, with its arguments and the program's own.
    Start(Box<Args>, F),
    /// Print this text (help, version).
    Text(String),
}

/// Reads the command line `given`, which begins with the program's name, and the environment.
///
/// # Errors
/// The first error, in one line.
pub(super) fn read<F: clap::Args>(
    identity: &Identity,
    given: &[OsString],
) -> Result<CommandLine<F>, ConfigError> {
    let mut command = command::<F>(identity)?;
    let parsed = command.try_get_matches_from_mut(given).and_then(|mut matches| {
        let args = Args::from_arg_matches_mut(&mut matches)?;
        Ok((args, F::from_arg_matches_mut(&mut matches)?))
    });
    let (args, flags) = match parsed {
        Ok(parsed) => parsed,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Ok(CommandLine::Text(error.to_string()));
        }
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            return Ok(CommandLine::Text(version(identity)));
        }
        Err(error) => return Err(ConfigError::new(one_line(&error.format(&mut command), &command, given))),
    };
    check_variables(identity.name, &command, std::env::vars_os().map(|(name, _)| name))?;
    Ok(CommandLine::Start(Box::new(args), flags))
}

/// The flags of the program and of the server.
fn command<F: clap::Args>(identity: &Identity) -> Result<Command, ConfigError> {
    let own = F::augment_args(Command::new(identity.name));
    check_own(&own)?;
    let heading = own.get_arguments().next().map(|_| HEADING);
    let command = Args::augment_args(own.next_help_heading(heading)).next_help_heading(None::<&str>);
    let command = command.name(identity.name).version(identity.version);
    Ok(command.about(identity.about).long_about(None::<&str>))
}

/// What `--version` prints: this program's, and that of the server in it.
fn version(identity: &Identity) -> String {
    let Identity { name, version, .. } = identity;
    format!("{name} {version} (Tickwire {}, protocol {PROTOCOL_VERSION})", env!("CARGO_PKG_VERSION"))
}

/// A flag or variable of the program that is also the server's would hide it.
fn check_own(own: &Command) -> Result<(), ConfigError> {
    // Building adds `help` and `version`.
    let mut server = Args::augment_args(Command::new("").version(""));
    server.build();
    for arg in own.get_arguments() {
        let twice = server.get_arguments().find(|other| {
            let same_variable = arg.get_env().is_some() && arg.get_env() == other.get_env();
            let same_name = names(arg).any(|name| names(other).any(|theirs| theirs == name));
            same_name || same_variable || arg.get_id() == other.get_id()
        });
        if let Some(twice) = twice {
            return Err(ConfigError::new(format!(
                "the argument `{}` of this program is also the server's --{}; give it and its field another \
                 name",
                arg.get_id(),
                twice.get_long().unwrap_or_default(),
            )));
        }
    }
    Ok(())
}

/// The words on a command line that mean this argument, aliases included.
fn names(arg: &Arg) -> impl Iterator<Item = String> {
    let longs = arg.get_long().into_iter().chain(arg.get_all_aliases().unwrap_or_default());
    let shorts = arg.get_short().into_iter().chain(arg.get_all_short_aliases().unwrap_or_default());
    let words: Vec<_> =
        longs.map(|long| format!("--{long}")).chain(shorts.map(|short| format!("-{short}"))).collect();
    words.into_iter()
}

/// Unknown flags are refused by the parser; a misspelled variable would be silently ignored.
fn check_variables(
    program: &str,
    command: &Command,
    names: impl Iterator<Item = OsString>,
) -> Result<(), ConfigError> {
    let known: Vec<&str> =
        command.get_arguments().filter_map(|arg| arg.get_env()).filter_map(|name| name.to_str()).collect();
    let mut unknown: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with(PREFIX))
        .filter(|name| !known.contains(&name.as_str()) && !OF_OTHERS.contains(&name.as_str()))
        .collect();
    unknown.sort_unstable();
    let Some(name) = unknown.first() else { return Ok(()) };
    let near = known.iter().map(|known| (distance(name, known), known)).min();
    let remedy = match near {
        Some((letters, near)) if letters <= SLIP_LETTERS => format!("did you mean {near}?"),
        _ => format!("there are {}", known.join(", ")),
    };
    Err(ConfigError::new(format!("{name}: {program} reads no such variable; {remedy}")))
}

/// The number of letters to insert, remove or replace to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (at, letter) in from.chars().enumerate() {
        let mut next = vec![at + 1];
        for ((other, above), diagonal) in to.chars().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or(0);
            let replaced = diagonal + usize::from(letter != other);
            next.push(replaced.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// The error without its usage lines; names the variable if the value came from one.
fn one_line(error: &clap::Error, command: &Command, given: &[OsString]) -> String {
    let whole = error.to_string();
    let cause = whole.trim_start_matches("error: ");
    let end = ["Usage:", "For more information"].iter().filter_map(|mark| cause.find(mark)).min();
    let cause = cause.get(..end.unwrap_or(cause.len())).unwrap_or(cause).trim();
    let (Some(ContextValue::String(name)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return format!("{cause}; --help lists the flags");
    };
    let flag = name.split_whitespace().next().unwrap_or(name).split('[').next().unwrap_or(name);
    let name = match variable_of(flag, command) {
        Some(variable) if !is_given(flag, given) => variable,
        _ => flag.to_owned(),
    };
    match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(why), _) if why.to_string().contains(value.as_str()) => format!("{name}: {why}"),
        (Some(why), _) => format!("{name}: `{value}`: {why}"),
        (None, Some(ContextValue::Strings(valid))) if !valid.is_empty() => {
            format!("{name}: `{value}` is not one of {}", valid.join(", "))
        }
        _ => format!("{name}: {cause}"),
    }
}

fn variable_of(flag: &str, command: &Command) -> Option<String> {
    let arg = command.get_arguments().find(|arg| arg.get_long() == flag.strip_prefix("--"))?;
    Some(arg.get_env()?.to_string_lossy().into_owned())
}

fn is_given(flag: &str, given: &[OsString]) -> bool {
    given.iter().any(|word| {
        let word = word.to_string_lossy();
        word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity { name: "tag-server", version: "7", about: "Hosts tag" };

    fn refused(name: &str) -> Option<String> {
        let command = command::<()>(&IDENTITY).unwrap();
        check_variables("tag-server", &command, [OsString::from(name)].into_iter())
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn a_variable_with_a_slip_is_refused_with_the_nearest_name() {
        let text = refused("TICKWIRE_LISTN").unwrap();
        assert!(text.ends_with("did you mean TICKWIRE_LISTEN?"), "{text}");
        let text = refused("TICKWIRE_SOMETHING_ELSE").unwrap();
        assert!(text.contains("TICKWIRE_LISTEN, ") && text.contains("TICKWIRE_ROOMS_MAX"), "{text}");
    }

    #[test]
    fn known_variables_and_those_of_others_are_let_be() {
        for name in ["TICKWIRE_LISTEN", "TICKWIRE_LONG", "TICKWIRE_SEED", "PATH", "TICKWIREX"] {
            assert_eq!(refused(name), None);
        }
    }

    #[test]
    fn distance_counts_letters() {
        assert_eq!([distance("", "ab"), distance("kitten", "sitting"), distance("a", "a")], [2, 3, 0]);
    }
}
