//! The built-in game is the same game at every tick rate.

use tickwire_arena::{Arena, ArenaEntity, ArenaInput, Round, Settings, Ship, Weapon};
use tickwire_shared::harness::{ClientIndex, Harness};
use tickwire_shared::prelude::*;

const RATES: [u16; 4] = [10, 30, 60, 128];

/// An empty hall.
fn hall() -> Settings {
    let inner = |row: usize| match row {
        2 => format!("s{}", ".".repeat(57)),
        40 => format!("{}s", ".".repeat(57)),
        _ => ".".repeat(58),
    };
    let row = |row: usize| if row.is_multiple_of(59) { "#".repeat(60) } else { format!("#{}#", inner(row)) };
    let rows: Vec<_> = (0..60).map(row).collect();
    Settings { round_s: 30, break_s: 4, ..Settings::default() }.with_map("hall", &rows.join("\n"))
}

fn alone(hz: u16) -> (Harness<Arena>, ClientIndex) {
    let mut harness = Harness::<Arena>::at_rate(hall(), 5, TickRate::new(hz).unwrap());
    let ada = harness.join("ada");
    harness.run_ticks(2 * u32::from(hz));
    (harness, ada)
}

fn ship(harness: &Harness<Arena>, client: ClientIndex) -> Ship {
    let own = harness.client(client).own_id().unwrap();
    *harness.room().world().get(own).unwrap().as_ship().unwrap()
}

fn round(harness: &Harness<Arena>) -> Round {
    *harness.room().room_state()
}

/// Toward the middle of the hall.
fn inwards(ship: &Ship) -> i8 {
    if ship.pos.x < 30 * 1024 { 127 } else { -127 }
}

/// Fails unless all values are within 2 % of those at 30 Hz.
fn assert_same(what: &str, at_rates: impl Fn(u16) -> f64) {
    let values = RATES.map(&at_rates);
    for (hz, value) in RATES.iter().zip(values) {
        let off = (value / values[1] - 1.0).abs();
        assert!(off < 0.02, "{what} at {hz} Hz: {value:.3}, at 30 Hz {:.3}", values[1]);
    }
}

#[test]
fn a_ship_goes_as_far_in_a_second_from_rest_and_in_full_flight() {
    for seconds in [1, 3] {
        assert_same("the way of a ship", |hz| {
            let (mut harness, ada) = alone(hz);
            let start = ship(&harness, ada);
            let input = ArenaInput { move_x: inwards(&start), ..ArenaInput::default() };
            harness.set_input(ada, input);
            // From the tick in which it begins to move.
            while ship(&harness, ada).target == IVec2::ZERO {
                harness.run_ticks(1);
            }
            harness.run_ticks(seconds * u32::from(hz) - 1);
            f64::from((ship(&harness, ada).pos - start.pos).abs().x) / 1024.0
        });
    }
}

/// When and where each shot was first and last seen, in the order in which they were fired, in s and tiles.
fn shots(harness: &mut Harness<Arena>, seconds: u32) -> Vec<[(f64, f64); 2]> {
    let mut shots = std::collections::BTreeMap::new();
    for _ in 0..seconds * u32::from(harness.room().config().tick_rate.hz()) {
        harness.run_ticks(1);
        for (id, entity) in harness.room().world().iter() {
            if let ArenaEntity::Shot(shot) = entity {
                let seen = (harness.now().as_secs_f64(), f64::from(shot.pos.x) / 1024.0);
                shots.entry(id).or_insert([seen, seen])[1] = seen;
            }
        }
    }
    shots.into_values().collect()
}

/// A ship that shoots along the hall.
fn shooting(hz: u16, pickups: bool) -> (Harness<Arena>, ClientIndex) {
    let mut settings = hall();
    if pickups {
        // Each next to a spawn.
        settings.rows[2].replace_range(2..3, "r");
        settings.rows[40].replace_range(57..58, "r");
    }
    let mut harness = Harness::<Arena>::at_rate(settings, 5, TickRate::new(hz).unwrap());
    let ada = harness.join("ada");
    harness.run_ticks(2 * u32::from(hz));
    let move_x = inwards(&ship(&harness, ada));
    let aim = if move_x > 0 { 0 } else { 128 };
    harness.set_input(ada, ArenaInput { move_x, aim, ..ArenaInput::default() });
    harness.run_ticks(u32::from(hz) / 2);
    let fire = Button { down: true, pressed: false };
    harness.set_input(ada, ArenaInput { aim, fire, ..ArenaInput::default() });
    (harness, ada)
}

#[test]
fn a_shot_is_as_fast() {
    let first_shot = |hz| shots(&mut shooting(hz, false).0, 3)[0];
    assert_same("the speed of a shot", |hz| {
        let [(began, from), (ended, to)] = first_shot(hz);
        (to - from).abs() / (ended - began)
    });
}

#[test]
fn weapons_shoot_as_often() {
    for weapon in [Weapon::Blaster, Weapon::Rapid] {
        assert_same("shots", |hz| {
            let (mut harness, ada) = shooting(hz, weapon == Weapon::Rapid);
            assert_eq!(ship(&harness, ada).weapon, weapon);
            let times: Vec<_> = shots(&mut harness, 7).into_iter().map(|[(began, _), _]| began).collect();
            (times.len() - 1) as f64 / (times[times.len() - 1] - times[0])
        });
    }
}

#[test]
fn rounds_and_breaks_last_as_long() {
    assert_same("a round and its break", |hz| {
        let (mut harness, _) = alone(hz);
        let begins = |harness: &mut Harness<Arena>| {
            let number = round(harness).number;
            while round(harness).number == number {
                harness.run_ticks(1);
            }
            harness.now().as_secs_f64()
        };
        let first = begins(&mut harness);
        begins(&mut harness) - first
    });
}
