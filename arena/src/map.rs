//! The text of a map, and the tiles that it describes. A map never changes.

use super::entities::Gift;
use tickwire_shared::prelude::*;

/// The side of a tile, in steps of the grid.
pub const TILE: i32 = 1024;
/// The most tiles of a map in each direction.
pub const MAP_SIDE_MAX: usize = 128;
/// The fewest tiles of a map in each direction.
pub const MAP_SIDE_MIN: usize = 5;
/// The most pickups of a map.
pub const PICKUPS_MAX: usize = 64;

/// A walled map, parsed from rows of text: `#` wall, `.` floor, `s` spawn (where ships enter), `h` health,
/// `r` rapid fire. Its border is all walls, and every spawn and pickup can be reached from every spawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    width: usize,
    height: usize,
    walls: Vec<bool>,
    spawns: Vec<IVec2>,
    pickups: Vec<(IVec2, Gift)>,
}

/// The tile that contains a position, as column and row.
#[inline]
#[must_use]
pub const fn tile_of(pos: IVec2) -> IVec2 {
    IVec2::new(pos.x.div_euclid(TILE), pos.y.div_euclid(TILE))
}

/// The middle of a tile.
#[must_use]
pub const fn centre_of(tile: IVec2) -> IVec2 {
    IVec2::new(tile.x * TILE + TILE / 2, tile.y * TILE + TILE / 2)
}

impl Map {
    /// The rows of a map file: its lines without the comments (which start with `;`) and empty lines.
    #[must_use]
    pub fn rows_of(text: &str) -> Vec<String> {
        let lines = text.lines().map(str::trim_end);
        lines.filter(|line| !line.is_empty() && !line.starts_with(';')).map(str::to_owned).collect()
    }

