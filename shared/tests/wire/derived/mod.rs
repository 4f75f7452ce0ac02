//! What the derives accept. `derive.rs` tests what they refuse.

mod constants;
mod no_field;
mod one_struct;
