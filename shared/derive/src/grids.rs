//! The grid of a field, from its attributes. Literal numbers are checked here.
//!
//! `tickwire_shared::entity::derived` checks numbers that the compiler must compute.

use crate::attributes::{Family, FieldAttributes, Number, Range};
use crate::types::{Class, display};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, Result, Type};

/// The field that an error is about.
pub(crate) struct Subject<'a> {
    pub(crate) family: Family,
    pub(crate) name: Ident,
    pub(crate) ty: &'a Type,
    pub(crate) class: Class,
}

impl Subject<'_> {
    fn describe(&self) -> String {
        format!("field `{}` of type `{}`", self.name, display(self.ty))
    }

    fn needs(&self, what: &str) -> Error {
        Error::new_spanned(
            self.ty,
            format!("{} needs `#[{}({what})]`", self.describe(), self.family.attribute()),
        )
    }
}

/// The grid that a field's attributes declare, as code.
pub(crate) fn grid(subject: &Subject<'_>, attributes: &FieldAttributes) -> Result<TokenStream> {
    if let Some(steps) = &attributes.angle {
        if attributes.range.is_some() || attributes.grid.is_some() {
            let text = "`angle = STEPS_PER_TURN` replaces `range` and `grid`: remove them";
            return Err(Error::new_spanned(steps, text));
        }
        return angle(subject, steps);
    }
    match subject.class {
        Class::Real { .. } => reals(subject, attributes),
        Class::Whole { .. } => integers(subject, attributes),
        Class::Fixed => fixed(subject, attributes),
    }
}

fn angle(subject: &Subject<'_>, steps: &Expr) -> Result<TokenStream> {
    let most = match subject.class {
        Class::Real { parts: 1 } => 65_535,
        Class::Whole { parts: 1, most, .. } => most.min(65_535),
        _ => {
            let text = format!("{} cannot be an angle: use `u16`, `i32` or `f32`", subject.describe());
            return Err(Error::new_spanned(steps, text));
        }
    };
    if let Some(number) = Number::of(steps)
        && !matches!(number, Number::Whole(value) if value >= 2 && value <= i128::from(most) + 1)
    {
        let text = format!("the angle of {} must be 2 to {} steps per turn", subject.describe(), most + 1);
        return Err(Error::new_spanned(steps, text));
    }
    let steps = whole(steps);
    Ok(quote_spanned!(steps.span()=> ::tickwire_shared::entity::derived::angle(#steps, #most)))
}

fn reals(subject: &Subject<'_>, attributes: &FieldAttributes) -> Result<TokenStream> {
    let (Some(range), Some(steps)) = (&attributes.range, &attributes.grid) else {
        let hint = match subject.class {
            Class::Real { parts: 1 } => {
                "range = MIN..=MAX, grid = STEPS_PER_UNIT)]` or `#[entity(angle = STEPS_PER_TURN"
                    .replace("entity", subject.family.attribute())
            }
            _ => "range = MIN..=MAX, grid = STEPS_PER_UNIT".to_owned(),
        };
        return Err(subject.needs(&hint));
    };
    let per_unit = per_unit(steps)?;
    if let (Some(start), Some(end)) = (Number::of(&range.start), Number::of(&range.end)) {
        let most = match Number::of(steps) {
            Some(steps) => start.as_real().abs().max(end.as_real().abs()) * steps.as_real(),
            None => 0.0,
        };
        if start.as_real() > end.as_real() {
            return Err(empty(range));
        }
        if most > 16_777_216.0 {
            let text = "range x grid must stay within 2^24 steps, the most that an `f32` can hold: narrow \
                the range, make the grid coarser or use integers";
            return Err(range.error(text));
        }
    }
    let (start, end) = (&range.start, &range.end);
    Ok(quote_spanned! {range.start.span()=>
        ::tickwire_shared::entity::Grid::reals((#start) as f64, (#end) as f64, #per_unit)
    })
}

fn integers(subject: &Subject<'_>, attributes: &FieldAttributes) -> Result<TokenStream> {
    let Class::Whole { least, most, has_default, .. } = subject.class else {
        return Err(subject.needs("range = MIN..=MAX"));
    };
    let grid = match &attributes.range {
        Some(range) => {
            check_whole_range(subject, range, least, most)?;
            let (start, end) = (whole(&range.start), whole(&range.end));
            quote_spanned! {range.start.span()=>
                ::tickwire_shared::entity::derived::integers(#start, #end, #least, #most)
            }
        }
        None if has_default => own_grid(subject.ty),
        None => return Err(subject.needs("range = MIN..=MAX")),
    };
    match &attributes.grid {
        None => Ok(grid),
        Some(steps) => {
            let per_unit = per_unit(steps)?;
            Ok(quote!(#grid.with_per_unit(#per_unit)))
        }
    }
}

fn check_whole_range(subject: &Subject<'_>, range: &Range, least: i64, most: i64) -> Result<()> {
    let (start, end) = (Number::of(&range.start), Number::of(&range.end));
    for (number, expression) in [(start, &range.start), (end, &range.end)] {
        match number {
            Some(Number::Real(_)) => {
                let text = format!("{} holds integers: write its range in integers", subject.describe());
                return Err(Error::new_spanned(expression, text));
            }
            Some(Number::Whole(value)) if value < i128::from(least) || value > i128::from(most) => {
                let text = format!("the range of {} must be within {least}..={most}", subject.describe());
                return Err(Error::new_spanned(expression, text));
            }
            _ => {}
        }
    }
    match (start, end) {
        (Some(start), Some(end)) if start.as_real() > end.as_real() => Err(empty(range)),
        (Some(Number::Whole(start)), Some(Number::Whole(end))) if end - start >= 1 << 31 => {
            Err(range.error("a range has at most 2^31 values, so that a difference fits an `i32`: narrow it"))
        }
        _ => Ok(()),
    }
}

fn fixed(subject: &Subject<'_>, attributes: &FieldAttributes) -> Result<TokenStream> {
    let text = format!(
        "{} takes neither `range` nor `grid`: its type has its own grid (write a number's type by its own \
         name, not an alias)",
        subject.describe()
    );
    match (&attributes.range, &attributes.grid) {
        (None, None) => Ok(own_grid(subject.ty)),
        (Some(range), _) => Err(range.error(text)),
        (None, Some(steps)) => Err(Error::new_spanned(steps, text)),
    }
}

fn own_grid(ty: &Type) -> TokenStream {
    quote_spanned! {ty.span()=>
        ::tickwire_shared::entity::derived::own_grid(<#ty as ::tickwire_shared::entity::FieldType>::GRID)
    }
}

fn per_unit(steps: &Expr) -> Result<TokenStream> {
    if let Some(number) = Number::of(steps)
        && !matches!(number, Number::Whole(1..=16_777_216))
    {
        let text = "`grid` is the number of steps per unit, an integer from 1 to 16777216";
        return Err(Error::new_spanned(steps, text));
    }
    let steps = whole(steps);
    Ok(quote_spanned!(steps.span()=> ::tickwire_shared::entity::derived::per_unit(#steps)))
}

fn empty(range: &Range) -> Error {
    range.error("the range is empty: its start must not be greater than its end")
}

/// `expression`, which must be an integer of any type, as `i64`.
pub(crate) fn whole(expression: &Expr) -> TokenStream {
    quote_spanned! {expression.span()=> {
        ::tickwire_shared::entity::derived::whole(#expression);
        (#expression) as i64
    }}
}
