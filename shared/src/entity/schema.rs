//! The schema of a game: everything that a decoder must know about its rows.

use super::model::{Model, TableError};
use super::{CustomStep, Field, Grid, Kind, PredictPlan, Predictor, SchemaError};
use crate::limits::{KINDS_MAX, ROW_BITS_MAX, ROW_FIELDS_MAX, exact_steps_max};
use crate::tick::TickRate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How packets are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PacketProfile {
    /// 0: bits that a reader can follow by hand.
    Plain,
    /// 1: a range coder with static probabilities. About half the bytes.
    #[default]
    Ranged,
}

/// A profile with its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Ranged(Arc<Model>),
}

/// An owner-only field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OwnerOnlyField {
    /// Its index in the row.
    pub(crate) at: usize,
    pub(crate) grid: Grid,
}

/// The kinds of a game's entities, checked against the protocol's bounds, and how their packets are encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    coding: Coding,
    kinds: Vec<Kind>,
    plans: Vec<PredictPlan>,
    row_bits: Vec<u32>,
    /// The owner-only fields of each kind. Empty if no kind has any.
    own: Vec<Vec<OwnerOnlyField>>,
    /// How many of the kinds, the last ones, are the room's state.
    state_kinds: usize,
    step: Option<CustomStep>,
    exact_steps_max: u32,
}

impl Schema {
    /// Checks `kinds` and prepares their predictors for a room of this rate.
    ///
    /// # Errors
    /// The first kind that breaks a bound, whose predictor names an unsuitable field, or that needs the
    /// game's own step.
    pub fn new(kinds: Vec<Kind>, rate: TickRate) -> Result<Self, SchemaError> {
        let custom = kinds.iter().find_map(|kind| {
            let field = kind.fields.iter().find(|field| field.predictor == Predictor::Custom)?;
            Some(SchemaError::NeedsStep { kind: kind.name.clone(), field: field.name.clone() })
        });
        custom.map_or_else(|| Self::checked(kinds, None, rate), Err)
    }

    /// Like [`Schema::new`], with the step for the fields that are predicted as [`Predictor::Custom`].
    /// Without such a field the step never runs.
    ///
    /// # Errors
    /// The first kind that breaks a bound or whose predictor names an unsuitable field.
    pub fn with_step(kinds: Vec<Kind>, step: CustomStep, rate: TickRate) -> Result<Self, SchemaError> {
        let custom = kinds.iter().any(Kind::is_custom);
        Self::checked(kinds, custom.then_some(step), rate)
    }

    fn checked(kinds: Vec<Kind>, step: Option<CustomStep>, rate: TickRate) -> Result<Self, SchemaError> {
        if kinds.is_empty() || kinds.len() > KINDS_MAX {
            return Err(SchemaError::KindCount(kinds.len()));
        }
        let plans = kinds.iter().map(|kind| PredictPlan::new(kind, rate)).collect::<Result<_, _>>()?;
        for kind in &kinds {
            if let Some(field) = kind.fields.iter().find(|field| !field.is_sound()) {
                return Err(SchemaError::BadGrid { kind: kind.name.clone(), field: field.name.clone() });
            }
            if kind.fields.len() > ROW_FIELDS_MAX {
                return Err(SchemaError::TooManyFields {
                    kind: kind.name.clone(),
                    fields: kind.fields.len(),
                });
            }
            if kind.all_bits() > ROW_BITS_MAX {
                return Err(SchemaError::TooWide { kind: kind.name.clone(), bits: kind.all_bits() });
            }
        }
        let row_bits = kinds.iter().map(Kind::row_bits).collect();
        let own_of = |kind: &Kind| {
            let own = kind.fields.iter().enumerate().filter(|(_, field)| field.own);
            own.map(|(at, field)| OwnerOnlyField { at, grid: field.grid }).collect()
        };
        let mut own: Vec<Vec<_>> = kinds.iter().map(own_of).collect();
        if own.iter().all(Vec::is_empty) {
            own.clear();
        }
        let exact_steps_max = exact_steps_max(rate);
        let state_kinds = 0;
        Ok(Self { coding: Coding::Plain, kinds, plans, row_bits, own, state_kinds, step, exact_steps_max })
    }

    /// Makes the last `state_kinds` kinds those of the room's state.
    ///
    /// # Errors
    /// There are not that many, or one has a field that a state cannot have.
    pub fn with_state(mut self, state_kinds: usize) -> Result<Self, SchemaError> {
        let first = self.kinds.len().checked_sub(state_kinds).filter(|entities| *entities > 0);
        let first = first.ok_or(SchemaError::KindCount(self.kinds.len()))?;
        for kind in self.kinds.iter().skip(first) {
            let is_odd = |field: &&Field| field.own || field.predictor == Predictor::Custom;
            if let Some(field) = kind.fields.iter().find(is_odd) {
                return Err(SchemaError::BadState { kind: kind.name.clone(), field: field.name.clone() });
            }
        }
        self.state_kinds = state_kinds;
        Ok(self)
    }

