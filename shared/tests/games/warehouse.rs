//! Entities of the largest rows, at rest or changing in each tick.

use tickwire_shared::prelude::*;

macro_rules! wide {
    ($($field:ident)*) => {
        /// 336 bits in 48 fields.
        #[derive(Clone, Debug, PartialEq, Entity)]
        pub(crate) struct Wide {
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
pub(crate) struct Pad {
    #[input(range = -1..=1)]
    pub(crate) x: i8,
}

/// How many entities there are, and whether they change in each tick.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Store {
    pub(crate) entities: u32,
    pub(crate) changes: bool,
}

pub(crate) struct Warehouse {
    changes: bool,
    rng: Rng,
}

impl Game for Warehouse {
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
