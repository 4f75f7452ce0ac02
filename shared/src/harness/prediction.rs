//! A check for any game: what a client predicts for its player's entity must equal what the server computes.

use super::{ClientIndex, Harness, LinkProfile};
use crate::Rng;
use crate::bot::Behaviours;
use crate::client::Mispredicted;
use crate::entity::{Field, Input, Kind};
use crate::game::Game;
use crate::room::game_schema;
use crate::tick::Tick;
use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

/// The latency in each direction: enough that predictions are some ticks ahead of what the client has
/// received.
const DELAY: Duration = Duration::from_millis(40);
/// Ticks after the joins that are not compared, in which a client's clock settles.
const SETTLE_TICKS: u32 = 30;
/// The most ticks for which controls stay the same.
const HOLD_TICKS_MAX: u32 = 12;

/// What usually makes predictions wrong.
const CAUSES: &str = "usual causes: `step` does more to a player's entity than `apply_input` (do it in \
    `apply_input`, or allow it); `step` does not call `apply_input` exactly once per player and tick; \
    `apply_input` reads something that is not replicated, or something outside of its arguments";

/// The effects on a player's entity that its client cannot predict.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowed<'a> {
    /// Fields that only the server changes, such as a score: they are not compared. A vector is named as a
    /// whole.
    pub server_fields: &'a [&'a str],
    /// How many of 1,000 predictions may be wrong in the other fields, because players push or hit each
    /// other.
    pub wrong_per_mille: u32,
}

/// The numbers of a check of predictions that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predictions {
    /// Predictions that were compared with the room's state.
    pub compared: u64,
    /// Predictions that were wrong, within what is allowed.
    pub wrong: u64,
}

/// More predictions were wrong than allowed.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}: {what}; {CAUSES}")]
pub struct WrongPrediction {
    /// The seed that shows it.
    pub seed: u64,
    /// The first tick whose prediction was wrong; `None` if there was none to compare.
    pub tick: Option<Tick>,
    /// The entity and field with both values, and how often it happened.
    pub what: String,
}

/// The same text: tests show it, because they `unwrap`.
impl fmt::Debug for WrongPrediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Runs a room of `players` players with random controls for `ticks` ticks, and compares every prediction of
/// a client's own entity with the room's state. Analog controls also lie between the steps of their grids and
/// outside of their ranges. With one player, no other player can interfere: a game passes if `step` does to
/// the player's entity what `apply_input` does, and nothing else. [`check_prediction_within`] allows
/// exceptions; [`check_prediction_with_bots`] sends commands as well.
///
/// # Errors
/// The first tick and field with a wrong prediction, in units, and the usual causes.
pub fn check_prediction<G: Game>(
    settings: &G::Settings,
    seed: u64,
    ticks: u32,
    players: u16,
) -> Result<Predictions, WrongPrediction>
where
    G::Context: Default,
{
    check_prediction_within::<G>(settings, seed, ticks, players, Allowed::default())
}

/// As [`check_prediction`], for a game in which not only a player's controls move its entity.
///
/// # Errors
/// As [`check_prediction`], if more predictions were wrong than `allowed`.
pub fn check_prediction_within<G: Game>(
    settings: &G::Settings,
    seed: u64,
    ticks: u32,
    players: u16,
    allowed: Allowed<'_>,
) -> Result<Predictions, WrongPrediction>
where
    G::Context: Default,
{
    compare_predictions::<G>(settings, seed, ticks, players, allowed, &|run, client| {
        let mut controls = Controls::default();
        run.drive(client, move |_, rng| controls.next(rng));
    })
}

/// As [`check_prediction_within`], played by the game's bots instead of random controls: they reach what
/// takes a purpose, and they send commands. The bot of a player's number, from 0, plays it.
///
/// # Errors
/// As [`check_prediction_within`].
pub fn check_prediction_with_bots<G: Game>(
    settings: &G::Settings,
    seed: u64,
    ticks: u32,
    players: u16,
    bots: &dyn Behaviours<G>,
    allowed: Allowed<'_>,
) -> Result<Predictions, WrongPrediction>
where
    G::Context: Default,
{
    compare_predictions::<G>(settings, seed, ticks, players, allowed, &|run, client| {
        run.play_as(client, bots);
    })
}

fn compare_predictions<G: Game>(
    settings: &G::Settings,
    seed: u64,
    ticks: u32,
    players: u16,
    allowed: Allowed<'_>,
    play: &dyn Fn(&mut Harness<G>, ClientIndex),
) -> Result<Predictions, WrongPrediction>
where
    G::Context: Default,
{
    if let Some(unknown) = unknown_field::<G>(allowed.server_fields) {
        let what = format!("`server_fields` names `{unknown}`, and no kind of entity has such a field");
        return Err(WrongPrediction { seed, tick: None, what });
    }
    let mut run = Harness::<G>::new(settings.clone(), seed);
    let clients: Vec<_> = (0..players).map(|number| run.join(&format!("player {number}"))).collect();
    for &client in &clients {
        run.link(client, LinkProfile::delayed(DELAY));
        play(&mut run, client);
    }
    run.run_ticks(SETTLE_TICKS);
    clients.iter().for_each(|client| drop(run.client_mut(*client).take_mispredicted()));
    let compared =
        |run: &Harness<G>| clients.iter().map(|of| run.client(*of).stats().predictions).sum::<u64>();
    let before = compared(&run);
    let mut found = Found::default();
    for _ in 0..ticks {
        run.run_ticks(1);
        for &client in &clients {
            found.take(&mut run, client, allowed.server_fields);
        }
    }
    found.judge(seed, compared(&run) - before, allowed.wrong_per_mille)
}

