//! The derive macros of `tickwire-shared`, which re-exports them: an author of a game never names this crate.
//!
//! They turn a struct into a row of integers on declared grids, and report mistakes at compile time.
//! Everything else (deltas, hashes, prediction) works on rows; this crate knows nothing of it.
//!
//! ```text
//!   #[entity(...)] -> attributes -> grids, predict -> fields -> entity, input -> impl Entity / Input
//! ```
//!
//! # Attributes of a field
//! In `#[entity(...)]` for an entity, in `#[input(...)]` for an input. Any number may be a constant
//! expression.
//!
//! For fields of entities and inputs:
//!
//! - **`range = MIN..=MAX`** (numbers, vectors): the permitted values, both ends included, at most 2^31 of
//!   them. Other values are brought to the nearer end. In units for `f32` and `Vec2`, in integers for all
//!   others. A vector has one range for both components.
//! - **`grid = STEPS`** (numbers, vectors): steps per unit, at least 1. `f32` and `Vec2` are rounded to the
//!   grid. Integers stay as they are: it tells decoders what an integer means.
//! - **`angle = STEPS`** (`f32`, small integers): a full turn in that many steps, 2 to 65536; the value
//!   wraps. `f32` contains radians, integers contain steps from 0. It replaces `range` and `grid`.
//!
//! For fields of entities only:
//!
//! - **`predict = hold`** (all types): the value stays. The default.
//! - **`predict = linear(VELOCITY)`** (numbers, vectors): the value grows by the field `VELOCITY` in each
//!   tick: a velocity is in units **per tick**.
//! - **`predict = steer(TARGET, LAG_MS)`** (numbers, vectors): the value moves to the field `TARGET` and lags
//!   `LAG_MS` behind it: 1/n of the distance in each tick, n = 1 + lag x tick rate. An angle takes the
//!   shorter way.
//! - **`predict = custom`** (all types): the step of `Features::with_custom_prediction` computes the next
//!   value. Only clients built with the game can read such a stream.
//! - **`interpolate = BOOL`** (numbers, vectors): whether clients draw the value between its states, also
//!   between the steps of its grid, so that it moves smoothly. By default true for `f32`, vectors, angles and
//!   every field predicted as anything except `hold`; `false` switches it off. It affects only rendered
//!   frames.
//! - **`owner_only`** (all types): only the player that owns the entity gets the field. For all other clients
//!   it is 0, or the value of its range that is nearest to 0. Such a field is held, and no predictor reads
//!   it.
//!
//! A predictor reads a field of the same struct with as many components and the same steps per unit (for an
//! angle, per turn). A velocity may itself be steered, but not linear; a target is held.
//!
//! # Types of a field
//!
//! | type | what it needs |
//! |---|---|
//! | `f32` | `range` and `grid`, or `angle` |
//! | `Vec2` | `range` and `grid` |
//! | `i32`, `u32` | `range`, or `angle` |
//! | `IVec2` | `range` |
//! | `u8`, `i8`, `u16`, `i16` | nothing; `range` saves bits |
//! | `bool`, `Button`, a [`Choice`] | nothing; `range`, `grid`, `angle`, `linear` and `steer` do not apply |
//!
//! The macros recognize these types by the last part of their names, so a field must name the type itself,
//! not an alias.

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
/// A single struct is a game with one kind, named like the struct in lower case. Each variant of an enum
/// contains one struct and is a kind, named like the variant in lower case and numbered in the order of the
/// variants; 64 at most. A kind has at most 48 fields (a vector counts as two) and 352 bits.
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
/// When a tick has no input, axes are held and a `Button` stays down without being pressed again. The presses
/// of a late input are folded into the next one. An input has at most 32 fields (a vector counts as two) and
/// 256 bits. The attributes of a field are listed at the [crate](self); an input is not predicted.
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

/// Makes an enum of variants without data a field type. The variants are numbered from 0 in their order.
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
