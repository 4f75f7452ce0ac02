//! `#[derive(Choice)]`: an enum of unit variants as a field type.

use crate::fields::all;
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, Ident, Result, Variant};

/// The most variants: a choice takes at most 16 bits.
const VARIANTS_MAX: usize = 65_536;

/// The implementation, or the errors.
pub(crate) fn derive(item: &DeriveInput) -> TokenStream {
    implementation(item).unwrap_or_else(Error::into_compile_error)
}

fn implementation(item: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &item.data else {
        let text = "a choice is an enum of variants without data, e.g. `enum Weapon { Pistol, Shotgun }`";
        return Err(Error::new_spanned(&item.ident, text));
    };
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "a choice has no generic parameters"));
    }
    let idents = all(data.variants.iter().map(unit))?;
    let (Some((first, others)), true) = (idents.split_first(), idents.len() <= VARIANTS_MAX) else {
        let text = format!("a choice has 1 to {VARIANTS_MAX} variants");
        return Err(Error::new_spanned(&item.ident, text));
    };
    let mut names: Vec<String> = Vec::with_capacity(idents.len());
    for ident in &idents {
        let name = ident.unraw().to_string().to_lowercase();
        if names.contains(&name) {
            let text = format!("two variants are called `{name}` in lower case: rename one");
            return Err(Error::new_spanned(ident, text));
        }
        names.push(name);
    }
    let name = &item.ident;
    let numbers: Vec<_> = (1_i32..).take(others.len()).collect();
    let greatest = numbers.last().copied().unwrap_or(0);
    Ok(quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic)]
        impl ::tickwire_shared::entity::FieldType for #name {
            const PARTS: &'static [&'static str] = &[""];
            const GRID: ::core::option::Option<::tickwire_shared::entity::Grid> =
                ::core::option::Option::Some(::tickwire_shared::entity::Grid::integers(0, #greatest));

            fn meaning() -> ::tickwire_shared::entity::Meaning {
                ::tickwire_shared::entity::Meaning::choice(&[#(#names),*])
            }

            #[inline]
            fn write_parts(&self, _: &::tickwire_shared::entity::Grid, row: &mut ::std::vec::Vec<i32>) {
                row.push(match self {
                    Self::#first => 0,
                    #(Self::#others => #numbers,)*
                });
            }

            #[inline]
            fn read_parts(_: &::tickwire_shared::entity::Grid, parts: &[i32]) -> Self {
                match parts.first().copied() {
                    #(::core::option::Option::Some(#numbers) => Self::#others,)*
                    _ => Self::#first,
                }
            }
        }
    })
}

fn unit(variant: &Variant) -> Result<&Ident> {
    if !matches!(variant.fields, Fields::Unit) {
        let text = "a variant of a choice has no data: replicate the data as separate fields";
        return Err(Error::new_spanned(variant, text));
    }
    if variant.discriminant.is_some() {
        let text = "the variants of a choice are numbered from 0 in their order: remove the discriminant";
        return Err(Error::new_spanned(variant, text));
    }
    Ok(&variant.ident)
}
