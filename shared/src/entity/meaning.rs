//! What the integers of a field represent.

use super::Grid;
use serde::{Deserialize, Serialize};

/// What the integers of a field represent. Part of the schema and of its hash: both ends interpret a value in
/// the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meaning {
    /// A number, a part of a vector or an angle.
    #[default]
    Number,
    /// 0 is false, 1 is true.
    Bool,
    /// A [`Button`](super::Button): bit 0 is set if it is down, bit 1 if it was pressed since the previous
    /// input.
    Button,
    /// One of the variants of a [`Choice`](derive@super::Choice), given by their names in lower case; the
    /// first is 0.
    Choice(Vec<String>),
}

impl Meaning {
    /// A choice between these variants.
    #[must_use]
    pub fn choice(variants: &[&str]) -> Self {
        Self::Choice(variants.iter().map(|name| (*name).into()).collect())
    }

    /// Whether `grid` has exactly the integers of this meaning. Data off the wire may violate this.
    #[must_use]
    pub fn is_of(&self, grid: &Grid) -> bool {
        let integers = |count: usize| {
            let max = i32::try_from(count).ok().and_then(|count| count.checked_sub(1));
            max.is_some_and(|max| max >= 0 && *grid == Grid { min: 0, max, per_unit: 1, wrap: false })
        };
        match self {
            Self::Number => true,
            Self::Bool => integers(2),
            Self::Button => integers(4),
            Self::Choice(names) => integers(names.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meaning_goes_with_its_integers_only() {
        let weapon = Meaning::choice(&["pistol", "rocket", "shotgun"]);
        for (meaning, max) in
            [(Meaning::Bool, 1), (Meaning::Button, 3), (weapon, 2), (Meaning::choice(&["one"]), 0)]
        {
            assert!(meaning.is_of(&Grid::integers(0, max)), "{meaning:?}");
            for grid in [
                Grid::integers(0, max + 1),
                Grid::integers(-1, max),
                Grid::integers(0, max).with_per_unit(2),
                Grid { wrap: true, ..Grid::integers(0, max) },
            ] {
                assert!(!meaning.is_of(&grid), "{meaning:?} of {grid:?}");
            }
        }
        assert!(!Meaning::Choice(Vec::new()).is_of(&Grid::integers(0, 0)));
    }
}
