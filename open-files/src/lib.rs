//! How many files this process may open and has open. Every connection is one.

/// Raises the limit as far as the system permits. Returns how many files may be open then; `None` if there is
/// no limit, or none is known.
#[cfg(unix)]
pub fn raise_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// The most that macOS grants where it reports no limit.
    const LEAST: u64 = 10_240;
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    let goals = [limit.maximum, Some(limit.maximum.map_or(LEAST, |maximum| maximum.min(LEAST)))];
    goals
        .into_iter()
        .filter(|goal| goal.is_none_or(|goal| goal > current))
        .find(|&goal| setrlimit(Resource::Nofile, Rlimit { current: goal, ..limit }).is_ok())
        .unwrap_or(Some(current))
}

/// Does nothing on this system.
#[cfg(not(unix))]
pub fn raise_limit() -> Option<u64> {
    None
}

/// How many files may be open. `None` if there is no limit, or none is known.
#[cfg(unix)]
#[must_use]
pub fn limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

/// No limit is known on this system.
#[cfg(not(unix))]
#[must_use]
pub fn limit() -> Option<u64> {
    None
}

/// How many files are open now. `None` if the system does not report it.
#[must_use]
pub fn open_now() -> Option<u64> {
    let own = std::fs::read_dir("/proc/self/fd").or_else(|_| std::fs::read_dir("/dev/fd")).ok()?;
    // One of them is the directory itself.
    Some((own.count() as u64).saturating_sub(1))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_to_what_is_permitted() {
        let permitted = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
        let raised = raise_limit();
        assert_eq!(raised, limit());
        if cfg!(target_os = "linux") {
            assert_eq!(raised, permitted);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_open_file_is_counted() {
        // Other tests of this process open files too.
        let files: Vec<_> = (0..100).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        let many = open_now().unwrap();
        drop(files);
        assert!(many >= 100 && open_now().unwrap() < many);
    }
}
