//! The labels by which counts are kept apart.

/// A label value per variant, in the order of declaration.
macro_rules! labels {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $label:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum $name { $($(#[doc = $vdoc])+ $variant,)+ }

        impl $name {
            pub(super) const LABELS: &'static [&'static str] = &[$($label,)+];
        }

        impl From<$name> for usize {
            fn from(kind: $name) -> usize {
                kind as usize
            }
        }
    };
}

labels! {
    /// What a message to a client is.
    OutKind {
        /// A tick's update without a keyframe.
        Update = "update",
        /// An update that carries a keyframe.
        Keyframe = "keyframe",
        /// A control message: Welcome, Joined, Close.
        Control = "control",
        /// A ping, a pong or a close frame of the WebSocket.
        WebSocket = "websocket",
    }
}

labels! {
    /// What a message from a client is.
    InKind {
        /// A client frame: inputs and acknowledgements.
        Frame = "frame",
        /// A control message: Hello, Join, Leave, Repair.
        Control = "control",
        /// A ping, a pong or a close frame of the WebSocket.
        WebSocket = "websocket",
    }
}

labels! {
    /// What became of an input that was not on time.
    InputFate {
        /// Came after its tick; its button edges were folded into the next step.
        Late = "late",
        /// Did not come; the last one was held.
        Held = "held",
        /// An edge of a late input that was folded into a later step.
        Folded = "folded",
        /// Too far past or future, or for a tick that was consumed.
        Refused = "refused",
    }
}

labels! {
    /// Why a member got no update in a tick.
    SkipReason {
        /// Its slot was still full.
        Full = "full",
        /// Its acknowledgement was too old.
        Lag = "lag",
        /// It is served at a part of the room's rate, because it does not keep up.
        Pace = "pace",
        /// There was nothing to tell.
        Quiet = "quiet",
        /// Its byte budget was used up.
        Budget = "budget",
    }
}

labels! {
    /// Where a connection ended before it was a session.
    HandshakeFailure {
        /// The TLS handshake failed or took too long.
        Tls = "tls",
        /// The request was no valid HTTP or came too slowly.
        Http = "http",
        /// The request for `/play` was no valid upgrade.
        Upgrade = "upgrade",
        /// No Hello came in time, or a wrong one.
        Hello = "hello",
    }
}

labels! {
    /// Why a connection was not taken.
    Refused {
        /// All connections of the server are in use.
        Full = "full",
        /// The address has all its connections in use.
        Address = "address",
        /// The server is draining.
        Draining = "draining",
        /// As many TLS handshakes are under way as may be.
        Handshakes = "handshakes",
        /// The address makes TLS handshakes too often.
        HandshakeRate = "handshake_rate",
    }
}

labels! {
    /// What is listed on request.
    ListingKind {
        /// `/api/rooms` of the players' listener.
        PublicRooms = "public_rooms",
        /// `/rooms` of the players' listener, for people.
        RoomsPage = "rooms_page",
        /// `/rooms` of the operator's listener.
        Rooms = "rooms",
        /// `/sessions`.
        Sessions = "sessions",
        /// `/profile`.
        Profile = "profile",
        /// `/metrics` in Prometheus' own text format.
        Metrics = "metrics",
        /// `/metrics` as OpenMetrics.
        OpenMetrics = "openmetrics",
    }
}

labels! {
    /// Why a line of the log was not written.
    LogLoss {
        /// Nobody reads the log, and what may wait was full.
        Unread = "unread",
        /// It could not be written: stderr is closed, or a disk is full.
        Failed = "failed",
        /// There were too many of its kind; a summary says how many.
        Flood = "flood",
    }
}

labels! {
    /// What became of a client's report that its state differed.
    Report {
        /// It fits what the server knows.
        Counted = "counted",
        /// It does, but one of the same client counted shortly before.
        Excess = "excess",
        /// It does not.
        False = "false",
    }
}

labels! {
    /// What was refused because of the address that asked for it.
    Charged {
        /// It joined too often.
        Joins = "joins",
        /// It made rooms too often.
        RoomsMade = "rooms_made",
        /// It has as many rooms as one address may.
        Rooms = "rooms",
        /// It has its share of the rooms while few are free.
        RoomsShare = "rooms_share",
    }
}

labels! {
    /// What a member of a room is.
    MemberRole {
        /// A player.
        Player = "player",
        /// A spectator.
        Spectator = "spectator",
    }
}
