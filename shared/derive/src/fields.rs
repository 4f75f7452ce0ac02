//! The fields of an entity or input: their grids and the code between them and a row.

use crate::attributes::{Family, FieldAttributes, Number, Predict, Range};
use crate::types::{Class, display};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Expr, Fields, Ident, Result, Type};

/// One field, checked as far as that is possible without the compiler.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) class: Class,
    pub(crate) predict: Option<Predict>,
    pub(crate) steps: Option<Expr>,
    pub(crate) wraps: bool,
    grid: TokenStream,
}

impl Field {
    /// The name without `r#`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    fn parse(family: Family, field: &syn::Field) -> Result<Self> {
        let ident = field.ident.clone().ok_or_else(|| Error::new_spanned(field, "a field needs a name"))?;
        let class = Class::of(&field.ty)?;
        let attributes = FieldAttributes::parse(family, &field.attrs)?;
        let grid = grid(&Subject { family, name: ident.unraw(), ty: &field.ty, class }, &attributes)?;
        let wraps = attributes.angle.is_some();
        let steps = attributes.angle.or(attributes.grid);
        Ok(Self { ident, ty: field.ty.clone(), class, predict: attributes.predict, steps, wraps, grid })
    }
}

/// Reads the named fields of a struct; all mistakes are told at once.
pub(crate) fn parse(family: Family, item: &DeriveInput) -> Result<Vec<Field>> {
    let Data::Struct(data) = &item.data else {
        return Err(Error::new_spanned(&item.ident, "expected a struct with named fields"));
    };
    let named = match &data.fields {
        Fields::Named(fields) => fields.named.iter().collect(),
        Fields::Unit => Vec::new(),
        Fields::Unnamed(_) => {
            return Err(Error::new_spanned(
                &data.fields,
                "fields need names, the schema shows them: write `struct Name { field: Type }`",
            ));
        }
    };
    all(named.into_iter().map(|field| Field::parse(family, field)))
}

/// Refuses what has generic parameters or an attribute of ours that belongs on a field.
pub(crate) fn check_item(family: Family, item: &DeriveInput) -> Result<()> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &item.generics,
            "a replicated type has no generic parameters: its schema must be one and the same everywhere",
        ));
    }
    no_attribute(family, &item.attrs)
}

/// Refuses `#[entity(...)]` or `#[input(...)]` where no field is.
pub(crate) fn no_attribute(family: Family, attributes: &[Attribute]) -> Result<()> {
    match attributes.iter().find(|attribute| attribute.path().is_ident(family.attribute())) {
        None => Ok(()),
        Some(attribute) => Err(Error::new_spanned(
            attribute,
            format!("`#[{}(...)]` belongs on a field of a struct", family.attribute()),
        )),
    }
}

/// Collects results, or all their errors in one.
pub(crate) fn all<T>(results: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
    let (mut values, mut errors) = (Vec::new(), None::<Error>);
    for result in results {
        match (result, &mut errors) {
            (Ok(value), _) => values.push(value),
            (Err(error), Some(errors)) => errors.combine(error),
            (Err(error), none) => *none = Some(error),
        }
    }
    errors.map_or(Ok(values), Err)
}

/// The field that a message is about.
struct Subject<'a> {
    family: Family,
    name: Ident,
    ty: &'a Type,
    class: Class,
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

fn grid(subject: &Subject<'_>, attributes: &FieldAttributes) -> Result<TokenStream> {
    if let Some(steps) = &attributes.angle {
        if attributes.range.is_some() || attributes.grid.is_some() {
            let text = "`angle = STEPS_PER_TURN` says it all: remove `range` and `grid`";
            return Err(Error::new(steps.span(), text));
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
            return Err(Error::new(steps.span(), text));
        }
    };
    if let Some(number) = Number::of(steps)
        && !matches!(number, Number::Whole(value) if value >= 2 && value <= i128::from(most) + 1)
    {
        let text = format!("the angle of {} must be 2 to {} steps per turn", subject.describe(), most + 1);
        return Err(Error::new(steps.span(), text));
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
            let text = "range x grid must stay within 2^24 steps, an `f32` holds no more: narrow the range, coarsen the grid or use integers";
            return Err(Error::new(range.span, text));
        }
    }
    let (start, end) = (&range.start, &range.end);
    Ok(quote_spanned! {range.span=>
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
            quote_spanned! {range.span=>
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
                return Err(Error::new(expression.span(), text));
            }
            Some(Number::Whole(value)) if value < i128::from(least) || value > i128::from(most) => {
                let text = format!("the range of {} must lie within {least}..={most}", subject.describe());
                return Err(Error::new(expression.span(), text));
            }
            _ => {}
        }
    }
    match (start, end) {
        (Some(start), Some(end)) if start.as_real() > end.as_real() => Err(empty(range)),
        _ => Ok(()),
    }
}

