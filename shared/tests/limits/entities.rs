//! The contents of a room, and what a client stores of it.

use super::liar::Liar;
use super::yard::{Order, Plan, Said, Yard};
use tickwire_shared::client::{ClientError, ClientEvent, State};
use tickwire_shared::harness::Harness;
use tickwire_shared::id::{EntityId, StreamId};
use tickwire_shared::limits::{ENTITIES_MAX, HASH_PERIOD_TICKS, VIEW_ROWS_MAX};
use tickwire_shared::snapshot::{Snapshot, StreamEncoder};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::DecodeError;
use tickwire_shared::wire::update::Private;

#[test]
fn entities_max() {
    let crates = ENTITIES_MAX as u16 - 3;
    let mut harness = Harness::<Yard>::new(Plan { crates, ..Plan::default() }, 5);
    let ada = harness.join("ada");
    harness.run_ticks(20);
    // Two more entities fit. The game answers an order with a text as long as the number of refused spawns.
    for (more, refused) in [(2, 0), (1, 1), (60, 60)] {
        harness.client_mut(ada).command(Order::Spawn(more)).unwrap();
        harness.run_ticks(20);
        let said: Vec<_> = harness
            .take_events(ada)
            .into_iter()
            .filter(|event| matches!(event, ClientEvent::Game(_)))
            .collect();
        assert!(
            matches!(&said[..], [ClientEvent::Game(Said::News(text))] if text.len() == refused),
            "{said:?}"
        );
    }
    assert_eq!(harness.client(ada).rows().len(), ENTITIES_MAX);
    harness.assert_in_sync();
    let bob = harness.join("bob");
    harness.run_ticks(20);
    let closed = harness.client(bob).state();
    assert!(matches!(closed, State::Closed(close) if close.code == CloseCode::Full), "{closed:?}");
    // A client accepts no more than that, neither in a keyframe nor after a delta.
    assert_eq!(Liar::new().tell(1, 1, ENTITIES_MAX), Ok(()));
    assert!(matches!(Liar::new().tell(1, 1, ENTITIES_MAX + 1), Err(ClientError::Decode(_))));
    for more in [0, 1] {
        let mut liar = Liar::new();
        let first = liar.tick;
        let mut encoder = StreamEncoder::new(StreamId(1), TickRate::DEFAULT);
        for (count, baseline) in [(ENTITIES_MAX - 1, None), (ENTITIES_MAX + more, Some(first))] {
            let mut state = Snapshot::new(liar.tick);
            (0..count as u32).for_each(|at| state.push(EntityId(100 + at), 0, &[10, 10, 0]));
            encoder.push(state);
            let packet = encoder.packet(liar.schema(), baseline).unwrap();
            assert_eq!(packet.keyframe, baseline.is_none());
            assert_eq!(liar.update(Private::default(), &[packet.bytes]), Ok(()));
        }
        let (_, state) = liar.client().streams().last().unwrap();
        assert_eq!(state.len(), ENTITIES_MAX - more, "it keeps what it has, and asks for a keyframe");
        let stats = liar.client().stats();
        assert_eq!((stats.deltas_refused, stats.repairs_asked), (more as u64, more as u64));
    }
}

#[test]
fn view_rows_max() {
    let mut liar = Liar::with_full_streams(3);
    let rows = |liar: &Liar| liar.client().streams().map(|(_, state)| state.len()).sum::<usize>();
    let left = VIEW_ROWS_MAX - rows(&liar);
    assert_eq!(left, ENTITIES_MAX - 1, "the room has one row, the client's own");
    assert_eq!(liar.tell(4, 90_000, left), Ok(()));
    assert_eq!(rows(&liar), VIEW_ROWS_MAX);
    // Rows of a stream out of view are discarded for new ones.
    let dropped = vec![StreamId(1)];
    let keyframe = liar.keyframe(5, 190_000, ENTITIES_MAX);
    assert_eq!(liar.update(Private { dropped, ..Private::default() }, &[keyframe]), Ok(()));
    assert_eq!(rows(&liar), VIEW_ROWS_MAX);
    assert_eq!(liar.tell(6, 290_000, 1), Err(ClientError::Decode(DecodeError::TooMany)));
    assert!(matches!(liar.client().state(), State::Closed(close) if close.code == CloseCode::DecodeError));
}

#[test]
fn hash_period_ticks() {
    let mut harness = Harness::<Yard>::new(Plan::busy(), 6);
    let ada = harness.join("ada");
    harness.run_ticks(20);
    let (mut checked_at, mut before) = (Vec::new(), harness.client(ada).stats().hash_checks);
    for _ in 0..200 {
        harness.run_ticks(1);
        let client = harness.client(ada);
        if client.stats().hash_checks > before {
            checked_at.push(client.latest().unwrap().tick.0);
        }
        before = client.stats().hash_checks;
    }
    let expected: Vec<_> = (1..=6).map(|time| time * HASH_PERIOD_TICKS).collect();
    assert_eq!(checked_at, expected, "at every such tick, and at no other");
    // So a wrong state is detected at the next one, and not earlier.
    while !harness.tick().0.is_multiple_of(HASH_PERIOD_TICKS) {
        harness.run_ticks(1);
    }
    harness.run_ticks(2);
    assert!(harness.corrupt(ada));
    harness.run_ticks(HASH_PERIOD_TICKS - 3);
    assert_eq!(harness.client(ada).stats().hash_mismatches, 0);
    harness.run_ticks(2);
    assert_eq!(harness.client(ada).stats().hash_mismatches, 1);
}
