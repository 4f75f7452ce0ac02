//! `#[derive(Entity)]`: a struct is one kind, an enum of such structs is several.

use crate::attributes::Family;
use crate::fields::{self, Field, all, check_item, no_attribute};
use crate::predict;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, Ident, Result, Type, Variant};

/// `limits::KINDS_MAX` of `tickwire-shared`, which checks it again.
const KINDS_MAX: usize = 64;

/// The implementation, or the errors with an empty implementation, so that no other error hides them.
pub(crate) fn derive(item: &DeriveInput) -> TokenStream {
    let result = check_item(Family::Entity, item).and_then(|()| match &item.data {
        Data::Struct(_) => of_struct(item),
        Data::Enum(data) => of_enum(item, data),
        Data::Union(_) => Err(Error::new_spanned(&item.ident, "an entity is a struct or an enum of kinds")),
    });
    result.unwrap_or_else(|error| {
        let (error, empty) = (error.into_compile_error(), empty(item));
        quote!(#error #empty)
    })
}

fn of_struct(item: &DeriveInput) -> Result<TokenStream> {
    let fields = fields::parse(Family::Entity, item)?;
    let predictors = predict::resolve(&fields)?;
    let (name, kind) = (&item.ident, kind_name(&item.ident));
    let check = quote!(::tickwire_shared::entity::derived::check_entity);
    let constants = fields::constants(&fields, &check, name.span());
    let checks = &predictors.checks;
    let add_fields = fields::add_fields(Family::Entity, &fields, &predictors.codes);
    let write_row = fields::write_row(&fields);
    let read_rows = read_rows_of_struct(&fields);
    Ok(quote! {
        #[allow(clippy::all, clippy::pedantic)]
        const _: () = {
            #constants
            #(#checks)*

            #[automatically_derived]
            impl ::tickwire_shared::entity::Entity for #name {
                fn kinds() -> ::std::vec::Vec<::tickwire_shared::entity::Kind> {
                    ::std::vec![::tickwire_shared::entity::Kind {
                        name: ::std::string::String::from(#kind),
                        fields: <Self as ::tickwire_shared::entity::derived::EntityStruct>::fields(),
                    }]
                }

                #[inline]
                fn kind(&self) -> u8 {
                    0
                }

                #write_row

                #read_rows
            }

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl ::tickwire_shared::entity::derived::EntityStruct for #name {
                fn fields() -> ::std::vec::Vec<::tickwire_shared::entity::Field> {
                    #add_fields
                    fields
                }
            }
        };
    })
}

/// `read_row` and `read_fine_row` of a struct, which is the only kind.
fn read_rows_of_struct(fields: &[Field]) -> TokenStream {
    let read_row = fields::read_row(fields, &quote!(read_parts));
    let read_fine_row = fields::read_row(fields, &quote!(read_fine_parts));
    quote! {
        #[inline]
        fn read_row(kind: u8, row: &[i32]) -> ::core::option::Option<Self> {
            if kind != 0 {
                return ::core::option::Option::None;
            }
            #read_row
        }

        #[inline]
        fn read_fine_row(
            kind: u8,
            _: &[::tickwire_shared::entity::Field],
            row: &[f64],
        ) -> ::core::option::Option<Self> {
            if kind != 0 {
                return ::core::option::Option::None;
            }
            #read_fine_row
        }
    }
}

/// The variants of an enum of kinds, as many as there may be.
fn variants_of<'a>(name: &Ident, data: &'a DataEnum) -> Result<Vec<&'a Variant>> {
    let variants: Vec<_> = data.variants.iter().collect();
    if variants.is_empty() {
        let text = "an enum of kinds needs at least one variant, e.g. `Ship(Ship)`";
        return Err(Error::new_spanned(name, text));
    }
    if let Some(beyond) = variants.get(KINDS_MAX) {
        let text = format!("an entity has at most {KINDS_MAX} kinds; this enum has {}", variants.len());
        return Err(Error::new_spanned(beyond, text));
    }
    Ok(variants)
}

