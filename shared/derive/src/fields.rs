//! The fields of an entity or input: their grids, and the code that converts them to and from a row.

use crate::attributes::{Family, FieldAttributes, Predict};
use crate::grids::{self, Subject};
use crate::types::Class;
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
    /// The position of `owner_only`, if present.
    pub(crate) own: Option<Span>,
    pub(crate) steps: Option<Expr>,
    pub(crate) wraps: bool,
    interpolate: Option<bool>,
    grid: TokenStream,
}

impl Field {
    /// Whether clients draw it between its states. By default true for positions, directions and fields that
    /// move by themselves.
    fn glides(&self) -> bool {
        let by_default = self.wraps
            || matches!(self.class, Class::Real { .. } | Class::Whole { parts: 2, .. })
            || !matches!(self.predict, None | Some(Predict::Hold));
        self.interpolate.unwrap_or(by_default)
    }

    /// The name without `r#`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    fn parse(family: Family, field: &syn::Field) -> Result<Self> {
        let ident = field.ident.clone().ok_or_else(|| Error::new_spanned(field, "a field needs a name"))?;
        let class = Class::of(&field.ty)?;
        let attributes = FieldAttributes::parse(family, &field.attrs)?;
        let grid = grids::grid(&Subject { family, name: ident.unraw(), ty: &field.ty, class }, &attributes)?;
        let wraps = attributes.angle.is_some();
        let steps = attributes.angle.or(attributes.grid);
        let (predict, own) = (attributes.predict, attributes.own);
        let interpolate = match &attributes.interpolate {
            Some(on) if on.value && class == Class::Fixed => {
                let text = "there is nothing between two values of this type: remove `interpolate`";
                return Err(Error::new(on.span, text));
            }
            other => other.as_ref().map(|on| on.value),
        };
        Ok(Self { ident, ty: field.ty.clone(), class, predict, own, steps, wraps, interpolate, grid })
    }
}

/// Reads the named fields of a struct; all mistakes are reported at once.
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
                "fields need names, which the schema shows: write `struct Name { field: Type }`",
            ));
        }
    };
    all(named.into_iter().map(|field| Field::parse(family, field)))
}

/// Refuses an item with generic parameters, or with one of our attributes that belongs on a field.
pub(crate) fn check_item(family: Family, item: &DeriveInput) -> Result<()> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &item.generics,
            "a replicated type has no generic parameters: its schema must be the same everywhere",
        ));
    }
    no_attribute(family, &item.attrs)
}

/// Refuses `#[entity(...)]` or `#[input(...)]` on anything that is not a field.
pub(crate) fn no_attribute(family: Family, attributes: &[Attribute]) -> Result<()> {
    match attributes.iter().find(|attribute| attribute.path().is_ident(family.attribute())) {
        None => Ok(()),
        Some(attribute) => Err(Error::new_spanned(
            attribute,
            format!("`#[{}(...)]` belongs on a field of a struct", family.attribute()),
        )),
    }
}

/// Collects all values, or all errors combined into one.
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

/// The body of `fn read_row` or `fn read_fine_row`, from a slice `row`; `read_parts` reads a field of it.
pub(crate) fn read_row(fields: &[Field], read_parts: &TokenStream) -> TokenStream {
    let reads = fields.iter().enumerate().map(|(at, field)| {
        let (ident, grid, end) = (&field.ident, grid_name(at), at + 1);
        quote! {
            #ident: ::tickwire_shared::entity::FieldType::#read_parts(
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
pub(crate) fn add_fields(family: Family, fields: &[Field], predictors: &[TokenStream]) -> TokenStream {
    let adds = fields.iter().zip(predictors).enumerate().map(|(at, (field, predictor))| {
        let (ty, name, grid, own) = (&field.ty, field.name(), grid_name(at), field.own.is_some());
        let interpolate = family == Family::Entity && field.glides();
        quote! {
            ::tickwire_shared::entity::derived::add_field::<#ty>(
                &mut fields,
                &::tickwire_shared::entity::Field {
                    name: ::std::string::String::from(#name),
                    grid: #grid,
                    predictor: #predictor,
                    own: #own,
                    interpolate: #interpolate,
                    meaning: <#ty as ::tickwire_shared::entity::FieldType>::meaning(),
                },
            );
        }
    });
    quote! {
        let mut fields = ::std::vec::Vec::with_capacity(__LEN);
        #(#adds)*
    }
}
