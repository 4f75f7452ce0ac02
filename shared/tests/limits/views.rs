//! What one member sees of a room that is divided into streams.

use super::liar::Liar;
use super::yard::{Order, Plan, Yard};
use tickwire_shared::client::{ClientError, State};
use tickwire_shared::harness::{ClientIndex, Harness};
use tickwire_shared::id::{EntityId, StreamId};
use tickwire_shared::limits::{HELD_CHANGES_MAX, HELD_MAX, VIEW_STREAMS_MAX};
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::DecodeError;
use tickwire_shared::wire::update::{Private, Waiting};

#[test]
fn view_streams_max() {
    // A view of 16 x 16 cells, with a crate in all of them, or in all but the last.
    for (crates, left_out) in [(255, 0), (256, 1)] {
        let plan = Plan { side: 16, radius: 5_000, crates, ..Plan::busy() };
        let mut harness = Harness::<Yard>::new(plan, 4);
        let ada = harness.join("ada");
        harness.run_ticks(30);
        let client = harness.client(ada);
        assert_eq!(client.streams().count(), VIEW_STREAMS_MAX, "{crates} crates");
        assert_eq!(client.rows().len(), VIEW_STREAMS_MAX + 1, "{crates} crates, and its own");
        assert_eq!(client.streams_waiting(), left_out, "streams that are not visible are reported");
        assert_eq!(harness.room().stats().streams_left_out, left_out as u64);
        let seen = |id: EntityId| client.rows().iter().any(|row| row.id == id);
        let unseen = harness.room().world().iter().filter(|(id, _)| !seen(*id));
        assert!(
            unseen.into_iter().all(|(_, own)| (own.pos - 800).abs().min_element() >= 700),
            "the farthest"
        );
        harness.assert_in_sync();
    }
    // A client that receives more ends the session.
    let mut liar = Liar::new();
    let keyframes: Vec<_> = (1..VIEW_STREAMS_MAX as u16).map(|stream| liar.keyframe(stream, 1, 0)).collect();
    assert_eq!(liar.update(Private::default(), &keyframes), Ok(()));
    assert_eq!(liar.client().streams().count(), VIEW_STREAMS_MAX, "with that of the room");
    assert_eq!(liar.tell(9_000, 1, 0), Err(ClientError::Decode(DecodeError::TooMany)));
    assert!(matches!(liar.client().state(), State::Closed(close) if close.code == CloseCode::DecodeError));
}

#[test]
fn a_repair_in_a_view_of_view_streams_max_streams_is_one_packet_too_many() {
    let plan = Plan { side: 16, radius: 5_000, crates: 255, ..Plan::busy() };
    let mut harness = Harness::<Yard>::new(plan, 4);
    let ada = harness.join("ada");
    harness.run_ticks(30);
    assert!(harness.corrupt(ada));
    harness.run_ticks(200);
    let client = harness.client(ada);
    assert!(client.stats().repairs_asked > 0 && client.is_playing(), "{:?}", client.state());
    assert_eq!(client.streams().count(), VIEW_STREAMS_MAX);
    harness.assert_in_sync();
}

#[test]
fn a_view_that_jumps_leaves_as_many_streams_out_here_as_there() {
    let plan = Plan { side: 60, radius: 1_400, crates: 3_600, ..Plan::default() };
    let mut harness = Harness::<Yard>::new(plan, 4);
    let ada = harness.join("ada");
    for cell in [15, 45, 15, 45] {
        harness.client_mut(ada).command(Order::Go(cell)).unwrap();
        harness.run_ticks(40);
        let client = harness.client(ada);
        assert!(client.is_playing(), "{:?}", client.state());
        assert_eq!(client.streams().count(), VIEW_STREAMS_MAX);
        assert_eq!(client.streams_waiting(), VIEW_STREAMS_MAX, "the nearest of those left out are reported");
        harness.assert_in_sync();
    }
}

