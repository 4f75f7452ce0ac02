//! Members that do nothing: warned, then closed, so that nobody holds a place for ever.
//!
//! Time is counted in steps: while a server stands still, nobody is idle.

use super::{Outbox, Room};
use crate::entity::{Input, OnGrid};
use crate::game::Game;
use crate::tick::TickRate;
use crate::wire::control::ServerControl;
use crate::wire::{Close, CloseCode};
use core::time::Duration;

/// How long before the end a member is warned; not longer than half of its limit.
const WARNING: Duration = Duration::from_secs(30);

/// When a member that does nothing loses its place. `None`: never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleLimits {
    /// A player whose controls stay as they are and who sends no command.
    pub player: Option<Duration>,
    /// A player or spectator whose client sends no frame, though the connection lives.
    pub silent: Option<Duration>,
    /// Instead of both, a member whose client says that its page is hidden.
    pub hidden: Option<Duration>,
}

impl Default for IdleLimits {
    fn default() -> Self {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        Self { player: seconds(300), silent: seconds(60), hidden: seconds(900) }
    }
}

/// What a member did last, in steps of the room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    /// Its player did something.
    acted: u64,
    /// Its client sent a frame.
    heard: u64,
    hidden: bool,
    warned: bool,
}

impl Activity {
    pub(super) fn new(step: u64) -> Self {
        Self { acted: step, heard: step, hidden: false, warned: false }
    }

    /// A frame came.
    pub(super) fn on_frame(&mut self, step: u64) {
        self.heard = step;
    }

    /// The player did something.
    pub(super) fn act(&mut self, step: u64) {
        self.acted = step;
    }

    /// The client says whether its page is hidden. Who hides or shows it is there.
    pub(super) fn set_hidden(&mut self, step: u64, hidden: bool) {
        if self.hidden != hidden {
            (self.hidden, self.acted) = (hidden, step);
        }
    }

    /// How many steps the member has left, and its limit. `None`: it has no limit.
    fn left(
        &self,
        step: u64,
        is_player: bool,
        limits: &IdleLimits,
        rate: TickRate,
    ) -> Option<(i64, Duration)> {
        let left = |since: u64, limit: Option<Duration>| {
            let limit = limit?;
            Some((i64::from(rate.ticks_ceil(limit)) - (step - since) as i64, limit))
        };
        let acted = if is_player { self.acted } else { self.acted.max(self.heard) };
        if self.hidden {
            return left(acted, limits.hidden);
        }
        let player = left(acted, limits.player.filter(|_| is_player));
        player.into_iter().chain(left(self.heard, limits.silent)).min()
    }
}

/// Whether one of these inputs is another than the one before; `seen` is the newest of those before.
pub(super) fn has_changed<I: Input>(
    seen: &mut Option<OnGrid<I>>,
    inputs: &[(crate::tick::Tick, OnGrid<I>)],
) -> bool {
    let changed = inputs.iter().any(|(_, input)| seen.as_ref() != Some(input));
    if let Some((_, newest)) = inputs.last().filter(|_| changed) {
        *seen = Some(newest.clone());
    }
    changed
}

impl<G: Game> Room<G> {
    /// When members that do nothing lose their places.
    #[must_use]
    pub fn idle_limits(&self) -> IdleLimits {
        self.idle_limits
    }

    /// Sets other limits than the game's.
    pub fn set_idle_limits(&mut self, limits: IdleLimits) {
        self.idle_limits = limits;
    }

    /// Warns those who did nothing for long, and closes those who did not hear it.
    pub(super) fn close_idle(&mut self, outbox: &mut impl Outbox) {
        let (step, limits, rate) = (self.steps, self.idle_limits, self.config.tick_rate);
        let mut over = Vec::new();
        for member in self.members.iter_mut().filter(|member| member.link.is_some()) {
            let left = member.activity.left(step, member.player.is_some(), &limits, rate);
            let Some((left, limit)) = left else { continue };
            let warning = i64::from(rate.ticks_ceil(WARNING.min(limit / 2)));
            if left <= 0 {
                over.push((member.id, limit));
            } else if left > warning {
                member.activity.warned = false;
            } else if !core::mem::replace(&mut member.activity.warned, true) {
                let closes_in_ms = (left as u64 * 1_000 / u64::from(rate.hz())) as u32;
                if let Ok(message) = (ServerControl::IdleWarning { closes_in_ms }).encode() {
                    outbox.control(member.id, message.into());
                }
            }
        }
        for (member, limit) in over {
            let text = format!("nothing was done here for {} s", limit.as_secs());
            self.stats.idle += 1;
            self.kick(member, Close::new(CloseCode::Idle, &text), outbox);
        }
    }
}
