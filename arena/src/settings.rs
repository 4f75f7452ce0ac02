//! What a host sets for a room, and what a player may choose when it creates one.

use super::map::Map;
use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

/// Settings of an arena. Every client gets them, including the walls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The map's name. One of [`MAP_NAMES`] unless `rows` are given.
    pub map: String,
    /// The map's rows of tiles, see [`Map`]. Empty: those of the built-in map called `map`.
    pub rows: Vec<String>,
    /// How long a round lasts at most, 10 to 3600 s.
    pub round_s: u16,
    /// How long the break between rounds lasts, 1 to 60 s.
    pub break_s: u16,
    /// A round also ends when a player has destroyed this many ships, 1 to 999.
    pub score_limit: u16,
    /// How long a destroyed ship waits until it returns, 1 to 30 s.
    pub respawn_s: u16,
    /// The most players in a room, 1 to 64; on the built-in map `duel` at most [`DUEL_PLAYERS_MAX`].
    pub players_max: u16,
}

/// The most players in an arena.
pub const PLAYERS_MAX: u16 = 64;

/// The most players on the built-in map `duel`.
pub const DUEL_PLAYERS_MAX: u16 = 8;

/// The names of the built-in maps.
pub const MAP_NAMES: [&str; 3] = ["courtyard", "pillars", "duel"];

/// The built-in maps as files, path and contents, in the order of [`MAP_NAMES`].
pub const MAP_FILES: &[(&str, &str)] = &[
    ("maps/courtyard.txt", include_str!("../maps/courtyard.txt")),
    ("maps/pillars.txt", include_str!("../maps/pillars.txt")),
    ("maps/duel.txt", include_str!("../maps/duel.txt")),
];

/// The text of a built-in map.
#[must_use]
pub fn built_in_map(name: &str) -> Option<&'static str> {
    let at = MAP_NAMES.iter().position(|known| *known == name)?;
    MAP_FILES.get(at).map(|(_, text)| *text)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            map: MAP_NAMES[0].to_owned(),
            rows: Vec::new(),
            round_s: 180,
            break_s: 8,
            score_limit: 25,
            respawn_s: 3,
            players_max: PLAYERS_MAX,
        }
    }
}

impl Settings {
    /// These settings on another map, given as the text of a map file.
    #[must_use]
    pub fn with_map(mut self, name: &str, text: &str) -> Self {
        self.map = name.to_owned();
        self.rows = Map::rows_of(text);
        self
    }

    /// The settings of a room created with `options`: `map` (a built-in one), `round_s`, `score_limit`.
    pub(super) fn with_options(&self, options: &Options) -> Result<Self, Refusal> {
        let mut made = self.clone();
        for (key, value) in options.iter() {
            let bad = || Refusal::bad_option(key);
            match key {
                "map" => {
                    // A player may choose the host's map by its name, too.
                    if value != self.map {
                        made = made.with_map(value, built_in_map(value).ok_or_else(bad)?);
                    }
                }
                "round_s" => made.round_s = value.parse().map_err(|_| bad())?,
                "score_limit" => made.score_limit = value.parse().map_err(|_| bad())?,
                _ => return Err(bad()),
            }
            made.check().map_err(|_| bad())?;
        }
        if made.rows.is_empty()
            && let Some(text) = built_in_map(&made.map)
        {
            made.rows = Map::rows_of(text);
        }
        Ok(made)
    }

    /// The most players in a room.
    pub(super) fn seats(&self) -> u16 {
        let is_duel = self.map == "duel" && self.map_name().is_some();
        self.players_max.min(if is_duel { DUEL_PLAYERS_MAX } else { PLAYERS_MAX })
    }

    /// The map's name; none if a host uses a built-in map's name for its own rows.
    pub(super) fn map_name(&self) -> Option<&str> {
        let is_own = |text| !self.rows.is_empty() && self.rows != Map::rows_of(text);
        (!built_in_map(&self.map).is_some_and(is_own)).then_some(&self.map)
    }

