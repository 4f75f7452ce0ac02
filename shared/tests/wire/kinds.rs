//! An enum of kinds: each kind is reached by its own type.

use tickwire_shared::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Entity)]
struct Kicker {
    #[entity(range = 0..=99)]
    stamina: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Entity)]
struct Ball {
    #[entity(range = -99..=99)]
    spin: i8,
}

#[derive(Clone, Copy, Debug, PartialEq, Entity)]
struct Post {
    #[entity(range = 0..=3)]
    corner: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Entity)]
enum Thing {
    Kicker(Kicker),
    Ball(Ball),
    Left(Post),
    Right(Post),
}

fn pitch() -> (World<Thing>, EntityId, EntityId) {
    let mut world = World::new();
    world.spawn(Thing::Left(Post { corner: 0 })).unwrap();
    let kicker = world.spawn(Kicker { stamina: 9 }.into()).unwrap();
    let ball = world.spawn(Ball { spin: -3 }.into()).unwrap();
    world.spawn(Thing::Right(Post { corner: 1 })).unwrap();
    world.spawn(Kicker { stamina: 4 }.into()).unwrap();
    (world, kicker, ball)
}

#[test]
fn an_entity_is_reached_as_its_kind_and_as_no_other() {
    let (mut world, kicker, ball) = pitch();
    assert_eq!(world.get_as::<Kicker>(kicker), Some(&Kicker { stamina: 9 }));
    assert_eq!(world.get_as::<Kicker>(ball), None);
    assert_eq!(world.get_as::<Ball>(ball).map(|ball| ball.spin), Some(-3));
    world.get_as_mut::<Kicker>(kicker).unwrap().stamina = 1;
    assert!(world.get_as_mut::<Ball>(kicker).is_none());
    assert_eq!(world.get(kicker), Some(&Thing::Kicker(Kicker { stamina: 1 })));
    assert_eq!(world.get_as::<Kicker>(EntityId(77)), None);
}

#[test]
fn all_of_a_kind_come_in_the_order_of_their_ids() {
    let (mut world, ..) = pitch();
    for (_, kicker) in world.iter_as_mut::<Kicker>() {
        kicker.stamina += 1;
    }
    let stamina: Vec<u8> = world.iter_as::<Kicker>().map(|(_, kicker)| kicker.stamina).collect();
    assert_eq!(stamina, [10, 5]);
    assert_eq!(world.iter_as::<Ball>().count(), 1);
}

#[test]
fn a_kind_outside_of_a_world_is_one_too() {
    let mut thing = Thing::from(Ball { spin: 2 });
    assert_eq!(Ball::of(&thing), Some(&Ball { spin: 2 }));
    assert!(Kicker::of_mut(&mut thing).is_none());
    // Two variants contain posts, so a post does not say which it is.
    assert_eq!(Thing::Left(Post { corner: 2 }).kind(), 2);
}
