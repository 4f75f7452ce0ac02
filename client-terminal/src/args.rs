//! The command line.

use clap::{CommandFactory, FromArgMatches, Parser};
use std::ffi::OsString;
use std::path::PathBuf;
use tickwire_client_native::Config;
use tickwire_client_native::transport::Url;
use tickwire_shared::id::RoomId;

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
        self.room.into_iter().fold(config, Config::in_room)
    }
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
