//! A game whose players order what happens, to reach every bound.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

/// The side of a cell.
pub(crate) const CELL: i32 = 100;
/// Where players start, on both axes.
const START: i32 = 16_050;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Crate {
    #[entity(range = 0..=32_767)]
    pub(crate) pos: IVec2,
    /// The number of steps, if the yard is busy.
    #[entity(range = 0..=65_535)]
    pub(crate) age: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Pad {
    #[input(range = -1..=1)]
    pub(crate) x: i8,
}

/// A player's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Does nothing; only its length matters.
    Note(Vec<u8>),
    /// This many events for every member, each of this many bytes in the codec.
    Say { count: u16, bytes: u16, droppable: bool },
    /// This many more crates, one per cell.
    Spawn(u16),
    /// Moves this many crates of the heap into this cell of the middle row.
    Push { count: u16, cell: u16 },
    /// Moves the sender's crate into this cell of the middle row.
    Go(u16),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Said {
    News(Vec<u8>),
    Gossip(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) players: u16,
    pub(crate) crates: u16,
    /// This many more where players start.
    pub(crate) heap: u16,
    /// Cells along each side; 0: every member sees everything.
    pub(crate) side: u16,
    pub(crate) radius: i32,
    /// Crates count the steps.
    pub(crate) busy: bool,
    /// The game rewinds for each player in each step.
    pub(crate) rewinds: bool,
    pub(crate) padding: Vec<u8>,
}

impl Default for Plan {
    fn default() -> Self {
        let padding = Vec::new();
        Self { players: 600, crates: 0, heap: 0, side: 0, radius: 150, busy: false, rewinds: false, padding }
    }
}

impl Plan {
    /// A yard in which something happens in each tick.
    pub(crate) fn busy() -> Self {
        Self { busy: true, ..Self::default() }
    }
}

pub(crate) struct Yard {
    plan: Plan,
    players: Vec<(PlayerId, EntityId)>,
    spawned: u16,
    heap: Vec<EntityId>,
}

impl Yard {
    /// Where players start: in the middle.
    fn start(&self) -> IVec2 {
        IVec2::splat(if self.plan.side == 0 { START } else { i32::from(self.plan.side) * CELL / 2 })
    }

    fn spawn(&mut self, world: &mut World<Crate>) -> bool {
        let (at, side) =
            (i32::from(self.spawned), if self.plan.side == 0 { 300 } else { self.plan.side.into() });
        let pos = IVec2::new(at % side, at / side % side) * CELL + IVec2::splat(CELL / 2);
        self.spawned += 1;
        world.spawn(Crate { pos, age: 0 }).is_ok()
    }
}

impl Game for Yard {
    const FEATURES: Features<Self> = Features::new().with_interest().with_lag_compensation();
    type Settings = Plan;
    type Scene = ();
    type Input = Pad;
    type Entity = Crate;
    type State = ();
    type Context = ();
    type Event = Said;
    type Command = Order;

    fn scene(_: &Plan, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn players_max(plan: &Plan) -> u16 {
        plan.players
    }

    fn is_droppable(said: &Said) -> bool {
        matches!(said, Said::Gossip(_))
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let plan = setup.settings.clone();
        let mut yard = Self { plan, players: Vec::new(), spawned: 0, heap: Vec::new() };
        (0..setup.settings.crates).for_each(|_| assert!(yard.spawn(&mut stage.world)));
        let pos = yard.start();
        yard.heap
            .extend((0..setup.settings.heap).map_while(|_| stage.world.spawn(Crate { pos, age: 0 }).ok()));
        yard
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let entity = stage.world.spawn(Crate { pos: self.start(), age: 0 })?;
        self.players.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for (_, entity) in self.players.extract_if(.., |(other, _)| *other == player) {
            stage.world.despawn(entity);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
            if self.plan.rewinds {
                let _ = turn.rewind(player).behind();
            }
        }
        for (player, order) in turn.commands {
            match *order {
                Order::Note(_) => {}
                Order::Say { count, bytes, droppable } => {
                    for _ in 0..count {
                        let text = text_of(bytes.into());
                        // The room counts the refused ones.
                        let _ =
                            stage.events.all(if droppable { Said::Gossip(text) } else { Said::News(text) });
                    }
                }
                Order::Spawn(count) => {
                    let spawned = (0..count).filter(|_| self.spawn(&mut stage.world)).count();
                    let refused = usize::from(count) - spawned;
                    // As many bytes as there were refusals, so that a test can see it.
                    let _ = stage.events.to(*player, Said::News(vec![0; refused]));
                }
                Order::Go(cell) => {
                    for own in turn.players.iter().filter(|own| own.player == *player) {
                        if let Some(own) = stage.world.get_mut(own.entity) {
                            own.pos.x = i32::from(cell) * CELL + CELL / 2;
                        }
                    }
                }
                Order::Push { count, cell } => {
                    for id in self.heap.drain(..usize::from(count)) {
                        if let Some(pushed) = stage.world.get_mut(id) {
                            pushed.pos.x = i32::from(cell) * CELL + CELL / 2;
                        }
                    }
                }
            }
        }
        if self.plan.busy {
            stage.world.iter_mut().for_each(|(_, own)| own.age = own.age.wrapping_add(1));
        }
    }

    fn apply_input(own: &mut Crate, input: &Pad, _: &Step<'_, Self>) {
        own.pos.x = (own.pos.x + i32::from(input.x)).clamp(0, 32_767);
    }
}

impl InterestRules for Yard {
    fn interest(plan: &Plan) -> Interest {
        if plan.side == 0 {
            return Interest::Whole;
        }
        let (columns, rows, radius) = (plan.side, plan.side, plan.radius);
        Interest::Cells(Cells { origin: IVec2::ZERO, size: CELL, columns, rows, radius, slack: 10 })
    }

    fn location(own: &Crate) -> Location {
        Location::at(own.pos)
    }
}

impl LagCompensation for Yard {
    const REWIND_MS_MAX: u32 = 1_000;

    fn hitbox(own: &Crate) -> Option<Hitbox> {
        Some(Hitbox { centre: own.pos.extend(0), half: IVec3::ONE, life: 0 })
    }
}

/// The text of an event with this many bytes in the codec: a variant, a length of one byte or three, and the
/// text.
fn text_of(event_bytes: usize) -> Vec<u8> {
    vec![7; event_bytes - if event_bytes <= 252 { 2 } else { 4 }]
}