    /// The number of the first kind of the room's state, if there is one. Kinds from here on are not
    /// entities.
    #[inline]
    #[must_use]
    pub fn first_state_kind(&self) -> Option<u8> {
        let first = self.kinds.len() - self.state_kinds;
        (self.state_kinds > 0).then_some(first as u8)
    }

    /// Whether rows of this kind are the room's state.
    #[inline]
    #[must_use]
    pub fn is_state(&self, kind: u8) -> bool {
        usize::from(kind) + self.state_kinds >= self.kinds.len()
    }

    /// The schema of a type.
    ///
    /// # Errors
    /// As [`Schema::new`].
    pub fn of<E: super::Entity>(rate: TickRate) -> Result<Self, SchemaError> {
        Self::new(E::kinds(), rate)
    }

    /// This schema in a room of another rate.
    #[must_use]
    pub fn at_rate(mut self, rate: TickRate) -> Self {
        self.exact_steps_max = exact_steps_max(rate);
        for (plan, kind) in self.plans.iter_mut().zip(&self.kinds) {
            // Checked kinds stay sound at any rate.
            if let Ok(prepared) = PredictPlan::new(kind, rate) {
                *plan = prepared;
            }
        }
        self
    }

    /// This schema with another profile; profile 0 ignores the table. A new schema has profile 0.
    ///
    /// # Errors
    /// The table does not fit these kinds.
    pub fn with_profile(mut self, profile: PacketProfile, table: Option<&[u8]>) -> Result<Self, TableError> {
        self.coding = match (profile, table) {
            (PacketProfile::Plain, _) => Coding::Plain,
            (PacketProfile::Ranged, None) => Coding::Ranged(Arc::new(Model::prior(&self.kinds))),
            (PacketProfile::Ranged, Some(table)) => {
                Coding::Ranged(Arc::new(Model::trained(&self.kinds, table)?))
            }
        };
        Ok(self)
    }

    /// The profile of its packets.
    #[must_use]
    pub fn profile(&self) -> PacketProfile {
        match self.coding {
            Coding::Plain => PacketProfile::Plain,
            Coding::Ranged(_) => PacketProfile::Ranged,
        }
    }

    /// The table that its packets are encoded with, if there is one.
    #[must_use]
    pub fn table(&self) -> Option<&[u8]> {
        match &self.coding {
            Coding::Plain => None,
            Coding::Ranged(model) => model.table(),
        }
    }

    /// The game's own step, if some field is predicted by it.
    pub(crate) fn step(&self) -> Option<&CustomStep> {
        self.step.as_ref()
    }

    /// The maximum number of ticks for which the game's own step runs.
    pub(crate) fn exact_steps_max(&self) -> u32 {
        self.exact_steps_max
    }

    pub(crate) fn coding(&self) -> &Coding {
        &self.coding
    }

    /// All kinds, ordered by number.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The kind with this number.
    #[inline]
    #[must_use]
    pub fn kind(&self, number: u8) -> Option<&Kind> {
        self.kinds.get(usize::from(number))
    }

    /// The prepared predictors of a kind.
    #[inline]
    #[must_use]
    pub fn plan(&self, number: u8) -> Option<&PredictPlan> {
        self.plans.get(usize::from(number))
    }

    /// Bits of a row of a kind in a keyframe, 0 if there is no such kind.
    #[inline]
    #[must_use]
    pub fn row_bits(&self, number: u8) -> u32 {
        self.row_bits.get(usize::from(number)).copied().unwrap_or(0)
    }

    /// Whether some kind has owner-only fields.
    #[inline]
    pub(crate) fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// The owner-only fields of a kind.
    #[inline]
    pub(crate) fn owner_only_fields(&self, number: u8) -> &[OwnerOnlyField] {
        self.own.get(usize::from(number)).map_or(&[], |own| own)
    }

    /// Makes `row` what a stream contains of it: without owner-only fields.
    #[inline]
    pub fn hide_own(&self, kind: u8, row: &mut [i32]) {
        for own in self.owner_only_fields(kind) {
            if let Some(value) = row.get_mut(own.at) {
                *value = own.grid.nearest_to_zero();
            }
        }
    }

    /// Bits of a kind's number in a spawn.
    #[must_use]
    pub fn kind_bits(&self) -> u32 {
        usize::BITS - (self.kinds.len() - 1).leading_zeros()
    }
}
