//! Control messages, settings and events as bytes. The only file that names bincode.
//!
//! Decoding has a memory limit, refuses leftover bytes, and accepts a value only in its one legal form: the
//! decoded value is encoded again and compared. So `encode(decode(b)) == b` for every accepted `b`. The types
//! of a host are exempt ([`decode_data`]): a hash map has another order each time.

use super::DecodeError;
use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The memory that a decoder may use for one value, in bytes.
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

/// The value that `bytes` encode, completely and in its one legal form.
///
/// # Errors
/// What is wrong with the bytes. It never panics and never allocates beyond the codec's limit.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, rest) = decode_start(bytes)?;
    if rest.is_empty() { Ok(value) } else { Err(DecodeError::Leftover) }
}

/// The value of a host's type that `bytes` encode completely, in any form.
///
/// # Errors
/// As [`decode`], except that every form is legal.
pub fn decode_data<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, used) = bincode::serde::decode_from_slice::<T, _>(bytes, CONFIG).map_err(map_error)?;
    if used == bytes.len() { Ok(value) } else { Err(DecodeError::Leftover) }
}

/// The value at the start of `bytes` in its one legal form, and the bytes after it.
///
/// # Errors
/// As [`decode`], but bytes may be left over.
pub fn decode_start<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), DecodeError> {
    let (value, used) = bincode::serde::decode_from_slice::<T, _>(bytes, CONFIG).map_err(map_error)?;
    let (start, rest) = bytes.split_at_checked(used).ok_or(DecodeError::Truncated)?;
    if encode(&value)? == start { Ok((value, rest)) } else { Err(DecodeError::NotCanonical) }
}

/// The variant number at the start of an enum's `bytes`.
///
/// # Errors
/// The bytes end too early, or the number is not in its one legal form.
pub(crate) fn variant_number(bytes: &[u8]) -> Result<u32, DecodeError> {
    let (number, used) = bincode::serde::decode_from_slice::<u32, _>(bytes, CONFIG).map_err(map_error)?;
    if bytes.get(..used) == Some(&encode(&number)?[..]) { Ok(number) } else { Err(DecodeError::NotCanonical) }
}

fn map_error(error: bincode::error::DecodeError) -> DecodeError {
    use bincode::error::DecodeError as E;
    match error {
        E::UnexpectedEnd { .. } => DecodeError::Truncated,
        E::LimitExceeded => DecodeError::TooMany,
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
    fn a_hosts_value_may_have_any_form_but_no_bytes_left_over() {
        assert_eq!(decode_data::<u32>(&[251, 5, 0]), Ok(5));
        assert_eq!(decode_data::<u32>(&[5, 0]), Err(DecodeError::Leftover));
        assert_eq!(decode_data::<u32>(&[251, 5]), Err(DecodeError::Truncated));
    }

    #[test]
    fn only_0_and_1_say_whether_an_option_is_there() {
        assert_eq!(decode::<Option<u8>>(&[0]), Ok(None));
        assert_eq!(decode::<Option<u8>>(&[1, 7]), Ok(Some(7)));
        assert_eq!(decode::<Option<u8>>(&[2, 7]), Err(DecodeError::OutOfRange));
    }

    #[test]
    fn a_huge_length_is_refused_without_allocating() {
        let bytes = [253, 255, 255, 255, 255, 255, 255, 255, 127];
        assert!(decode::<Vec<u8>>(&bytes).is_err());
        assert!(decode::<String>(&bytes).is_err());
        assert!(decode::<Vec<u64>>(&bytes).is_err());
    }
}
