//! A full room of the largest entities, whose table expects something else: every client can still join.

use crate::games::warehouse::*;
use tickwire_shared::entity::Trainer;
use tickwire_shared::harness::Harness;
use tickwire_shared::limits::{ENTITIES_MAX, OUTBOUND_BYTES_MAX};
use tickwire_shared::prelude::*;
use tickwire_shared::snapshot::{Snapshot, train};

/// A table trained on a match in which every value is 0.
fn still_table() -> Vec<u8> {
    let harness = Harness::<Warehouse>::untrained(Store::default(), 1);
    let schema = harness.room().schema();
    let mut trainer = Trainer::new(schema.kinds().to_vec());
    let zero = vec![0; schema.kinds()[0].fields.len()];
    let state = |tick| {
        let mut state = Snapshot::new(Tick(tick));
        (1..200).for_each(|id| state.push(EntityId(id), 0, &zero));
        state
    };
    for tick in 1..300 {
        train(&mut trainer, schema, None, &state(tick));
        train(&mut trainer, schema, Some(&state(tick)), &state(tick + 1));
    }
    trainer.table()
}

#[test]
fn entities_max_of_the_largest_rows_can_be_joined_whatever_the_table_expects() {
    let table = still_table();
    for changes in [false, true] {
        let store = Store { entities: ENTITIES_MAX as u32 - 2, changes };
        let mut harness = Harness::<Warehouse>::with_table(store, 5, Some(&table));
        harness.run_ticks(2);
        let late = harness.join("late");
        harness.record(late);
        let mut longest = 0;
        for _ in 0..12 {
            harness.run_ticks(1);
            longest = harness.take_recorded().iter().map(|message| message.len()).fold(longest, usize::max);
        }
        let client = harness.client(late);
        assert!(client.is_playing() && client.own_id().is_some(), "{:?}", client.state());
        assert_eq!(client.latest().map(|state| state.len()), Some(ENTITIES_MAX - 1));
        assert!(longest > 172_000 && longest <= OUTBOUND_BYTES_MAX, "{longest} bytes");
        let stats = harness.room().stats();
        assert!(stats.keyframes_plain > 0);
        assert_eq!(stats.updates_too_long, 0);
        harness.assert_in_sync();
    }
}

#[test]
fn a_repair_in_such_a_room_leaves_out_the_keyframe_that_does_not_fit_and_puts_the_client_right() {
    let mut harness =
        Harness::<Warehouse>::new(Store { entities: ENTITIES_MAX as u32 - 2, changes: false }, 6);
    let client = harness.join("ada");
    harness.run_ticks(10);
    assert!(harness.corrupt(client));
    harness.run_ticks(100);
    let stats = harness.client(client).stats();
    assert!(stats.repairs_asked > 0, "{stats:?}");
    assert_eq!(harness.room().stats().updates_too_long, 0);
    harness.assert_in_sync();
}
