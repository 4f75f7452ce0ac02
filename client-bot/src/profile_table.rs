//! Where the bytes of a recording went, as a table for people.

use crate::recording::Digest;
use core::fmt;

/// How many streams are shown, those with the most bytes first.
const STREAMS_SHOWN: usize = 16;

/// Shows a digest as a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProfileTable<'a>(pub &'a Digest);

impl fmt::Display for ProfileTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Digest { game, connections, seconds, cut_short, profile } = self.0;
        let messages = profile.messages.max(1) as f64;
        writeln!(
            f,
            "{game}: {} messages over {connections} {} in {seconds:.1} s, {} bytes, {:.1} a message",
            profile.messages,
            if *connections == 1 { "connection" } else { "connections" },
            profile.bytes,
            profile.bytes as f64 / messages,
        )?;
        if *cut_short {
            writeln!(f, "the file ends within a record, for example because the bots were killed")?;
        }
        let head = |f: &mut fmt::Formatter<'_>, name: &str| {
            writeln!(f, "\n{name:<34}{:>8}{:>12}{:>10}", "share", "bytes", "a message")
        };
        head(f, "part of a message")?;
        for part in profile.parts.iter().filter(|part| part.bytes != 0.0) {
            row(f, part.part, part.bytes, part.share, messages)?;
        }
        head(f, "kind and field")?;
        for kind in profile.kinds.iter().filter(|kind| kind.bytes > 0.0) {
            row(f, &kind.kind, kind.bytes, kind.share, messages)?;
            row(f, "  which rows", kind.rows_bytes, kind.rows_bytes / profile.bytes.max(1) as f64, messages)?;
            for field in &kind.fields {
                let bytes = field.changed_bytes + field.new_bytes;
                if bytes > 0.0 {
                    row(f, &format!("  {}", field.field), bytes, field.share, messages)?;
                }
            }
        }
        let mut streams: Vec<_> = profile.streams.iter().collect();
        streams.sort_by_key(|stream| core::cmp::Reverse(stream.bytes));
        writeln!(f, "\n{:<34}{:>8}{:>12}{:>10}", "stream", "packets", "bytes", "keyframes")?;
        for stream in streams.iter().take(STREAMS_SHOWN) {
            let name = stream.stream.map_or("all others".to_owned(), |stream| stream.to_string());
            writeln!(f, "{name:<34}{:>8}{:>12}{:>10}", stream.packets, stream.bytes, stream.keyframes)?;
        }
        match streams.len().saturating_sub(STREAMS_SHOWN) {
            0 => Ok(()),
            more => writeln!(f, "and {more} more"),
        }
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, bytes: f64, share: f64, messages: f64) -> fmt::Result {
    writeln!(f, "{name:<34}{:>6.1} %{bytes:>12.1}{:>10.3}", share * 100.0, bytes / messages)
}
