//! The players' commands between their arrival and the step that gets them.

use crate::id::PlayerId;
use crate::limits::{COMMANDS_PER_TICK_MAX, RELIABLE_QUEUE_MAX};
use crate::tick::Tick;
use std::collections::HashMap;

/// Waiting commands, each for the tick of the input that it arrived with.
#[derive(Clone, Debug)]
pub(super) struct Commands<C> {
    /// In the order of arrival.
    waiting: Vec<WaitingCommand<C>>,
    /// The players with waiting commands.
    players: HashMap<PlayerId, Queue>,
}

#[derive(Clone, Debug)]
struct WaitingCommand<C> {
    player: PlayerId,
    tick: Tick,
    command: C,
}

/// The waiting commands of one player.
#[derive(Clone, Copy, Debug)]
struct Queue {
    count: usize,
    /// The tick of the newest command: no later command is due before it.
    tick: Tick,
}

impl<C> Default for Commands<C> {
    fn default() -> Self {
        Self { waiting: Vec::new(), players: HashMap::new() }
    }
}

impl<C> Commands<C> {
    /// Adds a player's command that is due with the input of `tick`, but not before the commands that arrived
    /// before it. `false` if [`RELIABLE_QUEUE_MAX`] of the player's commands are waiting already.
    #[must_use]
    pub(super) fn push(&mut self, player: PlayerId, tick: Tick, command: C) -> bool {
        let queue = self.players.entry(player).or_insert(Queue { count: 0, tick });
        if queue.count >= RELIABLE_QUEUE_MAX {
            return false;
        }
        *queue = Queue { count: queue.count + 1, tick: queue.tick.max(tick) };
        self.waiting.push(WaitingCommand { player, tick: queue.tick, command });
        true
    }

    /// Moves the commands that are due in the step of `tick` to `due`: at most [`COMMANDS_PER_TICK_MAX`] of
    /// each player, in order. The others wait for the next step.
    pub(super) fn take_due(&mut self, tick: Tick, due: &mut Vec<(PlayerId, C)>) {
        if self.waiting.is_empty() {
            return;
        }
        let mut taken: HashMap<PlayerId, usize> = HashMap::new();
        let is_due = |waiting: &mut WaitingCommand<C>| {
            let taken = taken.entry(waiting.player).or_default();
            let is_due = waiting.tick <= tick && *taken < COMMANDS_PER_TICK_MAX;
            *taken += usize::from(is_due);
            is_due
        };
        due.extend(self.waiting.extract_if(.., is_due).map(|waiting| (waiting.player, waiting.command)));
        for (player, taken) in taken {
            self.players.entry(player).and_modify(|queue| queue.count -= taken);
        }
        self.players.retain(|_, queue| queue.count > 0);
    }

    /// Whether any commands of a player are waiting.
    pub(super) fn has(&self, player: PlayerId) -> bool {
        self.players.contains_key(&player)
    }

    /// A player will send no more inputs: its waiting commands are due now.
    pub(super) fn hasten(&mut self, player: PlayerId) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.player == player) {
            waiting.tick = Tick(0);
        }
    }

    /// A player left: its id may be given to another player.
    pub(super) fn forget(&mut self, player: PlayerId) {
        if self.players.remove(&player).is_some() {
            self.waiting.retain(|waiting| waiting.player != player);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: PlayerId = PlayerId(1);
    const BOB: PlayerId = PlayerId(2);

    fn due(commands: &mut Commands<u32>, tick: u32) -> Vec<(PlayerId, u32)> {
        let mut due = Vec::new();
        commands.take_due(Tick(tick), &mut due);
        due
    }

    #[test]
    fn a_command_waits_for_the_tick_of_its_input_and_overtakes_none_before_it() {
        let mut commands = Commands::default();
        for (player, tick, command) in [(ADA, 9, 1), (BOB, 7, 2), (ADA, 8, 3), (ADA, 3, 4)] {
            assert!(commands.push(player, Tick(tick), command));
        }
        assert_eq!(due(&mut commands, 6), []);
        assert_eq!(due(&mut commands, 8), [(BOB, 2)]);
        assert_eq!(due(&mut commands, 9), [(ADA, 1), (ADA, 3), (ADA, 4)]);
        assert!(commands.push(ADA, Tick(10), 5), "taken commands and their tick no longer count");
        assert_eq!(due(&mut commands, 10), [(ADA, 5)]);
        assert!(commands.players.is_empty());
    }

    #[test]
    fn reliable_queue_max_commands_of_a_player_wait_and_commands_per_tick_max_are_given_in_a_step() {
        let mut commands = Commands::default();
        for command in 0..RELIABLE_QUEUE_MAX as u32 {
            assert!(commands.push(ADA, Tick(1), command));
        }
        assert!(!commands.push(ADA, Tick(1), 999));
        assert!(commands.push(BOB, Tick(1), 0), "another player has its own queue");
        let mut seen = Vec::new();
        for tick in 1..=4 {
            let given = due(&mut commands, tick);
            let of_ada: Vec<_> = given.iter().filter(|(player, _)| *player == ADA).collect();
            assert_eq!(of_ada.len(), COMMANDS_PER_TICK_MAX);
            seen.extend(of_ada.into_iter().map(|(_, command)| *command));
        }
        assert!(seen.iter().copied().eq(0..RELIABLE_QUEUE_MAX as u32), "in their order");
        assert_eq!(due(&mut commands, 5), []);
    }

    #[test]
    fn what_a_player_left_behind_is_not_given_to_the_next_with_its_number() {
        let mut commands = Commands::default();
        assert!(commands.push(ADA, Tick(1), 1));
        assert!(commands.push(BOB, Tick(1), 2));
        commands.forget(ADA);
        assert_eq!(due(&mut commands, 1), [(BOB, 2)]);
    }
}
