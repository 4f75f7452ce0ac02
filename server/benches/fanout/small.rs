//! Rooms of one client: what a room costs by itself.

use crate::arguments::Arguments;
use crate::measure::{Costs, Work};
use std::io;

/// Frames per second of a client that sends nothing but acknowledgements.
const SILENT_RATE_HZ: u32 = 5;

/// Rooms of one playing client, and the same rooms with a silent client, in which only time passes.
pub(crate) fn small(arguments: &Arguments) -> io::Result<()> {
    let rooms = arguments.rooms_small;
    let per_tick = f64::from(arguments.rate_hz);
    let mut arguments = arguments.clone();
    arguments.room = 1;
    let mut playing = Work::busy(&arguments, rooms);
    // All come from a few addresses.
    for limit in ["--rooms-max", "--rooms-per-address-max", "--rooms-made-per-address-per-min"] {
        playing.server_options.extend([limit.to_owned(), rooms.to_string()]);
    }
    println!("\nSmall: {rooms} rooms of one playing client");
    Costs::measure(&arguments, &playing)?.print("us per tick and room", |cost_us| cost_us / per_tick);
    let silent = Work { rate_hz: SILENT_RATE_HZ, options: vec!["--silent".into()], ..playing };
    println!("\nSmall: {rooms} rooms of one silent client");
    Costs::measure(&arguments, &silent)?.print("us per tick and room", |cost_us| cost_us / per_tick);
    Ok(())
}
