//! Files with keys and secrets, which are read again while the server runs.

use crate::config::ConfigError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Puts in use what was read.
pub(crate) type PutInUse = Box<dyn FnOnce()>;
type Read = dyn Fn(&Path) -> Result<PutInUse, ConfigError> + Send + Sync;

/// A file, and who uses what is in it.
#[derive(Clone)]
pub(crate) struct WatchedFile {
    path: PathBuf,
    content: &'static str,
    read: Arc<Read>,
    is_secret: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl WatchedFile {
    /// A file with `content`, in words, that nobody else may read.
    pub(crate) fn new(
        path: PathBuf,
        content: &'static str,
        read: impl Fn(&Path) -> Result<PutInUse, ConfigError> + Send + Sync + 'static,
    ) -> Self {
        Self { path, content, read: Arc::new(read), is_secret: Arc::new(|| true) }
    }

    /// The same if others may read what is in it while this says no.
    pub(crate) fn secret_if(mut self, is_secret: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.is_secret = Arc::new(is_secret);
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it, in words.
    pub(crate) const fn content(&self) -> &'static str {
        self.content
    }

    /// Whether nobody else may read it.
    pub(crate) fn is_secret(&self) -> bool {
        (self.is_secret)()
    }

    /// Reads the file. What is returned puts that in use.
    ///
    /// # Errors
    /// The file cannot be used.
    pub(crate) fn read(&self) -> Result<PutInUse, ConfigError> {
        (self.read)(&self.path)
    }
}

impl fmt::Debug for WatchedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedFile").field("path", &self.path).finish_non_exhaustive()
    }
}
