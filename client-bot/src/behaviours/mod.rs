//! Behaviours for the games that come with Tickwire.

pub mod arena;
