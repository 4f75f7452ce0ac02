//! Runs the requested parts and prints their tables.

use crate::arguments::{Arguments, Part};
use crate::measure::{Costs, HEAD, LOAD_CORE, Target, Work, generator, measure, start};
use crate::process::pin;
use crate::{slow, small};
use std::io;
use std::time::Duration;

/// Runs all requested parts.
pub(crate) fn run(arguments: &Arguments) -> io::Result<()> {
    if std::thread::available_parallelism().map_or(1, std::num::NonZero::get) < 2 {
        println!("note: one core only, so the server and the generator share it; the numbers mean little");
    }
    pin(LOAD_CORE)?;
    for part in &arguments.parts {
        match part {
            Part::Cpu => cpu(arguments)?,
            Part::Memory => memory(arguments)?,
            Part::Large => large(arguments)?,
            Part::Stall => slow::stall(arguments)?,
            Part::Stop => slow::stop(arguments)?,
            Part::Quiet => slow::quiet(arguments)?,
            Part::Small => small::small(arguments)?,
        }
    }
    Ok(())
}

fn cpu(arguments: &Arguments) -> io::Result<()> {
    println!(
        "\nCPU: {} clients, rooms of {}, {} Hz, {} rounds of {} s",
        arguments.clients, arguments.room, arguments.rate_hz, arguments.rounds, arguments.seconds
    );
    let work = Work::busy(arguments, arguments.clients);
    Costs::measure(arguments, &work)?.print("us per client-second", |cost_us| cost_us);
    Ok(())
}

fn large(arguments: &Arguments) -> io::Result<()> {
    println!("\nMany: {} clients, rooms of {}", arguments.clients_large, arguments.room);
    println!("{HEAD}");
    let work = Work::busy(arguments, arguments.clients_large);
    measure(arguments, Target::Tickwire, &work)?.row("tickwire");
    Ok(())
}

fn memory(arguments: &Arguments) -> io::Result<()> {
    // Five acknowledgements a second keep a client on the live stream.
    let mut work = Work::busy(arguments, arguments.clients);
    (work.rate_hz, work.options) = (5, vec!["--silent".into()]);
    let (server, address) = start(arguments, Target::Tickwire, &work)?;
    std::thread::sleep(Duration::from_millis(500));
    let empty = server.resident_kib()?;
    let mut load = generator(arguments, Target::Tickwire, &address, &work)?;
    load.line("rooms")?;
    let rooms = server.resident_kib()?;
    load.line("steady")?;
    let full = server.resident_kib()?;
    load.line("result")?;
    let room_count = arguments.clients.div_ceil(arguments.room);
    let more = (arguments.clients - room_count) as f64;
    println!(
        "\nMemory: {} joined silent clients in {room_count} rooms, resident KiB\n\
         empty {empty}, one client per room {rooms}, all {full}\n\
         per client {:.2} (rooms included {:.2}), per room {:.1}",
        arguments.clients,
        (full - rooms) as f64 / more,
        (full - empty) as f64 / arguments.clients as f64,
        (rooms - empty) as f64 / room_count as f64,
    );
    Ok(())
}
