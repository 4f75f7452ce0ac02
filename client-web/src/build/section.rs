//! The section of a core that says what it was built from: a custom section of WebAssembly, `0`, its size,
//! the length of its name, the name, a text. Sizes are LEB128, 7 bits a byte, the lowest first.

const NAME: &str = "tickwire.source";
/// The module's magic number and version.
const HEAD_BYTES: usize = 8;

/// Appends the section with this text.
pub(super) fn append(module: &mut Vec<u8>, text: &str) {
    module.push(0);
    // The name is shorter than 128 bytes, so its length is one byte.
    put_size(module, 1 + NAME.len() + text.len());
    module.push(NAME.len() as u8);
    module.extend(NAME.as_bytes());
    module.extend(text.as_bytes());
}

/// The text of the section; `None` if the module has none, or is not a module.
pub(super) fn read(module: &[u8]) -> Option<&str> {
    let mut rest = module.get(HEAD_BYTES..)?;
    loop {
        let (id, after) = rest.split_first()?;
        let (size, after) = take_size(after)?;
        let (body, after) = after.split_at_checked(size)?;
        if *id == 0
            && let Some((length, body)) = take_size(body)
            && let Some((name, text)) = body.split_at_checked(length)
            && name == NAME.as_bytes()
        {
            return core::str::from_utf8(text).ok();
        }
        rest = after;
    }
}

fn put_size(to: &mut Vec<u8>, mut size: usize) {
    while size >= 128 {
        to.push((size & 127 | 128) as u8);
        size >>= 7;
    }
    to.push(size as u8);
}

fn take_size(from: &[u8]) -> Option<(usize, &[u8])> {
    let (mut size, mut shift, mut rest) = (0_usize, 0, from);
    loop {
        let (byte, after) = rest.split_first()?;
        size |= usize::from(byte & 127).checked_shl(shift)?;
        (rest, shift) = (after, shift + 7);
        if byte & 128 == 0 {
            return Some((size, rest));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_found_behind_others_and_no_cut_module_has_it() {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend([0, 3, 1, b'x', 9]);
        let text = "|source 1|".repeat(30);
        append(&mut module, &text);
        assert_eq!(read(&module), Some(text.as_str()));
        for end in 0..module.len() {
            assert_eq!(read(&module[..end]), None, "{end}");
        }
        assert_eq!(read(&[255; 64]), None);
    }
}
