//! A day of one arena room, with everything checked at every tick. `./test` runs a part of it, and
//! `./test --long` all of it.

use core::time::Duration;
use tickwire_arena::{Arena, ArenaEntity, ArenaInput, Settings, heading_of, invariants};
use tickwire_shared::Rng;
use tickwire_shared::client::Client;
use tickwire_shared::entity::{Button, Entity};
use tickwire_shared::harness::{ClientIndex, Harness, LinkProfile};
use tickwire_shared::snapshot::RowRef;

const TICKS_PER_DAY: u32 = 24 * 3600 * 30;
const PLAYERS: usize = 8;

/// The ticks to run: the whole day under `TICKWIRE_LONG`, otherwise four minutes.
fn ticks() -> u32 {
    if std::env::var_os("TICKWIRE_LONG").is_some() { TICKS_PER_DAY } else { 4 * 60 * 30 }
}

/// The seed: `TICKWIRE_SEED`, or 1.
fn seed() -> u64 {
    std::env::var("TICKWIRE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Roams, turns towards the nearest other ship, and shoots at it. Decides a few times a second.
fn roam() -> impl FnMut(&Client<Arena>, &mut Rng) -> ArenaInput {
    let mut input = ArenaInput::default();
    move |client, rng| {
        input.fire = Button::after(input.fire, input.fire.down);
        if rng.chance(8) {
            input.move_x = rng.range(-127, 127) as i8;
            input.move_y = rng.range(-127, 127) as i8;
            input.aim = nearest(client).unwrap_or(input.aim);
            input.fire = Button::after(input.fire, rng.chance(2));
        }
        input.clone()
    }
}

fn nearest(client: &Client<Arena>) -> Option<u16> {
    let own = client.own_id()?;
    let ship = |row: RowRef<'_>| match ArenaEntity::read_row(row.kind, row.values) {
        Some(ArenaEntity::Ship(ship)) => Some((row.id, ship)),
        _ => None,
    };
    let ships = || client.latest().into_iter().flat_map(|latest| latest.rows()).filter_map(ship);
    let from = ships().find(|(id, _)| *id == own)?.1.pos;
    let others = ships().filter(|(id, ship)| *id != own && ship.alive);
    let way = others.map(|(_, ship)| ship.pos - from).min_by_key(|way| way.x.abs() + way.y.abs())?;
    Some(heading_of(way))
}

/// Whether an entity has owner-only data, which the leak audit looks for in everything that is sent.
fn has_secret(entity: &ArenaEntity) -> bool {
    matches!(entity, ArenaEntity::Ship(ship) if ship.rapid_s > 0)
}

#[test]
fn a_simulated_day_keeps_every_invariant() {
    let seed = seed();
    let mut harness = Harness::<Arena>::new(Settings::default(), seed);
    harness.audit_leaks();
    let mut rng = Rng::new(seed);
    let mut secrets = 0;
    for at in 0..PLAYERS {
        let client = harness.join(&format!("p{at}"));
        harness.drive(client, roam());
        let delay = Duration::from_millis(5 + 10 * at as u64);
        harness.link(client, LinkProfile::delayed(delay));
    }
    let mut trouble: Option<(ClientIndex, u32)> = None;
    for tick in 0..ticks() {
        harness.run_ticks(1);
        if let Err(broken) =
            invariants(harness.room().world(), harness.room().scene(), harness.room().config().tick_rate)
        {
            panic!("seed {seed}, tick {tick}: {broken}");
        }
        if tick % 32 == 0 {
            harness.assert_in_sync();
        }
        secrets += u32::from(harness.room().world().iter().any(|(_, entity)| has_secret(entity)));
        trouble = match trouble {
            None if rng.chance(600) => {
                Some((start_trouble(&mut harness, &mut rng), tick + 1 + rng.below(300)))
            }
            Some((client, until)) if tick >= until => {
                harness.unblock_slot(client);
                let _ = harness.resume(client);
                None
            }
            other => other,
        };
    }
    harness.settle();
    harness.assert_caught_up(8);
    assert_eq!(harness.connected().count(), PLAYERS, "seed {seed}");
    assert_eq!(harness.room().players(), PLAYERS, "seed {seed}");
    for client in (0..PLAYERS).map(ClientIndex) {
        let stats = harness.client(client).stats();
        assert_eq!((stats.hash_mismatches, stats.events_lost, stats.decode_errors), (0, 0, 0), "seed {seed}");
        assert!(stats.hash_checks > u64::from(ticks()) / 64, "seed {seed}: {stats:?}");
    }
    assert!(secrets > ticks() / 100, "seed {seed}: there was hardly anything to leak");
    let stats = harness.room().stats();
    assert_eq!(stats.events_refused.total(), 0, "seed {seed}");
    assert!(stats.rewinds.count > u64::from(ticks()) / 100, "seed {seed}: {stats:?}");
    assert!(stats.rewinds.max_ticks() <= 7.5, "seed {seed}: no farther than the game permits");
}

/// Starts a cut, a stall or a blocked slot for a random client.
fn start_trouble(harness: &mut Harness<Arena>, rng: &mut Rng) -> ClientIndex {
    let client = ClientIndex(rng.below(PLAYERS as u32) as usize);
    match rng.below(3) {
        0 => harness.cut(client),
        1 => harness.stall(client, Duration::from_millis(u64::from(rng.below(4000)))),
        _ => harness.block_slot(client),
    }
    client
}
