//! What an operator measures: counters that the whole server adds to and that `/metrics` serves to
//! Prometheus.
//!
//! All of them are plain atomics with fixed labels, looked up once when the server starts. Adding takes no
//! lock, except for the tick histograms, which a room touches once per tick. This module knows no room, no
//! session and no socket.

mod budget;
mod form;
mod host_calls;
mod info;
mod labels;
mod process;

pub(crate) use form::Form;
pub(crate) use labels::{
    Authentication, Charged, DirectoryCall, HandshakeFailure, InKind, InputFate, KeyFetch, ListingKind,
    LogLoss, MemberRole, OutKind, Refused, Report, ServiceEvent, SkipReason,
};

use crate::config::Limits;
use budget::Budgets;
pub(crate) use host_calls::HostCalls;
use process::Process;
use prometheus_client::encoding::text;
pub(crate) use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
pub(crate) use prometheus_client::metrics::gauge::Gauge;
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

/// The upper bounds of the histogram of lateness, seconds: from a timer's resolution to a pause of the
/// machine.
const LATENESS_BUCKETS_S: [f64; 13] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.02, 0.033, 0.1, 0.5, 2.5, 10.0];

/// One metric per value of one label, found by index. Clones are the same metrics.
#[derive(Clone)]
pub(crate) struct By<M>(Vec<M>);

impl<M> By<M> {
    /// The metric of `kind`. A label enum gives an index within the list, by construction.
    #[allow(clippy::indexing_slicing)]
    pub(crate) fn of(&self, kind: impl Into<usize>) -> &M {
        &self.0[kind.into()]
    }
}

/// Adds what was counted. Most counters stay the same in most ticks, and even an addition of 0 to a counter
/// that all rooms share costs time.
pub(crate) fn add(counter: &Counter, count: u64) {
    if count > 0 {
        counter.inc_by(count);
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
        add(self.messages.of(kind), messages);
        add(self.bytes.of(kind), bytes);
    }
}

/// What became of the reliable events of one game.
pub(crate) struct GameEvents {
    pub(crate) too_long: Counter,
    pub(crate) step_full: Counter,
    pub(crate) not_encodable: Counter,
    pub(crate) no_groups: Counter,
    pub(crate) dropped: Counter,
}

