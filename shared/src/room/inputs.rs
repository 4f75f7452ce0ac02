//! A player's inputs, each for its tick: held when missing, folded when late, refused when impossible.

use crate::entity::{Input, OnGrid};
use crate::limits::window_ticks;
use crate::tick::{Tick, TickRate};
use crate::wire::update::InputCounts;
use smallvec::SmallVec;

/// An input before its tick.
#[derive(Clone, Debug)]
struct WaitingInput<I> {
    tick: Tick,
    input: OnGrid<I>,
    behind: Option<i64>,
}

/// The inputs that wait for their ticks, and the input that is held in the meantime.
#[derive(Clone, Debug)]
pub(super) struct InputRing<I> {
    /// Sorted by tick, at most [`window_ticks`].
    waiting: SmallVec<[WaitingInput<I>; 4]>,
    /// How far from the next tick an input may be, ticks.
    window: i64,
    /// The newest input that was taken or arrived late, without its edges.
    last: OnGrid<I>,
    /// The tick of `last`. Inputs at or before it are refused.
    last_tick: Option<Tick>,
    /// Edges of late inputs for the next step.
    edges: Option<OnGrid<I>>,
    /// Ticks since the last input from the player.
    held_ticks: u32,
    /// Up to this tick a missing input is not a loss: the client said that its input stays the same.
    steady_until: Option<Tick>,
    /// The tick of the last input that was applied in its own step.
    pub(super) applied: Option<Tick>,
    /// How far behind its tick the player saw the others when it gave the last input, 1/256 tick.
    pub(super) behind: Option<i64>,
    /// The fate of inputs since the last update reported it.
    pub(super) counts: InputCounts,
}

impl<I: Input> InputRing<I> {
    pub(super) fn new(rate: TickRate) -> Self {
        Self {
            window: window_ticks(rate).into(),
            waiting: SmallVec::new(),
            last: OnGrid::neutral(),
            last_tick: None,
            edges: None,
            held_ticks: 0,
            steady_until: None,
            applied: None,
            behind: None,
            counts: InputCounts::default(),
        }
    }

    /// Adds an input that arrived when `next` is the next tick to be stepped. The player saw the others
    /// `behind` (1/256 tick) before that input's tick.
    pub(super) fn push(&mut self, next: Tick, tick: Tick, input: OnGrid<I>, behind: Option<i64>) {
        let early = tick.since(next);
        let taken = self.last_tick.is_some_and(|last| tick <= last);
        if taken || early >= self.window || -early > self.window {
            self.counts.refused += 1;
        } else if early < 0 {
            self.fold_late(tick, &input);
            self.behind = behind.map(|behind| behind - early * 256);
        } else {
            match self.waiting.binary_search_by_key(&tick, |waiting| waiting.tick) {
                Ok(_) => self.counts.refused += 1,
                Err(at) => self.waiting.insert(at, WaitingInput { tick, input, behind }),
            }
        }
    }

    /// The client said that its newest input stays the same: for `ticks` after it nothing is missing. Zero
    /// means that it sends an input for each tick.
    pub(super) fn steady(&mut self, ticks: u32) {
        let newest = self.waiting.last().map(|waiting| waiting.tick).or(self.last_tick);
        self.steady_until = newest.filter(|_| ticks > 0).map(|newest| newest.offset(i64::from(ticks)));
    }

    /// Folds the inputs for ticks before `tick`, which the room skipped.
    fn fold_skipped(&mut self, tick: Tick) {
        let skipped = self.waiting.iter().take_while(|waiting| waiting.tick < tick).count();
        for waiting in self.waiting.drain(..skipped).collect::<SmallVec<[_; 4]>>() {
            self.behind = waiting.behind.map(|behind| behind + tick.since(waiting.tick) * 256);
            self.fold_late(waiting.tick, &waiting.input);
        }
    }

    fn fold_late(&mut self, tick: Tick, input: &OnGrid<I>) {
        self.counts.late += 1;
        let held = input.held();
        if held != *input {
            self.counts.folded += 1;
            self.edges.get_or_insert_with(OnGrid::neutral).fold(input);
        }
        self.last = held;
        self.last_tick = Some(tick);
        self.held_ticks = 0;
    }

    /// The input for `tick`, `passed_ticks` after the last: its own, otherwise the last one, held for at most
    /// `hold_ticks_max`, otherwise neutral.
    pub(super) fn take(&mut self, tick: Tick, passed_ticks: u32, hold_ticks_max: u32) -> OnGrid<I> {
        self.fold_skipped(tick);
        let own = self.waiting.first().is_some_and(|first| first.tick == tick);
        let mut input = if own {
            let WaitingInput { input, behind, .. } = self.waiting.remove(0);
            self.behind = behind;
            self.last = input.held();
            self.last_tick = Some(tick);
            self.applied = Some(tick);
            self.held_ticks = 0;
            input
        } else {
            // Before a player's first input there is nothing to hold and nothing to report.
            let steady = self.steady_until.is_some_and(|until| tick <= until);
            if self.last_tick.is_some() && !steady {
                self.counts.held += 1;
                self.held_ticks = self.held_ticks.saturating_add(passed_ticks);
                if self.held_ticks > hold_ticks_max {
                    self.last = OnGrid::neutral();
                }
            }
            self.last.clone()
        };
        if let Some(edges) = self.edges.take() {
            input.fold(&edges);
        }
        input
    }