    /// Reads rows of tiles.
    ///
    /// # Errors
    /// The rows are not a playable map. The text names the row and column (from 1) and what to change.
    pub fn parse(name: &str, rows: &[String]) -> Result<Self, BadSettings> {
        let bad = |problem: String| BadSettings(format!("map `{name}`: {problem}"));
        let (width, height) = (rows.first().map_or(0, |row| row.chars().count()), rows.len());
        let sides = MAP_SIDE_MIN..=MAP_SIDE_MAX;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(bad(format!(
                "it has {width} columns and {height} rows; each must be {MAP_SIDE_MIN} to {MAP_SIDE_MAX}"
            )));
        }
        let mut map = Self { width, height, walls: Vec::new(), spawns: Vec::new(), pickups: Vec::new() };
        for (row, text) in rows.iter().enumerate() {
            let columns = text.chars().count();
            if columns != width {
                return Err(bad(format!(
                    "row {} has {columns} columns, row 1 has {width}; all rows must have the same length",
                    row + 1
                )));
            }
            for (column, tile) in text.chars().enumerate() {
                map.add(column, row, tile)
                    .map_err(|problem| bad(format!("row {}, column {}: {problem}", row + 1, column + 1)))?;
            }
        }
        map.check_reach().map_err(bad)?;
        Ok(map)
    }

    fn add(&mut self, column: usize, row: usize, tile: char) -> Result<(), String> {
        let pos = centre_of(IVec2::new(column as i32, row as i32));
        let border = column == 0 || row == 0 || column + 1 == self.width || row + 1 == self.height;
        match tile {
            _ if border && tile != '#' => {
                return Err(format!("`{tile}` is on the border; put a wall (#) there"));
            }
            '#' | '.' => {}
            's' => self.spawns.push(pos),
            'h' => self.pickups.push((pos, Gift::Health)),
            'r' => self.pickups.push((pos, Gift::Rapid)),
            _ => return Err(format!("unknown tile `{}`; use # . s h or r", tile.escape_default())),
        }
        if self.pickups.len() > PICKUPS_MAX {
            return Err(format!("the map has more than {PICKUPS_MAX} pickups (h, r); remove some"));
        }
        self.walls.push(tile == '#');
        Ok(())
    }

    /// Every spawn and pickup must be connected with the first spawn.
    fn check_reach(&self) -> Result<(), String> {
        let Some(&start) = self.spawns.first() else {
            return Err("there is no spawn; add one (s)".to_owned());
        };
        let mut reached = self.walls.clone();
        let mut open = vec![tile_of(start)];
        while let Some(tile) = open.pop() {
            if let Some(seen) = self.index(tile.x, tile.y).and_then(|at| reached.get_mut(at))
                && !*seen
            {
                *seen = true;
                open.extend([IVec2::X, IVec2::Y, IVec2::NEG_X, IVec2::NEG_Y].map(|way| tile + way));
            }
        }
        let places = self.spawns.iter().chain(self.pickups.iter().map(|(pos, _)| pos));
        for tile in places.map(|&pos| tile_of(pos)) {
            if self.index(tile.x, tile.y).and_then(|at| reached.get(at)) != Some(&true) {
                return Err(format!(
                    "row {}, column {}: unreachable from the first spawn; open a path to it",
                    tile.y + 1,
                    tile.x + 1
                ));
            }
        }
        Ok(())
    }

    /// Columns and rows.
    #[must_use]
    pub const fn size(&self) -> IVec2 {
        IVec2::new(self.width as i32, self.height as i32)
    }

    /// The positions where ships enter; at least one.
    #[must_use]
    pub fn spawns(&self) -> &[IVec2] {
        &self.spawns
    }

    /// The positions of the pickups, and what they give.
    #[must_use]
    pub fn pickups(&self) -> &[(IVec2, Gift)] {
        &self.pickups
    }

    /// Whether a tile is a wall. Everything outside the map is.
    #[inline]
    #[must_use]
    pub fn is_wall(&self, column: i32, row: i32) -> bool {
        self.index(column, row).and_then(|at| self.walls.get(at)).is_none_or(|&wall| wall)
    }

    /// Whether a position lies in a wall.
    #[inline]
    #[must_use]
    pub fn is_wall_at(&self, pos: IVec2) -> bool {
        let tile = tile_of(pos);
        self.is_wall(tile.x, tile.y)
    }

    /// Whether a square around `pos` touches no wall. `half` is half of its side.
    #[must_use]
    pub fn is_free(&self, pos: IVec2, half: i32) -> bool {
        let (low, high) = (tile_of(pos - half), tile_of(pos + (half - 1)));
        (low.y..=high.y).all(|row| (low.x..=high.x).all(|column| !self.is_wall(column, row)))
    }

    /// Whether no wall lies on the straight line between two positions: a shot's path, or a line of sight.
    ///
    /// Visits the tiles on the line one after the other (Amanatides and Woo, 1987), with exact integers. At a
    /// corner the line goes to the next tile in `x` first.
    #[must_use]
    pub fn is_clear(&self, from: IVec2, to: IVec2) -> bool {
        let (mut tile, last) = (tile_of(from), tile_of(to));
        if self.is_wall(tile.x, tile.y) {
            return false;
        }
        if tile == last {
            return true;
        }
        let way = to - from;
        let step = way.signum();
        // The distance to the next border times the other axis' length: this compares the times at which the
        // line reaches the borders without a division.
        let reach = way.abs();
        let left = |tile: i32, from: i32, step: i32| {
            i64::from(if step > 0 { (tile + 1) * TILE - from } else { from - tile * TILE })
        };
        while tile != last {
            let in_x = left(tile.x, from.x, step.x) * i64::from(reach.y);
            let in_y = left(tile.y, from.y, step.y) * i64::from(reach.x);
            if tile.y == last.y || (tile.x != last.x && in_x <= in_y) {
                tile.x += step.x;
            } else {
                tile.y += step.y;
            }
            if self.is_wall(tile.x, tile.y) {
                return false;
            }
        }
        true
    }

    #[inline]
    fn index(&self, column: i32, row: i32) -> Option<usize> {
        let inside = (0..self.width as i32).contains(&column) && (0..self.height as i32).contains(&row);
        inside.then(|| row as usize * self.width + column as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::{MAP_NAMES, built_in_map};
    use super::*;

    fn parse(rows: &[&str]) -> Result<Map, String> {
        let rows: Vec<String> = rows.iter().map(|&row| row.to_owned()).collect();
        Map::parse("test", &rows).map_err(|error| error.0)
    }

    #[test]
    fn the_built_in_maps_are_playable_and_fair_in_size() {
        for name in MAP_NAMES {
            let map = Map::parse(name, &Map::rows_of(built_in_map(name).unwrap())).unwrap();
            assert!(map.spawns().len() >= 8 && map.pickups().len() >= 4, "{name}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_map_is_named_with_its_place() {
        let wall = "#####";
        let cases: [(&[&str], &str); 8] = [
            (&[], "0 columns and 0 rows"),
            (&[wall; 4], "5 columns and 4 rows; each must be 5 to 128"),
            (&[wall, "#s.#", wall, wall, wall], "row 2 has 4 columns, row 1 has 5"),
            (&[wall, "#s..#", "#...#", "#....", wall], "row 4, column 5: `.` is on the border"),
            (&[wall, "#s..#", "#.x.#", "#...#", wall], "row 3, column 3: unknown tile `x`; use # . s h or r"),
            (&[wall, "#...#", "#...#", "#...#", wall], "there is no spawn; add one (s)"),
            (&[wall, "#s#h#", "#.#.#", "#.#.#", wall], "row 2, column 4: unreachable from the first spawn"),
            (&[wall, "#s\n.#", "#...#", "#...#", wall], "row 2, column 3: unknown tile `\\n`"),
        ];
        for (rows, says) in cases {
            let problem = parse(rows).unwrap_err();
            assert!(problem.contains(says), "{problem}");
        }
        let wide = "#".repeat(MAP_SIDE_MAX + 1);
        assert!(parse(&[wide.as_str(); 9]).is_err());
    }

    #[test]
    fn a_line_of_sight_is_clear_until_a_wall_is_in_it() {
        let map = parse(&["#######", "#s....#", "#..#..#", "#.....#", "#######"]).unwrap();
        let at = |column, row| centre_of(IVec2::new(column, row));
        assert!(map.is_clear(at(1, 1), at(5, 1)));
        assert!(map.is_clear(at(1, 1), at(1, 3)) && map.is_clear(at(1, 3), at(5, 3)));
        assert!(!map.is_clear(at(1, 2), at(5, 2)) && !map.is_clear(at(5, 2), at(1, 2)));
        assert!(!map.is_clear(at(1, 1), at(5, 3)) && !map.is_clear(at(5, 3), at(1, 1)));
        assert!(!map.is_clear(at(1, 1), at(0, 1)));
        assert!(map.is_clear(at(2, 1), at(2, 1)));
        // Steep past the wall's corner, on either side of it.
        assert!(map.is_clear(at(2, 3), at(2, 1)) && map.is_clear(at(4, 1), at(4, 3)));
    }

    #[test]
    fn the_exact_line_agrees_with_one_that_is_sampled_finely() {
        let map = Map::parse("courtyard", &Map::rows_of(built_in_map("courtyard").unwrap())).unwrap();
        let mut rng = Rng::new(5);
        let mut any =
            || IVec2::new(rng.range(0, map.size().x * TILE - 1), rng.range(0, map.size().y * TILE - 1));
        for _ in 0..2000 {
            let (from, to) = (any(), any());
            let to = from + (to - from) / 8;
            let sampled = (0..=4000).all(|at| {
                let part = |from: i32, to: i32| from + ((i64::from(to - from) * at).div_euclid(4000)) as i32;
                !map.is_wall_at(IVec2::new(part(from.x, to.x), part(from.y, to.y)))
            });
            // The exact line may touch a corner that no sample meets, but it passes no wall that a sample
            // meets.
            assert!(sampled || !map.is_clear(from, to), "{from} to {to}");
        }
    }
}
