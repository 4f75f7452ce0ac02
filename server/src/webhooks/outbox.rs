//! Messages that wait on the disk until they are delivered: what is in here survives a crash.
//!
//! ```text
//! FOLDER/lock                    locked by the server that uses the folder
//! FOLDER/0000000000000007.jsonl  messages, a line of JSON for each; removed when all of them are delivered
//! FOLDER/0000000000000008.new    a file that is being written; whoever waited for it has no answer yet
//! FOLDER/dead.jsonl              messages that were given up, with the reason
//! ```

use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes of the files that wait.
const WAITING_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files that wait.
const FILES_MAX: usize = 65_536;
/// Bytes of messages that were given up and are kept. Further ones are only logged.
const DEAD_BYTES_MAX: u64 = 16 * 1024 * 1024;
const WAITING: &str = "jsonl";
const UNFINISHED: &str = "new";
const DEAD: &str = "dead.jsonl";

/// A message as it waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// The same each time that it is sent.
    pub(super) id: String,
    /// When it was made, s since 1970.
    pub(super) at_s: u64,
    /// What is sent.
    pub(super) body: String,
}

/// A message that was given up.
#[derive(Serialize)]
struct Dead<'a> {
    #[serde(flatten)]
    message: &'a Message,
    why: &'a str,
}

/// A folder of messages.
#[derive(Debug)]
pub(super) struct Outbox {
    folder: PathBuf,
    next: u64,
    bytes: u64,
    files: usize,
    _lock: File,
}

impl Outbox {
    /// Opens the folder, which is made if it does not exist. Also returns the files that wait, the oldest
    /// first.
    ///
    /// # Errors
    /// It cannot be used, or another server uses it.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Vec<PathBuf>)> {
        fs::create_dir_all(folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::other("another server uses it"),
            fs::TryLockError::Error(error) => error,
        })?;
        let (mut waiting, mut bytes) = (Vec::new(), 0);
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            match (path.extension().and_then(|end| end.to_str()), number_of(&path)) {
                // Nobody was told that it is safe.
                (Some(UNFINISHED), Some(_)) => fs::remove_file(&path)?,
                (Some(WAITING), Some(number)) => {
                    bytes += fs::metadata(&path)?.len();
                    waiting.push((number, path));
                }
                _ => (),
            }
        }
        waiting.sort();
        let next = waiting.last().map_or(1, |(number, _)| number + 1);
        let files = waiting.len();
        let outbox = Self { folder: folder.to_owned(), next, bytes, files, _lock: lock };
        Ok((outbox, waiting.into_iter().map(|(_, path)| path).collect()))
    }

    /// Stores messages. When this returns, they survive a crash of the process and of the machine.
    ///
    /// # Errors
    /// The disk does not take them, or too many wait.
    pub(super) fn store(&mut self, messages: &[Message]) -> io::Result<PathBuf> {
        let mut text = Vec::new();
        for message in messages {
            serde_json::to_writer(&mut text, message)?;
            text.push(b'\n');
        }
        if self.bytes + text.len() as u64 > WAITING_BYTES_MAX || self.files >= FILES_MAX {
            let full = format!("more than {} MiB of messages wait", WAITING_BYTES_MAX >> 20);
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, full));
        }
        let name = self.folder.join(format!("{:016x}", self.next));
        let (unfinished, whole) = (name.with_extension(UNFINISHED), name.with_extension(WAITING));
        let mut file = File::create(&unfinished)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&unfinished, &whole)?;
        sync_folder(&self.folder)?;
        self.next += 1;
        self.bytes += text.len() as u64;
        self.files += 1;
        Ok(whole)
    }

    /// All messages of this file are delivered or given up.
    ///
    /// # Errors
    /// It cannot be removed, and will be sent again after a restart.
    pub(super) fn remove(&mut self, file: &Path) -> io::Result<()> {
        let bytes = fs::metadata(file).map_or(0, |about| about.len());
        fs::remove_file(file)?;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.files = self.files.saturating_sub(1);
        Ok(())
    }

    /// Keeps a message that is given up, for people to look at. `false`: there are too many.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(super) fn bury(&mut self, message: &Message, why: &str) -> io::Result<bool> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.folder.join(DEAD))?;
        if file.metadata()?.len() >= DEAD_BYTES_MAX {
            return Ok(false);
        }
        let mut line = serde_json::to_vec(&Dead { message, why })?;
        line.push(b'\n');
        file.write_all(&line)?;
        file.sync_data()?;
        Ok(true)
    }
}

