//! Headless players that put load on a Tickwire server and measure what they see.
pub mod assertion;
pub mod connect;
pub mod histogram;
pub mod plan;
pub mod report;
