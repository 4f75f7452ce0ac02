//! Derives for `tickwire-shared`. Use them through that crate.

mod attributes;
mod choice;
mod entity;
mod fields;
mod input;
mod predict;
mod types;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct, or an enum of such structs, a replicated entity.
#[proc_macro_derive(Entity, attributes(entity))]
pub fn derive_entity(item: TokenStream) -> TokenStream {
    entity::derive(&parse_macro_input!(item as DeriveInput)).into()
}

/// Makes a struct a player's input for one tick.
#[proc_macro_derive(Input, attributes(input))]
pub fn derive_input(item: TokenStream) -> TokenStream {
    input::derive(&parse_macro_input!(item as DeriveInput)).into()
}

/// Makes an enum of unit variants the type of a field.
#[proc_macro_derive(Choice)]
pub fn derive_choice(item: TokenStream) -> TokenStream {
    choice::derive(&parse_macro_input!(item as DeriveInput)).into()
}
