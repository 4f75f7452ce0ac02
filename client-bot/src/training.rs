//! Trains a game's table for profile 1 on matches that bots play in one process, without a server.

use core::time::Duration;
use tickwire_shared::Rng;
use tickwire_shared::bot::Behaviours;
use tickwire_shared::entity::Trainer;
use tickwire_shared::game::Game;
use tickwire_shared::harness::Harness;
use tickwire_shared::room::game_schema;
use tickwire_shared::snapshot::{Snapshot, train};

/// How often a bot decides, ticks.
const DECIDE_TICKS: u32 = 3;
/// How often a keyframe is learned from, ticks.
const KEYFRAME_TICKS: u32 = 30;

/// The matches to learn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Bots in one match.
    pub players: u32,
    /// Ticks of one match.
    pub ticks: u32,
    /// Matches.
    pub matches: u32,
    /// The seed of the first match; each later match has the next seed.
    pub seed: u64,
}

/// The table learned from the matches of `lesson`. The same arguments give the same bytes.
pub fn train_table<G: Game>(settings: &G::Settings, behaviours: &dyn Behaviours<G>, lesson: Lesson) -> Vec<u8>
where
    G::Context: Default,
{
    let mut trainer = Trainer::new(game_schema::<G>().kinds);
    for number in 0..lesson.matches {
        let mut harness = Harness::<G>::untrained(settings.clone(), lesson.seed + u64::from(number));
        for bot in 0..lesson.players {
            let player = harness.join("bot");
            let (mut behaviour, mut input, mut wait) = (behaviours.of(bot), G::Input::default(), 0);
            let mut rng = Rng::new(lesson.seed ^ u64::from(bot));
            harness.drive(player, move |client, _| {
                if wait == 0 {
                    wait = DECIDE_TICKS;
                    let now = client.tick_rate().map_or(Duration::ZERO, |rate| {
                        rate.time_of(client.newest_tick().unwrap_or_default())
                    });
                    input = behaviour.decide(client, now, &mut rng);
                }
                wait -= 1;
                input.clone()
            });
        }
        let mut before: Option<Snapshot> = None;
        for tick in 0..lesson.ticks {
            harness.run_ticks(1);
            let Some(now) = harness.room().state().cloned() else { continue };
            train(&mut trainer, harness.room().schema(), before.as_ref(), &now);
            if tick % KEYFRAME_TICKS == 0 {
                train(&mut trainer, harness.room().schema(), None, &now);
            }
            before = Some(now);
        }
    }
    trainer.table()
}
