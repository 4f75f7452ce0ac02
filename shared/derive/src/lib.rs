//! The derives of `tickwire-shared`, which exports them: an author of a game never names this crate.
//!
//! They turn a struct into a row of integers on declared grids, and say at compile time what is missing. All that
//! follows (deltas, hashes, prediction) works on rows; nothing here knows it.
//!
//! ```text
//!   #[entity(...)] -> attributes -> grids, predict -> fields -> entity, input -> impl Entity / Input
//! ```
//!
//! # Attributes of a field
//! In `#[entity(...)]` for an entity and `#[input(...)]` for an input; any number may be a constant expression.
//!
//! | key | for | meaning |
//! |---|---|---|
//! | `range = MIN..=MAX` | numbers, vectors | The values that it may take, both ends included, at most 2^31 of them; others are brought to the nearer end. In units for `f32` and `Vec2`, in integers for all others. A vector has one range for both components. |
//! | `grid = STEPS` | numbers, vectors | Steps per unit, at least 1. `f32` and `Vec2` are rounded to it. Integers stay as they are: it tells decoders what an integer means. |
//! | `angle = STEPS` | `f32`, small integers | A full turn in that many steps, 2 to 65536; the value wraps. `f32` holds radians, integers hold steps from 0. Stands instead of `range` and `grid`. |
//! | `predict = hold` | all, entities only | The value stays. The default. |
//! | `predict = linear(VELOCITY)` | numbers, vectors, entities only | The value grows by the field `VELOCITY` in each tick: a velocity is in units **per tick**. |
//! | `predict = steer(TARGET, LAG_MS)` | numbers, vectors, entities only | The value goes to the field `TARGET` and trails `LAG_MS` behind it: 1/n of the way in each tick, n = 1 + lag x tick rate. An angle takes the shorter way. |
//! | `predict = custom` | all, entities only | `Game::predict` says how the value goes on. Only clients built with the game can read such a stream. |
//! | `interpolate = BOOL` | numbers, vectors, entities only | Whether clients draw the value between its states: it glides from one to the next, between the steps of its grid too. True by default for `f32`, vectors, angles and whatever is predicted as other than `hold`; `false` switches it off. Changes nothing but pictures. |
//! | `owner_only` | all, entities only | Only the player whose entity it is gets the field; for all others it is 0, or what of its range is nearest to 0. Such a field is held, and no predictor reads it. |
//!
//! A predictor reads a field of the same struct with as many components and the same steps per unit (for an angle,
//! per turn). A velocity may itself be steered, not linear; a target is held.
//!
//! | type | what it needs |
//! |---|---|
//! | `f32` | `range` and `grid`, or `angle` |
//! | `Vec2` | `range` and `grid` |
//! | `i32`, `u32` | `range`, or `angle` |
//! | `IVec2` | `range` |
//! | `u8`, `i8`, `u16`, `i16` | nothing; `range` saves bits |
//! | `bool`, `Button`, a [`Choice`] | nothing, and takes nothing but `predict = hold` |
//!
//! The derives know these types by the last part of their names, so a field names the type itself and no alias.

mod attributes;
mod choice;
mod entity;
mod fields;
mod grids;
mod input;
mod predict;
mod types;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct, or an enum of such structs, a replicated entity.
///
/// A struct alone is a game with one kind, called like the struct in lower case. Each variant of an enum holds one
/// struct and is a kind, called like the variant in lower case and numbered in the order of the variants; 64 at most.
/// A kind has at most 48 fields (a vector counts as two) and 352 bits.
///
/// The attributes of a field are listed at the [crate](self).
///
/// ```
/// use tickwire_shared::prelude::*;
///
/// #[derive(Clone, Entity)]
/// enum Thing {
///     Ship(Ship),
///     Shot(Shot),
/// }
///
/// #[derive(Clone, Entity)]
/// struct Ship {
///     // Fixed point: 1024 integers are one unit, the map reaches from -64 to 64 units.
///     #[entity(range = -65536..=65536, grid = 1024, predict = linear(vel))]
///     pos: IVec2,
///     #[entity(range = -1024..=1024, grid = 1024, predict = steer(target, 100))]
///     vel: IVec2,
///     #[entity(range = -1024..=1024, grid = 1024)]
///     target: IVec2,
///     #[entity(angle = 1024)]
///     heading: u16,
///     #[entity(range = 0..=100)]
///     hp: u8,
///     alive: bool,
///     weapon: Weapon,
/// }
///
/// #[derive(Clone, Entity)]
/// struct Shot {
///     // Floats, rounded to 1/256 unit at the end of each tick.
///     #[entity(range = -64.0..=64.0, grid = 256, predict = linear(vel))]
///     pos: Vec2,
///     #[entity(range = -2.0..=2.0, grid = 256)]
///     vel: Vec2,
/// }
///
/// #[derive(Clone, Copy, Default, Choice)]
/// enum Weapon {
///     #[default]
///     Pistol,
///     Shotgun,
/// }
///
/// let shot = Thing::Shot(Shot { pos: Vec2::new(1.0, -0.5), vel: Vec2::ZERO });
/// let mut row = Vec::new();
/// shot.write_row(&mut row);
/// assert_eq!((shot.kind(), row.as_slice()), (1, [256, -128, 0, 0].as_slice()));
/// ```
#[proc_macro_derive(Entity, attributes(entity))]
pub fn derive_entity(item: TokenStream) -> TokenStream {
    entity::derive(&parse_macro_input!(item as DeriveInput)).into()
}

/// Makes a struct a player's input for one tick; its default is the neutral input.
///
/// When no input comes for a tick, axes are held and a `Button` stays down without being pressed again; the presses of
/// an input that comes too late are folded into the next one. An input has at most 32 fields (a vector counts as two)
/// and 256 bits. The attributes of a field are listed at the [crate](self); an input is not predicted.
///
/// ```
/// use tickwire_shared::prelude::*;
///
/// #[derive(Clone, Debug, Default, PartialEq, Input)]
/// struct Controls {
///     #[input(range = -127..=127)]
///     move_x: i8,
///     #[input(range = -1.0..=1.0, grid = 127)]
///     look: Vec2,
///     #[input(angle = 1024)]
///     aim: u16,
///     fire: Button,
/// }
///
/// let mut now = Controls { move_x: 100, fire: Button { down: true, pressed: true }, ..Controls::default() };
/// now = now.held();
/// assert_eq!((now.move_x, now.fire.down, now.fire.pressed), (100, true, false));
/// ```
#[proc_macro_derive(Input, attributes(input))]
pub fn derive_input(item: TokenStream) -> TokenStream {
    input::derive(&parse_macro_input!(item as DeriveInput)).into()
}

/// Makes an enum of variants without data the type of a field, with the numbers from 0 in the order of the variants.
///
/// ```
/// use tickwire_shared::entity::FieldType;
///
/// #[derive(Clone, Copy, Debug, PartialEq, tickwire_shared::Choice)]
/// enum Phase {
///     Warmup,
///     Round,
///     Break,
/// }
///
/// assert_eq!(Phase::GRID.map(|grid| (grid.min, grid.max)), Some((0, 2)));
/// ```
#[proc_macro_derive(Choice)]
pub fn derive_choice(item: TokenStream) -> TokenStream {
    choice::derive(&parse_macro_input!(item as DeriveInput)).into()
}
