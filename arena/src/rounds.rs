//! The clock of the rounds, and the table at the end of a round.

use super::entities::{Phase, Round, Ship};
use super::events::{Event, News, STANDINGS_MAX, Standing};
use super::settings::Settings;
use super::tempo::ticks_in_s;
use tickwire_shared::prelude::*;

/// The clock of a room's rounds.
#[derive(Clone, Debug)]
pub(super) struct RoundClock {
    ticks_left: u32,
    round_ticks: u32,
    break_ticks: u32,
    score_limit: u16,
    tick_rate: TickRate,
}

/// What the clock requires of the rest of the game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// Nothing.
    Not,
    /// The round is over with this result: remove all shots.
    Ended(Event),
    /// A new round begins: reset everything.
    Started,
}

impl RoundClock {
    /// Starts the first round.
    pub(super) fn start(round: &mut Round, settings: &Settings, tick_rate: TickRate) -> Self {
        let ticks = |seconds| ticks_in_s(seconds, tick_rate);
        *round = Round { number: 1, phase: Phase::Playing, seconds_left: settings.round_s };
        Self {
            ticks_left: ticks(settings.round_s),
            round_ticks: ticks(settings.round_s),
            break_ticks: ticks(settings.break_s),
            score_limit: settings.score_limit,
            tick_rate,
        }
    }

    /// Lets this many ticks pass. Ends the round when its time is over or a ship reaches the score limit.
    pub(super) fn turn(
        &mut self,
        passed_ticks: u32,
        ships: &[Ship],
        round: &mut Round,
        news: &mut News<'_>,
    ) -> Turned {
        self.ticks_left = self.ticks_left.saturating_sub(passed_ticks);
        let playing = round.is_playing();
        let limit_reached = playing && ships.iter().any(|ship| ship.score >= self.score_limit);
        let turned = match (playing, self.ticks_left == 0 || limit_reached) {
            (_, false) => Turned::Not,
            (true, true) => {
                (round.phase, self.ticks_left) = (Phase::Break, self.break_ticks);
                let result = ended(round.number, ships);
                news.all(result.clone());
                Turned::Ended(result)
            }
            (false, true) => {
                (round.phase, self.ticks_left) = (Phase::Playing, self.round_ticks);
                round.number = round.number.checked_add(1).unwrap_or(1);
                news.all(Event::RoundStarted { number: round.number });
                Turned::Started
            }
        };
        round.seconds_left = self.ticks_left.div_ceil(self.tick_rate.hz().into()) as u16;
        turned
    }
}

/// The end of a round. The table is sorted by score, then by fewest deaths, then by player id.
fn ended(number: u16, ships: &[Ship]) -> Event {
    let standing =
        |ship: &Ship| Standing { player: PlayerId(ship.player), score: ship.score, deaths: ship.deaths };
    let mut table: Vec<Standing> = ships.iter().map(standing).collect();
    let rank = |line: &Standing| (core::cmp::Reverse(line.score), line.deaths);
    table.sort_by_key(|line| (rank(line), line.player));
    let winner = match table.as_slice() {
        [first, ..] if first.score == 0 => None,
        [first, second, ..] if rank(first) == rank(second) => None,
        [first, ..] => Some(first.player),
        [] => None,
    };
    table.truncate(STANDINGS_MAX);
    Event::RoundEnded { number, winner, top: List::try_from(table).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ship(player: u16, score: u16, deaths: u16) -> Ship {
        Ship { score, deaths, ..Ship::fresh(PlayerId(player), IVec2::ZERO) }
    }

    fn winner(ships: &[Ship]) -> Option<u16> {
        match ended(1, ships) {
            Event::RoundEnded { winner, .. } => winner.map(|player| player.0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_best_score_wins_and_fewer_deaths_decide_among_equals() {
        assert_eq!(winner(&[ship(1, 3, 0), ship(2, 5, 9), ship(3, 4, 0)]), Some(2));
        assert_eq!(winner(&[ship(1, 5, 4), ship(2, 5, 3)]), Some(2));
        assert_eq!(winner(&[ship(1, 5, 3), ship(2, 5, 3)]), None);
        assert_eq!(winner(&[ship(1, 0, 0), ship(2, 0, 1)]), None);
        assert_eq!(winner(&[]), None);
    }

    #[test]
    fn the_table_holds_the_best_and_stays_within_an_events_bound() {
        let ships: Vec<Ship> = (1..=64).map(|player| ship(player, player, 0)).collect();
        let event = ended(u16::MAX, &ships);
        assert!(
            tickwire_shared::coding::codec::encode(&event).unwrap().len()
                <= tickwire_shared::limits::RELIABLE_BYTES_MAX
        );
        let Event::RoundEnded { top, .. } = event else { panic!("not an end") };
        assert_eq!(top.iter().map(|line| line.score).collect::<Vec<_>>(), [64, 63, 62, 61, 60, 59, 58, 57]);
    }
}
