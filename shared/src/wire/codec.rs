//! Control messages, settings and events as bytes. The only file that names bincode.
//!
//! Decoding is limited in memory, refuses leftovers, and accepts a value in its one legal form only: what was
//! decoded is encoded again and compared. So `encode(decode(b)) == b` holds for every accepted `b`.

use super::DecodeError;
use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that a decoder may claim in memory while it reads one value.
const MEMORY_MAX: usize = 256 * 1024;

const CONFIG: Configuration<LittleEndian, Varint, Limit<MEMORY_MAX>> =
    bincode::config::standard().with_limit::<MEMORY_MAX>();

/// Appends `value` to `bytes`.
///
/// # Errors
/// [`DecodeError::TooMany`] if the value does not fit the codec's limit; `bytes` is then unchanged.
pub fn encode_into<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
    let more = encode(value)?;
    bytes.extend_from_slice(&more);
    Ok(())
}

/// The bytes of `value`.
///
/// # Errors
/// [`DecodeError::TooMany`] if the value does not fit the codec's limit or its `Serialize` fails.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, DecodeError> {
    let bytes = bincode::serde::encode_to_vec(value, CONFIG).map_err(|_| DecodeError::TooMany)?;
    if bytes.len() > MEMORY_MAX { Err(DecodeError::TooMany) } else { Ok(bytes) }
}

/// The value that `bytes` are, whole and in its one legal form.
///
/// # Errors
/// Says what is wrong with the bytes; never panics and never allocates beyond the codec's limit.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, used) = bincode::serde::decode_from_slice::<T, _>(bytes, CONFIG).map_err(map_error)?;
    if used != bytes.len() {
        return Err(DecodeError::Leftover);
    }
    if encode(&value)? != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

fn map_error(error: bincode::error::DecodeError) -> DecodeError {
    use bincode::error::DecodeError as E;
    match error {
        E::UnexpectedEnd { .. } => DecodeError::Truncated,
        E::LimitExceeded => DecodeError::TooMany,
        E::UnexpectedVariant { .. } => DecodeError::UnknownTag,
        E::Utf8 { .. } | E::InvalidCharEncoding(_) => DecodeError::BadText,
        _ => DecodeError::OutOfRange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_a_longer_form_is_refused() {
        assert_eq!(decode::<u32>(&[5]), Ok(5));
        assert_eq!(decode::<u32>(&[251, 5, 0]), Err(DecodeError::NotCanonical));
        assert_eq!(decode::<u32>(&[5, 0]), Err(DecodeError::Leftover));
    }

    #[test]
    fn a_huge_length_is_refused_without_allocating() {
        let bytes = [253, 255, 255, 255, 255, 255, 255, 255, 127];
        assert!(decode::<Vec<u8>>(&bytes).is_err());
        assert!(decode::<String>(&bytes).is_err());
        assert!(decode::<Vec<u64>>(&bytes).is_err());
    }
}
