//! The player's controls on their way to the server: latched, unsent, unacknowledged.

use crate::entity::{Input, OnGrid};
use crate::limits::window_ticks;
use crate::tick::{Tick, TickRate};
use crate::wire::frame::FrameInputs;
use core::time::Duration;
use std::collections::VecDeque;

/// How long inputs wait for a frame, ms, and the least number that may wait. When the driver takes no frames,
/// the oldest are dropped; their edges go into the next.
const UNSENT_MS_MAX: u64 = 266;
const UNSENT_MIN: u32 = 8;
/// Inputs are kept until the server has applied them, at most for this many windows (see [`window_ticks`]).
pub(super) const UNACKNOWLEDGED_WINDOWS_MAX: u32 = 2;

/// An input with its tick.
#[derive(Clone, Debug)]
pub(super) struct Made<I> {
    pub(super) tick: Tick,
    pub(super) input: OnGrid<I>,
    pub(super) at: Duration,
    /// It differs from what the server would hold without it.
    pub(super) changed: bool,
    /// It was put into a frame.
    sent: bool,
}

impl<I> Made<I> {
    /// Whether the server receives it: it was sent, or will be.
    pub(super) fn is_told(&self) -> bool {
        self.sent || self.changed
    }
}

/// A player's inputs, from the controls to the acknowledgement.
#[derive(Clone, Debug)]
pub(super) struct Inputs<I> {
    controls: OnGrid<I>,
    /// When the controls first changed after the last input.
    pressed_at: Option<Duration>,
    made: VecDeque<Made<I>>,
    /// How many of `made`, counted from the newest, have not been put into a frame.
    unsent: usize,
    unsent_max: usize,
    rate: TickRate,
    /// The last input removed from `made`: the server holds it when the next one is missing.
    left: Option<(Tick, OnGrid<I>)>,
    /// How many inputs in `made` for past ticks the server reported as late: their edges are in its state.
    late_told: usize,
}

fn unsent_max(rate: TickRate) -> usize {
    rate.ticks_covering(UNSENT_MS_MAX).max(UNSENT_MIN) as usize
}

impl<I: Input> Inputs<I> {
    pub(super) fn new(rate: TickRate) -> Self {
        Self {
            controls: OnGrid::neutral(),
            pressed_at: None,
            made: VecDeque::new(),
            unsent: 0,
            unsent_max: unsent_max(rate),
            rate,
            left: None,
            late_told: 0,
        }
    }

    /// Sets the newest controls. Edges that no input has taken stay. Returns whether the controls changed.
    pub(super) fn set(&mut self, now: Duration, controls: &I) -> bool {
        let mut controls = OnGrid::new(controls);
        controls.fold(&self.controls);
        let changed = controls != self.controls;
        if changed {
            self.pressed_at.get_or_insert(now);
        }
        self.controls = controls;
        changed
    }

    /// When the controls of the newest input changed, if they did. Returned once.
    pub(super) fn take_pressed(&mut self) -> Option<Duration> {
        self.pressed_at.take()
    }

    /// The controls as the next input would have them.
    pub(super) fn controls(&self) -> &OnGrid<I> {
        &self.controls
    }

    /// Makes the input for `tick` from the controls. One that equals what the server holds without it is not
    /// sent, unless `keep_alive`. Returns how many inputs were dropped unsent.
    pub(super) fn make(&mut self, tick: Tick, at: Duration, keep_alive: bool) -> u64 {
        let input = self.controls.clone();
        self.controls = input.held();
        let before = self.made.back().map(|made| &made.input).or(self.left.as_ref().map(|(_, input)| input));
        let changed = before.is_none_or(|before| before.held() != input);
        self.made.push_back(Made { tick, input, at, changed, sent: false });
        if changed || keep_alive || self.unsent > 0 {
            self.unsent += 1;
        }
        let mut dropped = 0;
        while self.unsent > self.unsent_max {
            self.drop_oldest_unsent();
            dropped += 1;
        }
        let unacknowledged_max = UNACKNOWLEDGED_WINDOWS_MAX * window_ticks(self.rate);
        while self.made.len() > unacknowledged_max as usize {
            self.left = self.made.pop_front().map(|made| (made.tick, made.input));
        }
        self.unsent = self.unsent.min(self.made.len());
        dropped
    }

    fn drop_oldest_unsent(&mut self) {
        let at = self.made.len() - self.unsent;
        self.unsent -= 1;
        if let Some(dropped) = self.made.remove(at)
            && let Some(next) = self.made.get_mut(at)
        {
            next.input.fold(&dropped.input);
        }
    }

    /// The inputs for the next frame, at most `max`, oldest first.
    pub(super) fn take_unsent(&mut self, max: usize) -> FrameInputs<I> {
        let from = self.made.len() - self.unsent;
        let count = self.unsent.min(max);
        self.unsent -= count;
        if self.unsent == 0 {
            self.unsent_max = unsent_max(self.rate);
        }
        let taken = self.made.iter_mut().skip(from).take(count);
        taken
            .map(|made| {
                made.sent = true;
                (made.tick, made.input.clone())
            })
            .collect()
    }

    /// Whether the next frame would carry inputs.
    pub(super) fn has_unsent(&self) -> bool {
        self.unsent > 0
    }

