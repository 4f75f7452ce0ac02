//! The limit on open files: every bot needs a socket.

/// Files that the process needs besides its bots' sockets.
const OTHERS: u64 = 64;

/// Raises the limit so that `bots` sockets can be open.
///
/// # Errors
/// The limit is too low and cannot be raised; the text says what to do.
pub fn make_room_for(bots: u32) -> Result<(), String> {
    let needed = u64::from(bots) + OTHERS;
    match tickwire_open_files::raise_limit() {
        Some(limit) if limit < needed => Err(format!(
            "{bots} bots need {needed} open files, but {limit} are permitted: \
             raise the limit with `ulimit -n {needed}`"
        )),
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
            assert!(make_room_for(u32::MAX).is_err_and(|text| text.contains("ulimit -n")));
        }
    }
}
