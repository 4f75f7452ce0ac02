//! The files built into the program, and the folder that overrides them.

use crate::config::Files;
use std::fs;
use std::path::{Path, PathBuf};

/// Where files are looked for: in the operator's folder, then in the program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assets {
    folder: Option<PathBuf>,
    /// Path and contents of the files that a game brings along.
    built_in: &'static [(&'static str, &'static str)],
}

impl Assets {
    /// With the operator's folder, if there is one.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, built_in: &[] }
    }

    /// The same with the files of one game.
    pub(crate) fn with_built_in(&self, built_in: &'static [(&'static str, &'static str)]) -> Self {
        Self { folder: self.folder.clone(), built_in }
    }
}

impl Files for Assets {
    fn text(&self, path: &str) -> Result<String, String> {
        let read =
            |path: &Path| fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
        if Path::new(path).is_absolute() {
            return read(Path::new(path));
        }
        if let Some(file) = self.folder.as_ref().map(|folder| folder.join(path)).filter(|file| file.exists())
        {
            return read(&file);
        }
        self.built_in.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned()).ok_or_else(
            || match &self.folder {
                Some(folder) => {
                    format!("{path} is neither in {} nor built into the program", folder.display())
                }
                None => format!("{path} is not built into the program; give its folder with --assets DIR"),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carried_files_are_found_without_a_folder() {
        let assets = Assets::default().with_built_in(&[("maps/a.txt", "#s#")]);
        assert_eq!(assets.text("maps/a.txt").as_deref(), Ok("#s#"));
    }

    #[test]
    fn a_missing_file_names_the_remedy() {
        assert!(Assets::default().text("maps/no.txt").unwrap_err().contains("--assets DIR"));
        let folder = std::env::temp_dir();
        assert!(Assets::new(Some(folder)).text("maps/no-such-map.txt").unwrap_err().contains("neither in"));
    }
}
