//! The client predicts the arena's players.

use tickwire_arena::{Arena, Settings};
use tickwire_shared::harness::{Allowed, check_prediction_within};

/// The fields of a ship that only the arena's server changes.
const SHIP: &[&str] = &["hp", "alive", "shielded", "weapon", "rapid_s", "score", "deaths"];

#[test]
fn the_arenas_players_predict_their_ships() {
    let alone = Allowed { server_fields: SHIP, ..Allowed::default() };
    check_prediction_within::<Arena>(&Settings::default(), 1, 900, 1, alone).unwrap();
    let crowd = Allowed { wrong_per_mille: 60, ..alone };
    check_prediction_within::<Arena>(&Settings::default(), 1, 900, 6, crowd).unwrap();
}