/// The messages of a file. Lines that are damaged are left out and counted.
///
/// # Errors
/// The file cannot be read.
pub(super) fn load(file: &Path) -> io::Result<(Vec<Message>, usize)> {
    let text = fs::read(file)?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let (mut messages, mut damaged) = (Vec::new(), 0);
    for line in lines {
        match serde_json::from_slice(line) {
            Ok(message) => messages.push(message),
            Err(_) => damaged += 1,
        }
    }
    Ok((messages, damaged))
}

/// The number of a file of messages; `dead` would be one, too, but is too short.
fn number_of(path: &Path) -> Option<u64> {
    let name = path.file_stem()?.to_str().filter(|name| name.len() == 16)?;
    u64::from_str_radix(name, 16).ok()
}

/// A new name is safe when its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// A folder that is removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("tickwire-outbox-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn message(id: &str) -> Message {
        Message { id: id.to_owned(), at_s: 7, body: format!("{{\"about\":\"{id}\\n\"}}") }
    }

    #[test]
    fn what_is_stored_is_there_after_a_restart_in_its_order_until_it_is_removed() {
        let folder = Folder::new("order");
        let (mut outbox, waiting) = Outbox::open(&folder.0).unwrap();
        assert_eq!(waiting, Vec::<PathBuf>::new());
        let first = outbox.store(&[message("a"), message("b")]).unwrap();
        let second = outbox.store(&[message("c")]).unwrap();
        drop(outbox);
        let (mut outbox, waiting) = Outbox::open(&folder.0).unwrap();
        assert_eq!(waiting, [first.clone(), second.clone()]);
        assert_eq!(load(&first).unwrap(), (vec![message("a"), message("b")], 0));
        outbox.remove(&first).unwrap();
        let third = outbox.store(&[message("d")]).unwrap();
        drop(outbox);
        assert_eq!(Outbox::open(&folder.0).unwrap().1, [second, third]);
    }

    #[test]
    fn one_server_at_a_time_uses_a_folder() {
        let folder = Folder::new("lock");
        let held = Outbox::open(&folder.0).unwrap();
        let error = Outbox::open(&folder.0).unwrap_err();
        assert!(error.to_string().contains("another server"), "{error}");
        drop(held);
        assert!(Outbox::open(&folder.0).is_ok());
    }

    #[test]
    fn what_a_crash_left_half_written_is_removed_and_a_damaged_line_costs_nothing_else() {
        let folder = Folder::new("crash");
        let (mut outbox, _) = Outbox::open(&folder.0).unwrap();
        let file = outbox.store(&[message("a"), message("b")]).unwrap();
        drop(outbox);
        fs::write(folder.0.join("00000000000000ff.new"), b"{\"id\":\"x").unwrap();
        fs::write(folder.0.join("notes.txt"), b"of the operator").unwrap();
        let text = fs::read_to_string(&file).unwrap().replace("\"a\"", "\"a");
        fs::write(&file, text).unwrap();
        let (_outbox, waiting) = Outbox::open(&folder.0).unwrap();
        assert_eq!(waiting.as_slice(), std::slice::from_ref(&file));
        assert_eq!(load(&file).unwrap(), (vec![message("b")], 1));
        assert!(!folder.0.join("00000000000000ff.new").exists() && folder.0.join("notes.txt").exists());
    }

    #[test]
    fn a_folder_takes_so_much_and_what_is_removed_makes_room() {
        let folder = Folder::new("full");
        let (mut outbox, _) = Outbox::open(&folder.0).unwrap();
        outbox.bytes = WAITING_BYTES_MAX - 10;
        let error = outbox.store(&[message("a")]).unwrap_err();
        assert!(error.to_string().contains("64 MiB"), "{error}");
        outbox.bytes = 0;
        let file = outbox.store(&[message("a")]).unwrap();
        outbox.remove(&file).unwrap();
        assert_eq!((outbox.bytes, outbox.files), (0, 0));
        outbox.files = FILES_MAX;
        assert!(outbox.store(&[message("a")]).is_err());
    }

    #[test]
    fn what_is_given_up_is_kept_with_the_reason() {
        let folder = Folder::new("dead");
        let (mut outbox, _) = Outbox::open(&folder.0).unwrap();
        assert!(outbox.bury(&message("a"), "410 Gone").unwrap());
        let text = fs::read_to_string(folder.0.join(DEAD)).unwrap();
        assert!(text.contains("\"id\":\"a\"") && text.ends_with("\"why\":\"410 Gone\"}\n"), "{text}");
        OpenOptions::new().write(true).open(folder.0.join(DEAD)).unwrap().set_len(DEAD_BYTES_MAX).unwrap();
        assert!(!outbox.bury(&message("b"), "410 Gone").unwrap());
        drop(outbox);
        assert_eq!(Outbox::open(&folder.0).unwrap().1, Vec::<PathBuf>::new(), "it is not sent again");
    }
}
