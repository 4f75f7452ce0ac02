//! The cases: what attackers do, and what they need for it.

use clap::ValueEnum;

/// What the attackers of a run do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Case {
    /// Members that read nothing after they have joined
    SlowReader,
    /// Members that send frames as fast as the server takes them
    FloodMessages,
    /// Members that send long frames, and clients that send the longest messages, which are garbage
    FloodBytes,
    /// WebSocket pings of the greatest length
    FloodPings,
    /// The game's commands, as many as a frame holds
    FloodCommands,
    /// Control messages of members, and the longest lists in Hello and Join
    FloodControls,
    /// Requests for the keyframes of past ticks
    FloodRepairs,
    /// Reports of states that differ
    FloodDesyncs,
    /// Connections that stop half way: no request, half a request, no Hello, no Join
    HalfOpen,
    /// Messages cut short, with flipped bits or random bytes, and WebSocket frames that are not permitted
    Malformed,
    /// Tickets that were used before, are forged, have expired or are signed by another service
    ReplayedTicket,
    /// Inputs far in the past and the future, and the inputs of a minute at once
    TimeWarp,
    /// Players whose clocks run at twice the speed, with several inputs for each tick
    SpeedHack,
    /// Players that cut their connections and resume as fast as they can
    ReconnectStorm,
    /// Clients that join and leave as fast as they can
    JoinStorm,
    /// Clients that make rooms as fast as they can
    RoomStorm,
    /// Players that join, play for a moment and are cut, so that their seats are held
    SeatSquat,
    /// TLS handshakes, half of them never ended
    TlsHandshakes,
    /// The listings of rooms, asked for as fast as the server answers
    Listings,
}

/// What a run offers to its cases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offers {
    /// The URL asks for TLS.
    pub(super) tls: bool,
    /// There is a key to sign tickets with.
    pub(super) ticket_key: bool,
}

impl Case {
    /// All cases in the order in which they run.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
    }

    /// Its name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What its attackers do.
    pub(crate) fn about(self) -> String {
        let about = self.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string));
        about.unwrap_or_default()
    }

    /// Why it cannot be run; `None` if it can.
    pub(super) fn lacks(self, offers: Offers) -> Option<&'static str> {
        match self {
            Self::TlsHandshakes if !offers.tls => Some("only for a wss:// URL"),
            Self::ReplayedTicket if !offers.ticket_key => Some("needs --ticket-key FILE"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_has_a_name_and_says_what_it_does() {
        for case in Case::all() {
            assert!(!case.name().is_empty() && case.about().len() > 10, "{case:?}");
        }
        assert_eq!(Case::SlowReader.name(), "slow-reader");
    }

    #[test]
    fn a_case_that_lacks_something_says_what() {
        let none = Offers { tls: false, ticket_key: false };
        assert!(Case::TlsHandshakes.lacks(none).is_some_and(|why| why.contains("wss://")));
        assert!(Case::ReplayedTicket.lacks(none).is_some_and(|why| why.contains("--ticket-key")));
        let all = Offers { tls: true, ticket_key: true };
        assert!(Case::all().all(|case| case.lacks(all).is_none()));
    }
}
