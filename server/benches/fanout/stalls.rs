//! Clients of the generator that stop reading for a time, and what becomes of them.
//!
//! Every second one of them stops sending too. A client that the server closes for it takes its seat again
//! two seconds later. This line goes to the driver before the line `result`:
//! ```text
//! stalled clients=N caught=N caught_after_max=N closed_4009=N closed_4013=N closed_otherwise=N resumed=N
//! ```

use crate::client::{Client, State};
use std::time::{Duration, Instant};
use tickwire_shared::wire::CloseCode;

const RESUME_AFTER: Duration = Duration::from_secs(2);
/// How often to look for closed clients.
const LOOK_PERIOD: Duration = Duration::from_millis(100);

/// Which clients stall, and when.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct StallPlan {
    /// Clients that stop reading, evenly spread over the rooms.
    #[arg(long, default_value_t = 0)]
    pub(crate) stalled: usize,
    /// How long after the start of the measured time, seconds.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) stall_after: f64,
    /// For how long, seconds.
    #[arg(long, default_value_t = 4.0)]
    pub(crate) stall_for: f64,
}

/// The clients that stall.
pub(crate) struct Stalls {
    plan: StallPlan,
    stride: usize,
    /// From when to when; set once the measured time begins.
    time: Option<(Instant, Instant)>,
    woken: bool,
    /// The closed clients: when that was noticed, and the close code.
    closed: Vec<(usize, Instant, Option<CloseCode>)>,
    resumed: usize,
    looked: Option<Instant>,
}

impl Stalls {
    pub(crate) fn new(plan: &StallPlan, clients: usize) -> Self {
        let stride = clients.checked_div(plan.stalled).unwrap_or(usize::MAX).max(1);
        Self { plan: *plan, stride, time: None, woken: false, closed: Vec::new(), resumed: 0, looked: None }
    }

    pub(crate) fn begin(&mut self, now: Instant) {
        let from = now + Duration::from_secs_f64(self.plan.stall_after);
        self.time = Some((from, from + Duration::from_secs_f64(self.plan.stall_for)));
    }

    /// Whether a client is one of them.
    pub(crate) fn is_one(&self, at: usize) -> bool {
        self.plan.stalled > 0 && at % self.stride == self.stride - 1 && at / self.stride < self.plan.stalled
    }

    /// Whether it reads nothing now.
    pub(crate) fn is_stalled(&self, at: usize, now: Instant) -> bool {
        let closed = || self.closed.iter().any(|(other, ..)| *other == at);
        self.time.is_some_and(|(from, until)| from <= now && now < until) && self.is_one(at) && !closed()
    }

    /// Whether it sends nothing now either.
    pub(crate) fn is_mute(&self, at: usize, now: Instant) -> bool {
        self.is_stalled(at, now) && (at / self.stride).is_multiple_of(2)
    }

    /// The clients that read again from now on; returned once.
    pub(crate) fn take_woken(&mut self, now: Instant) -> Vec<usize> {
        let over = self.time.is_some_and(|(_, until)| until <= now);
        if !over || self.woken {
            return Vec::new();
        }
        self.woken = true;
        let closed = |at: &usize| self.closed.iter().any(|(other, ..)| other == at);
        self.members().filter(|at| !closed(at)).collect()
    }

    /// The closed clients that are due to come back.
    pub(crate) fn take_resuming(&mut self, now: Instant, clients: &[Client]) -> Vec<usize> {
        let early = self.looked.is_some_and(|looked| now < looked + LOOK_PERIOD);
        if early || self.time.is_none_or(|(from, _)| now < from) {
            return Vec::new();
        }
        self.looked = Some(now);
        for at in self.members().collect::<Vec<_>>() {
            let ended = clients.get(at).filter(|client| matches!(client.state, State::Ended(_)));
            if let Some(client) = ended.filter(|_| self.closed.iter().all(|(other, ..)| *other != at)) {
                self.closed.push((at, now, client.closed_with));
            }
        }
        let due: Vec<usize> = self
            .closed
            .iter()
            .skip(self.resumed)
            .take_while(|(_, at, _)| *at + RESUME_AFTER <= now)
            .map(|(at, ..)| *at)
            .collect();
        self.resumed += due.len();
        due
    }

    fn members(&self) -> impl Iterator<Item = usize> + use<> {
        let (stride, count) = (self.stride, self.plan.stalled);
        (0..count).map(move |number| number * stride + stride - 1)
    }

    pub(crate) fn report(&self, clients: &[Client]) {
        if self.plan.stalled == 0 {
            return;
        }
        let of = |wanted: fn(&Client) -> bool| {
            self.members().filter_map(|at| clients.get(at)).filter(|client| wanted(client)).count()
        };
        let with = |code: Option<CloseCode>| self.closed.iter().filter(|(_, _, with)| *with == code).count();
        let (silent, slow) = (with(Some(CloseCode::Timeout)), with(Some(CloseCode::TooSlow)));
        println!(
            "stalled clients={} caught={} caught_after_max={} closed_4009={silent} closed_4013={slow} \
             closed_otherwise={} resumed={}",
            self.plan.stalled,
            of(|client| client.caught_after.is_some()),
            self.members().filter_map(|at| clients.get(at)?.caught_after).max().unwrap_or(0),
            self.closed.len() - silent - slow,
            of(|client| client.resumed && client.state == State::Playing),
        );
    }
}
