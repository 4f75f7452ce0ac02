//! Values of a host's or a client's own types that cross seams where neither type is known: kept as JSON.

use core::fmt;
use core::str::FromStr;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

/// A value of any serde type as JSON of at most `MAX` bytes. Who reads it names the type.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Box<str>", into = "Box<str>")]
pub struct Json<const MAX: usize>(Box<str>);

/// A value that cannot be kept as JSON, or not be read from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadJson {
    /// The JSON is too long.
    #[error("{bytes} bytes as JSON, the maximum is {bytes_max}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The value has no JSON form, or the JSON is not of the type that was asked for.
    #[error("{0}")]
    NotOfType(String),
}

impl<const MAX: usize> Json<MAX> {
    /// Keeps a value.
    ///
    /// # Errors
    /// It has no JSON form, or one that is too long.
    pub fn of(value: &impl Serialize) -> Result<Self, BadJson> {
        let json = serde_json::to_string(value).map_err(|error| BadJson::NotOfType(error.to_string()))?;
        Self::kept(json.into())
    }

    /// The value that was kept. Of nothing: what `null` means to the type, such as `None`.
    ///
    /// # Errors
    /// It is not of this type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, BadJson> {
        serde_json::from_str(self.text()).map_err(|error| BadJson::NotOfType(error.to_string()))
    }

    /// The JSON; `null` if there is no value.
    #[must_use]
    pub fn text(&self) -> &str {
        if self.0.is_empty() { "null" } else { &self.0 }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn kept(json: Box<str>) -> Result<Self, BadJson> {
        if json.len() > MAX {
            return Err(BadJson::TooLong { bytes: json.len(), bytes_max: MAX });
        }
        Ok(Self(json))
    }
}

/// A text that is JSON.
impl<const MAX: usize> FromStr for Json<MAX> {
    type Err = BadJson;
    fn from_str(text: &str) -> Result<Self, BadJson> {
        let read: Result<IgnoredAny, _> = serde_json::from_str(text);
        read.map_err(|error| BadJson::NotOfType(error.to_string()))?;
        Self::kept(text.into())
    }
}

impl<const MAX: usize> TryFrom<Box<str>> for Json<MAX> {
    type Error = BadJson;
    fn try_from(json: Box<str>) -> Result<Self, BadJson> {
        Self::kept(json)
    }
}

impl<const MAX: usize> From<Json<MAX>> for Box<str> {
    fn from(json: Json<MAX>) -> Self {
        json.0
    }
}

/// Without the value, which may be nobody else's business.
impl<const MAX: usize> fmt::Debug for Json<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::codec;

    type Small = Json<16>;

    #[test]
    fn a_value_comes_back_as_its_type_and_as_no_other() {
        let kept = Small::of(&[1, 2]).unwrap();
        assert_eq!((kept.text(), kept.read::<Vec<u8>>()), ("[1,2]", Ok(vec![1, 2])));
        let error = kept.read::<String>().unwrap_err();
        assert!(error.to_string().contains("invalid type"), "{error}");
        assert_eq!(Small::default().read::<Option<u8>>(), Ok(None));
        assert!(Small::default().read::<u8>().is_err());
        assert!("{".parse::<Small>().is_err() && "[1,2]".parse() == Ok(kept));
    }

    #[test]
    fn a_value_is_not_shown_and_not_longer_than_permitted() {
        let text = "x".repeat(14);
        assert!(!format!("{:?}", Small::of(&text).unwrap()).contains('x'));
        let too_long = Err(BadJson::TooLong { bytes: 17, bytes_max: 16 });
        assert_eq!(Small::of(&format!("{text}x")), too_long);
        let bytes = codec::encode(&Json::<32>::of(&format!("{text}x")).unwrap()).unwrap();
        assert!(codec::decode::<Small>(&bytes).is_err(), "from the wire neither");
    }
}
