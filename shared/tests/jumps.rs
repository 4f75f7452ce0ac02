//! A player with the largest possible view who jumps about: a client accepts everything that a server may
//! send.

use core::time::Duration;
use tickwire_shared::harness::{ClientIndex, Harness};
use tickwire_shared::limits::VIEW_STREAMS_MAX;
use tickwire_shared::prelude::*;

const SIDE: i32 = 60_000;
const CELLS: Cells =
    Cells { origin: IVec2::ZERO, size: 1_000, columns: 60, rows: 60, radius: 8_500, slack: 100 };

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
struct Buoy {
    #[entity(range = 0..=60_000)]
    pos: IVec2,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
struct Idle;

/// A player jumps with this command.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Jump(i32, i32);

struct Sea;

impl Game for Sea {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = ();
    type Scene = ();
    type Input = Idle;
    type Entity = Buoy;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = Jump;

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        // One in each cell.
        for at in 0..60 * 60 {
            let cell = IVec2::new(at % 60, at / 60);
            let _ = stage.world.spawn(Buoy { pos: cell * 1_000 + IVec2::splat(500) });
        }
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Buoy { pos: IVec2::splat(SIDE / 2) })?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (player, Jump(x, y)) in turn.commands {
            let entity = turn.players.iter().find(|turn| turn.player == *player).map(|turn| turn.entity);
            if let Some(buoy) = entity.and_then(|entity| stage.world.get_mut(entity)) {
                buoy.pos = IVec2::new(*x, *y);
            }
        }
    }

    fn apply_input(_: &mut Buoy, _: &Idle, _: &Step<'_, Self>) {}
}

impl InterestRules for Sea {
    fn interest((): &()) -> Interest {
        Interest::Cells(CELLS)
    }

    fn location(buoy: &Buoy) -> Location {
        Location { at: Some(buoy.pos), group: Group::default() }
    }
}

fn seen(harness: &Harness<Sea>, client: ClientIndex) -> Vec<EntityId> {
    let mut ids: Vec<_> = harness.client(client).rows().iter().map(|row| row.id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn jumps_in_every_tick_end_no_session_and_leave_no_ghosts() {
    let mut harness = Harness::<Sea>::new((), 4);
    let ada = harness.join("ada");
    harness.run_ticks(60);
    let in_view = harness.client(ada).streams().count();
    assert!(in_view > 200 && in_view <= VIEW_STREAMS_MAX, "{in_view} streams");
    let mut rng = Rng::new(9);
    for jump in 0..60 {
        let to = Jump(rng.range(9_000, SIDE - 9_000), rng.range(9_000, SIDE - 9_000));
        assert!(harness.client_mut(ada).command(to).is_ok());
        // From time to time several are processed together, as after a stall.
        if jump % 20 == 0 {
            harness.stall(ada, Duration::from_millis(400));
        }
        harness.run_ticks(1 + jump % 3);
    }
    harness.run_ticks(120);
    assert!(harness.client(ada).is_playing(), "{:?}", harness.client(ada).state());
    harness.assert_in_sync();
    // A client that sees the same location for the first time sees the same entities.
    let (Some(at), ada_sees) = (harness.room().world().get(own(&harness, ada)).copied(), seen(&harness, ada))
    else {
        panic!("the player has an entity");
    };
    let bob = harness.join("bob");
    harness.run_ticks(30);
    assert!(harness.client_mut(bob).command(Jump(at.pos.x, at.pos.y)).is_ok());
    harness.run_ticks(120);
    let mut both = [own(&harness, ada), own(&harness, bob)];
    both.sort_unstable();
    let others =
        |seen: Vec<EntityId>| -> Vec<EntityId> { seen.into_iter().filter(|id| !both.contains(id)).collect() };
    assert_eq!(others(ada_sees), others(seen(&harness, bob)));
}

fn own(harness: &Harness<Sea>, client: ClientIndex) -> EntityId {
    harness.client(client).own_id().unwrap_or(EntityId::NONE)
}