/// `read_row` and `read_fine_row` of an enum of kinds.
fn read_rows_of_kinds(numbers: &[u8], idents: &[&Ident], types: &[&Type]) -> TokenStream {
    quote! {
        #[inline]
        fn read_row(kind: u8, row: &[i32]) -> ::core::option::Option<Self> {
            match kind {
                #(#numbers => <#types as ::tickwire_shared::entity::Entity>::read_row(0, row)
                    .map(Self::#idents),)*
                _ => ::core::option::Option::None,
            }
        }

        #[inline]
        fn read_fine_row(
            kind: u8,
            fields: &[::tickwire_shared::entity::Field],
            row: &[f64],
        ) -> ::core::option::Option<Self> {
            match kind {
                #(#numbers => <#types as ::tickwire_shared::entity::Entity>::read_fine_row(0, fields, row)
                    .map(Self::#idents),)*
                _ => ::core::option::Option::None,
            }
        }
    }
}

fn of_enum(item: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let name = &item.ident;
    let variants = variants_of(name, data)?;
    let types = all(variants.iter().map(|variant| held_type(variant)))?;
    unlike_names(&variants)?;
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let kinds = variants.iter().map(|variant| kind_name(&variant.ident));
    let fields = types.iter().map(
        |ty| quote_spanned!(ty.span()=> <#ty as ::tickwire_shared::entity::derived::EntityStruct>::fields()),
    );
    let numbers: Vec<_> = (0_u8..).take(variants.len()).collect();
    let read_rows = read_rows_of_kinds(&numbers, &idents, &types);
    let kinds_of = kinds_of(name, &idents, &types);
    Ok(quote! {
        #(#kinds_of)*

        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic)]
        impl ::tickwire_shared::entity::Entity for #name {
            fn kinds() -> ::std::vec::Vec<::tickwire_shared::entity::Kind> {
                ::std::vec![#(::tickwire_shared::entity::Kind {
                    name: ::std::string::String::from(#kinds),
                    fields: #fields,
                }),*]
            }

            #[inline]
            fn kind(&self) -> u8 {
                match self {
                    #(Self::#idents(_) => #numbers,)*
                }
            }

            #[inline]
            fn write_row(&self, row: &mut ::std::vec::Vec<i32>) {
                match self {
                    #(Self::#idents(it) => ::tickwire_shared::entity::Entity::write_row(it, row),)*
                }
            }

            #read_rows
        }
    })
}

/// Typed access for each variant whose type no other variant contains.
fn kinds_of(name: &Ident, idents: &[&Ident], types: &[&Type]) -> Vec<TokenStream> {
    let texts: Vec<String> = types.iter().map(|ty| ty.to_token_stream().to_string()).collect();
    let is_unique = |text: &&String| texts.iter().filter(|other| other == text).count() == 1;
    let all = idents.iter().zip(types).zip(&texts);
    all.filter(|(_, text)| is_unique(text)).map(|((ident, ty), _)| kind_of(name, ident, ty)).collect()
}

fn kind_of(name: &Ident, ident: &Ident, ty: &Type) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::tickwire_shared::entity::KindOf<#name> for #ty {
            #[inline]
            #[allow(unreachable_patterns)]
            fn of(entity: &#name) -> ::core::option::Option<&Self> {
                match entity {
                    #name::#ident(it) => ::core::option::Option::Some(it),
                    _ => ::core::option::Option::None,
                }
            }

            #[inline]
            #[allow(unreachable_patterns)]
            fn of_mut(entity: &mut #name) -> ::core::option::Option<&mut Self> {
                match entity {
                    #name::#ident(it) => ::core::option::Option::Some(it),
                    _ => ::core::option::Option::None,
                }
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#ty> for #name {
            #[inline]
            fn from(it: #ty) -> Self {
                Self::#ident(it)
            }
        }
    }
}

fn held_type(variant: &Variant) -> Result<&Type> {
    no_attribute(Family::Entity, &variant.attrs)?;
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => match fields.unnamed.first() {
            Some(field) => no_attribute(Family::Entity, &field.attrs).map(|()| &field.ty),
            None => Err(wrong_variant(variant)),
        },
        _ => Err(wrong_variant(variant)),
    }
}

fn wrong_variant(variant: &Variant) -> Error {
    let ident = &variant.ident;
    let text = format!(
        "a kind holds one struct that derives `Entity`: write `{ident}({ident})` and \
         `#[derive(Entity)] struct {ident} {{ ... }}`"
    );
    Error::new_spanned(variant, text)
}

fn unlike_names(variants: &[&Variant]) -> Result<()> {
    for (at, variant) in variants.iter().enumerate() {
        let name = kind_name(&variant.ident);
        if variants.iter().take(at).any(|before| kind_name(&before.ident) == name) {
            let text = format!("two kinds are called `{name}` in lower case: rename one");
            return Err(Error::new_spanned(&variant.ident, text));
        }
    }
    Ok(())
}

fn kind_name(ident: &Ident) -> String {
    ident.unraw().to_string().to_lowercase()
}

fn empty(item: &DeriveInput) -> TokenStream {
    let name = &item.ident;
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    let of_struct = matches!(item.data, Data::Struct(_)).then(|| {
        quote! {
            impl #generics ::tickwire_shared::entity::derived::EntityStruct for #name #arguments #bounds {
                fn fields() -> ::std::vec::Vec<::tickwire_shared::entity::Field> {
                    ::std::vec::Vec::new()
                }
            }
        }
    });
    if !item.generics.params.is_empty() {
        return TokenStream::new();
    }
    quote! {
        impl ::tickwire_shared::entity::Entity for #name {
            fn kinds() -> ::std::vec::Vec<::tickwire_shared::entity::Kind> {
                ::std::vec::Vec::new()
            }
            fn kind(&self) -> u8 {
                0
            }
            fn write_row(&self, _: &mut ::std::vec::Vec<i32>) {}
            fn read_row(_: u8, _: &[i32]) -> ::core::option::Option<Self> {
                ::core::option::Option::None
            }
        }
        #of_struct
    }
}
