//! Metrics that are always 1 and whose labels say what is running.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tickwire_shared::limits::PROTOCOL_VERSION;

/// The same registry with the metric that names this build of Tickwire.
pub(super) fn build_info(mut registry: Registry) -> Registry {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let labels = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("protocol", PROTOCOL_VERSION.to_string()),
        ("profile", profile.to_owned()),
    ];
    info(&mut registry, "build_info", "What is running: always 1", labels);
    registry
}

/// Exports the name and version of the host's program.
pub(super) fn program_info(registry: &mut Registry, name: &str, version: &str) {
    let labels = [("name", name.to_owned()), ("version", version.to_owned())];
    info(registry, "program_info", "The program that hosts: always 1", labels);
}

fn info<const N: usize>(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
    labels: [(&'static str, String); N],
) {
    let family = Family::<[(&'static str, String); N], Gauge>::default();
    family.get_or_create(&labels).set(1);
    registry.register(name, help, family);
}
