//! What the derive macros refuse, and their error messages. Nothing but failures: with a case that passes,
//! trybuild builds all dependencies instead of checking them.
//!
//! To update after changing a message: `TRYBUILD=overwrite cargo test -p tickwire-shared --test derive`; read
//! the diff.

#[test]
fn mistakes_are_told_with_what_to_write_instead() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/derive/fail/*.rs");
}
