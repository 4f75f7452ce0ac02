//! What the derive macros accept and refuse, and their error messages.
//!
//! To update after changing a message: `TRYBUILD=overwrite cargo test -p tickwire-shared --test derive`; read
//! the diff.

#[test]
fn mistakes_are_told_with_what_to_write_instead() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/derive/pass/*.rs");
    cases.compile_fail("tests/derive/fail/*.rs");
}
