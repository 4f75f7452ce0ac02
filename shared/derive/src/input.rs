//! `#[derive(Input)]`: the controls of a player for one tick.

use crate::attributes::Family;
use crate::fields::{self, check_item};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Result};

/// The implementation, or the errors with an empty implementation, so that no other error hides them.
pub(crate) fn derive(item: &DeriveInput) -> TokenStream {
    implementation(item).unwrap_or_else(|error| {
        let (error, empty) = (error.into_compile_error(), empty(item));
        quote!(#error #empty)
    })
}

fn implementation(item: &DeriveInput) -> Result<TokenStream> {
    check_item(Family::Input, item)?;
    if !matches!(item.data, Data::Struct(_)) {
        let text =
            "an input is a struct with a field per control; an enum with `#[derive(Choice)]` may be a field";
        return Err(Error::new_spanned(&item.ident, text));
    }
    let fields = fields::parse(Family::Input, item)?;
    let name = &item.ident;
    let check = quote!(::tickwire_shared::entity::derived::check_input);
    let constants = fields::constants(&fields, &check, name.span());
    let hold = vec![quote!(::tickwire_shared::entity::Predictor::Hold); fields.len()];
    let add_fields = fields::add_fields(Family::Input, &fields, &hold);
    let write_row = fields::write_row(&fields);
    let read_row = fields::read_row(&fields, &quote!(read_parts));
    let read_fine_row = fields::read_row(&fields, &quote!(read_fine_parts));
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    Ok(quote! {
        #[allow(clippy::all, clippy::pedantic)]
        const _: () = {
            #constants

            #[automatically_derived]
            impl ::tickwire_shared::entity::Input for #name {
                const GRIDS: &'static [::tickwire_shared::entity::Grid] = &__GRIDS;

                fn schema() -> ::tickwire_shared::entity::InputSchema {
                    #add_fields
                    ::tickwire_shared::entity::InputSchema { fields }
                }

                #write_row

                #[inline]
                fn read_row(row: &[i32]) -> ::core::option::Option<Self> {
                    #read_row
                }

                fn read_fine_row(row: &[f64]) -> ::core::option::Option<Self> {
                    #read_fine_row
                }

                #[inline]
                fn held(&self) -> Self {
                    Self {
                        #(#idents: ::tickwire_shared::entity::FieldType::held(
                            ::core::clone::Clone::clone(&self.#idents)
                        )),*
                    }
                }

                #[inline]
                fn fold(&mut self, late: &Self) {
                    #(::tickwire_shared::entity::FieldType::fold(&mut self.#idents, &late.#idents);)*
                }
            }
        };
    })
}

fn empty(item: &DeriveInput) -> TokenStream {
    if !item.generics.params.is_empty() {
        return TokenStream::new();
    }
    let name = &item.ident;
    quote! {
        impl ::tickwire_shared::entity::Input for #name {
            const GRIDS: &'static [::tickwire_shared::entity::Grid] = &[];
            fn schema() -> ::tickwire_shared::entity::InputSchema {
                ::tickwire_shared::entity::InputSchema { fields: ::std::vec::Vec::new() }
            }
            fn write_row(&self, _: &mut ::std::vec::Vec<i32>) {}
            fn read_row(_: &[i32]) -> ::core::option::Option<Self> {
                ::core::option::Option::None
            }
            fn held(&self) -> Self {
                ::core::clone::Clone::clone(self)
            }
            fn fold(&mut self, _: &Self) {}
        }
    }
}
