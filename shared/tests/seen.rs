//! Lag compensation rewinds to the rendered frame that the player saw.

#![allow(clippy::unwrap_used)]

use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::{Harness, LinkProfile, check_prediction};
use tickwire_shared::prelude::*;

/// The speed of the one target, grid units per tick.
const SPEED: i32 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
enum Thing {
    Target(Target),
    Hunter(Hunter),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
struct Target {
    #[entity(range = 0..=1_000_000, predict = linear(vel))]
    x: i32,
    #[entity(range = -60..=60)]
    vel: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
struct Hunter {
    #[entity(range = 0..=9)]
    shots: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
struct Trigger {
    pull: Button,
    #[input(range = 0..=255)]
    aim: u8,
}

struct Hunt(EntityId);

impl Game for Hunt {
    const FEATURES: Features<Self> = Features::new().with_lag_compensation();
    type Settings = ();
    type Scene = ();
    type Input = Trigger;
    type Entity = Thing;
    type State = ();
    type Context = ();
    /// Where the room saw the target for the player who pulled the trigger.
    type Event = i32;
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        Self(stage.world.spawn(Thing::Target(Target { x: 0, vel: SPEED })).unwrap())
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Thing::Hunter(Hunter { shots: 0 }))?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        if let Some(Thing::Target(target)) = stage.world.get_mut(self.0) {
            target.x += SPEED * turn.passed_ticks as i32;
        }
        for player in turn.players {
            let Some(own) = stage.world.get_mut(player.entity) else { continue };
            Self::apply_input(own, &player.input, &turn.step());
            if player.input.pull.pressed {
                let seen = turn.rewind(player).hitbox(self.0).unwrap();
                stage.events.to(player.player, seen.centre.x).unwrap();
            }
        }
    }

    fn apply_input(own: &mut Thing, input: &Trigger, _: &Step<'_, Self>) {
        if let Thing::Hunter(hunter) = own {
            hunter.shots = (hunter.shots + u8::from(input.pull.pressed)) % 10;
        }
    }
}

impl LagCompensation for Hunt {
    fn hitbox(thing: &Thing) -> Option<Hitbox> {
        let Thing::Target(target) = thing else { return None };
        Some(Hitbox { centre: IVec3::new(target.x, 0, 0), half: IVec3::ONE, life: 0 })
    }
}

const PULL: Trigger = Trigger { pull: Button { down: false, pressed: true }, aim: 0 };

#[test]
fn the_room_sees_the_target_where_the_last_picture_before_the_trigger_showed_it() {
    for picture_hz in [20, 60, 144, 240] {
        let mut harness = Harness::<Hunt>::new((), 2);
        let ada = harness.join("ada");
        harness.link(ada, LinkProfile::delayed(Duration::from_millis(40)));
        harness.run_ticks(30);
        let drawn = Rc::new(RefCell::new(0.0_f64));
        let last = drawn.clone();
        harness.pictures(ada, picture_hz, move |client, now| {
            let mut picture = tickwire_shared::client::RenderedFrame::default();
            client.render_into(now, &mut picture);
            let x = picture.rows().find(|row| row.kind == 0).map(|row| row.values[0]);
            *last.borrow_mut() = x.unwrap_or_default();
        });
        harness.run_ticks(90);
        let mut off = Vec::new();
        for shot in 0..40 {
            harness.set_input(ada, PULL);
            let seen = *drawn.borrow();
            let mut looked = None;
            while looked.is_none() {
                harness.run_ticks(1);
                looked = harness.take_events(ada).into_iter().find_map(|event| match event {
                    ClientEvent::Game(x) => Some(x),
                    _ => None,
                });
            }
            off.push(f64::from(looked.unwrap()) - seen);
            harness.run_ticks(3 + shot % 5);
        }
        let worst = off.iter().copied().fold(0.0, |worst: f64, off| worst.max(off.abs()));
        assert!(worst <= 1.0, "{picture_hz} rendered frames a second: {off:?}");
    }
}

#[test]
fn the_hunters_are_predicted() {
    check_prediction::<Hunt>(&(), 5, 600, 1).unwrap();
}
