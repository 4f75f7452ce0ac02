//! Derives for `tickwire-shared`. Use them through that crate.
