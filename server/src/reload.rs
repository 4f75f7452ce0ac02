//! What is read again while the server runs: the certificate with its key, keys and secrets.

use crate::config::{Config, ConfigError};
use crate::metrics::Gauge;
use crate::tls::{self, Tls};
use crate::watched_file::WatchedFile;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The files that may change, and who uses what is in them.
#[derive(Debug)]
pub(crate) struct Reloader {
    certificate: Option<(PathBuf, PathBuf, Tls)>,
    /// When the certificate expires.
    expiry: Option<Gauge>,
    keys: Vec<WatchedFile>,
}

/// Which versions of the files there are: times of change and lengths.
pub(crate) type Versions = Vec<Option<(SystemTime, u64)>>;

impl Reloader {
    pub(crate) fn new(
        config: &Config,
        tls: Option<&Tls>,
        expiry: Option<Gauge>,
        keys: Vec<WatchedFile>,
    ) -> Self {
        let files = config.tls_cert.clone().zip(config.tls_key.clone());
        let certificate = files.zip(tls).map(|((cert, key), tls)| (cert, key, tls.clone()));
        Self { certificate, expiry, keys }
    }

    /// Reads all files again and uses what is in them for new connections and joins. Says what it read.
    ///
    /// # Errors
    /// A file cannot be used: nothing has changed, and what was read before stays in use.
    pub(crate) fn reload(&self) -> Result<Vec<&'static str>, ConfigError> {
        let certificate = match &self.certificate {
            Some((cert, key, tls)) => Some((cert, tls, Tls::from_files(cert, key)?)),
            None => None,
        };
        let keys = self.keys.iter().map(|file| Ok((file.content(), file.read()?)));
        let keys = keys.collect::<Result<Vec<_>, ConfigError>>()?;
        let mut read = Vec::new();
        if let Some((file, tls, new)) = certificate {
            tls.replace_by(&new);
            if let (Some(gauge), Some(expiry)) = (&self.expiry, tls::expiry_of(file)) {
                gauge.set(expiry);
            }
            read.push("the certificate");
        }
        for (content, put_in_use) in keys {
            put_in_use();
            read.push(content);
        }
        Ok(read)
    }

    /// How many whole days the certificate is good; `None` without one, or if that is unknown.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "the program reports it"))]
    pub(crate) fn certificate_days_left(&self) -> Option<i64> {
        let (file, ..) = self.certificate.as_ref()?;
        let now_s = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        Some((tls::expiry_of(file)? - i64::try_from(now_s).ok()?).div_euclid(24 * 60 * 60))
    }

    /// What other users of the machine can read and must not, in words.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "the program reports it"))]
    pub(crate) fn shown_secret(&self) -> Option<&'static str> {
        let shown = self.keys.iter().find(|file| file.is_secret() && is_shown(file.path()));
        shown.map(WatchedFile::content)
    }

    /// The files' versions now, to see whether one has changed.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the program watches its files"))]
    pub(crate) fn versions(&self) -> Versions {
        let of_certificate = self.certificate.iter().flat_map(|(cert, key, _)| [cert, key]);
        let files = of_certificate.map(PathBuf::as_path).chain(self.keys.iter().map(WatchedFile::path));
        let version = |file: &Path| {
            let about = fs::metadata(file).ok()?;
            Some((about.modified().ok()?, about.len()))
        };
        files.map(version).collect()
    }
}

#[cfg(unix)]
fn is_shown(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|about| about.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn is_shown(_: &Path) -> bool {
    false
}
