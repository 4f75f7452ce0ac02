//! Input traces: samples of the path of one input from the key press to the screen.

use super::interpolation::FractionalTick;
use crate::tick::Tick;
use core::time::Duration;
use std::collections::VecDeque;

/// An input is followed at most this often.
const PERIOD: Duration = Duration::from_millis(250);
/// A trace that takes longer was lost with a connection.
const TIME_MAX: Duration = Duration::from_secs(5);
/// The most traces that wait for the driver; older ones are dropped.
const WAITING_MAX: usize = 16;

/// The path of one input. All times are on the client's clock; those of the server are converted by the
/// estimate of the server's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputTrace {
    /// The input's tick.
    pub tick: Tick,
    /// The controls changed ([`Client::set_input`](super::Client::set_input)).
    pub pressed_at: Duration,
    /// The input was made from the controls and used for prediction: the next rendered frame shows it.
    pub made_at: Duration,
    /// Its frame was handed to the driver.
    pub sent_at: Duration,
    /// Its frame arrived at the server; `None` if the server reported a newer one instead.
    pub received_at: Option<Duration>,
    /// It arrived after its tick, and its edges went into a later one.
    pub late: bool,
    /// The tick whose step used it; for a late input, the first tick known to have used it.
    pub applied: Tick,
    /// When that step took place.
    pub applied_at: Duration,
    /// The tick of the update that reported it. It is later than `applied` if the server skipped ticks.
    pub snapshot: Tick,
    /// When that tick took place.
    pub snapshot_at: Duration,
    /// When that update was decoded.
    pub decoded_at: Duration,
    /// The first rendered frame that showed the other entities at that tick, and so the effect on them.
    pub shown_at: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Followed {
    line: InputTrace,
    sent: bool,
    decoded: bool,
}

/// Follows one input at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct InputTraces {
    followed: Option<Followed>,
    next_at: Duration,
    done: VecDeque<InputTrace>,
}

impl InputTraces {
    /// An input was made from controls that changed at `pressed_at`.
    pub(super) fn made(&mut self, tick: Tick, pressed_at: Duration, made_at: Duration) {
        let lost = |followed: &Followed| made_at.saturating_sub(followed.line.made_at) > TIME_MAX;
        if self.followed.as_ref().is_some_and(|followed| !lost(followed)) || made_at < self.next_at {
            return;
        }
        self.next_at = made_at + PERIOD;
        let line = InputTrace {
            tick,
            pressed_at,
            made_at,
            sent_at: made_at,
            received_at: None,
            late: false,
            applied: tick,
            applied_at: made_at,
            snapshot: tick,
            snapshot_at: made_at,
            decoded_at: made_at,
            shown_at: made_at,
        };
        self.followed = Some(Followed { line, sent: false, decoded: false });
    }

    /// The tick of the followed input, once it is sent and until its effect is decoded.
    pub(super) fn awaited(&self) -> Option<Tick> {
        self.followed.filter(|followed| followed.sent && !followed.decoded).map(|followed| followed.line.tick)
    }

    /// A frame with the inputs up to `newest` was handed to the driver.
    pub(super) fn sent(&mut self, at: Duration, newest: Tick) {
        if let Some(followed) = self.followed.as_mut().filter(|followed| !followed.sent) {
            followed.sent = newest >= followed.line.tick;
            followed.line.sent_at = at;
        }
    }

    /// The frame of `sent_at` arrived at the server at `at`.
    pub(super) fn received(&mut self, sent_at: Duration, at: Duration) {
        if let Some(followed) = self.followed.as_mut().filter(|followed| followed.sent)
            && followed.line.sent_at == sent_at
        {
            followed.line.received_at.get_or_insert(at);
        }
    }

    /// An update reported which step used the input. Both ticks come with their times.
    pub(super) fn decoded(&mut self, now: Duration, applied: (Tick, Duration), snapshot: (Tick, Duration)) {
        let Some(followed) = &mut self.followed else { return };
        let line = &mut followed.line;
        line.late = applied.0 > line.tick;
        (line.applied, line.applied_at) = applied;
        (line.snapshot, line.snapshot_at) = snapshot;
        line.decoded_at = now;
        followed.decoded = true;
    }

    /// A rendered frame showed the other entities at `moment`.
    pub(super) fn shown(&mut self, now: Duration, moment: FractionalTick) {
        let shown = |followed: &mut Followed| {
            followed.decoded && moment >= FractionalTick::at(followed.line.snapshot)
        };
        if let Some(followed) = self.followed.take_if(shown) {
            if self.done.len() >= WAITING_MAX {
                self.done.pop_front();
            }
            self.done.push_back(InputTrace { shown_at: now, ..followed.line });
        }
    }

    pub(super) fn poll(&mut self) -> Option<InputTrace> {
        self.done.pop_front()
    }
}
