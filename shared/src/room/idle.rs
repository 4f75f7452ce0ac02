//! Idle members are warned, then closed, so that no member holds a seat forever.
//!
//! Time is counted in steps: while a server stands still, no member is idle.

use super::{Outbox, Room};
use crate::entity::{Input, OnGrid};
use crate::game::{Game, IdleLimits};
use crate::tick::TickRate;
use crate::wire::control::ServerControl;
use crate::wire::{Close, CloseCode};
use core::time::Duration;

/// How long before it is closed a member is warned; at most half of its limit.
const WARNING: Duration = Duration::from_secs(30);

/// A member's last activity, in steps of the room.
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

    /// A frame arrived.
    pub(super) fn on_frame(&mut self, step: u64) {
        self.heard = step;
    }

    /// The player did something.
    pub(super) fn act(&mut self, step: u64) {
        self.acted = step;
    }

    /// The client reports whether its page is hidden. A change counts as activity.
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

/// Whether any of these inputs differs from the one before it; `seen` is the newest of the earlier ones.
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
    /// When idle members lose their seats.
    #[must_use]
    pub fn idle_limits(&self) -> IdleLimits {
        self.idle_limits
    }

    /// Replaces the game's limits.
    pub fn set_idle_limits(&mut self, limits: IdleLimits) {
        self.idle_limits = limits;
    }

    /// Warns members that have been idle for long, and closes those that did not react.
    pub(super) fn close_idle(&mut self, outbox: &mut impl Outbox) {
        let (step, limits, rate) = (self.time.steps, self.idle_limits, self.config.tick_rate);
        let mut over = Vec::new();
        for member in self.members.iter_mut().filter(|member| member.connection.is_some()) {
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
            let text = format!("no activity for {} s", limit.as_secs());
            self.stats.idle += 1;
            self.kick(member, Close::new(CloseCode::Idle, &text), outbox);
        }
    }
}
