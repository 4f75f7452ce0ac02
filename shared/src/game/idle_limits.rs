//! When an idle member loses its seat.

use core::time::Duration;

/// When an idle member loses its seat. `None`: never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdleLimits {
    /// A player whose controls do not change and who sends no command.
    pub player: Option<Duration>,
    /// A player or spectator whose client sends no frame, although the connection is alive.
    pub silent: Option<Duration>,
    /// Used instead of both for a member whose client reports that its page is hidden.
    pub hidden: Option<Duration>,
}

impl Default for IdleLimits {
    fn default() -> Self {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        Self { player: seconds(300), silent: seconds(60), hidden: seconds(900) }
    }
}
