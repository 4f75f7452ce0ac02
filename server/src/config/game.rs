//! The settings of a hosted game: the game's own defaults, overridden by the operator's table.

use super::ConfigError;
use super::overlay::{overlay, written};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tickwire_shared::game::Data;
use tickwire_shared::game::IdleLimits;
use tickwire_shared::id::RoomId;
use tickwire_shared::room::RoomConfig;
use tickwire_shared::tick::TickRate;
use toml::{Table, Value};

/// What happens when an account that plays comes again, in whatever room of the game. Guests have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SameAccount {
    /// Both play.
    #[default]
    Both,
    /// The newer one plays, and the older one is closed with 4006; a seat held after a cut is given up.
    Replace,
    /// The newer one is refused with 1008, also while a seat is held after a cut.
    Refuse,
}

/// How a game is hosted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GameOptions<S> {
    /// How often its rooms step.
    pub tick_rate: TickRate,
    /// How many spectators one room takes, in addition to the players.
    pub spectators_max: u16,
    /// The most bytes of updates that one client gets, 1/s; beyond it the less urgent streams wait. 0: no
    /// limit.
    pub client_bytes_per_s: u32,
    /// How long a player may do nothing, s; 0: forever. `None` leaves this and the next two to the game
    /// ([`Game::idle_limits`](tickwire_shared::game::Game::idle_limits)).
    pub idle_player_s: Option<u32>,
    /// How long a client may send no frame though its connection is alive, s; 0: forever.
    pub idle_silent_s: Option<u32>,
    /// How long a member whose page is hidden may do nothing, s; 0: forever.
    pub idle_hidden_s: Option<u32>,
    /// What happens when an account that plays comes again.
    pub same_account: SameAccount,
    /// Files built into the program, path and contents. Settings name them with a key that ends in
    /// `_file`. A file with the same path in the operator's folder of assets takes precedence.
    pub files: &'static [(&'static str, &'static str)],
    /// The settings of its rooms, before a room's own options.
    pub settings: S,
}

impl<S: Default> Default for GameOptions<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S> GameOptions<S> {
    /// The usual options, for rooms with these settings.
    #[must_use]
    pub fn new(settings: S) -> Self {
        Self {
            tick_rate: TickRate::DEFAULT,
            spectators_max: 64,
            client_bytes_per_s: 0,
            idle_player_s: None,
            idle_silent_s: None,
            idle_hidden_s: None,
            same_account: SameAccount::default(),
            files: &[],
            settings,
        }
    }

    pub(crate) fn room_config(&self, id: RoomId) -> RoomConfig {
        let mut config = RoomConfig::new(id);
        config.tick_rate = self.tick_rate;
        config.spectators_max = self.spectators_max;
        config.client_bytes_per_s = self.client_bytes_per_s;
        config
    }

    /// The idle limits of a room: the game's own, overridden by these options.
    pub(crate) fn idle_limits(&self, of_game: IdleLimits) -> IdleLimits {
        let over = |given: Option<u32>, of_game| match given {
            None => of_game,
            Some(0) => None,
            Some(seconds) => Some(Duration::from_secs(seconds.into())),
        };
        let mut limits = of_game;
        limits.player = over(self.idle_player_s, of_game.player);
        limits.silent = over(self.idle_silent_s, of_game.silent);
        limits.hidden = over(self.idle_hidden_s, of_game.hidden);
        limits
    }
}

/// A game's section of the configuration: what differs from how the host's program set the game up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GameSection {
    /// How often its rooms step, Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tick_rate_hz: Option<TickRate>,
    /// How many spectators one room takes, in addition to the players.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spectators_max: Option<u16>,
    /// The most bytes of updates that one client gets, 1/s; 0: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_bytes_per_s: Option<u32>,
    /// How long a player may do nothing, s; 0: forever. Without a value, the game decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_player_s: Option<u32>,
    /// How long a client may send no frame though its connection is alive, s; 0: forever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_silent_s: Option<u32>,
    /// How long a member whose page is hidden may do nothing, s; 0: forever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_hidden_s: Option<u32>,
    /// What happens when an account that plays comes again: `both`, `replace` or `refuse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_account: Option<SameAccount>,
    /// The game's own settings. A key that ends in `_file` names a file; its text (or its lines, if the
    /// setting is a list) becomes the value of the key without `_file`.
    #[serde(skip_serializing_if = "Table::is_empty")]
    pub settings: Table,
}

impl GameSection {
    /// A section that sets exactly these options. Settings that TOML cannot express are left out.
    pub(crate) fn showing<S: Serialize>(options: &GameOptions<S>) -> Self {
        Self {
            tick_rate_hz: Some(options.tick_rate),
            spectators_max: Some(options.spectators_max),
            client_bytes_per_s: Some(options.client_bytes_per_s),
            idle_player_s: options.idle_player_s,
            idle_silent_s: options.idle_silent_s,
            idle_hidden_s: options.idle_hidden_s,
            same_account: Some(options.same_account),
            settings: Table::try_from(&options.settings).unwrap_or_default(),
        }
    }
}

