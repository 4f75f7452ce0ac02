//! What the derive macros produce: rows, schemas, predictors.

use proptest::prelude::*;
use tickwire_shared::coding::bits::{BitCode, BitReader, BitWriter};
use tickwire_shared::entity::{Field, FieldType, Grid, OnGrid, Predictor, Schema};
use tickwire_shared::prelude::*;

const EDGE: i32 = 65_536;
const STEPS: u32 = 1024;
const LAG_MS: i32 = 100;

#[derive(Clone, Debug, PartialEq, Entity)]
enum Thing {
    Ship(Ship),
    Buoy(Buoy),
    Marker(Marker),
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Ship {
    weapon: Weapon,
    #[entity(range = -EDGE..=EDGE, grid = STEPS, predict = linear(vel))]
    pos: IVec2,
    #[entity(range = -1024..=1024, grid = STEPS, predict = steer(target, LAG_MS))]
    vel: IVec2,
    #[entity(range = -1024..=1024, grid = STEPS)]
    target: IVec2,
    #[entity(angle = 1024, predict = steer(aim, 33))]
    heading: u16,
    #[entity(angle = 1024)]
    aim: u16,
    #[entity(range = 0..=100)]
    hp: u8,
    alive: bool,
    r#type: i8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Buoy {
    #[entity(range = -512..=512.0, grid = 1024, predict = linear(drift))]
    pos: Vec2,
    #[entity(range = -1..=1, grid = 1024)]
    drift: Vec2,
    #[entity(angle = 4096)]
    heading: f32,
    #[entity(range = -0.5..=0.5, grid = 100, predict = hold)]
    tilt: f32,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Marker;

#[derive(Clone, Copy, Debug, Default, PartialEq, Choice)]
enum Weapon {
    #[default]
    Pistol,
    Shotgun,
    Railgun,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Controls {
    #[input(range = -127..=127)]
    move_x: i8,
    #[input(range = -1..=1, grid = 127)]
    look: Vec2,
    #[input(angle = 1024)]
    aim: u16,
    fire: Button,
    weapon: Weapon,
}

fn weapons() -> impl Strategy<Value = Weapon> {
    prop_oneof![Just(Weapon::Pistol), Just(Weapon::Shotgun), Just(Weapon::Railgun)]
}

fn vectors(most: i32) -> impl Strategy<Value = IVec2> {
    (-most..=most, -most..=most).prop_map(|(x, y)| IVec2::new(x, y))
}

prop_compose! {
    fn ships()(
        weapon in weapons(), pos in vectors(EDGE), vel in vectors(1024), target in vectors(1024),
        heading in 0..1024_u16, aim in 0..1024_u16, hp in 0..=100_u8, alive: bool, r#type: i8,
    ) -> Ship {
        Ship { weapon, pos, vel, target, heading, aim, hp, alive, r#type }
    }
}

prop_compose! {
    fn controls()(
        move_x in -127..=127_i8, look in (-2.0..2.0_f32, -2.0..2.0_f32), aim in 0..1024_u16,
        down: bool, pressed: bool, weapon in weapons(),
    ) -> Controls {
        Controls { move_x, look: Vec2::new(look.0, look.1), aim, fire: Button { down, pressed }, weapon }
    }
}

fn row_of<E: Entity>(entity: &E) -> Vec<i32> {
    let mut row = Vec::new();
    entity.write_row(&mut row);
    row
}

fn ship() -> Ship {
    Ship {
        weapon: Weapon::Shotgun,
        pos: IVec2::new(1, -2),
        vel: IVec2::new(3, -4),
        target: IVec2::new(5, -6),
        heading: 7,
        aim: 8,
        hp: 9,
        alive: true,
        r#type: -10,
    }
}

fn names(fields: &[Field]) -> Vec<&str> {
    fields.iter().map(|field| field.name.as_str()).collect()
}

proptest! {
    #[test]
    fn a_value_on_its_grid_comes_back_from_its_row(ship in ships()) {
        let thing = Thing::Ship(ship);
        prop_assert_eq!(Thing::read_row(0, &row_of(&thing)), Some(thing));
    }

    #[test]
    fn any_float_is_snapped_once_and_stays(
        x: f32, y: f32, heading: f32, tilt: f32,
    ) {
        let buoy = Buoy { pos: Vec2::new(x, y), drift: Vec2::new(y, x), heading, tilt };
        let row = row_of(&buoy);
        for (value, field) in row.iter().zip(&Buoy::kinds()[0].fields) {
            prop_assert!((field.grid.min..=field.grid.max).contains(value));
        }
        let snapped = Buoy::read_row(0, &row).unwrap();
        prop_assert_eq!(row_of(&snapped), row);
    }

    #[test]
    fn a_row_of_another_length_is_no_value(length in 0..32_usize) {
        let row = vec![0; length];
        prop_assert_eq!(Thing::read_row(0, &row).is_some(), length == 12);
        prop_assert_eq!(Thing::read_row(1, &row).is_some(), length == 6);
        prop_assert_eq!(Thing::read_row(2, &row).is_some(), length == 0);
        prop_assert_eq!(Controls::read_row(&row).is_some(), length == 6);
    }

    #[test]
    fn an_input_crosses_the_wire_in_the_bits_of_its_grids(input in controls()) {
        let mut writer = BitWriter::new();
        let input = OnGrid::new(&input);
        input.write(&mut writer);
        let bytes = writer.finish();
        prop_assert_eq!(bytes.len(), (Controls::schema().bits() as usize).div_ceil(8));
        let read = OnGrid::<Controls>::read(&mut BitReader::new(&bytes)).unwrap();
        prop_assert_eq!(read, input);
    }
}

#[test]
fn kinds_are_called_like_their_variants_and_numbered_in_order() {
    let kinds = Thing::kinds();
    assert_eq!(kinds.iter().map(|kind| kind.name.as_str()).collect::<Vec<_>>(), ["ship", "buoy", "marker"]);
    assert_eq!(Thing::Marker(Marker).kind(), 2);
    assert_eq!(Thing::read_row(3, &[]), None);
}

#[test]
fn a_lone_struct_is_a_game_with_one_kind() {
    let kinds = Buoy::kinds();
    assert_eq!((kinds.len(), kinds[0].name.as_str()), (1, "buoy"));
    assert_eq!(Marker.kind(), 0);
    assert_eq!(Marker::read_row(0, &[]), Some(Marker));
    assert_eq!(Marker::read_row(1, &[]), None);
}

#[test]
fn fields_stand_in_the_order_of_the_struct_with_vectors_split() {
    let expected = "weapon pos.x pos.y vel.x vel.y target.x target.y heading aim hp alive type";
    assert_eq!(names(&Ship::kinds()[0].fields).join(" "), expected);
    assert_eq!(row_of(&ship()), [1, 1, -2, 3, -4, 5, -6, 7, 8, 9, 1, -10]);
    assert_eq!(names(&Controls::schema().fields).join(" "), "move_x look.x look.y aim fire weapon");
}

#[test]
fn a_predictor_names_the_matching_component() {
    let fields = &Ship::kinds()[0].fields;
    let predictors: Vec<_> = fields.iter().map(|field| field.predictor).collect();
    assert_eq!(predictors[1..=2], [Predictor::Linear { velocity: 3 }, Predictor::Linear { velocity: 4 }]);
    let steer = |target, lag_ms| Predictor::Steer { target, lag_ms };
    assert_eq!(predictors[3..=4], [steer(5, 100), steer(6, 100)]);
    assert_eq!(predictors[7], steer(8, 33));
    assert!([0_usize, 5, 6, 8, 9, 10, 11].iter().all(|&at| predictors[at] == Predictor::Hold));
    Schema::of::<Thing>(TickRate::DEFAULT).unwrap();
}

#[test]
fn grids_are_what_the_attributes_say() {
    let ship = &Ship::kinds()[0].fields;
    assert_eq!(ship[0].grid, Grid::integers(0, 2));
    assert_eq!(ship[1].grid, Grid::integers(-EDGE, EDGE).with_per_unit(1024));
    assert_eq!(ship[7].grid, Grid::angle(1024));
    assert_eq!(ship[9].grid, Grid::integers(0, 100));
    assert_eq!(ship[11].grid, Grid::integers(-128, 127));
    let buoy = &Buoy::kinds()[0].fields;
    assert_eq!(buoy[0].grid, Grid::reals(-512.0, 512.0, 1024));
    assert_eq!((buoy[5].grid.min, buoy[5].grid.max), (-50, 50));
    let schema = Controls::schema();
    assert!(schema.fields.iter().map(|field| field.grid).eq(Controls::GRIDS.iter().copied()));
}

#[test]
fn values_outside_are_brought_to_the_ends_and_angles_wrap() {
    let outside = Ship { pos: IVec2::new(i32::MAX, i32::MIN), heading: 1024 + 5, hp: 255, ..ship() };
    let back = Ship::read_row(0, &row_of(&outside)).unwrap();
    assert_eq!((back.pos, back.heading, back.hp), (IVec2::new(EDGE, -EDGE), 5, 100));
    let quarter = core::f32::consts::FRAC_PI_2;
    let buoy = Buoy { pos: Vec2::ZERO, drift: Vec2::ZERO, heading: -quarter, tilt: 9.0 };
    assert_eq!(row_of(&buoy)[4..], [3072, 50]);
}

#[test]
fn a_choice_that_does_not_exist_is_the_first_one() {
    let grid = Weapon::GRID.unwrap();
    for (part, weapon) in
        [(0, Weapon::Pistol), (2, Weapon::Railgun), (3, Weapon::Pistol), (-1, Weapon::Pistol)]
    {
        assert_eq!(Weapon::read_parts(&grid, &[part]), weapon);
    }
    assert_eq!(Weapon::read_parts(&grid, &[]), Weapon::Pistol);
}

#[test]
fn axes_are_held_and_edges_are_folded() {
    let pressed = Controls {
        move_x: 5,
        fire: Button { down: true, pressed: true },
        weapon: Weapon::Railgun,
        ..Controls::default()
    };
    let held = pressed.held();
    assert_eq!(held, Controls { fire: Button { down: true, pressed: false }, ..pressed.clone() });
    let mut next = Controls::default();
    next.fold(&pressed);
    assert_eq!(next, Controls { fire: Button { down: false, pressed: true }, ..Controls::default() });
}
