//! Clients that do not keep up, and rooms in which nothing happens.

use crate::arguments::Arguments;
use crate::measure::{HEAD, Run, Target, Work, measure, median};
use std::io;
use std::path::PathBuf;

/// Seconds after the end of a stall in which its clients must have caught up.
const AFTER_S: f64 = 4.0;
/// Clients of a quiet room.
const QUIET_ROOM: usize = 8;
/// Frames per second of a client whose controls do not change.
const QUIET_RATE_HZ: u32 = 4;
/// The most memory that stopped clients may take.
const STOP_GROWTH_MIB: u64 = 64;

fn stalling(arguments: &Arguments, stalled: usize, seconds: f64) -> (Arguments, Work) {
    let mut work = Work::busy(arguments, arguments.clients);
    work.options = vec![format!("--stalled={stalled}"), format!("--stall-for={seconds}")];
    let mut arguments = arguments.clone();
    arguments.seconds = seconds + 1.0 + AFTER_S;
    (arguments, work)
}

/// Alternates between runs with a fifth of the clients stalling and runs without.
pub(crate) fn stall(arguments: &Arguments) -> io::Result<()> {
    let stalled = arguments.clients / 5;
    println!("\nStall: {stalled} of {} clients read nothing for 4 s", arguments.clients);
    println!("{HEAD}");
    let (with, work) = stalling(arguments, stalled, 4.0);
    let without = Work { options: Vec::new(), ..work.clone() };
    let (mut gaps, mut others) = (Vec::new(), Vec::new());
    let mut sound = true;
    for _ in 0..arguments.rounds {
        let run = measure(&with, Target::Tickwire, &work)?;
        run.row("stalled");
        tell(&run);
        let is = |key: &str| run.stalled.get(key).copied().unwrap_or(f64::NAN);
        sound &= run.bad() == 0.0 && is("caught") == stalled as f64 && is("caught_after_max") <= 3.0;
        gaps.push(run.value("gap_p99_ms"));
        let run = measure(&with, Target::Tickwire, &without)?;
        run.row("none");
        others.push(run.value("gap_p99_ms"));
    }
    println!(
        "p99 gap of the others, ms: {}; of all without a stall: {}",
        spread(&mut gaps),
        spread(&mut others)
    );
    aim(
        sound,
        "no client may be disconnected, and each must catch up within 3 messages after those in flight",
    );
    Ok(())
}

/// A fifth of the clients stops reading for a minute.
pub(crate) fn stop(arguments: &Arguments) -> io::Result<()> {
    let stalled = arguments.clients / 5;
    println!("\nStop: {stalled} of {} clients read nothing for 60 s; closed ones resume", arguments.clients);
    println!("{HEAD}");
    let (with, work) = stalling(arguments, stalled, 60.0);
    let run = measure(&with, Target::Tickwire, &work)?;
    run.row("stopped");
    tell(&run);
    println!("server memory grew by {} KiB at most", run.growth_kib);
    let is = |key: &str| run.stalled.get(key).copied().unwrap_or(f64::NAN);
    let all = stalled as f64;
    aim(
        run.value("ended") == 0.0 && is("closed_4009") + is("closed_4013") == all,
        "all are closed, 4009 or 4013",
    );
    aim(is("resumed") == all, "all come back");
    aim(run.growth_kib <= STOP_GROWTH_MIB * 1024, "the memory stays within its limit");
    Ok(())
}

/// Rooms in which one ship flies straight on and the others rest, compared with the bare program, which
/// writes every tick.
pub(crate) fn quiet(arguments: &Arguments) -> io::Result<()> {
    println!("\nQuiet: {} clients, rooms of {QUIET_ROOM}; one of each moves straight on", arguments.clients);
    println!("{HEAD}");
    let config = Corridor::write()?;
    let mut arguments = arguments.clone();
    arguments.room = QUIET_ROOM;
    let mut work = Work::busy(&arguments, arguments.clients);
    work.rate_hz = QUIET_RATE_HZ;
    work.server_options = vec!["--config".into(), config.0.display().to_string()];
    let steady = Work { options: vec!["--steady".into()], ..work.clone() };
    let (mut tickwire, mut bare, mut messages) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..arguments.rounds {
        let run = measure(&arguments, Target::Tickwire, &steady)?;
        run.row("tickwire");
        tickwire.push(run.cost_us());
        messages = messages.max(run.per_client_s("messages"));
        let bytes = run.message_bytes().round() as usize;
        let run = measure(&arguments, Target::bare(bytes), &work)?;
        run.row("bare");
        bare.push(run.cost_us());
    }
    let (tickwire, bare) = (median(&mut tickwire), median(&mut bare));
    println!(
        "median: bare {bare:.1}, tickwire {tickwire:.1} us per client-second; \
         {messages:.2} messages per client-second at most"
    );
    aim(messages <= 8.0, "at most 8 messages per client-second");
    aim(tickwire < bare, "less CPU than the bare program that writes every tick");
    Ok(())
}

fn tell(run: &Run) {
    let is = |key: &str| run.stalled.get(key).copied().unwrap_or(f64::NAN);
    println!(
        "  of {:.0} stalled: {:.0} caught up, within {:.0} messages at most; closed with 4009 {:.0}, \
         with 4013 {:.0}, otherwise {:.0}; resumed {:.0}",
        is("clients"),
        is("caught"),
        is("caught_after_max"),
        is("closed_4009"),
        is("closed_4013"),
        is("closed_otherwise"),
        is("resumed"),
    );
}

fn spread(values: &mut [f64]) -> String {
    let middle = median(values);
    let (least, most) =
        (values.first().copied().unwrap_or(f64::NAN), values.last().copied().unwrap_or(f64::NAN));
    format!("{middle:.2} ({least:.2} to {most:.2})")
}

fn aim(met: bool, what: &str) {
    println!("{}: {what}", if met { "met" } else { "MISSED" });
}

/// A configuration with a map that is long enough to fly straight on. Dropping it removes the file.
struct Corridor(PathBuf);

impl Corridor {
    fn write() -> io::Result<Self> {
        let (wall, lane) = ("#".repeat(128), format!("#s{}#", ".".repeat(125)));
        let mut rows = vec![wall.clone()];
        rows.extend((0..QUIET_ROOM).map(|_| lane.clone()));
        rows.push(wall);
        let text = format!("[games.arena.settings]\nmap = \"corridor\"\nrows = {rows:?}\nround_s = 3600\n");
        let path = std::env::temp_dir().join(format!("tickwire-fanout-{}.toml", std::process::id()));
        std::fs::write(&path, text)?;
        Ok(Self(path))
    }
}

impl Drop for Corridor {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
