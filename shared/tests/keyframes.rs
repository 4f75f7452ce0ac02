//! A full room of the largest entities, whose table expects something else: every client can still join.

#![allow(clippy::unwrap_used)]

use tickwire_shared::entity::Trainer;
use tickwire_shared::harness::Harness;
use tickwire_shared::limits::{ENTITIES_MAX, OUTBOUND_BYTES_MAX};
use tickwire_shared::prelude::*;
use tickwire_shared::snapshot::{Snapshot, train};

macro_rules! wide {
    ($($field:ident)*) => {
        /// 336 bits in 48 fields.
        #[derive(Clone, Debug, PartialEq, Entity)]
        struct Wide {
            $(#[entity(range = 0..=127)] $field: u8),*
        }

        impl Wide {
            fn of(mut next: impl FnMut() -> u8) -> Self {
                Self { $($field: next()),* }
            }
        }
    };
}
wide!(a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 c0 c1 c2 c3
      c4 c5 c6 c7 c8 c9 d0 d1 d2 d3 d4 d5 d6 d7 d8 d9 e0 e1 e2 e3 e4 e5 e6 e7);

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Pad {
    #[input(range = -1..=1)]
    x: i8,
}

/// How many entities there are, and whether they change in each tick.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Store {
    entities: u32,
    changes: bool,
}

struct Depot {
    changes: bool,
    rng: Rng,
}

impl Game for Depot {
    type Settings = Store;
    type Scene = ();
    type Input = Pad;
    type Entity = Wide;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &Store, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let mut rng = Rng::new(setup.seed);
        for _ in 0..setup.settings.entities {
            stage.world.spawn(Wide::of(|| rng.below(128) as u8)).unwrap();
        }
        Self { changes: setup.settings.changes, rng }
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Wide::of(|| 0))?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, _: &Turn<'_, Self>) {
        let rng = &mut self.rng;
        if self.changes {
            stage.world.iter_mut().for_each(|(_, entity)| *entity = Wide::of(|| rng.below(128) as u8));
        }
    }

    fn apply_input(_: &mut Wide, _: &Pad, _: &Step<'_, Self>) {}
}

/// A table trained on a match in which every value is 0.
fn still_table() -> Vec<u8> {
    let harness = Harness::<Depot>::untrained(Store::default(), 1);
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
        let mut harness = Harness::<Depot>::with_table(store, 5, Some(&table));
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
    let mut harness = Harness::<Depot>::new(Store { entities: ENTITIES_MAX as u32 - 2, changes: false }, 6);
    let client = harness.join("ada");
    harness.run_ticks(10);
    assert!(harness.corrupt(client));
    harness.run_ticks(100);
    let stats = harness.client(client).stats();
    assert!(stats.repairs_asked > 0, "{stats:?}");
    assert_eq!(harness.room().stats().updates_too_long, 0);
    harness.assert_in_sync();
}