/// Random controls that behave like real ones: held for a while, with the edge of a button in the first input
/// only.
struct Controls<I> {
    input: I,
    ticks_left: u32,
}

impl<I: Input> Default for Controls<I> {
    fn default() -> Self {
        Self { input: I::default(), ticks_left: HOLD_TICKS_MAX }
    }
}

impl<I: Input> Controls<I> {
    fn next(&mut self, rng: &mut Rng) -> I {
        if self.ticks_left > 0 {
            self.ticks_left -= 1;
            self.input = self.input.held();
        } else {
            self.ticks_left = rng.below(HOLD_TICKS_MAX);
            self.input = if rng.chance(8) { I::default() } else { Self::random(rng) };
        }
        self.input.clone()
    }

    /// Returns random fields: each between two steps of its grid, or up to three steps beyond an end.
    fn random(rng: &mut Rng) -> I {
        let mut field = |grid: &crate::entity::Grid| {
            let reach = i64::from(grid.max) - i64::from(grid.min) + 6;
            f64::from(grid.min) - 3.0 + f64::from(rng.unit()) * reach as f64
        };
        let row: Vec<_> = I::GRIDS.iter().map(&mut field).collect();
        I::read_fine_row(&row).unwrap_or_default()
    }
}

/// The wrong predictions of a run.
#[derive(Default)]
struct Found {
    wrong: u64,
    first: Option<(Tick, String)>,
    /// How often each field was wrong.
    fields: BTreeMap<String, u64>,
}

impl Found {
    fn take<G: Game>(&mut self, run: &mut Harness<G>, client: ClientIndex, server_fields: &[&str]) {
        for wrong in run.client_mut(client).take_mispredicted() {
            let kind = run.room().schema().kind(wrong.kind);
            let differing: Vec<_> =
                kind.map(|kind| differing(kind, &wrong, server_fields)).unwrap_or_default();
            let (Some(kind), Some((field, predicted, real))) = (kind, differing.first()) else { continue };
            self.wrong += 1;
            for (field, ..) in &differing {
                *self.fields.entry(field.name.clone()).or_default() += 1;
            }
            self.first.get_or_insert_with(|| {
                let values = field.describe_two(*predicted, *real);
                let what = format!(
                    "the entity of player {} ({}), field `{}`: predicted and actual value are {values}",
                    client.0, kind.name, field.name
                );
                (wrong.tick, what)
            });
        }
    }

    fn judge(self, seed: u64, compared: u64, per_mille: u32) -> Result<Predictions, WrongPrediction> {
        let wrong = self.wrong;
        if compared == 0 {
            let what = "no prediction was compared: no player had an entity whose kind stays the same".into();
            return Err(WrongPrediction { seed, tick: None, what });
        }
        let Some((tick, first)) = self.first.filter(|_| wrong * 1_000 > compared * u64::from(per_mille))
        else {
            return Ok(Predictions { compared, wrong });
        };
        let fields: Vec<_> = self.fields.iter().map(|(name, times)| format!("`{name}` {times} x")).collect();
        let what = format!(
            "{wrong} of {compared} predictions are wrong, where {per_mille} of 1,000 may be; the first at \
             tick {tick}: {first}; wrong predictions by field: {}",
            fields.join(", ")
        );
        Err(WrongPrediction { seed, tick: Some(tick), what })
    }
}

/// The first of these names that is not a field's, nor the name of a vector as a whole.
fn unknown_field<'a, G: Game>(names: &[&'a str]) -> Option<&'a str> {
    let kinds = game_schema::<G>().kinds;
    let is_known = |name: &str| {
        let mut fields = kinds.iter().flat_map(|kind| &kind.fields);
        fields.any(|field| *field.name == *name || whole(field) == name)
    };
    names.iter().copied().find(|name| !is_known(name))
}

/// The name of a field, or of the vector that it is a part of.
fn whole(field: &Field) -> &str {
    field.name.split('.').next().unwrap_or_default()
}

/// The fields in which a prediction is wrong, without those that only the server changes.
fn differing<'a>(kind: &'a Kind, wrong: &Mispredicted, server_fields: &[&str]) -> Vec<(&'a Field, i32, i32)> {
    let values = wrong.predicted.iter().zip(&wrong.real);
    let fields = kind.fields.iter().zip(values).filter(|(field, (predicted, real))| {
        predicted != real && !server_fields.contains(&whole(field)) && !server_fields.contains(&&*field.name)
    });
    fields.map(|(field, (predicted, real))| (field, *predicted, *real)).collect()
}
