//! A struct alone is a game with one kind; a type may be written with its path.

#[derive(Clone, tickwire_shared::Entity)]
struct Ball {
    #[entity(range = -64.0..=64.0, grid = 256, predict = linear(vel))]
    pos: glam::Vec2,
    #[entity(range = -2.0..=2.0, grid = 256)]
    vel: glam::Vec2,
    hits: u8,
}

#[test]
fn a_struct_alone_is_a_game_with_one_kind() {
    use tickwire_shared::entity::{Entity, Schema};
    let ball = Ball { pos: glam::Vec2::ONE, vel: glam::Vec2::ZERO, hits: 3 };
    let mut row = Vec::new();
    ball.write_row(&mut row);
    assert_eq!(row, [256, 256, 0, 0, 3]);
    assert!(Schema::of::<Ball>(tickwire_shared::tick::TickRate::DEFAULT).is_ok());
}
