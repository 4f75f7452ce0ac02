//! What the derives accept and refuse, and what they say then.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test -p tickwire-shared --test derive`, then read the diff.

#[test]
fn mistakes_are_told_with_what_to_write_instead() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/derive/pass/*.rs");
    cases.compile_fail("tests/derive/fail/*.rs");
}
