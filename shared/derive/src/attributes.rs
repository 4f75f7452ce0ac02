//! The attributes of a field:
//! `#[entity(range = A..=B, grid = N, angle = N, predict = P, interpolate = BOOL, owner_only)]`.

use core::fmt::Display;
use proc_macro2::Span;
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Ident, Lit, LitBool, RangeLimits, Result, UnOp, parenthesized};

/// The derive macro that reads the attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Entity,
    Input,
}

impl Family {
    /// The name of the attribute.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::Input => "input",
        }
    }

    fn keys(self) -> &'static str {
        match self {
            Self::Entity => "`range`, `grid`, `angle`, `predict`, `interpolate` and `owner_only`",
            Self::Input => "`range`, `grid` and `angle`",
        }
    }
}

/// The attributes of one field.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) range: Option<Range>,
    pub(crate) grid: Option<Expr>,
    pub(crate) angle: Option<Expr>,
    pub(crate) predict: Option<Predict>,
    pub(crate) interpolate: Option<LitBool>,
    /// The position of `owner_only`, if present.
    pub(crate) own: Option<Span>,
}

/// A `range = START..=END`.
pub(crate) struct Range {
    pub(crate) start: Expr,
    pub(crate) end: Expr,
}

impl Range {
    /// An error at the whole range.
    pub(crate) fn error(&self, text: impl Display) -> Error {
        let (start, end) = (&self.start, &self.end);
        Error::new_spanned(quote!(#start..=#end), text)
    }
}

/// A `predict = ...`.
pub(crate) enum Predict {
    Hold,
    Linear { velocity: Ident },
    Steer { target: Ident, lag_ms: Expr },
    Custom,
}

impl FieldAttributes {
    /// Reads all attributes of `family` on a field.
    pub(crate) fn parse(family: Family, attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(family.attribute())) {
            attribute.parse_nested_meta(|meta| found.take(family, &meta))?;
        }
        Ok(found)
    }

    fn take(&mut self, family: Family, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let key = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        match key.as_str() {
            "range" => once(&mut self.range, meta, range(meta.value()?)?),
            "grid" => once(&mut self.grid, meta, meta.value()?.parse()?),
            "angle" => once(&mut self.angle, meta, meta.value()?.parse()?),
            "predict" if family == Family::Entity => {
                once(&mut self.predict, meta, Predict::parse(meta.value()?)?)
            }
            "interpolate" if family == Family::Entity => {
                let on = meta.value()?.parse().map_err(|error: Error| {
                    Error::new(error.span(), "write `interpolate = true` or `interpolate = false`")
                })?;
                once(&mut self.interpolate, meta, on)
            }
            "owner_only" if family == Family::Entity => once(&mut self.own, meta, meta.path.span()),
            "owner_only" => Err(meta.error(
                "an input is sent only to the server: `owner_only` belongs to the fields of an entity",
            )),
            "interpolate" => {
                Err(meta.error("an input is not drawn: `interpolate` belongs to the fields of an entity"))
            }
            "predict" => {
                Err(meta.error("an input is not predicted: `predict` belongs to the fields of an entity"))
            }
            _ => Err(meta.error(format!(
                "unknown key in `#[{}(...)]`: the keys are {}",
                family.attribute(),
                family.keys()
            ))),
        }
    }
}

fn once<T>(slot: &mut Option<T>, meta: &ParseNestedMeta<'_>, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(meta.error("this key appears twice on one field: remove one")),
    }
}

fn range(value: ParseStream<'_>) -> Result<Range> {
    let expression: Expr = value.parse()?;
    let Expr::Range(range) = &expression else {
        return Err(Error::new_spanned(expression, "expected a range with both ends: `range = MIN..=MAX`"));
    };
    match (&range.limits, &range.start, &range.end) {
        (RangeLimits::Closed(_), Some(start), Some(end)) => {
            Ok(Range { start: Expr::clone(start), end: Expr::clone(end) })
        }
        (RangeLimits::HalfOpen(_), Some(_), Some(_)) => Err(Error::new_spanned(
            expression,
            "a range of a field includes both ends: write `MIN..=MAX` with `..=` instead of `..`",
        )),
        _ => Err(Error::new_spanned(expression, "a range of a field needs both ends: `range = MIN..=MAX`")),
    }
}

impl Predict {
    fn parse(value: ParseStream<'_>) -> Result<Self> {
        const KNOWN: &str = "known predictors are `hold`, `linear(VELOCITY_FIELD)`, \
            `steer(TARGET_FIELD, LAG_MS)` and `custom`";
        let name: Ident = value.parse().map_err(|error| Error::new(error.span(), KNOWN))?;
        match name.to_string().as_str() {
            "hold" => Ok(Self::Hold),
            "custom" => Ok(Self::Custom),
            "linear" => {
                let usage = "write `predict = linear(VELOCITY_FIELD)`, e.g. `linear(vel)`";
                arguments(value, &name, usage, |list| Ok(Self::Linear { velocity: list.parse()? }))
            }
            "steer" => {
                let usage = "write `predict = steer(TARGET_FIELD, LAG_MS)`, e.g. `steer(target, 100)`";
                arguments(value, &name, usage, |list| {
                    let target = list.parse()?;
                    list.parse::<syn::Token![,]>()?;
                    Ok(Self::Steer { target, lag_ms: list.parse()? })
                })
            }
            other => Err(Error::new(name.span(), format!("unknown predictor `{other}`: {KNOWN}"))),
        }
    }
}

/// Reads the arguments in the parentheses after a predictor; any mistake is reported as its `usage`.
fn arguments(
    value: ParseStream<'_>,
    name: &Ident,
    usage: &str,
    read: impl Fn(ParseStream<'_>) -> Result<Predict>,
) -> Result<Predict> {
    let parse = || {
        let list;
        parenthesized!(list in value);
        let predict = read(&list)?;
        if list.is_empty() { Ok(predict) } else { Err(list.error("")) }
    };
    parse().map_err(|_| Error::new(name.span(), usage))
}

/// A literal number in an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    /// The number of `expression`; `None` if the compiler must compute it.
    pub(crate) fn of(expression: &Expr) -> Option<Self> {
        match expression {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(digits) => digits.base10_parse().ok().map(Self::Whole),
                Lit::Float(digits) => digits.base10_parse().ok().map(Self::Real),
                _ => None,
            },
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => Some(match Self::of(&unary.expr)? {
                Self::Whole(value) => Self::Whole(-value),
                Self::Real(value) => Self::Real(-value),
            }),
            Expr::Paren(inner) => Self::of(&inner.expr),
            Expr::Group(inner) => Self::of(&inner.expr),
            _ => None,
        }
    }

    pub(crate) fn as_real(self) -> f64 {
        match self {
            Self::Whole(value) => value as f64,
            Self::Real(value) => value,
        }
    }
}
