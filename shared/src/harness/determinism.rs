//! A check for any game: the same seed and the same inputs must give the same states.

use super::{ClientIndex, Harness};
use crate::Rng;
use crate::bot::Behaviours;
use crate::entity::Input;
use crate::game::Game;
use crate::tick::Tick;
use core::fmt;

/// The result of a check that found no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Determinism {
    /// Ticks compared.
    pub ticks: u32,
    /// The hash of the last state.
    pub hash: u32,
}

/// What usually makes two runs differ.
const CAUSES: &str = "usual causes: the order of a `HashMap` or `HashSet`, a clock, a random number that is \
    not from the seed, a static variable, an address in memory";

/// Two runs that should have been the same differ.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}: two runs with the same inputs differ at tick {tick}: {what}; {CAUSES}")]
pub struct Unsound {
    /// The seed that shows it.
    pub seed: u64,
    /// The first tick that differs.
    pub tick: Tick,
    /// The entity and field with both values in units, or what else differs.
    pub what: String,
}

/// The same text: tests show it, because they `unwrap`.
impl fmt::Debug for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Runs a room of `players` players twice, side by side, with the same seed and the same random inputs, and
/// compares every tick's state and every message. Players join one after the other; the first leaves half
/// way. No player sends a command: [`check_determinism_with_bots`] reaches those.
///
/// # Errors
/// The first tick and field that differ, in units, and the usual causes.
pub fn check_determinism<G: Game>(
    settings: &G::Settings,
    seed: u64,
    ticks: u32,
    players: u16,
) -> Result<Determinism, Unsound>
where
    G::Context: Default,
{
    run_twice::<G>(settings, seed, ticks, players, &|run, client| {
        run.drive(client, |_, rng| random_input(rng))
    })
}

/// As [`check_determinism`], played by the game's bots instead of random inputs: they reach what takes a
/// purpose, and they send commands. The bot of a player's number, from 0, plays it.
///
/// # Errors
/// As [`check_determinism`]. A bot that decides by something else than its arguments makes two runs differ
/// as well.
pub fn check_determinism_with_bots<G: Game>(
    settings: &G::Settings,
    seed: u64,
    ticks: u32,
    players: u16,
    bots: &dyn Behaviours<G>,
) -> Result<Determinism, Unsound>
where
    G::Context: Default,
{
    run_twice::<G>(settings, seed, ticks, players, &|run, client| run.play_as(client, bots))
}

fn run_twice<G: Game>(
    settings: &G::Settings,
    seed: u64,
    ticks: u32,
    players: u16,
    play: &dyn Fn(&mut Harness<G>, ClientIndex),
) -> Result<Determinism, Unsound>
where
    G::Context: Default,
{
    let mut first = Harness::<G>::new(settings.clone(), seed);
    let mut second = Harness::<G>::new(settings.clone(), seed);
    for tick in 0..ticks {
        for run in [&mut first, &mut second] {
            if tick.is_multiple_of(3) && tick / 3 < u32::from(players) {
                let client = run.join(&format!("player {}", tick / 3));
                play(run, client);
            }
            if tick == ticks / 2 && players > 1 {
                run.leave(ClientIndex(0));
            }
            run.run_ticks(1);
        }
        compare(&first, &second)?;
    }
    let hash = first.room().state().map_or(0, crate::snapshot::Snapshot::hash);
    Ok(Determinism { ticks, hash })
}

fn compare<G: Game>(first: &Harness<G>, second: &Harness<G>) -> Result<(), Unsound> {
    let (seed, tick) = (first.seed(), first.tick());
    let unsound = |what| Err(Unsound { seed, tick, what });
    if let (Some(a), Some(b)) = (first.room().state(), second.room().state())
        && let Some(difference) = a.first_difference(b)
    {
        return unsound(first.describe(a, &difference));
    }
    if first.wires.sent_hash != second.wires.sent_hash {
        return unsound("the states are the same, but the messages are not".into());
    }
    Ok(())
}

/// An input with a random value in each field.
pub fn random_input<I: Input>(rng: &mut Rng) -> I {
    let row: Vec<i32> = I::GRIDS.iter().map(|grid| rng.range(grid.min, grid.max)).collect();
    I::read_row(&row).unwrap_or_default()
}
