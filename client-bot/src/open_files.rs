//! The limit on open files: every bot needs a socket.

/// Files that the process needs besides its bots' sockets.
const OTHERS: u64 = 64;

/// The process may not open a socket for each bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{bots} bots need {needed} open files, but {permitted} are permitted: \
     raise the limit with `ulimit -n {needed}`"
)]
pub(crate) struct TooFewFiles {
    /// The bots that were wanted.
    pub bots: u32,
    /// The open files that they need.
    pub needed: u64,
    /// The open files that the system permits.
    pub permitted: u64,
}

/// Raises the limit so that `bots` sockets can be open.
///
/// # Errors
/// The limit is too low and cannot be raised.
pub(crate) fn make_room_for(bots: u32) -> Result<(), TooFewFiles> {
    let needed = u64::from(bots) + OTHERS;
    match tickwire_open_files::raise_limit() {
        Some(limit) if limit < needed => Err(TooFewFiles { bots, needed, permitted: limit }),
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn few_bots_fit_and_too_many_are_refused_with_the_remedy() {
        assert_eq!(make_room_for(1), Ok(()));
        if tickwire_open_files::limit().is_some_and(|limit| limit < u64::from(u32::MAX)) {
            assert!(make_room_for(u32::MAX).is_err_and(|error| error.to_string().contains("ulimit -n")));
        }
    }
}
