//! Metrics that say what is running: always 1, with labels; and until when its certificate is good.

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

/// Exports when the certificate expires, as Unix time in seconds.
pub(super) fn tls_expiry(registry: &mut Registry, timestamp_s: i64) -> Gauge {
    let expiry = Gauge::default();
    expiry.set(timestamp_s);
    let name = "tls_certificate_expiry_timestamp_seconds";
    registry.register(name, "When the certificate expires, Unix time", expiry.clone());
    expiry
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