/// Every metric of a server. Shared by reference; adding needs no `&mut`.
pub(crate) struct Metrics {
    /// Rooms that exist now.
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
    /// Open connections now, including those that only ask for a page.
    pub(crate) connections: Gauge,
    /// Connections accepted since the start.
    pub(crate) connections_accepted: Counter,
    /// Failures of accept, mostly because file descriptors ran out.
    pub(crate) accept_errors: Counter,
    /// Refused connections, by reason.
    pub(crate) connections_refused: By<Counter>,
    /// Connections that tried to become a session and failed, by stage.
    pub(crate) handshake_failures: By<Counter>,
    /// Listings made, by kind. Many more are served.
    pub(crate) listings_made: By<Counter>,
    /// Log lines that were not written, by reason.
    #[cfg_attr(not(feature = "cli"), allow(dead_code))]
    pub(crate) log_lines_dropped: By<Counter>,
    /// How long the work of one tick took, seconds.
    pub(crate) tick_seconds: Histogram,
    /// How late the work of a tick began, seconds.
    pub(crate) tick_lateness: Histogram,
    /// Ticks whose work began late by a whole period or more.
    pub(crate) overruns: Counter,
    /// Ticks skipped because catching up reached its limit.
    pub(crate) ticks_lost: Counter,
    /// Messages to clients.
    pub(crate) sent: Traffic,
    /// Messages from clients.
    pub(crate) received: Traffic,
    /// Updates that a member did not get in a tick, by reason.
    pub(crate) skips: By<Counter>,
    /// Inputs that were not on time, by what became of them.
    pub(crate) inputs: By<Counter>,
    /// Frames with an input.
    pub(crate) input_frames: Counter,
    /// Of these, the frames whose input had less than a quarter of a tick to spare.
    pub(crate) input_frames_narrow: Counter,
    /// Times that a game rewound for a player.
    pub(crate) rewinds: Counter,
    /// The sum of these rewinds, ticks.
    pub(crate) rewind_ticks: Counter,
    /// Keyframes in profile 0 although there is a table, because they are shorter that way.
    pub(crate) keyframes_plain: Counter,
    /// Updates longer than a message may be, which were not sent.
    pub(crate) updates_too_long: Counter,
    pub(crate) budgets: Budgets,
    pub(crate) host_calls: HostCalls,
    events_refused: Family<[(&'static str, String); 2], Counter>,
    events_dropped: Family<[(&'static str, String); 1], Counter>,
    /// States that differed at clients, as far as the server could confirm it; one per room in 15 s.
    pub(crate) hash_mismatches: Counter,
    /// All reports of clients about that.
    pub(crate) hash_reports: By<Counter>,
    /// Joins and rooms refused because of the address, by what was exceeded.
    pub(crate) charges_refused: By<Counter>,
    /// Seats of disconnected players that were held only briefly.
    pub(crate) seats_held_briefly: Counter,
    /// Seats of absent players that were given to others.
    pub(crate) seats_yielded: Counter,
    /// Players who came back after a lost connection.
    pub(crate) resumes: Counter,
    /// Players who tried to and were refused.
    pub(crate) resumes_refused: Counter,
    /// How many connections the server accepts: as configured, or fewer if the system permits fewer files.
    pub(crate) connections_max: Gauge,
    closes: Vec<(CloseCode, Counter)>,
    registry: Registry,
    /// The process's own metrics, under the names that every program uses for them.
    process: Registry,
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
    #[expect(clippy::too_many_lines, reason = "one metric after the other")]
    pub(crate) fn new() -> Self {
        let mut r = Registry::with_prefix("tickwire");
        Self {
            rooms: gauge(&mut r, "rooms", "Rooms that exist now"),
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
                "Connections refused",
                "reason",
                Refused::LABELS,
            ),
            handshake_failures: counters(
                &mut r,
                "handshake_failures",
                "Connections that tried to become a session and failed",
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
                "Log lines that were not written",
                "reason",
                LogLoss::LABELS,
            ),
            tick_seconds: registered(
                &mut r,
                "tick_seconds",
                "Time of the work of one tick of one room, seconds",
                Histogram::new(TICK_BUCKETS_S),
            ),
            tick_lateness: registered(
                &mut r,
                "tick_lateness_seconds",
                "How late the work of a tick began",
                Histogram::new(LATENESS_BUCKETS_S),
            ),
            overruns: counter(&mut r, "tick_overruns", "Ticks that began late by a period or more"),
            ticks_lost: counter(&mut r, "ticks_lost", "Ticks skipped because catching up reached its limit"),
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
            input_frames: counter(&mut r, "input_frames", "Frames with an input whose arrival was timed"),
            input_frames_narrow: counter(
                &mut r,
                "input_frames_narrow",
                "Frames whose input arrived less than a quarter of a tick early, or late",
            ),
            keyframes_plain: counter(&mut r, "keyframes_plain", "Keyframes that the table would make longer"),
            updates_too_long: counter(&mut r, "updates_too_long", "Updates not sent: longer than a message"),
            budgets: Budgets::new(&mut r),
            host_calls: HostCalls::new(&mut r),
            rewinds: counter(&mut r, "rewinds", "Hits tested where the shooter saw its target"),
            rewind_ticks: counter(&mut r, "rewind_ticks", "How far back these were, ticks"),
            events_refused: registered(
                &mut r,
                "events_refused",
                "Reliable events of a game that exceeded a limit and were not sent",
                Family::default(),
            ),
            events_dropped: registered(
                &mut r,
                "events_dropped",
                "Droppable events left out because too much waited for a client, per receiver",
                Family::default(),
            ),
            hash_reports: counters(
                &mut r,
                "hash_reports",
                "Reports of clients that their state differed",
                "verdict",
                Report::LABELS,
            ),
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
                "Seats of disconnected players held only briefly",
            ),
            seats_yielded: counter(&mut r, "seats_yielded", "Seats of absent players given to others"),
            resumes: counter(&mut r, "resumes", "Players who came back after a lost connection"),
            resumes_refused: counter(
                &mut r,
                "resumes_refused",
                "Players who tried to come back and were refused",
            ),
            connections_max: gauge(&mut r, "connections_max", "Open connections that the server accepts"),
            closes: closes(&mut r),
            registry: info::build_info(r),
            process: process_registry(),
        }
    }

    /// How long this step has taken so far.
    pub(crate) fn hung_step(&self, step: &HungStep) -> Gauge<f64, AtomicU64> {
        self.hung_steps.get_or_create_owned(step)
    }

    /// Removes a step that has ended.
    pub(crate) fn forget_hung_step(&self, step: &HungStep) {
        self.hung_steps.remove(step);
    }

    /// The counters of a game's reliable events, exported from now on.
    pub(crate) fn events_of(&self, game: &str) -> GameEvents {
        let refused = |cause: &str| {
            let labels = [("game", game.to_owned()), ("cause", cause.to_owned())];
            self.events_refused.get_or_create_owned(&labels)
        };
        GameEvents {
            too_long: refused("too_long"),
            step_full: refused("step_full"),
            not_encodable: refused("not_encodable"),
            no_groups: refused("no_groups"),
            dropped: self.events_dropped.get_or_create_owned(&[("game", game.to_owned())]),
        }
    }

    /// Counts a session that ended with `code`.
    pub(crate) fn closed(&self, code: CloseCode) {
        if let Some((_, counter)) = self.closes.iter().find(|(known, _)| *known == code) {
            counter.inc();
        }
    }

    /// Exports the limits next to what they limit. Called once.
    pub(crate) fn show_limits(&mut self, limits: &Limits) {
        self.connections_max.set(limits.connections_max.into());
        let r = &mut self.registry;
        for (name, help, value) in [
            (
                "connections_per_address_max",
                "Open connections that the server accepts from one address",
                limits.connections_per_address_max,
            ),
            ("rooms_max", "Rooms that may exist at one time", limits.rooms_max),
        ] {
            gauge(r, name, help).set(value.into());
        }
    }

    /// Exports when the certificate expires. Called once, if there is a certificate.
    pub(crate) fn show_tls_expiry(&mut self, timestamp_s: i64) -> Gauge {
        info::tls_expiry(&mut self.registry, timestamp_s)
    }

    /// Exports the name and version of the host's program. Called once, if they are known.
    pub(crate) fn show_program(&mut self, name: &str, version: &str) {
        info::program_info(&mut self.registry, name, version);
    }

    /// The text for a scraper.
    pub(crate) fn render(&self, form: Form) -> String {
        let mut out = String::new();
        let written = text::encode_registry(&mut out, &self.registry)
            .and_then(|()| text::encode_registry(&mut out, &self.process))
            .and_then(|()| text::encode_eof(&mut out));
        // Writing to a String fails only if a metric's own encoding does, and ours are all numbers.
        if written.is_err() {
            out.clear();
        }
        form.of_openmetrics(out)
    }
}

fn process_registry() -> Registry {
    let mut registry = Registry::with_prefix("process");
    registry.register_collector(Box::new(Process::new()));
    registry
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
        let text = metrics.render(Form::OpenMetrics);
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
        let text = metrics.render(Form::OpenMetrics);
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
