//! An entity or input without fields, inside a function, under a strict set of lints.
#![deny(warnings, clippy::pedantic)]

#[test]
fn a_type_may_have_no_field_and_stand_in_a_function() {
    use tickwire_shared::prelude::*;

    #[derive(Clone, Entity)]
    struct Marker;

    #[derive(Clone, Entity)]
    enum Thing {
        Marker(Marker),
    }

    #[derive(Clone, Debug, Default, PartialEq, Input)]
    struct NoControls {}

    assert_eq!(Thing::Marker(Marker).kind(), 0);
    assert!(Thing::read_row(0, &[]).is_some());
    assert!(NoControls::read_row(&[]).is_some());
}
