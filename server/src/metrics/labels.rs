//! The labels of the metrics.

/// One label value per variant, in the order of declaration.
macro_rules! labels {
    ($(#[$meta:meta])+ $name:ident {
        $($(#[doc = $vdoc:literal])+ $variant:ident = $label:literal,)+
    }) => {
        $(#[$meta])+
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
    /// The kind of a message to a client.
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
    /// The kind of a message from a client.
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
        /// Arrived after its tick; its button edges were folded into the next step.
        Late = "late",
        /// Did not arrive; the last input was held.
        Held = "held",
        /// An edge of a late input that was folded into a later step.
        Folded = "folded",
        /// Too far in the past or future, or for a tick that was already consumed.
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
        /// It gets updates at a part of the room's rate, because it does not keep up.
        Pace = "pace",
        /// There was nothing to send.
        Quiet = "quiet",
        /// Its byte budget was used up.
        Budget = "budget",
    }
}

labels! {
    /// Where a connection ended before it became a session.
    HandshakeFailure {
        /// A declared proxy sent no valid PROXY protocol header.
        Proxy = "proxy",
        /// The TLS handshake failed or took too long.
        Tls = "tls",
        /// The request was not valid HTTP or arrived too slowly.
        Http = "http",
        /// The request for `/play` was not a valid upgrade.
        Upgrade = "upgrade",
        /// No Hello arrived in time, or a wrong one.
        Hello = "hello",
    }
}

labels! {
    /// Why a connection was refused.
    Refused {
        /// All connections of the server are in use.
        Full = "full",
        /// The address has all its connections in use.
        Address = "address",
        /// The server is draining.
        Draining = "draining",
        /// The limit of TLS handshakes in progress is reached.
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
    /// Why a log line was not written.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "without logs none is lost"))]
    LogLoss {
        /// The log is not read, and the buffer was full.
        Unread = "unread",
        /// It could not be written: stderr is closed, or a disk is full.
        Failed = "failed",
        /// There were too many of its kind; a summary gives the number.
        Flood = "flood",
    }
}

labels! {
    /// The verdict on a client's report that its state differed.
    Report {
        /// It agrees with what the server knows.
        Counted = "counted",
        /// It agrees, but another one of the same client was counted shortly before.
        Excess = "excess",
        /// It does not agree.
        False = "false",
    }
}

labels! {
    /// What was refused because of the address that asked for it.
    Charged {
        /// It was authenticated too often.
        Authentications = "authentications",
        /// It joined too often.
        Joins = "joins",
        /// It made rooms too often.
        RoomsMade = "rooms_made",
        /// It has as many rooms as one address may have.
        Rooms = "rooms",
        /// Few rooms are free, and it has its share of them.
        RoomsShare = "rooms_share",
    }
}

labels! {
    /// The role of a room's member.
    MemberRole {
        /// A player.
        Player = "player",
        /// A spectator.
        Spectator = "spectator",
    }
}

labels! {
    /// What became of a question to the authenticator.
    Authentication {
        /// The client may connect.
        Granted = "granted",
        /// It may not.
        Refused = "refused",
        /// The authenticator cannot say now.
        Later = "later",
        /// Too many questions were in flight.
        Full = "full",
        /// There was no answer in time.
        Late = "late",
        /// The authenticator panicked.
        Panicked = "panicked",
    }
}

labels! {
    /// What became of a question for the keys of JWTs at an address.
    KeyFetch {
        /// There are keys.
        Fetched = "fetched",
        /// There was no answer, or no keys in it.
        Failed = "failed",
    }
}

labels! {
    /// What became of an event for the host's services. One that is sent several times fails several times.
    ServiceEvent {
        /// They have it.
        Delivered = "delivered",
        /// An attempt failed.
        Failed = "failed",
        /// Too many waited.
        Lost = "lost",
        /// It was given up.
        Dead = "dead",
    }
}

labels! {
    /// What the directory was called for.
    DirectoryCall {
        /// To enter a room.
        Claim = "claim",
        /// To find a room.
        Locate = "locate",
        /// To remove a room.
        Release = "release",
        /// To list the rooms.
        List = "list",
    }
}
