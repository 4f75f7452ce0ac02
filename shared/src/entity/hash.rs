//! The hash of schemas, tables and files.

/// 64-bit FNV-1a (Fowler, Noll, Vo).
#[must_use]
pub fn fnv1a_64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
