//! A certificate of one's own, for wss on the way to a real one.

use crate::config::{Config, ConfigError};
use rcgen::{CertificateParams, KeyPair};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How long a certificate is used; then another is made.
const LIFETIME_DAYS: u64 = 30;
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Lets the server use the certificate in `folder`, and makes one there if there is none or it is old.
/// Returns a text that says how to trust it.
///
/// # Errors
/// The configuration names a certificate already, or the folder cannot be used.
pub(super) fn prepare(folder: &Path, config: &mut Config) -> Result<String, ConfigError> {
    if config.tls_cert.is_some() {
        let text = "--dev-tls makes a certificate of its own: leave this out, or that flag";
        return Err(ConfigError::about(&["tls_cert"], text));
    }
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    if !is_fresh(&cert) || !key.exists() {
        let names = names_of(config);
        make(folder, &cert, &key, &names)
            .map_err(|error| ConfigError::new(format!("--dev-tls: {}: {error}", folder.display())))?;
    }
    let shown = cert.display();
    let text = format!(
        "wss with a certificate of this machine's own, {shown}: for development alone. Bots and native \
         clients trust it with `--ca {shown}`, Node with `NODE_EXTRA_CA_CERTS={shown}`; in a browser open \
         the https address once and accept it, or add it to the trusted certificates of the system"
    );
    (config.tls_cert, config.tls_key) = (Some(cert), Some(key));
    Ok(text)
}

fn is_fresh(cert: &Path) -> bool {
    let made = fs::metadata(cert).and_then(|about| about.modified());
    // Another is made a day before this one expires.
    made.is_ok_and(|made| {
        SystemTime::now().duration_since(made).is_ok_and(|age| age < DAY * (LIFETIME_DAYS as u32 - 1))
    })
}

/// The names and addresses by which this machine is called.
fn names_of(config: &Config) -> Vec<String> {
    let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let listen = config.listen.ip();
    if !listen.is_unspecified() && !listen.is_loopback() {
        names.push(listen.to_string());
    }
    names
}

fn make(folder: &Path, cert: &Path, key: &Path, names: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    fs::create_dir_all(folder)?;
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.to_vec())?;
    let now = SystemTime::now();
    (params.not_before, params.not_after) = ((now - DAY).into(), (now + DAY * LIFETIME_DAYS as u32).into());
    let made = params.self_signed(&pair)?;
    // The key first: a certificate without one would be taken for whole.
    write_secret(key, &pair.serialize_pem())?;
    fs::write(cert, made.pem())?;
    Ok(())
}

/// Nobody else may read it.
fn write_secret(file: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
