//! What an operator measures: counters that the whole server adds to and `/metrics` writes out for Prometheus.
//!
//! All are plain atomics with fixed labels, looked up once when the server starts: adding costs no lock, but for the
//! tick histogram, which a room touches once per tick. Knows no room, no session and no socket.

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::atomic::AtomicU64;
use tickwire_shared::wire::CloseCode;

type Label = [(&'static str, &'static str); 1];

/// Game, room and tick of a step that takes far too long.
pub(crate) type HungStep = [(&'static str, String); 3];

/// The upper bounds of the tick histogram, seconds: from a small room's step to several missed ticks.
const TICK_BUCKETS_S: [f64; 14] = [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.02, 0.033, 0.1,
    0.5,
];

/// A label value per variant, in the order of declaration.
macro_rules! labels {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $label:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum $name { $($(#[doc = $vdoc])+ $variant,)+ }

        impl $name {
            const LABELS: &'static [&'static str] = &[$($label,)+];
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
        Slot = "slot",
        /// Its acknowledgement was too old.
        Ack = "ack",
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
        /// `/metrics`.
        Metrics = "metrics",
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

/// One metric per value of one label, found by index.
pub(crate) struct By<M>(Vec<M>);

impl<M> By<M> {
    /// The metric of `kind`. A label enum gives an index within the list, by construction.
    #[allow(clippy::indexing_slicing)]
    pub(crate) fn of(&self, kind: impl Into<usize>) -> &M {
        &self.0[kind.into()]
    }
}

/// Messages and their bytes, by kind.
pub(crate) struct Traffic {
    messages: By<Counter>,
    bytes: By<Counter>,
}

impl Traffic {
    /// Counts messages and their payload bytes.
    pub(crate) fn add_many(&self, kind: impl Into<usize> + Copy, messages: u64, bytes: u64) {
        self.messages.of(kind).inc_by(messages);
        self.bytes.of(kind).inc_by(bytes);
    }
}

/// Every metric of a server. Shared by reference; adding needs no `&mut`.
pub(crate) struct Metrics {
    /// Rooms that live now.
    pub(crate) rooms: Gauge,
    /// Rooms made since the start.
    pub(crate) rooms_made: Counter,
    /// Rooms that ended by a panic.
    pub(crate) room_panics: Counter,
    /// Times that a game hung: one of its steps took far too long.
    pub(crate) hangs: Counter,
    /// Threads that belong to one room each, because its game hangs or has hung.
    pub(crate) threads_apart: Gauge,
    /// Steps that take far too long now, s. Named by game, room and tick.
    hung_steps: Family<HungStep, Gauge<f64, AtomicU64>>,
    /// Members of rooms now, by role.
    pub(crate) members: By<Gauge>,
    /// Sessions now: connections whose upgrade is done.
    pub(crate) sessions: Gauge,
    /// Open connections now, those that only ask for a page included.
    pub(crate) connections: Gauge,
    /// Connections since the start.
    pub(crate) connections_accepted: Counter,
    /// Failures of accept, out of file descriptors above all.
    pub(crate) accept_errors: Counter,
    /// Connections not taken, by reason.
    pub(crate) connections_refused: By<Counter>,
    /// Connections that never became a session though they tried, by stage.
    pub(crate) handshake_failures: By<Counter>,
    /// Listings made, by what is listed. Those served are many more.
    pub(crate) listings_made: By<Counter>,
    /// Lines of the log that were not written, by reason.
    pub(crate) log_lines_dropped: By<Counter>,
    /// How long the work of one tick took, seconds.
    pub(crate) tick_seconds: Histogram,
    /// Ticks whose work began late by a whole period or more.
    pub(crate) overruns: Counter,
    /// Ticks given up because catching up reached its bound.
    pub(crate) ticks_lost: Counter,
    /// To clients.
    pub(crate) sent: Traffic,
    /// From clients.
    pub(crate) received: Traffic,
    /// Updates that a member did not get in a tick, by reason.
    pub(crate) skips: By<Counter>,
    /// Inputs that were not on time, by what became of them.
    pub(crate) inputs: By<Counter>,
    /// Frames with an input.
    pub(crate) input_frames: Counter,
    /// Of them, the ones whose input came with less than a quarter of a tick to spare.
    pub(crate) input_frames_narrow: Counter,
    /// Times that a game looked back for a player.
    pub(crate) look_backs: Counter,
    /// How far back, ticks.
    pub(crate) look_back_ticks: Counter,
    /// Hashes that differed, as clients reported.
    pub(crate) hash_mismatches: Counter,
    /// Joins and rooms refused because of the address, by what was too much.
    pub(crate) charges_refused: By<Counter>,
    /// Places of cut players that were held for a moment only.
    pub(crate) seats_held_briefly: Counter,
    /// Places of players who were away that were given to others.
    pub(crate) seats_yielded: Counter,
    closes: Vec<(CloseCode, Counter)>,
    registry: Registry,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new() -> Self {
        let mut r = Registry::with_prefix("tickwire");
        Self {
            rooms: gauge(&mut r, "rooms", "Rooms that live now"),
            rooms_made: counter(&mut r, "rooms_made", "Rooms made"),
            room_panics: counter(&mut r, "room_panics", "Rooms that ended by a panic"),
            hangs: counter(&mut r, "hangs", "Times that a game hung: one of its steps took 0.3 s or more"),
            threads_apart: gauge(
                &mut r,
                "room_threads_apart",
                "Threads that belong to one room each, because its game hangs or has hung",
            ),
            hung_steps: registered(
                &mut r,
                "hung_step_seconds",
                "Steps that take far too long now, by game, room and tick",
                Family::default(),
            ),
            members: gauges(&mut r, "members", "Members of rooms now", "role", MemberRole::LABELS),
            sessions: gauge(&mut r, "sessions", "Sessions now"),
            connections: gauge(&mut r, "connections", "Open connections now"),
            connections_accepted: counter(&mut r, "connections_accepted", "Connections accepted"),
            accept_errors: counter(&mut r, "accept_errors", "Failures of accept"),
            connections_refused: counters(
                &mut r,
                "connections_refused",
                "Connections not taken",
                "reason",
                Refused::LABELS,
            ),
            handshake_failures: counters(
                &mut r,
                "handshake_failures",
                "Connections that tried and never became a session",
                "stage",
                HandshakeFailure::LABELS,
            ),
            listings_made: counters(
                &mut r,
                "listings_made",
                "Listings made, each at most once a second",
                "listing",
                ListingKind::LABELS,
            ),
            log_lines_dropped: counters(
                &mut r,
                "log_lines_dropped",
                "Lines of the log that were not written",
                "reason",
                LogLoss::LABELS,
            ),
            tick_seconds: registered(
                &mut r,
                "tick_seconds",
                "Time of the work of one tick of one room, seconds",
                Histogram::new(TICK_BUCKETS_S),
            ),
            overruns: counter(&mut r, "tick_overruns", "Ticks that began late by a period or more"),
            ticks_lost: counter(&mut r, "ticks_lost", "Ticks given up because catching up reached its bound"),
            sent: traffic(&mut r, "sent", "to clients", OutKind::LABELS),
            received: traffic(&mut r, "received", "from clients", InKind::LABELS),
            skips: counters(
                &mut r,
                "skips",
                "Updates that a member did not get",
                "reason",
                SkipReason::LABELS,
            ),
            inputs: counters(&mut r, "inputs", "Inputs that were not on time", "fate", InputFate::LABELS),
            input_frames: counter(&mut r, "input_frames", "Frames with an input whose arrival was looked at"),
            input_frames_narrow: counter(
                &mut r,
                "input_frames_narrow",
                "Frames whose input came less than a quarter of a tick early, or late",
            ),
            look_backs: counter(&mut r, "look_backs", "Hits tested where the shooter saw its target"),
            look_back_ticks: counter(&mut r, "look_back_ticks", "How far back these were, ticks"),
            hash_mismatches: counter(&mut r, "hash_mismatches", "State hashes that differed at a client"),
            charges_refused: counters(
                &mut r,
                "charges_refused",
                "Joins refused because of what their address used up or holds",
                "what",
                Charged::LABELS,
            ),
            seats_held_briefly: counter(
                &mut r,
                "seats_held_briefly",
                "Places of cut players held for a moment only",
            ),
            seats_yielded: counter(
                &mut r,
                "seats_yielded",
                "Places of players who were away given to others",
            ),
            closes: closes(&mut r),
            registry: r,
        }
    }

    /// How long this step has taken.
    pub(crate) fn hung_step(&self, step: &HungStep) -> Gauge<f64, AtomicU64> {
        self.hung_steps.get_or_create_owned(step)
    }

    /// This step has ended.
    pub(crate) fn forget_hung_step(&self, step: &HungStep) {
        self.hung_steps.remove(step);
    }

    /// Counts a session that ended with `code`.
    pub(crate) fn closed(&self, code: CloseCode) {
        if let Some((_, counter)) = self.closes.iter().find(|(known, _)| *known == code) {
            counter.inc();
        }
    }

    /// The text for Prometheus (OpenMetrics 1.0).
    pub(crate) fn render(&self) -> String {
        let mut out = String::new();
        // Writing to a String fails only if a metric's own encoding does, and ours are all integers.
        if text::encode(&mut out, &self.registry).is_err() {
            out.clear();
        }
        out
    }
}

fn registered<M: prometheus_client::registry::Metric + Clone>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    metric: M,
) -> M {
    registry.register(name, help, metric.clone());
    metric
}

fn gauge(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    registered(registry, name, help, Gauge::default())
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    registered(registry, name, help, Counter::default())
}

fn counters(
    registry: &mut Registry,
    name: &str,
    help: &str,
    key: &'static str,
    labels: &[&'static str],
) -> By<Counter> {
    let family = registered(registry, name, help, Family::<Label, Counter>::default());
    By(labels.iter().map(|label| family.get_or_create_owned(&[(key, *label)])).collect())
}

fn gauges(
    registry: &mut Registry,
    name: &str,
    help: &str,
    key: &'static str,
    labels: &[&'static str],
) -> By<Gauge> {
    let family = registered(registry, name, help, Family::<Label, Gauge>::default());
    By(labels.iter().map(|label| family.get_or_create_owned(&[(key, *label)])).collect())
}

fn traffic(registry: &mut Registry, name: &str, whither: &str, labels: &[&'static str]) -> Traffic {
    let help = |what| format!("{what} {whither}");
    Traffic {
        messages: counters(registry, &format!("messages_{name}"), &help("Messages"), "kind", labels),
        bytes: counters(registry, &format!("bytes_{name}"), &help("Payload bytes"), "kind", labels),
    }
}

fn closes(registry: &mut Registry) -> Vec<(CloseCode, Counter)> {
    type Labels = [(&'static str, String); 2];
    let family =
        registered(registry, "closes", "Sessions ended, by close code", Family::<Labels, Counter>::default());
    let labels = |code: CloseCode| [("code", code.code().to_string()), ("reason", code.reason().to_owned())];
    CloseCode::ALL.iter().map(|&code| (code, family.get_or_create_owned(&labels(code)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_code_has_its_counter_from_the_start() {
        let metrics = Metrics::new();
        metrics.closed(CloseCode::TooSlow);
        let text = metrics.render();
        for code in CloseCode::ALL {
            let line =
                format!("tickwire_closes_total{{code=\"{}\",reason=\"{}\"}} ", code.code(), code.reason());
            assert!(text.contains(&line), "{line} is missing in\n{text}");
        }
        assert!(text.contains("tickwire_closes_total{code=\"4013\",reason=\"too_slow\"} 1"));
    }

    #[test]
    fn messages_and_bytes_are_counted_by_kind() {
        let metrics = Metrics::new();
        metrics.sent.add_many(OutKind::Keyframe, 1, 100);
        metrics.sent.add_many(OutKind::Update, 3, 60);
        metrics.received.add_many(InKind::Frame, 1, 7);
        metrics.inputs.of(InputFate::Refused).inc();
        metrics.members.of(MemberRole::Spectator).inc();
        let text = metrics.render();
        for line in [
            "tickwire_messages_sent_total{kind=\"keyframe\"} 1",
            "tickwire_bytes_sent_total{kind=\"update\"} 60",
            "tickwire_messages_received_total{kind=\"frame\"} 1",
            "tickwire_bytes_received_total{kind=\"frame\"} 7",
            "tickwire_inputs_total{fate=\"refused\"} 1",
            "tickwire_members{role=\"spectator\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
