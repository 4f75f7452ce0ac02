//! The command line.

use clap::{CommandFactory, FromArgMatches, Parser};
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use tickwire_client_native::Config;
use tickwire_client_native::transport::Url;
use tickwire_shared::id::RoomId;
use tickwire_shared::limits::{INVITATION_BYTES_MAX, PASSWORD_BYTES_MAX};
use tickwire_shared::wire::terms::{Invitation, Parameters, Pass};
use tickwire_shared::wire::{Text, TextError};

/// Shows a game in a terminal. q or Ctrl-C ends it.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// The server: ws://HOST:PORT or wss://HOST:PORT; without a path, /play is used.
    #[arg(long, default_value = "ws://127.0.0.1:8080")]
    pub(crate) url: Url,
    /// Certificates to trust with wss instead of the system's, as PEM.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// The name under which the server hosts the game.
    #[arg(long)]
    game: String,
    /// The room's id in the server's list; by default the fullest room.
    #[arg(long)]
    room: Option<RoomId>,
    /// Plays instead of watching.
    #[arg(long)]
    play: bool,
    /// The name that others see.
    #[arg(long, default_value = "terminal")]
    name: String,
    /// A file with the ticket to join with, read for each join.
    #[arg(long, value_name = "FILE")]
    ticket_file: Option<PathBuf>,
    /// The password of --room.
    #[arg(long, value_name = "TEXT", requires = "room", conflicts_with = "invitation",
        value_parser = text::<PASSWORD_BYTES_MAX>)]
    password: Option<Text<PASSWORD_BYTES_MAX>>,
    /// An invitation to --room.
    #[arg(long, value_name = "TEXT", requires = "room", value_parser = text::<INVITATION_BYTES_MAX>)]
    invitation: Option<Invitation>,
    /// What the game is told, such as '{"team":"red"}'.
    #[arg(long, value_name = "JSON", value_parser = Parameters::from_str)]
    parameters: Option<Parameters>,
    /// Ends after this many frames, drawn in 80 columns on stdout, which need not be a terminal.
    #[arg(long)]
    pub(crate) frames: Option<u32>,
}

impl Args {
    /// Reads a command line, which begins with the program's name.
    ///
    /// # Errors
    /// A wrong argument, or a request for help.
    pub(crate) fn read<T: Into<OsString> + Clone>(
        program: &'static str,
        game: &'static str,
        args: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let command =
            Self::command().name(program).mut_arg("game", |arg| arg.required(false).default_value(game));
        Self::from_arg_matches(&command.try_get_matches_from(args)?)
    }

    /// A connection as the flags ask for. It does not end before the viewer quits or the server says so.
    pub(crate) fn config(&self) -> Config {
        let new = if self.play { Config::player } else { Config::spectator };
        let mut config = new(&self.game, &self.name);
        config.ca = self.ca.clone();
        config.attempts_max = u32::MAX;
        let terms = &mut config.client.terms;
        terms.parameters = self.parameters.clone().unwrap_or_default();
        let password = self.password.clone().map(Pass::Password);
        terms.pass = password.or(self.invitation.clone().map(Pass::Invitation)).unwrap_or_default();
        if let Some(file) = self.ticket_file.clone() {
            config = config.with_tickets(move || {
                let text = std::fs::read_to_string(&file);
                let text = text.map_err(|error| format!("{}: {error}", file.display()));
                async { Ok(text?.trim().as_bytes().to_vec()) }
            });
        }
        self.room.into_iter().fold(config, Config::in_room)
    }
}

fn text<const MAX: usize>(given: &str) -> Result<Text<MAX>, TextError> {
    Text::new(given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_shared::wire::control::{Role, Target};

    #[test]
    fn flags_are_those_of_any_game() {
        let args = Args::read("tag-terminal", "tag", ["tag-terminal"]).unwrap().config();
        assert_eq!((&*args.client.game, args.client.role), ("tag", Role::Spectator));
        assert!(matches!(args.client.target, Target::Match(_)));
        let line = ["p", "--play", "--game", "tag2", "--name", "Ada", "--room", "4k7xw2mp"];
        let args = Args::read("p", "tag", line).unwrap().config();
        assert_eq!((&*args.client.game, args.client.role), ("tag2", Role::Player));
        assert_eq!(args.client.target, Target::Room("4k7xw2mp".parse().unwrap()));
        assert!(Args::read("p", "tag", ["p", "--url", "http://a"]).is_err());
    }
}
