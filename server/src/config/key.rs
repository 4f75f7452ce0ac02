//! Finds a key's line in a TOML text.

use toml::de::{DeTable, DeValue};

/// The line of the last part of `path` that the text has. `None` if it has no part of it, or is not TOML.
#[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only for `ConfigError::located`"))]
pub(super) fn line_of_key(text: &str, path: &[String]) -> Option<usize> {
    let parsed = DeTable::parse(text).ok()?;
    let mut table = parsed.get_ref();
    let mut found = None;
    for part in path {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == part) else { break };
        found = Some(key.span().start);
        let DeValue::Table(inner) = value.get_ref() else { break };
        table = inner;
    }
    found.map(|at| line_at(text, at))
}

/// The line number of a byte, from 1.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_part_that_is_there_is_found() {
        let text = "a = 1\n[b.c]\nd = 2\n\n[b.c.e]\nf = {\n g = 3 }\n";
        let line = |path: &str| line_of_key(text, &path.split('.').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(line("a"), Some(1));
        assert_eq!(line("b.c"), Some(2));
        assert_eq!(line("b.c.d"), Some(3));
        assert_eq!(line("b.c.missing"), Some(2));
        assert_eq!(line("b.c.e.f.g"), Some(7));
        assert_eq!(line("x.a"), None);
    }
}
