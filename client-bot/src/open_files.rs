//! The limit on open files: every bot needs a socket.

/// Files that the process needs besides its bots' sockets.
#[cfg(unix)]
const OTHERS: u64 = 64;

/// Raises the limit so that `bots` sockets can be open, as far as the system permits.
///
/// # Errors
/// The limit is too low and cannot be raised; the text says what to do.
#[cfg(unix)]
pub fn make_room_for(bots: u32) -> Result<(), String> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let needed = u64::from(bots) + OTHERS;
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let goal = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
    limit.current = Some(goal);
    let raised = setrlimit(Resource::Nofile, limit).is_ok();
    if raised && goal >= needed {
        return Ok(());
    }
    Err(format!(
        "{bots} bots need {needed} open files, {goal} are permitted: raise the limit with `ulimit -n {needed}`"
    ))
}

/// Nothing to do here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn make_room_for(_bots: u32) -> Result<(), String> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn few_bots_fit_and_too_many_are_refused_with_the_remedy() {
        assert_eq!(make_room_for(1), Ok(()));
        if rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.is_some() {
            assert!(make_room_for(u32::MAX).is_err_and(|text| text.contains("ulimit -n")));
        }
    }
}