/// Where settings that name a file look for it.
pub(crate) trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// What went wrong, and where the file was looked for.
    fn text(&self, path: &str) -> Result<String, String>;
}

/// The options of the game `name`: `base`, overridden by `section`.
///
/// # Errors
/// A setting that the game does not have, a value of the wrong type, a file that cannot be read.
pub(crate) fn resolve<S: Data>(
    name: &str,
    base: GameOptions<S>,
    section: &GameSection,
    files: &impl Files,
) -> Result<GameOptions<S>, ConfigError> {
    Ok(GameOptions {
        tick_rate: section.tick_rate_hz.unwrap_or(base.tick_rate),
        spectators_max: section.spectators_max.unwrap_or(base.spectators_max),
        client_bytes_per_s: section.client_bytes_per_s.unwrap_or(base.client_bytes_per_s),
        idle_player_s: section.idle_player_s.or(base.idle_player_s),
        idle_silent_s: section.idle_silent_s.or(base.idle_silent_s),
        idle_hidden_s: section.idle_hidden_s.or(base.idle_hidden_s),
        same_account: section.same_account.unwrap_or(base.same_account),
        files: base.files,
        settings: overlay_settings(name, base.settings, &section.settings, files)?,
    })
}

fn overlay_settings<S: Data>(
    name: &str,
    base: S,
    table: &Table,
    files: &impl Files,
) -> Result<S, ConfigError> {
    if table.is_empty() {
        return Ok(base);
    }
    let at = ["games", name, "settings"];
    let given = read_files(table, &written(&at, &base)?, files)
        .map_err(|(key, error)| ConfigError::about(&[&at[..], &[&key]].concat(), error))?;
    overlay(&at, "the game has no such setting", &base, &given)
}

/// Replaces `x_file = PATH` by `x`. The value is the file's text, or, where the game's `x` is a list, the
/// file's lines without empty lines and comments, which start with `;`.
fn read_files(table: &Table, base: &Table, files: &impl Files) -> Result<Table, (String, String)> {
    let mut read = Table::new();
    for (key, value) in table {
        let (key, value) = match (key.strip_suffix("_file"), value) {
            (Some(key), Value::String(path)) => {
                let text = files.text(path).map_err(|error| (format!("{key}_file"), error))?;
                let is_list = base.get(key).is_some_and(Value::is_array);
                (key, if is_list { lines(&text) } else { Value::String(text) })
            }
            _ => (key.as_str(), value.clone()),
        };
        read.insert(key.to_owned(), value);
    }
    Ok(read)
}

fn lines(text: &str) -> Value {
    let kept = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with(';'));
    kept.collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Rules {
        map: String,
        rows: Vec<String>,
        rounds: u8,
        speed: Speed,
    }

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Speed {
        walk: i32,
        run: i32,
    }

    struct OneMap;
    impl Files for OneMap {
        fn text(&self, path: &str) -> Result<String, String> {
            if path == "maps/a.txt" {
                Ok("; a map\n###\n\n#.#\n".to_owned())
            } else {
                Err(format!("{path} is not there"))
            }
        }
    }

    fn base() -> GameOptions<Rules> {
        let settings =
            Rules { map: "old".into(), rows: Vec::new(), rounds: 3, speed: Speed { walk: 1, run: 2 } };
        GameOptions::new(settings)
    }

    fn resolved(section: &str) -> Result<GameOptions<Rules>, String> {
        let section = toml::from_str(section).unwrap();
        resolve("g", base(), &section, &OneMap).map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_section_leaves_out_stays_as_the_program_set_it() {
        assert_eq!(resolved(""), Ok(base()));
        let changed = resolved("tick_rate_hz = 20\n[settings]\nspeed = {run = 9}\n").unwrap();
        assert_eq!(changed.tick_rate.hz(), 20);
        assert_eq!(changed.settings.speed, Speed { walk: 1, run: 9 });
        assert_eq!(changed.settings.rounds, 3);
    }

    #[test]
    fn a_file_key_gives_the_files_text() {
        assert_eq!(
            resolved("settings = {map_file = \"maps/a.txt\"}").unwrap().settings.map,
            "; a map\n###\n\n#.#\n"
        );
        assert_eq!(
            resolved("settings = {rows_file = \"maps/a.txt\"}").unwrap().settings.rows,
            ["###", "#.#"]
        );
        let error = resolved("settings = {map_file = \"maps/b.txt\"}").unwrap_err();
        assert_eq!(error, "games.g.settings.map_file: maps/b.txt is not there");
    }

    #[test]
    fn a_setting_that_the_game_lacks_is_named() {
        let error = resolved("settings = {rounds = 4, round = 4}").unwrap_err();
        assert_eq!(error, "games.g.settings.round: the game has no such setting");
        let error = resolved("settings = {speed = {fly = 4}}").unwrap_err();
        assert_eq!(error, "games.g.settings.speed.fly: the game has no such setting");
        let error = resolved("settings = {map = \"a\", speed = {run = \"fast\"}}").unwrap_err();
        assert!(error.starts_with("games.g.settings.speed.run: invalid type: string"), "{error}");
    }
}
