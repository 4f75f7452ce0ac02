//! A payload on a baseline, in an arbitrary schema of either profile: refused, or the only legal payload of
//! the state that it leads to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tickwire_fuzz::{Packet, is_sound};
use tickwire_shared::snapshot::{decode_delta, encode_delta};

fuzz_target!(|packet: Packet| {
    let Packet { schema, baseline, target, payload, leads_to } = packet;
    let decoded = decode_delta(&schema, baseline.as_ref(), target, &payload);
    if let Some(state) = leads_to {
        assert_eq!(decoded.as_ref().map(|decoded| &decoded.snapshot), Ok(&state));
    }
    let Ok(decoded) = decoded else { return };
    assert!(is_sound(&decoded.snapshot, &schema), "a value outside its grid, or too many rows");
    // A payload whose hash differs from its state's is legal except for the hash.
    if decoded.hash.is_none_or(|hash| hash == decoded.snapshot.hash()) {
        let again = encode_delta(&schema, baseline.as_ref(), &decoded.snapshot);
        assert_eq!(again, payload);
    }
});
