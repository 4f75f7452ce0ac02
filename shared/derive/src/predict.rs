//! The predictors of an entity's fields: which fields they read, and whether those are suitable.

use crate::attributes::{Number, Predict};
use crate::fields::{Field, all, grid_name};
use crate::grids::whole;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, Expr, Ident, Result};

/// Each field's predictor as code, and the checks that only the compiler can make.
pub(crate) struct Predictors {
    pub(crate) codes: Vec<TokenStream>,
    pub(crate) checks: Vec<TokenStream>,
}

/// Resolves the predictors of a struct.
pub(crate) fn resolve(fields: &[Field]) -> Result<Predictors> {
    let resolved = all((0..fields.len()).map(|at| predictor(fields, at)))?;
    let (codes, checks): (Vec<_>, Vec<_>) = resolved.into_iter().unzip();
    Ok(Predictors { codes, checks })
}

fn predictor(fields: &[Field], at: usize) -> Result<(TokenStream, TokenStream)> {
    if let Some(Field { own: Some(own), predict: Some(predict), .. }) = fields.get(at)
        && !matches!(predict, Predict::Hold)
    {
        let text = "an owner-only field can only be held: remove its `predict`";
        return Err(Error::new(*own, text));
    }
    match fields.get(at).and_then(|field| field.predict.as_ref().map(|predict| (field, predict))) {
        None | Some((_, Predict::Hold)) => {
            Ok((quote!(::tickwire_shared::entity::Predictor::Hold), TokenStream::new()))
        }
        Some((_, Predict::Custom)) => {
            Ok((quote!(::tickwire_shared::entity::Predictor::Custom), TokenStream::new()))
        }
        Some((field, Predict::Linear { velocity })) => linear(fields, at, field, velocity),
        Some((field, Predict::Steer { target, lag_ms })) => steer(fields, at, field, target, lag_ms),
    }
}

fn steer(
    fields: &[Field],
    at: usize,
    field: &Field,
    target: &Ident,
    lag_ms: &Expr,
) -> Result<(TokenStream, TokenStream)> {
    let (other, of) = source(fields, field, target, "target")?;
    if !matches!(of.predict, None | Some(Predict::Hold)) {
        let text =
            format!("the target `{target}` of a steered field must itself be held: remove its `predict`");
        return Err(Error::new(target.span(), text));
    }
    if Number::of(lag_ms).is_some_and(|number| !matches!(number, Number::Whole(1..=60_000))) {
        let text =
            "the lag of `steer` is an integer from 1 to 60000: the milliseconds that the field lags behind";
        return Err(Error::new_spanned(lag_ms, text));
    }
    if field.wraps != of.wraps {
        let name = field.name();
        let text = format!(
            "an angle is steered to an angle: `{name}` and `{target}` must both have `angle`, or neither"
        );
        return Err(Error::new(target.span(), text));
    }
    same_steps(field, of, target)?;
    let (lag_name, lag_ms) = (format_ident!("__LAG_{at}"), whole(lag_ms));
    let code = quote! {
        ::tickwire_shared::entity::Predictor::Steer {
            target: const { __STARTS[#other] as u16 },
            lag_ms: #lag_name,
        }
    };
    let steps = steps_check(&grid_name(at), &grid_name(other), target.span());
    let check = quote! {
        const #lag_name: u16 = ::tickwire_shared::entity::derived::lag_ms(#lag_ms);
        #steps
    };
    Ok((code, check))
}

fn linear(
    fields: &[Field],
    at: usize,
    field: &Field,
    velocity: &Ident,
) -> Result<(TokenStream, TokenStream)> {
    let (other, of) = source(fields, field, velocity, "velocity")?;
    if matches!(of.predict, Some(Predict::Custom)) {
        let text =
            format!("`{velocity}` is predicted as `custom`: predict `{}` as `custom` too", field.name());
        return Err(Error::new(velocity.span(), text));
    }
    if matches!(of.predict, Some(Predict::Linear { .. })) {
        let text = format!(
            "`{velocity}` is itself linear: a velocity is predicted as `hold` or \
             `steer(TARGET_FIELD, LAG_MS)`"
        );
        return Err(Error::new(velocity.span(), text));
    }
    same_steps(field, of, velocity)?;
    let code = quote! {
        ::tickwire_shared::entity::Predictor::Linear { velocity: const { __STARTS[#other] as u16 } }
    };
    Ok((code, steps_check(&grid_name(at), &grid_name(other), velocity.span())))
}

/// The field that a predictor reads.
fn source<'a>(fields: &'a [Field], field: &Field, name: &Ident, role: &str) -> Result<(usize, &'a Field)> {
    let found = fields.iter().enumerate().find(|(_, other)| other.ident == *name);
    let Some((at, of)) = found else {
        let known: Vec<_> = fields.iter().map(|other| format!("`{}`", other.name())).collect();
        let text =
            format!("no field `{name}` in this struct: the {role} must be one of {}", known.join(", "));
        return Err(Error::new(name.span(), text));
    };
    if of.own.is_some() {
        let text = format!(
            "only its owner gets `{name}`, so no other client could predict `{}` from it: remove its \
             `owner_only`",
            field.name()
        );
        return Err(Error::new(name.span(), text));
    }
    if of.ident == field.ident {
        let text = format!("`{name}` cannot be its own {role}: name another field");
        return Err(Error::new(name.span(), text));
    }
    let Some(parts) = field.class.predicted_parts() else {
        let text =
            format!("`{}` can only be held: `linear` and `steer` are for numbers and vectors", field.name());
        return Err(Error::new(field.ident.span(), text));
    };
    match of.class.predicted_parts() {
        Some(other) if other == parts => Ok((at, of)),
        Some(other) => {
            let text = format!(
                "`{}` has {parts} {}, `{name}` has {other}: a predictor maps component to component",
                field.name(),
                if parts == 1 { "component" } else { "components" }
            );
            Err(Error::new(name.span(), text))
        }
        None => {
            let text = format!("`{name}` is neither a number nor a vector: it cannot be a {role}");
            Err(Error::new(name.span(), text))
        }
    }
}

/// Compares the steps of two fields if both are literals; otherwise the compiler does it.
fn same_steps(field: &Field, of: &Field, name: &Ident) -> Result<()> {
    let steps = |field: &Field| match &field.steps {
        None => Some(Number::Whole(1)),
        Some(steps) => Number::of(steps),
    };
    match (steps(field), steps(of)) {
        (Some(own), Some(other)) if own != other => {
            let text = format!(
                "`{}` has {} and `{name}` has {} steps per {}: give both the same `grid`",
                field.name(),
                own.as_real(),
                other.as_real(),
                if field.wraps { "turn" } else { "unit" }
            );
            Err(Error::new(name.span(), text))
        }
        _ => Ok(()),
    }
}

fn steps_check(own: &Ident, other: &Ident, span: Span) -> TokenStream {
    quote_spanned! {span=>
        const _: () = ::tickwire_shared::entity::derived::same_steps(&#own, &#other);
    }
}
