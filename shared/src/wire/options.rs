//! Bounded lists, and the options of a room.

use super::Text;
use crate::limits::{OPTION_BYTES_MAX, OPTIONS_MAX};
use serde::{Deserialize, Serialize};

/// A list of at most `MAX` items. A longer list fails to decode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>", into = "Vec<T>", bound(serialize = "T: Clone + Serialize"))]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> core::ops::Deref for List<T, MAX> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for List<T, MAX> {
    type Error = ListError;
    fn try_from(items: Vec<T>) -> Result<Self, ListError> {
        if items.len() > MAX { Err(ListError { max: MAX }) } else { Ok(Self(items)) }
    }
}

impl<T, const MAX: usize> From<List<T, MAX>> for Vec<T> {
    fn from(list: List<T, MAX>) -> Vec<T> {
        list.0
    }
}

/// More items than a list may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list is longer than {max} items")]
#[non_exhaustive]
pub struct ListError {
    /// The limit in items.
    pub max: usize,
}

/// Options of a room: those that a match must agree on, or that a new room is created with. Sorted by key,
/// each key once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<(OptionText, OptionText)>", into = "Vec<(OptionText, OptionText)>")]
pub struct Options(Vec<(OptionText, OptionText)>);

/// The key or the value of an option.
pub type OptionText = Text<OPTION_BYTES_MAX>;

impl Options {
    /// Creates an empty set of options.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Creates options from pairs, which are sorted here.
    ///
    /// # Errors
    /// Too many pairs, or two with the same key.
    pub fn new(mut pairs: Vec<(OptionText, OptionText)>) -> Result<Self, OptionsError> {
        pairs.sort();
        Self::try_from(pairs)
    }

    /// Options of these pairs; texts that are too long are cut, of two with the same key the first stays, and
    /// those beyond [`OPTIONS_MAX`] are left out. For what a game writes itself, such as its metadata.
    #[must_use]
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        let mut kept: Vec<_> = pairs.iter().map(|(key, value)| (Text::cut(key), Text::cut(value))).collect();
        kept.truncate(OPTIONS_MAX);
        kept.sort_by(|(one, _): &(OptionText, OptionText), (other, _)| one.cmp(other));
        kept.dedup_by(|(later, _), (first, _)| later == first);
        Self(kept)
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// All pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Whether there are no options.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<(OptionText, OptionText)>> for Options {
    type Error = OptionsError;
    fn try_from(pairs: Vec<(OptionText, OptionText)>) -> Result<Self, OptionsError> {
        if pairs.len() > OPTIONS_MAX {
            return Err(OptionsError::TooMany);
        }
        if pairs.windows(2).any(|two| two[0].0 >= two[1].0) {
            return Err(OptionsError::NotSorted);
        }
        Ok(Self(pairs))
    }
}

impl From<Options> for Vec<(OptionText, OptionText)> {
    fn from(options: Options) -> Self {
        options.0
    }
}

/// Why options were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// More than the permitted number.
    #[error("a room has at most {OPTIONS_MAX} options")]
    TooMany,
    /// Keys must be in ascending order, each once.
    #[error("options must be sorted by key, each key once")]
    NotSorted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_game_writes_options_that_always_fit() {
        let long = "x".repeat(OPTION_BYTES_MAX + 1);
        let options = Options::of(&[("b", "1"), ("a", &long), ("b", "2")]);
        let pairs: Vec<_> = options.iter().collect();
        assert_eq!(pairs, [("a", &long[1..]), ("b", "1")]);
        let keys: Vec<_> = (0..20).map(|at| format!("{at:02}")).collect();
        let many: Vec<_> = keys.iter().map(|key| (key.as_str(), "")).collect();
        assert_eq!(Options::of(&many).iter().count(), OPTIONS_MAX);
        assert!(Options::try_from(Vec::from(Options::of(&many))).is_ok(), "sorted, as the wire wants them");
    }
}
