//! How a program introduces itself.

/// How a program introduces itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) about: &'static str,
}