#[test]
fn a_stream_that_waits_for_bytes_is_told_before_those_that_are_left_out() {
    let plan = Plan { side: 60, radius: 1_400, crates: 3_600, ..Plan::busy() };
    let mut harness = Harness::<Yard>::new(plan, 4);
    let ada = harness.join("ada");
    harness.run_ticks(60);
    harness.budget(3_000);
    for _ in 0..100 {
        harness.run_ticks(1);
        let newest = harness.client(ada).streams().map(|(_, state)| state.tick).max();
        // Streams that count as sent at the newest tick match the room: all crates have one age.
        let told = harness.client(ada).streams().filter(|(_, state)| Some(state.tick) == newest);
        let mut ages: Vec<_> = told.flat_map(|(_, state)| state.rows().map(|row| row.values[2])).collect();
        ages.sort_unstable();
        ages.dedup();
        assert_eq!(ages.len(), 1, "tick {}: {ages:?}", harness.tick());
    }
    assert!(harness.client(ada).is_playing());
}

#[test]
fn all_streams_that_are_left_out_are_counted() {
    let mut harness =
        Harness::<Yard>::new(Plan { side: 40, radius: 9_000, crates: 1_600, ..Plan::default() }, 4);
    let ada = harness.join("ada");
    harness.run_ticks(10);
    assert_eq!(harness.client(ada).streams().count(), VIEW_STREAMS_MAX);
    assert_eq!(harness.room().stats().streams_left_out, 1_600 - VIEW_STREAMS_MAX as u64);
}

/// A player among a heap of crates, whose byte budget is used up: crates that move to another cell must wait.
fn poor() -> (Harness<Yard>, ClientIndex) {
    let mut harness = Harness::<Yard>::new(Plan { side: 8, radius: 300, heap: 1_300, ..Plan::busy() }, 4);
    harness.budget(10);
    let ada = harness.join("ada");
    harness.run_ticks(10);
    // The one packet that it is entitled to in two seconds.
    push(&mut harness, ada, 1, 3);
    assert_eq!(harness.client(ada).streams_waiting(), 0);
    (harness, ada)
}

fn push(harness: &mut Harness<Yard>, ada: ClientIndex, count: u16, cell: u16) {
    harness.client_mut(ada).command(Order::Push { count, cell }).unwrap();
    harness.run_ticks(3);
}

/// How many entities in no stream a client is shown, and how many were lost.
fn held(harness: &Harness<Yard>, ada: ClientIndex) -> (usize, u64) {
    let client = harness.client(ada);
    let told = client.streams().map(|(_, state)| state.len()).sum::<usize>();
    (client.rows().len() - told, harness.room().stats().entities_not_held)
}

#[test]
fn held_changes_max() {
    for more in [0, 1, 30] {
        let (mut harness, ada) = poor();
        push(&mut harness, ada, (HELD_CHANGES_MAX + more) as u16, 5);
        assert_eq!(held(&harness, ada), (HELD_CHANGES_MAX, more as u64), "{more} more");
        assert!(harness.client(ada).streams_waiting() > 0);
        // With enough bytes all are visible again.
        harness.budget(0);
        harness.run_ticks(30);
        assert_eq!((held(&harness, ada).0, harness.client(ada).rows().len()), (0, 1_301));
    }
}

#[test]
fn held_max() {
    let (mut harness, ada) = poor();
    let mut left = HELD_MAX;
    while left > 0 {
        let count = left.min(HELD_CHANGES_MAX);
        push(&mut harness, ada, count as u16, 5);
        left -= count;
    }
    assert_eq!(held(&harness, ada), (HELD_MAX, 0));
    push(&mut harness, ada, 1, 5);
    assert_eq!(held(&harness, ada), (HELD_MAX, 1), "one more is not visible, and counted");
    // A client ends the session if the server makes it hold more.
    let mut liar = Liar::new();
    assert_eq!(liar.tell(1, 100, HELD_MAX + 1), Ok(()));
    let hold = |liar: &mut Liar, first: usize, count: usize| {
        // The first held ones have left their stream and are in one that waits.
        let streams = |stream| if first == 0 { vec![StreamId(stream)] } else { Vec::new() };
        let held = (100 + first as u32..).map(EntityId).take(count).collect();
        let waiting = Waiting { changed: streams(2), held, released: Vec::new() };
        liar.update(Private { waiting, dropped: streams(1), ..Private::default() }, &[])
    };
    for first in (0..HELD_MAX).step_by(HELD_CHANGES_MAX) {
        assert_eq!(hold(&mut liar, first, HELD_CHANGES_MAX.min(HELD_MAX - first)), Ok(()));
    }
    assert_eq!(liar.client().rows().len(), 1 + HELD_MAX, "its own, and the held ones");
    assert_eq!(hold(&mut liar, HELD_MAX, 1), Err(ClientError::Decode(DecodeError::TooMany)));
}
