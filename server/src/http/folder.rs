//! The operator's folder of files: read and compressed when first asked for, and kept until they change.

use super::ready::Ready;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// The longest file that is served. A longer one is not found; this is logged.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// The files that are kept have this many bytes together. Beyond it all are dropped and read again.
const KEPT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// A file that was changed so recently may change again without a later time of change, so it is not kept.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// The folder. Clones share what is kept.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<String, (Version, Ready)>,
    bytes: u64,
}

/// Which version of a file this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    changed_at: SystemTime,
    bytes: u64,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, kept: Arc::default() }
    }

    /// The file of this name, which leads to no other folder, as this media type.
    pub(super) async fn find(&self, name: &str, kind: &'static str) -> Option<Ready> {
        let (folder, name) = (self.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || folder.read(name, kind)).await.ok()?
    }

    /// Only one file is read and compressed at a time, so that requests for a new one do not all do it.
    fn read(&self, name: String, kind: &'static str) -> Option<Ready> {
        let path = self.path.join(&name);
        let about = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
        if about.len() > FILE_BYTES_MAX {
            tracing::warn!(file = %path.display(), bytes = about.len(), "too long to be served");
            return None;
        }
        let version = Version { changed_at: about.modified().ok()?, bytes: about.len() };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, ready)) = kept.files.get(&name).filter(|(of, _)| *of == version) {
            return Some(ready.clone());
        }
        let ready = Ready::new(kind, std::fs::read(&path).ok()?);
        if version.is_settled() {
            kept.keep(name, version, ready.clone());
        }
        Some(ready)
    }
}

impl Version {
    fn is_settled(self) -> bool {
        self.changed_at.elapsed().is_ok_and(|age| age > SETTLED_AFTER)
    }
}

impl Kept {
    fn keep(&mut self, name: String, version: Version, ready: Ready) {
        if self.bytes + version.bytes > KEPT_BYTES_MAX {
            *self = Self::default();
        }
        self.bytes += version.bytes;
        if let Some((before, _)) = self.files.insert(name, (version, ready)) {
            self.bytes -= before.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_changed_file_is_read_again_and_a_settled_one_is_kept() {
        let path = std::env::temp_dir().join(format!("tickwire-folder-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let folder = Folder::new(path.clone());
        let write = |text: &str, age: u64| {
            fs::write(path.join("a.js"), text).unwrap();
            let file = fs::File::options().append(true).open(path.join("a.js")).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        };
        let read = || format!("{:?}", folder.read("a.js".into(), "text/javascript").unwrap());
        let kept = || folder.kept.lock().unwrap().bytes;
        write("one", 0);
        assert!(read().contains("one") && kept() == 0, "it may still change");
        write("two", 100);
        assert!(read().contains("two") && kept() == 3);
        write("three", 50);
        assert!(read().contains("three") && kept() == 5, "in place of the older version");
        assert!(folder.read("b.js".into(), "text/javascript").is_none());
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let ready = Ready::new("text/plain", vec![0; 10]);
        let (mut kept, changed_at) = (Kept::default(), SystemTime::now());
        for number in 0..200 {
            kept.keep(number.to_string(), Version { changed_at, bytes: FILE_BYTES_MAX / 4 }, ready.clone());
            assert!(kept.bytes <= KEPT_BYTES_MAX);
            assert_eq!(kept.bytes, kept.files.len() as u64 * FILE_BYTES_MAX / 4);
        }
    }
}
