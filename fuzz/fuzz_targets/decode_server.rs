//! A server's messages, as a client receives them: one by one, in a room of either profile.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tickwire_fuzz::{Conversation, playing};
use tickwire_shared::wire::control::ServerControl;

fuzz_target!(|conversation: Conversation| {
    let mut client = playing(conversation.profile());
    for (now, message) in conversation.messages() {
        if let Ok(control) = ServerControl::decode(&message) {
            assert_eq!(control.encode().as_deref(), Ok(&message[..]));
        }
        let _ = client.receive(now, &message);
        client.advance(now);
        let _ = client.view(now);
        while client.poll_transmit().is_some() || client.poll_event().is_some() {}
    }
});
