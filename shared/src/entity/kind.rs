//! Kinds of entity and their fields.

use super::{Grid, Meaning};
use serde::{Deserialize, Serialize};

/// How a field's next value is predicted from its row. Integer arithmetic only; see `docs/protocol.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Predictor {
    /// The value stays.
    #[default]
    Hold,
    /// The value grows by another field of the row (after that field was steered).
    Linear {
        /// The index of the velocity, in grid steps per tick.
        velocity: u16,
    },
    /// The value moves toward another field of the row: in each tick by a fraction 1/n of the distance,
    /// truncated towards zero, and all the way when at most n steps are left; for n see
    /// [`steer_divisor`](super::steer_divisor). An angle takes the shorter way.
    Steer {
        /// The index of the target.
        target: u16,
        /// How far the value trails a target that moves steadily, ms.
        lag_ms: u16,
    },
    /// The game's own [`CustomStep`](super::CustomStep) over all rows of the stream predicts it. Only a
    /// program with this step can read such a stream.
    Custom,
}

impl Predictor {
    /// Whether a field with this predictor is probably a position: it moves by itself.
    pub(crate) fn is_position(self) -> bool {
        matches!(self, Self::Linear { .. } | Self::Custom)
    }
}

/// One integer of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The name; for components of a vector, for example `pos.x`.
    pub name: String,
    /// The integers that it may take.
    pub grid: Grid,
    /// How it is predicted.
    pub predictor: Predictor,
    /// Only the client that controls the entity gets it, in the private section of its updates. In streams,
    /// and so for all other clients, it is [`Field::hidden`].
    pub own: bool,
    /// Whether it moves smoothly in rendered frames from one state to the next, between the steps of its
    /// grid. Otherwise it stays until the next state is shown. This affects only what is drawn.
    pub interpolate: bool,
    /// What its integers represent.
    pub meaning: Meaning,
}

impl Field {
    /// What streams contain in place of an owner-only field: 0, or the value of its grid nearest to 0.
    #[must_use]
    pub fn hidden(&self) -> i32 {
        self.grid.nearest_to_zero()
    }

    /// Whether its grid keeps the protocol's bounds and fits its meaning.
    pub(crate) fn is_sound(&self) -> bool {
        self.grid.is_sound() && self.meaning.is_of(&self.grid)
    }

    /// Two values of this field in readable form, in units: `1.5 against 2 units`.
    pub(crate) fn describe_two(&self, one: i32, other: i32) -> String {
        if let Meaning::Choice(names) = &self.meaning
            && let [Some(one), Some(other)] = [one, other].map(|at| names.get(usize::try_from(at).ok()?))
        {
            return format!("{one} against {other}");
        }
        let Grid { per_unit, wrap, .. } = self.grid;
        let [one, other] = [one, other].map(|step| f64::from(step) / f64::from(per_unit));
        match (wrap, per_unit) {
            (true, _) => format!("{one} against {other} turns"),
            (false, 1) => format!("{one} against {other}"),
            (false, _) => format!("{one} against {other} units"),
        }
    }
}

/// One kind of entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// The name.
    pub name: String,
    /// The fields in row order.
    pub fields: Vec<Field>,
}

impl Kind {
    /// Whether entities of this kind move: some field is predicted as `linear` or `custom`.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.fields.iter().any(|field| field.predictor.is_position())
    }

    /// Whether some field is predicted by the game's own step.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.fields.iter().any(|field| field.predictor == Predictor::Custom)
    }

    /// Bits of a row in a keyframe.
    #[must_use]
    pub fn row_bits(&self) -> u32 {
        self.fields.iter().filter(|field| !field.own).map(|field| field.grid.bits()).sum()
    }

    /// Bits of all fields, including the owner-only ones.
    #[must_use]
    pub fn all_bits(&self) -> u32 {
        self.fields.iter().map(|field| field.grid.bits()).sum()
    }
}
