//! Starts servers and the generator, reads CPU time and memory, prints the tables.

use crate::bare::BarePlan;
use crate::load::LoadPlan;
use crate::process::{CpuTime, Process, pin};
use std::collections::HashMap;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

const SERVER_CORE: usize = 0;
const LOAD_CORE: usize = 1;
/// The time before anything is measured, seconds: longer than the 64 ticks of a room's history.
const SETTLE_S: &str = "3";

/// What servers pay per client: Tickwire beside a bare program that only moves the same bytes.
#[derive(Debug, clap::Parser)]
#[command(name = "fanout")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
    /// Clients in the CPU and memory parts.
    #[arg(long, default_value_t = 1000)]
    clients: usize,
    /// Clients in the large part.
    #[arg(long, default_value_t = 2000)]
    clients_large: usize,
    /// Rounds of the CPU part; in each, both programs run once.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The measured time of each run, seconds.
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Clients per room.
    #[arg(long, default_value_t = 32)]
    room: usize,
    /// Messages per client and second, both ways.
    #[arg(long, default_value_t = 30)]
    rate_hz: u32,
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "cpu,memory,large")]
    parts: Vec<Part>,
    /// Another server program than the one that was just built.
    #[arg(long)]
    server: Option<String>,
    /// Show the server's log.
    #[arg(long)]
    verbose: bool,
    /// Cargo passes this.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// CPU time beside the bare program.
    Cpu,
    /// Resident memory per silent client.
    Memory,
    /// Many clients on one core.
    Large,
}

/// What this process is, when the driver started it.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Role {
    /// The bare program.
    #[command(hide = true)]
    Bare(BarePlan),
    /// The load generator.
    #[command(hide = true)]
    Load(LoadPlan),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Bare { bytes: usize },
    Tickwire,
}

/// What one run showed.
struct Run {
    cpu: CpuTime,
    clients: usize,
    seconds: f64,
    joined_s: f64,
    result: HashMap<String, f64>,
}

impl Run {
    fn value(&self, name: &str) -> f64 {
        self.result.get(name).copied().unwrap_or(f64::NAN)
    }

    /// Server CPU per client and second, µs.
    fn cost_us(&self) -> f64 {
        self.cpu.total().as_secs_f64() * 1e6 / (self.clients as f64 * self.seconds)
    }

    fn kernel_share(&self) -> f64 {
        self.cpu.kernel.as_secs_f64() / self.cpu.total().as_secs_f64()
    }

    fn message_bytes(&self) -> f64 {
        self.value("bytes") / self.value("messages")
    }

    fn row(&self, name: &str) {
        let per_client_s = |key: &str| self.value(key) / (self.clients as f64 * self.seconds);
        println!(
            "{name:<10} {:>6.1} {:>7.0}% {:>8.1} {:>9.2} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>6.0} {:>7.2}",
            self.cost_us(),
            self.kernel_share() * 100.0,
            self.message_bytes(),
            per_client_s("messages"),
            per_client_s("sent"),
            self.value("gap_p50_ms"),
            self.value("gap_p99_ms"),
            self.value("gap_max_ms"),
            self.value("ended") + self.value("bad") + self.value("blocked") + self.value("skipped"),
            self.joined_s,
        );
    }
}

const HEAD: &str =
    "server     us/cl-s  kernel  B/msg   out/cl-s  in/cl-s  gap p50  p99 ms   max ms   bad   joined s";

/// Runs all parts that were asked for.
pub(crate) fn run(arguments: &Arguments) -> io::Result<()> {
    if std::thread::available_parallelism().map_or(1, std::num::NonZero::get) < 2 {
        println!("note: one core only, so the server and the generator share it; the figures mean little");
    }
    pin(LOAD_CORE)?;
    for part in &arguments.parts {
        match part {
            Part::Cpu => cpu(arguments)?,
            Part::Memory => memory(arguments)?,
            Part::Large => large(arguments)?,
        }
    }
    Ok(())
}