    /// The counts since they were last reported.
    pub(super) fn take_counts(&mut self) -> InputCounts {
        core::mem::take(&mut self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Button, Field, FieldType, Grid, InputSchema};

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Pad {
        x: i8,
        fire: Button,
    }

    impl Input for Pad {
        const GRIDS: &'static [Grid] = &[Grid::integers(-128, 127), Grid::integers(0, 3)];
        fn schema() -> InputSchema {
            let field = |(name, &grid): (&str, &Grid)| Field {
                name: name.into(),
                grid,
                predictor: Default::default(),
                own: false,
                interpolate: false,
                meaning: Default::default(),
            };
            InputSchema { fields: ["x", "fire"].into_iter().zip(Self::GRIDS).map(field).collect() }
        }
        fn write_row(&self, row: &mut Vec<i32>) {
            self.x.write_parts(&Self::GRIDS[0], row);
            self.fire.write_parts(&Self::GRIDS[1], row);
        }
        fn read_row(row: &[i32]) -> Option<Self> {
            let &[x, fire] = row else { return None };
            Some(Self { x: x as i8, fire: Button::read_parts(&Self::GRIDS[1], &[fire]) })
        }
        fn held(&self) -> Self {
            Self { x: self.x, fire: self.fire.held() }
        }
        fn fold(&mut self, late: &Self) {
            self.fire.fold(&late.fire);
        }
    }

    fn pad(x: i8, pressed: bool) -> OnGrid<Pad> {
        OnGrid::new(&Pad { x, fire: Button { down: pressed, pressed } })
    }

    #[test]
    fn an_input_is_taken_at_its_tick_and_axes_are_held_after_it() {
        let mut ring = InputRing::new(TickRate::DEFAULT);
        ring.push(Tick(5), Tick(6), pad(9, true), None);
        assert_eq!(ring.take(Tick(5), 1, 3), OnGrid::neutral());
        assert_eq!(ring.take(Tick(6), 1, 3), pad(9, true));
        assert_eq!(*ring.take(Tick(7), 1, 3), Pad { x: 9, fire: Button { down: true, pressed: false } });
        assert_eq!(ring.applied, Some(Tick(6)));
        assert_eq!(ring.take_counts(), InputCounts { held: 1, ..Default::default() });
    }

    #[test]
    fn a_held_input_becomes_neutral_after_the_bound() {
        let mut ring = InputRing::new(TickRate::DEFAULT);
        ring.push(Tick(1), Tick(1), pad(9, false), None);
        for tick in 1..=4 {
            assert_eq!(ring.take(Tick(tick), 1, 3).x, 9);
        }
        assert_eq!(ring.take(Tick(5), 1, 3).x, 0);
    }

    #[test]
    fn a_steady_clients_input_is_held_without_being_missed_for_a_time() {
        let mut ring = InputRing::new(TickRate::DEFAULT);
        ring.push(Tick(1), Tick(1), pad(9, true), None);
        ring.steady(3);
        for tick in 1..=4 {
            assert_eq!(ring.take(Tick(tick), 1, 1).x, 9);
        }
        assert_eq!(ring.take_counts(), InputCounts::default());
        for (tick, x) in [(5, 9), (6, 0)] {
            assert_eq!(ring.take(Tick(tick), 1, 1).x, x, "tick {tick}");
        }
        assert_eq!(ring.take_counts(), InputCounts { held: 2, ..Default::default() });
        ring.push(Tick(7), Tick(7), pad(3, false), None);
        ring.steady(3);
        ring.steady(0);
        assert_eq!((ring.take(Tick(7), 1, 1).x, ring.take(Tick(8), 1, 1).x), (3, 3));
        assert_eq!(ring.take_counts(), InputCounts { held: 1, ..Default::default() });
    }

    #[test]
    fn a_late_press_reaches_the_next_step_and_a_second_copy_does_not() {
        let mut ring = InputRing::new(TickRate::DEFAULT);
        ring.push(Tick(5), Tick(4), pad(3, true), None);
        ring.push(Tick(5), Tick(4), pad(3, true), None);
        ring.push(Tick(5), Tick(5), pad(-3, false), None);
        let taken = ring.take(Tick(5), 1, 3);
        assert_eq!(*taken, Pad { x: -3, fire: Button { down: false, pressed: true } });
        assert!(!ring.take(Tick(6), 1, 3).fire.pressed);
        assert_eq!(ring.take_counts(), InputCounts { late: 1, folded: 1, refused: 1, held: 1 });
    }

    #[test]
    fn inputs_of_ticks_that_the_room_skips_are_folded_into_the_next_step() {
        let mut ring = InputRing::new(TickRate::DEFAULT);
        for (tick, x, pressed) in [(5, 1, false), (6, 2, true), (7, 3, false), (12, 9, false)] {
            ring.push(Tick(5), Tick(tick), pad(x, pressed), None);
        }
        let taken = ring.take(Tick(10), 6, 30);
        assert_eq!(*taken, Pad { x: 3, fire: Button { down: false, pressed: true } });
        assert_eq!(ring.take_counts(), InputCounts { late: 3, folded: 1, held: 1, refused: 0 });
        assert_eq!(ring.take(Tick(12), 2, 30).x, 9);
        assert_eq!(ring.waiting.len(), 0);
    }

    #[test]
    fn inputs_far_in_the_past_or_future_are_refused() {
        let mut ring = InputRing::new(TickRate::DEFAULT);
        ring.push(Tick(100), Tick(35), pad(1, true), None);
        ring.push(Tick(100), Tick(164), pad(1, true), None);
        ring.push(Tick(100), Tick(163), pad(1, true), None);
        assert_eq!(ring.counts.refused, 2);
        assert_eq!(ring.waiting.len(), 1);
    }
}
