//! Client messages that a server refuses: the name contains the close code.

use super::hex;
use std::fmt::Write;
use tickwire_shared::limits::NAME_BYTES_MAX;

pub(super) fn write(out: &mut String) {
    let hello = |name: &[u8]| [&[0, 0, 1, name.len() as u8], name, &[0]].concat();
    let options = |pairs: &[u8]| [&[0, 1, 5], &b"arena"[..], &[0, 0, 1, 2], pairs].concat();
    let frame = |rest: &[u8]| [&[1], rest].concat();
    let refused = [
        (4001, "no message has this tag", vec![2, 0]),
        (4001, "no control message has this number", vec![0, 250]),
        (4001, "nor this one, of three bytes", vec![0, 251, 44, 1]),
        (4002, "nothing but a tag", vec![0]),
        (4002, "the number of Leave in a longer form", vec![0, 251, 2, 0]),
        (4002, "the number of Leave in the longest form", vec![0, 253, 2, 0, 0, 0, 0, 0, 0, 0]),
        (4002, "a player's number in a longer form", vec![0, 5, 1, 251, 7, 0]),
        (4002, "an option that begins with 2", vec![0, 5, 2, 7]),
        (4002, "a byte after the message", vec![0, 2, 0]),
        (4002, "a credential that is none", vec![0, 0, 1, 1, b'a', 3]),
        (4002, "a name that is one byte too long", hello(&[b'a'; NAME_BYTES_MAX + 1])),
        (4002, "a name that is no UTF-8", hello(&[0xff])),
        (4002, "a name with a tabulator, U+0009", hello(b"a\tb")),
        (4002, "a name with U+0085", hello("a\u{85}b".as_bytes())),
        (
            4002,
            "a room's id of 2^40",
            [&[0, 1, 5][..], b"arena", &[0, 0, 0, 253, 0, 0, 0, 0, 0, 1, 0, 0]].concat(),
        ),
        (4002, "options that are not sorted", options(&[1, b'b', 0, 1, b'a', 0])),
        (4002, "an option given twice", options(&[1, b'a', 0, 1, b'a', 0])),
        (4002, "a frame whose last byte is not filled up with zeros", frame(&[0, 0, 0xb0])),
        (4002, "a frame with a byte after it", frame(&[0, 0, 0x30, 0])),
        (4002, "an input whose x is not on its grid", frame(&[0, 0, 0x50, 5, 0, 0, 0, 255, 127, 0, 0])),
    ];
    for (code, name, bytes) in refused {
        writeln!(out, "\n[refused with {code}: {name}]\nhex = {}", hex(&bytes)).unwrap();
    }
}
