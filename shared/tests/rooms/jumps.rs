//! A player with the largest possible view who jumps about: a client accepts everything that a server may
//! send.

use crate::games::depot::*;
use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;
use tickwire_shared::harness::{ClientIndex, Harness};
use tickwire_shared::limits::VIEW_STREAMS_MAX;
use tickwire_shared::prelude::*;

/// Cells along each side.
const CELLS: i32 = 60;
const CELL: i32 = SIDE / CELLS;
const RADIUS: i32 = CELL * 17 / 2;

/// Who jumps in the next step, by the order of joining, and where to.
type Jumps = Rc<RefCell<Vec<(usize, IVec2)>>>;

/// A yard with a crate in each cell.
fn yard() -> (Harness<Depot>, Jumps) {
    let jumps = Jumps::default();
    let next = jumps.clone();
    script(move |world, tick, players| {
        let cells = if tick == 1 { CELLS * CELLS } else { 0 };
        for at in 0..cells {
            let pos = IVec2::new(at % CELLS, at / CELLS) * CELL + IVec2::splat(CELL / 2);
            let _ = world.spawn(Crate { pos, vel: IVec2::ZERO, tag: 0 });
        }
        for (player, to) in next.borrow_mut().drain(..) {
            world.get_mut(players[player]).unwrap().pos = to;
        }
    });
    (Harness::new(Yard { radius: RADIUS, cells: CELLS as u16, sees_all: false }, 4), jumps)
}

fn seen(harness: &Harness<Depot>, client: ClientIndex) -> Vec<EntityId> {
    let mut ids: Vec<_> = harness.client(client).rows().iter().map(|row| row.id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn jumps_in_every_tick_end_no_session_and_leave_no_ghosts() {
    let (mut harness, jumps) = yard();
    let ada = harness.join("ada");
    harness.run_ticks(60);
    let in_view = harness.client(ada).streams().count();
    assert!(in_view > 200 && in_view <= VIEW_STREAMS_MAX, "{in_view} streams");
    let mut rng = Rng::new(9);
    for jump in 0..60 {
        let to = IVec2::new(rng.range(RADIUS, SIDE - RADIUS), rng.range(RADIUS, SIDE - RADIUS));
        jumps.borrow_mut().push((0, to));
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
    jumps.borrow_mut().push((1, at.pos));
    harness.run_ticks(120);
    let mut both = [own(&harness, ada), own(&harness, bob)];
    both.sort_unstable();
    let others =
        |seen: Vec<EntityId>| -> Vec<EntityId> { seen.into_iter().filter(|id| !both.contains(id)).collect() };
    assert_eq!(others(ada_sees), others(seen(&harness, bob)));
}

fn own(harness: &Harness<Depot>, client: ClientIndex) -> EntityId {
    harness.client(client).own_id().unwrap_or(EntityId::NONE)
}