fn cpu(arguments: &Arguments) -> io::Result<()> {
    println!(
        "\nCPU: {} clients, rooms of {}, {} Hz, {} rounds of {} s",
        arguments.clients, arguments.room, arguments.rate_hz, arguments.rounds, arguments.seconds
    );
    println!("{HEAD}");
    let (mut bare, mut tickwire) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let run = measure(arguments, Target::Tickwire, arguments.clients)?;
        run.row("tickwire");
        let bytes = run.message_bytes().round() as usize;
        tickwire.push(run.cost_us());
        let run = measure(arguments, Target::Bare { bytes }, arguments.clients)?;
        run.row("bare");
        bare.push(run.cost_us());
    }
    let (bare, tickwire) = (median(&mut bare), median(&mut tickwire));
    println!(
        "median: bare {bare:.1}, tickwire {tickwire:.1} us per client-second; ratio {:.3}",
        tickwire / bare
    );
    Ok(())
}

fn large(arguments: &Arguments) -> io::Result<()> {
    println!("\nMany: {} clients, rooms of {}", arguments.clients_large, arguments.room);
    println!("{HEAD}");
    measure(arguments, Target::Tickwire, arguments.clients_large)?.row("tickwire");
    Ok(())
}

fn memory(arguments: &Arguments) -> io::Result<()> {
    let (server, address) = start(arguments, Target::Tickwire, arguments.clients)?;
    std::thread::sleep(Duration::from_millis(500));
    let empty = server.resident_kib()?;
    // Five acknowledgements a second keep a client on the live stream.
    let mut load = generator(arguments, Target::Tickwire, arguments.clients, &address, 5, true)?;
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

fn measure(arguments: &Arguments, target: Target, clients: usize) -> io::Result<Run> {
    let (server, address) = start(arguments, target, clients)?;
    let mut load = generator(arguments, target, clients, &address, arguments.rate_hz, false)?;
    let joined_s = load.line("joined")?.parse().unwrap_or(f64::NAN);
    load.line("steady")?;
    let before = server.cpu_time()?;
    load.line("done")?;
    let cpu = server.cpu_time()?.since(before);
    let result: HashMap<String, f64> = load
        .line("result")?
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .filter_map(|(key, value)| Some((key.to_owned(), value.parse().ok()?)))
        .collect();
    let seconds = result.get("seconds").copied().unwrap_or(f64::NAN);
    Ok(Run { cpu, clients, seconds, joined_s, result })
}

/// Starts the server under test; its address comes with it.
fn start(arguments: &Arguments, target: Target, clients: usize) -> io::Result<(Process, String)> {
    let mut command;
    let ready = match target {
        Target::Bare { bytes } => {
            command = Command::new(std::env::current_exe()?);
            command.args(["bare", "--clients", &clients.to_string(), "--bytes", &bytes.to_string()]);
            command.args(["--room", &arguments.room.to_string()]);
            command.args(["--rate-hz", &arguments.rate_hz.to_string()]);
            "listening on "
        }
        Target::Tickwire => {
            let built = option_env!("CARGO_BIN_EXE_tickwire-server");
            let program = arguments.server.as_deref().or(built);
            command = Command::new(program.ok_or_else(|| io::Error::other("no server was built"))?);
            command.args(["--listen", "127.0.0.1:0", "--admin", "off"]);
            // A line per session is no news here.
            command.stderr(if arguments.verbose { Stdio::inherit() } else { Stdio::null() });
            "listening on ws://"
        }
    };
    let mut server = Process::start(&mut command, SERVER_CORE, LOAD_CORE)?;
    let address = server.line(ready)?;
    let address = address.split('/').next().unwrap_or_default().to_owned();
    Ok((server, address))
}

fn generator(
    arguments: &Arguments,
    target: Target,
    clients: usize,
    address: &str,
    rate_hz: u32,
    silent: bool,
) -> io::Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["load", "--address", address, "--clients", &clients.to_string(), "--settle", SETTLE_S]);
    command.args(["--room", &arguments.room.to_string(), "--rate-hz", &rate_hz.to_string()]);
    command.args(["--seconds", &arguments.seconds.to_string()]);
    if target == Target::Tickwire {
        command.arg("--tickwire");
    }
    if silent {
        command.arg("--silent");
    }
    Process::start(&mut command, LOAD_CORE, LOAD_CORE)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values {
        [] => f64::NAN,
        values if values.len() % 2 == 1 => values[middle],
        values => f64::midpoint(values[middle - 1], values[middle]),
    }
}