fn fixed(subject: &Subject<'_>, attributes: &FieldAttributes) -> Result<TokenStream> {
    let refused = attributes.range.as_ref().map(|range| range.span);
    match refused.or_else(|| attributes.grid.as_ref().map(Spanned::span)) {
        None => Ok(own_grid(subject.ty)),
        Some(span) => Err(Error::new(
            span,
            format!(
                "{} takes no `range` and no `grid`: its type has its own (write a number's type by its own name, not as an alias)",
                subject.describe()
            ),
        )),
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
        return Err(Error::new(steps.span(), text));
    }
    let steps = whole(steps);
    Ok(quote_spanned!(steps.span()=> ::tickwire_shared::entity::derived::per_unit(#steps)))
}

fn empty(range: &Range) -> Error {
    Error::new(range.span, "the range is empty: its start must not lie behind its end")
}

/// `expression`, which must be an integer of any type, as `i64`.
pub(crate) fn whole(expression: &Expr) -> TokenStream {
    quote_spanned! {expression.span()=> {
        ::tickwire_shared::entity::derived::whole(#expression);
        (#expression) as i64
    }}
}

/// The constant that holds a field's grid.
pub(crate) fn grid_name(at: usize) -> Ident {
    format_ident!("__GRID_{at}")
}

/// The constants of a struct: each field's grid, where its components start, the row's length and grids.
pub(crate) fn constants(fields: &[Field], check: &TokenStream, span: Span) -> TokenStream {
    let names: Vec<_> = (0..fields.len()).map(grid_name).collect();
    let grids = fields.iter().map(|field| &field.grid);
    let (count, ends) = (fields.len(), fields.len() + 1);
    let parts = fields.iter().map(|field| {
        let ty = &field.ty;
        quote_spanned!(ty.span()=> <#ty as ::tickwire_shared::entity::FieldType>::PARTS.len())
    });
    let check = quote_spanned!(span=> const _: () = #check(&__GRIDS););
    quote! {
        #(const #names: ::tickwire_shared::entity::Grid = #grids;)*
        const __PARTS: [usize; #count] = [#(#parts),*];
        const __STARTS: [usize; #ends] = ::tickwire_shared::entity::derived::starts(&__PARTS);
        const __LEN: usize = __STARTS[#count];
        const __GRIDS: [::tickwire_shared::entity::Grid; __LEN] =
            ::tickwire_shared::entity::derived::flatten(&[#(#names),*], &__PARTS);
        #check
    }
}

/// `fn write_row`.
pub(crate) fn write_row(fields: &[Field]) -> TokenStream {
    let writes = fields.iter().enumerate().map(|(at, field)| {
        let (ident, grid) = (&field.ident, grid_name(at));
        quote!(::tickwire_shared::entity::FieldType::write_parts(&self.#ident, &#grid, row);)
    });
    quote! {
        #[inline]
        fn write_row(&self, row: &mut ::std::vec::Vec<i32>) {
            #(#writes)*
        }
    }
}

/// The body of `fn read_row`, from a slice `row`.
pub(crate) fn read_row(fields: &[Field]) -> TokenStream {
    let reads = fields.iter().enumerate().map(|(at, field)| {
        let (ident, grid, end) = (&field.ident, grid_name(at), at + 1);
        quote! {
            #ident: ::tickwire_shared::entity::FieldType::read_parts(
                &#grid,
                row.get(const { __STARTS[#at] }..const { __STARTS[#end] })?,
            )
        }
    });
    quote! {
        if row.len() != __LEN {
            return ::core::option::Option::None;
        }
        ::core::option::Option::Some(Self { #(#reads),* })
    }
}

/// Statements that append each field to a `Vec<Field>` named `fields`.
pub(crate) fn add_fields(fields: &[Field], predictors: &[TokenStream]) -> TokenStream {
    let adds = fields.iter().zip(predictors).enumerate().map(|(at, (field, predictor))| {
        let (ty, name, grid) = (&field.ty, field.name(), grid_name(at));
        quote!(::tickwire_shared::entity::derived::add_field::<#ty>(&mut fields, #name, #grid, #predictor);)
    });
    quote! {
        let mut fields = ::std::vec::Vec::with_capacity(__LEN);
        #(#adds)*
    }
}