    /// The server applied the input of `tick`: removes and returns all inputs up to it, oldest first.
    pub(super) fn applied(&mut self, tick: Tick) -> impl Iterator<Item = Made<I>> {
        let count = self.made.partition_point(|made| made.tick <= tick);
        self.unsent = self.unsent.min(self.made.len() - count);
        if let Some(last) = count.checked_sub(1).and_then(|at| self.made.get(at)) {
            self.left = Some((self.sent_upto(last.tick).unwrap_or(tick), last.input.clone()));
            self.late_told = 0;
        }
        self.made.drain(..count)
    }

    /// The server reported `count` more inputs as late.
    pub(super) fn late(&mut self, count: u32) {
        self.late_told = self.late_told.saturating_add(count as usize);
    }

    /// The sent inputs up to `tick` that the server did not have when it stepped that tick.
    fn on_the_way(&self, tick: Tick) -> impl Iterator<Item = &Made<I>> {
        let past = self.made.iter().take_while(move |made| made.tick <= tick);
        past.filter(|made| made.sent).skip(self.late_told)
    }

    /// Whether the input of `tick` is one of the next `count` that are reported as late.
    pub(super) fn is_among_late(&self, tick: Tick, count: u32) -> bool {
        self.on_the_way(tick).take(count as usize).any(|made| made.tick == tick)
    }

    /// Whether an input up to `tick` is still on its way.
    pub(super) fn is_late(&self, tick: Tick) -> bool {
        self.on_the_way(tick).next().is_some()
    }

    /// The edges of inputs up to `tick` that will be late: the server's next step takes them.
    pub(super) fn late_edges(&self, tick: Tick) -> Option<OnGrid<I>> {
        let mut edges: Option<OnGrid<I>> = None;
        for made in self.on_the_way(tick).filter(|made| made.input.held() != made.input) {
            edges.get_or_insert_with(OnGrid::neutral).fold(&made.input);
        }
        edges
    }

    /// After a resume, sends again all inputs that the server did not apply, except those before `oldest`,
    /// which it would refuse as too old.
    pub(super) fn resend(&mut self, oldest: Tick) {
        let count = self.made.partition_point(|made| made.tick < oldest);
        self.made.drain(..count);
        self.late_told = 0;
        self.made.iter_mut().for_each(|made| made.sent = false);
        self.unsent = self.made.len();
        self.unsent_max = self.unsent + unsent_max(self.rate);
    }

    /// The tick of the newest input.
    pub(super) fn newest(&self) -> Option<Tick> {
        self.made.back().map(|made| made.tick)
    }

    /// The newest input.
    pub(super) fn newest_input(&self) -> Option<&OnGrid<I>> {
        self.made.back().map(|made| &made.input)
    }

    /// The inputs for the ticks after `tick`, oldest first.
    pub(super) fn after(&self, tick: Tick) -> impl Iterator<Item = &Made<I>> {
        let from = self.made.partition_point(|made| made.tick <= tick);
        self.made.iter().skip(from)
    }

    /// The tick of the newest input up to `tick` that was sent.
    fn sent_upto(&self, tick: Tick) -> Option<Tick> {
        let past = self.made.iter().rev().filter(|made| made.tick <= tick && made.sent);
        past.map(|made| made.tick).next().or(self.left.as_ref().map(|(tick, _)| *tick))
    }

    /// The newest input for `tick` or before it, which the server holds when the next is missing, and the
    /// tick since which it holds it: that of the newest that was sent.
    pub(super) fn before(&self, tick: Tick) -> Option<(Tick, &OnGrid<I>)> {
        let upto = self.made.partition_point(|made| made.tick <= tick);
        match upto.checked_sub(1) {
            Some(at) => {
                self.made.get(at).map(|made| (self.sent_upto(made.tick).unwrap_or(made.tick), &made.input))
            }
            None => self.left.as_ref().map(|(tick, input)| (*tick, input)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{Press, press};

    fn make(inputs: &mut Inputs<Press>, ticks: core::ops::Range<u32>) -> u64 {
        ticks.map(|tick| inputs.make(Tick(tick), Duration::ZERO, true)).sum()
    }

    #[test]
    fn an_edge_stays_until_an_input_takes_it_and_is_taken_once() {
        let mut inputs = Inputs::new(TickRate::DEFAULT);
        inputs.set(Duration::ZERO, &press(3, true));
        inputs.set(Duration::ZERO, &press(5, false));
        make(&mut inputs, 1..3);
        let sent = inputs.take_unsent(8);
        assert_eq!(sent[0].1.go, 5);
        assert!(sent[0].1.fire.pressed, "the edge outlived newer controls");
        assert!(!sent[1].1.fire.pressed);
    }

    #[test]
    fn inputs_that_nobody_takes_are_bounded_and_leave_their_edges() {
        let mut inputs = Inputs::new(TickRate::DEFAULT);
        inputs.set(Duration::ZERO, &press(1, true));
        assert_eq!(make(&mut inputs, 1..101), 100 - 8);
        let sent = inputs.take_unsent(32);
        assert_eq!(sent.len(), 8);
        assert!(sent[0].1.fire.pressed);
        assert_eq!(sent.last().unwrap().0, Tick(100));
    }

    #[test]
    fn what_was_not_applied_is_sent_again_after_a_resume() {
        let mut inputs = Inputs::new(TickRate::DEFAULT);
        make(&mut inputs, 1..6);
        assert_eq!(inputs.take_unsent(32).len(), 5);
        assert_eq!(inputs.applied(Tick(3)).count(), 3);
        assert!(!inputs.has_unsent());
        inputs.resend(Tick(0));
        let again: Vec<_> = inputs.take_unsent(32).into_iter().map(|(tick, _)| tick.0).collect();
        assert_eq!(again, [4, 5]);
    }
}
