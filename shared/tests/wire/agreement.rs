//! What both ends must agree on: what the schema hash covers, and what a game states with its version.

use tickwire_shared::entity::{GameSchema, Grid, InputSchema, Kind, Meaning, Predictor};
use tickwire_shared::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Choice)]
enum Weapon {
    #[default]
    Pistol,
    Rocket,
    Shotgun,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Ship {
    #[entity(range = -100..=100, grid = 4, predict = linear(speed))]
    place: f32,
    #[entity(range = -10..=10, grid = 4)]
    speed: f32,
    weapon: Weapon,
    alive: bool,
    #[entity(range = 0..=9, owner_only)]
    bombs: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Rock {
    #[entity(angle = 256)]
    turn: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
enum Thing {
    Ship(Ship),
    Rock(Rock),
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Pad {
    #[input(range = -1..=1)]
    x: i8,
    fire: Button,
    weapon: Weapon,
}

fn game() -> (u32, Vec<Kind>, InputSchema) {
    (1, Thing::kinds(), Pad::schema())
}

type Change = fn(&mut u32, &mut Vec<Kind>, &mut InputSchema);

fn variants(names: &[&str]) -> Meaning {
    Meaning::choice(names)
}

const IN_THE_HASH: &[(&str, Change)] = &[
    ("the game's version", |version, _, _| *version += 1),
    ("the order of kinds", |_, kinds, _| kinds.reverse()),
    ("the name of a kind", |_, kinds, _| kinds[1].name = "stone".into()),
    ("the number of kinds", |_, kinds, _| drop(kinds.pop())),
    ("the order of fields", |_, kinds, _| kinds[0].fields.swap(2, 3)),
    ("the name of a field", |_, kinds, _| kinds[0].fields[0].name = "pos".into()),
    ("a field's range", |_, kinds, _| kinds[0].fields[0].grid.max += 1),
    ("a field's steps per unit", |_, kinds, _| kinds[0].fields[0].grid.per_unit = 8),
    ("an angle", |_, kinds, _| kinds[1].fields[0].grid.wrap = false),
    ("a predictor", |_, kinds, _| kinds[0].fields[0].predictor = Predictor::Hold),
    ("the lag of a predictor", |_, kinds, _| {
        kinds[0].fields[0].predictor = Predictor::Steer { target: 1, lag_ms: 9 };
    }),
    ("an owner-only field", |_, kinds, _| kinds[0].fields[4].own = false),
    ("a field's interpolation", |_, kinds, _| kinds[0].fields[0].interpolate = false),
    ("the order of a choice's variants", |_, kinds, _| {
        kinds[0].fields[2].meaning = variants(&["rocket", "pistol", "shotgun"]);
    }),
    ("the name of a choice's variant", |_, kinds, _| {
        kinds[0].fields[2].meaning = variants(&["pistol", "missile", "shotgun"]);
    }),
    ("a choice that becomes a number", |_, kinds, _| kinds[0].fields[2].meaning = Meaning::Number),
    ("a bool that becomes a number", |_, kinds, _| kinds[0].fields[3].meaning = Meaning::Number),
    ("the order of an input's fields", |_, _, input| input.fields.reverse()),
    ("the name of an input's field", |_, _, input| input.fields[0].name = "y".into()),
    ("the range of an input's field", |_, _, input| input.fields[0].grid.max = 2),
    ("a button that becomes a number", |_, _, input| input.fields[1].meaning = Meaning::Number),
    ("a choice in an input", |_, _, input| input.fields[2].meaning = variants(&["a", "b", "c"])),
];

fn hash((version, kinds, input): &(u32, Vec<Kind>, InputSchema)) -> u64 {
    let (kinds, input) = (kinds.clone(), input.clone());
    GameSchema { version: *version, kinds, state_kinds: 0, input }.hash()
}

#[test]
fn the_schema_hash_sees_all_by_which_rows_and_inputs_are_read() {
    let before = hash(&game());
    assert_eq!(before, hash(&game()));
    for (what, change) in IN_THE_HASH {
        let mut changed = game();
        change(&mut changed.0, &mut changed.1, &mut changed.2);
        assert_ne!(changed, game(), "{what}");
        assert_ne!(hash(&changed), before, "{what}");
    }
}

/// Like [`Pad`], with other data on the wire besides: the hash covers none of it, so a game increases its
/// `VERSION`.
mod besides {
    use super::*;
    use tickwire_shared::room::game_schema_hash;

    macro_rules! game {
        ($game:ident, $settings:ty, $event:ty, $command:ty, $version:expr) => {
            struct $game;

            impl Game for $game {
                const VERSION: u32 = $version;
                type Settings = $settings;
                type Scene = ();
                type Input = Pad;
                type Entity = Thing;
                type State = ();
                type Context = ();
                type Event = $event;
                type Command = $command;

                fn scene(_: &$settings, _: TickRate) -> Result<(), BadSettings> {
                    Ok(())
                }
                fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
                    Self
                }
                fn join(&mut self, _: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
                    Err(Refusal::Full)
                }
                fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}
                fn step(&mut self, _: &mut Stage<Self>, _: &Turn<'_, Self>) {}
                fn apply_input(_: &mut Thing, _: &Pad, _: &Step<'_, Self>) {}
            }
        };
    }
    game!(First, (), (), (), 1);
    game!(OtherSettings, u32, (), (), 1);
    game!(OtherEvents, (), u8, (), 1);
    game!(OtherCommands, (), (), u8, 1);
    game!(Raised, (), u8, u8, 2);

    #[test]
    fn settings_events_and_commands_are_what_the_version_is_for() {
        let hash = game_schema_hash::<First>();
        assert_eq!(game_schema_hash::<OtherSettings>(), hash);
        assert_eq!(game_schema_hash::<OtherEvents>(), hash);
        assert_eq!(game_schema_hash::<OtherCommands>(), hash);
        assert_ne!(game_schema_hash::<Raised>(), hash);
    }
}

#[test]
fn a_schema_names_what_its_integers_mean() {
    let (_, kinds, input) = game();
    let meanings = |fields: &[tickwire_shared::entity::Field]| -> Vec<Meaning> {
        fields.iter().map(|field| field.meaning.clone()).collect()
    };
    let weapon = variants(&["pistol", "rocket", "shotgun"]);
    let ship = [Meaning::Number, Meaning::Number, weapon.clone(), Meaning::Bool, Meaning::Number];
    assert_eq!(meanings(&kinds[0].fields), ship);
    assert_eq!(meanings(&input.fields), [Meaning::Number, Meaning::Button, weapon]);
    assert_eq!(kinds[0].fields[2].grid, Grid::integers(0, 2));
}
