//! Soldiers and ghosts with owner-only fields, in either packet profile.

use serde::{Deserialize, Serialize};
use tickwire_shared::entity::PacketProfile;
use tickwire_shared::prelude::*;

const SIDE: i32 = 4_000;
const AMMO: u16 = 20;
const RELOAD: u8 = 5;

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Pad {
    #[input(range = -60..=60)]
    pub(crate) x: i16,
    pub(crate) fire: Button,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) enum Thing {
    Soldier(Soldier),
    Ghost(Ghost),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Soldier {
    /// Counts down to the next shot; read and written by the player's own step.
    #[entity(range = 0..=5, owner_only)]
    pub(crate) reload: u8,
    #[entity(range = 0..=4000, predict = linear(vel))]
    pub(crate) pos: IVec2,
    #[entity(range = -60..=60)]
    pub(crate) vel: IVec2,
    /// Other clients see 1, the value of its range nearest to 0.
    #[entity(range = 1..=20, owner_only)]
    pub(crate) ammo: u16,
    /// Changed only by the server.
    #[entity(range = -1000..=1000, owner_only)]
    pub(crate) card: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Ghost {
    #[entity(range = 0..=4000)]
    pub(crate) pos: IVec2,
    #[entity(owner_only)]
    pub(crate) secret: bool,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rules {
    /// Divides the room into cells.
    pub(crate) cells: bool,
    /// The value of the cards.
    pub(crate) deal: i16,
    /// Soldiers become ghosts, and return.
    pub(crate) dies: bool,
    /// A card changes every this many ticks; 0: never.
    pub(crate) deal_period: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Nothing;

pub(crate) struct Secrets<const PLAIN: bool> {
    rules: Rules,
    players: Vec<(PlayerId, EntityId)>,
}

impl<const PLAIN: bool> Game for Secrets<PLAIN> {
    const FEATURES: Features<Self> = Features::new().with_interest().with_profile(if PLAIN {
        PacketProfile::Plain
    } else {
        PacketProfile::Ranged
    });
    type Settings = Rules;
    type Scene = ();
    type Input = Pad;
    type Entity = Thing;
    type State = ();
    type Context = ();
    type Event = Nothing;
    type Command = Nothing;

    fn scene(_: &Rules, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { rules: *setup.settings, players: Vec::new() }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let pos = IVec2::new(300 * i32::from(joining.player.0), 500);
        let card = self.rules.deal.wrapping_mul(joining.player.0 as i16);
        let entity = stage.world.spawn(Thing::Soldier(Soldier {
            reload: 0,
            pos,
            vel: IVec2::ZERO,
            ammo: AMMO,
            card,
        }))?;
        self.players.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for (_, entity) in self.players.extract_if(.., |(other, _)| *other == player) {
            stage.world.despawn(entity);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let rules = self.rules;
        for player in turn.players {
            let Some(own) = stage.world.get_mut(player.entity) else { continue };
            Self::apply_input(own, &player.input, &turn.step());
            let turns = rules.dies && turn.tick.0.is_multiple_of(40);
            let deals = rules.deal_period > 0 && turn.tick.0.is_multiple_of(rules.deal_period);
            *own = match *own {
                Thing::Soldier(Soldier { pos, .. }) if turns => Thing::Ghost(Ghost { pos, secret: true }),
                Thing::Ghost(Ghost { pos, .. }) if turns => {
                    Thing::Soldier(Soldier { reload: 2, pos, vel: IVec2::ZERO, ammo: AMMO, card: rules.deal })
                }
                Thing::Soldier(soldier) if deals => {
                    Thing::Soldier(Soldier { card: (soldier.card + 7) % 1_000, ..soldier })
                }
                same => same,
            };
        }
    }

    fn apply_input(own: &mut Thing, input: &Pad, _: &Step<'_, Self>) {
        let Thing::Soldier(soldier) = own else { return };
        soldier.vel = IVec2::new(i32::from(input.x), 0);
        soldier.pos = (soldier.pos + soldier.vel).clamp(IVec2::ZERO, IVec2::splat(SIDE));
        soldier.reload = soldier.reload.saturating_sub(1);
        if input.fire.active() && soldier.reload == 0 {
            soldier.reload = RELOAD;
            // An empty magazine is refilled, so that there is always something to change.
            soldier.ammo = if soldier.ammo > 1 { soldier.ammo - 1 } else { AMMO };
            // A shot pushes it back: owner-only fields have effects that everyone sees.
            soldier.pos.x = (soldier.pos.x - i32::from(soldier.ammo)).clamp(0, SIDE);
        }
    }
}

impl<const PLAIN: bool> InterestRules for Secrets<PLAIN> {
    fn interest(rules: &Rules) -> Interest {
        let cells = Cells { origin: IVec2::ZERO, size: 400, columns: 10, rows: 10, radius: 900, slack: 40 };
        if rules.cells { Interest::Cells(cells) } else { Interest::Whole }
    }

    fn location(thing: &Thing) -> Location {
        let (Thing::Soldier(Soldier { pos, .. }) | Thing::Ghost(Ghost { pos, .. })) = thing;
        Location { at: Some(*pos), group: Group::default() }
    }
}
