//! server

mod config;
mod hub;
mod metrics;

pub use config::{
    AddressRange, AdminListen, Config, ConfigError, GameOptions, GameSection, Limits, LogFormat,
};