    /// Checks everything except the map.
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        let within = |name: &str, value: u16, low: u16, high: u16| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(BadSettings(format!("{name} = {value} is outside the range {low} to {high}")))
            }
        };
        within("round_s", self.round_s, 10, 3600)?;
        within("break_s", self.break_s, 1, 60)?;
        within("score_limit", self.score_limit, 1, 999)?;
        within("respawn_s", self.respawn_s, 1, 30)?;
        within("players_max", self.players_max, 1, PLAYERS_MAX)
    }

    /// The map that these settings name or contain.
    pub(super) fn parse_map(&self) -> Result<Map, BadSettings> {
        if !self.rows.is_empty() {
            return Map::parse(&self.map, &self.rows);
        }
        match built_in_map(&self.map) {
            Some(text) => Map::parse(&self.map, &Map::rows_of(text)),
            None => Err(BadSettings(format!(
                "`{}` is not a built-in map; choose one of {}, or set its rows",
                self.map,
                MAP_NAMES.join(", ")
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Options {
        Options::new(pairs.iter().map(|(key, value)| (Text::cut(key), Text::cut(value))).collect()).unwrap()
    }

    #[test]
    fn a_room_may_choose_a_built_in_map_and_its_rounds() {
        let asked = options(&[("map", "duel"), ("round_s", "60"), ("score_limit", "5")]);
        let made = Settings::default().with_options(&asked).unwrap();
        assert_eq!((made.map.as_str(), made.round_s, made.score_limit), ("duel", 60, 5));
        assert_eq!(made.rows.len(), 16);
    }

    #[test]
    fn the_small_map_takes_few_players_whoever_chose_it() {
        let asked = Settings::default().with_options(&options(&[("map", "duel")])).unwrap();
        let of_host = Settings { map: "duel".to_owned(), ..Settings::default() };
        assert_eq!((asked.seats(), of_host.seats()), (DUEL_PLAYERS_MAX, DUEL_PLAYERS_MAX));
        assert_eq!(Settings { players_max: 2, ..asked }.seats(), 2);
        let courtyard = Settings::default().with_options(&Options::none()).unwrap();
        let own = courtyard.clone().with_map("duel", built_in_map("pillars").unwrap());
        assert_eq!((courtyard.seats(), own.seats()), (PLAYERS_MAX, PLAYERS_MAX));
        assert_eq!((courtyard.map_name(), own.map_name()), (Some("courtyard"), None));
    }

    #[test]
    fn the_walls_come_with_the_settings_of_every_room() {
        assert!(!Settings::default().with_options(&Options::none()).unwrap().rows.is_empty());
    }

    #[test]
    fn unknown_options_and_values_outside_their_range_are_refused() {
        for pair in
            [("colour", "red"), ("map", "moon"), ("round_s", "9"), ("round_s", "soon"), ("score_limit", "0")]
        {
            assert!(Settings::default().with_options(&options(&[pair])).is_err(), "{pair:?}");
        }
    }

    #[test]
    fn settings_with_the_largest_map_fit_into_a_message() {
        use tickwire_shared::coding::codec;
        let rows = vec!["#".repeat(crate::MAP_SIDE_MAX); crate::MAP_SIDE_MAX];
        let largest = Settings { rows, ..Settings::default() };
        let bytes = codec::encode(&largest).unwrap();
        assert!(bytes.len() <= tickwire_shared::limits::SETTINGS_BYTES_MAX);
        assert_eq!(codec::decode::<Settings>(&bytes).unwrap(), largest);
    }

    #[test]
    fn a_setting_outside_its_range_is_named() {
        let wrong = Settings { break_s: 0, ..Settings::default() };
        assert_eq!(wrong.check(), Err(BadSettings("break_s = 0 is outside the range 1 to 60".to_owned())));
    }
}
