//! A client's message, as the server decodes it: refused, or the only legal encoding of its content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tickwire_arena::{Arena, ArenaInput};
use tickwire_shared::room::MemberEvent;
use tickwire_shared::wire::control::ClientControl;
use tickwire_shared::wire::frame::ClientFrame;

fuzz_target!(|bytes: &[u8]| {
    let _ = MemberEvent::<Arena>::decode(bytes);
    if let Ok(message) = ClientControl::decode(bytes) {
        assert_eq!(message.encode().as_deref(), Ok(bytes));
    }
    if let Ok(frame) = ClientFrame::<ArenaInput>::decode(bytes) {
        assert_eq!(frame.encode(), bytes);
    }
});
