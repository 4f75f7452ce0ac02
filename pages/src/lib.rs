//! The pages that a Tickwire server carries and all that they load: the client for web pages (`tickwire.js`),
//! the arena's page, and the page of a host without one. `web` has what people write, as it is served;
//! `built` has the cores, which `client-web/build` writes. `build.rs` makes the table of both.

/// A file to serve.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct File {
    /// Its path below the site's root, such as `arena/draw.js`.
    pub name: &'static str,
    /// A hash of its contents, for an ETag.
    pub hash: u64,
    /// Its contents. Scripts have no comment lines and no indentation.
    pub bytes: &'static [u8],
    /// The contents compressed with gzip, if that pays off.
    pub gzip: Option<&'static [u8]>,
}

/// All files, sorted by folder and name. None is an `index.html`: which page is shown at `/`, the host says.
pub const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The file of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_its_cores_and_the_pages_are_found_and_no_index() {
        for name in
            ["tickwire.js", "tickwire.d.ts", "tickwire.wasm", "arena.wasm", "arena.html", "hosted.html"]
        {
            assert!(find(name).is_some_and(|file| !file.bytes.is_empty()), "{name}");
        }
        assert!(find("index.html").is_none() && find("").is_none());
    }

    #[test]
    fn no_file_has_a_path_of_the_machine_that_built_it() {
        for file in FILES {
            for part in [&b"registry/src"[..], b".cargo/"] {
                let is_there = file.bytes.windows(part.len()).any(|window| window == part);
                assert!(!is_there, "{} has {}", file.name, String::from_utf8_lossy(part));
            }
        }
    }

    #[test]
    fn no_name_is_there_twice() {
        for file in FILES {
            assert_eq!(FILES.iter().filter(|other| other.name == file.name).count(), 1, "{}", file.name);
        }
    }
}
