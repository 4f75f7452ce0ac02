//! How many connections the limit on open files leaves room for, and what is reserved.

use std::fmt;
use tickwire_open_files as open_files;

/// Connections over a limit that get an answer at one time, if the limit on open files leaves room for as
/// many.
const REFUSALS_MAX: u64 = 64;
/// Files reserved for operators' connections and for files that the server reads.
const OTHERS_MAX: u64 = 64;
/// Files that a process has open when it begins to serve, on systems that do not report it.
const OPEN_ASSUMED: u64 = 32;

/// How the open files are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Descriptors {
    /// Connections that are accepted.
    pub(crate) connections: u32,
    /// Connections that get an answer with the refusal.
    pub(crate) refusals: usize,
}

/// More connections are permitted than fit: one line with the remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooFew {
    connections_max: u32,
    connections: u32,
    limit: u64,
    needed: u64,
}

impl Descriptors {
    /// Divides the files that this process may still open.
    pub(crate) fn share_out(connections_max: u32) -> (Self, Option<TooFew>) {
        let open_now = open_files::open_now().unwrap_or(OPEN_ASSUMED);
        Self::share(connections_max, open_files::limit(), open_now)
    }

    /// A quarter of the free files is reserved for refusals, and a quarter for others, up to what they need.
    fn share(connections_max: u32, limit: Option<u64>, open_now: u64) -> (Self, Option<TooFew>) {
        let limit = limit.unwrap_or(u64::MAX);
        let free = limit.saturating_sub(open_now);
        let refusals = (free / 4).min(REFUSALS_MAX);
        let others = (free / 4).min(OTHERS_MAX);
        let fits = u32::try_from(free - refusals - others).unwrap_or(u32::MAX).max(1);
        let connections = fits.min(connections_max);
        let needed = u64::from(connections_max) + REFUSALS_MAX + OTHERS_MAX + open_now;
        let too_few = TooFew { connections_max, connections, limit, needed };
        let shared = Self { connections, refusals: refusals as usize };
        (shared, (connections < connections_max).then_some(too_few))
    }
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections_max, connections, limit, needed } = self;
        write!(
            f,
            "connections_max is {connections_max}, but this process may open {limit} files, so only \
             {connections} connections are taken: raise the limit (`ulimit -n {needed}`, in systemd \
             `LimitNOFILE={needed}`) or lower connections_max"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_as_permitted_and_nothing_is_said() {
        let (shared, too_few) = Descriptors::share(10_000, Some(20_000), 20);
        assert_eq!((shared, too_few), (Descriptors { connections: 10_000, refusals: 64 }, None));
        assert_eq!(Descriptors::share(10_000, None, 20).0.connections, 10_000);
    }

    #[test]
    fn a_low_limit_is_shared_out_and_told_with_the_remedy() {
        let (shared, too_few) = Descriptors::share(10_000, Some(1_024), 24);
        assert_eq!(shared, Descriptors { connections: 1_000 - 128, refusals: 64 });
        let text = too_few.unwrap().to_string();
        for part in ["connections_max is 10000", "1024 files", "872 connections", "`ulimit -n 10152`"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn the_lowest_limit_leaves_a_part_for_everybody() {
        let (shared, _) = Descriptors::share(10_000, Some(32), 16);
        assert_eq!(shared, Descriptors { connections: 8, refusals: 4 });
        assert_eq!(Descriptors::share(10_000, Some(8), 16).0.connections, 1);
    }
}
