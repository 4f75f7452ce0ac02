//! Starts servers and the generator, reads CPU time and memory, prints the tables.

use crate::bare::BarePlan;
use crate::load::LoadPlan;
use crate::process::{CpuTime, Process, pin};
use crate::slow;
use std::collections::HashMap;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

const SERVER_CORE: usize = 0;
const LOAD_CORE: usize = 1;
/// The time before the measurement, seconds: longer than the 64 ticks of a room's history.
const SETTLE_S: &str = "3";

/// What servers pay per client: Tickwire compared with a bare program that only moves the same bytes.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "fanout")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
    /// Clients in all parts except the large one.
    #[arg(long, default_value_t = 1000)]
    pub(crate) clients: usize,
    /// Clients in the large part.
    #[arg(long, default_value_t = 2000)]
    clients_large: usize,
    /// Rounds of the parts that alternate; in each round, both programs (or both cases) run once.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// The measured time of each run, seconds.
    #[arg(long, default_value_t = 8.0)]
    pub(crate) seconds: f64,
    /// Clients per room.
    #[arg(long, default_value_t = 32)]
    pub(crate) room: usize,
    /// Messages per client and second, in both directions.
    #[arg(long, default_value_t = 30)]
    rate_hz: u32,
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "cpu,memory,large")]
    parts: Vec<Part>,
    /// Use another server program than the one just built.
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
    /// CPU time compared with the bare program.
    Cpu,
    /// Resident memory per silent client.
    Memory,
    /// Many clients on one core.
    Large,
    /// A fifth of the clients stops reading for 4 s.
    Stall,
    /// A fifth of the clients stops reading for 60 s.
    Stop,
    /// Rooms in which hardly anything happens, compared with the bare program.
    Quiet,
}

/// What this process is, if the driver started it.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Role {
    /// The bare program.
    #[command(hide = true)]
    Bare(BarePlan),
    /// The load generator.
    #[command(hide = true)]
    Load(LoadPlan),
}

/// The server under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Bare { bytes: usize },
    Tickwire,
}

/// What the generator does in a run.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) clients: usize,
    /// Frames per client and second.
    pub(crate) rate_hz: u32,
    /// More options for the generator.
    pub(crate) options: Vec<String>,
    /// More options for the Tickwire server.
    pub(crate) server_options: Vec<String>,
}

/// The results of one run.
pub(crate) struct Run {
    cpu: CpuTime,
    clients: usize,
    seconds: f64,
    joined_s: f64,
    result: HashMap<String, f64>,
    /// What became of the clients that stalled; empty if none did.
    pub(crate) stalled: HashMap<String, f64>,
    /// The most by which the server's memory grew in the measured time, KiB.
    pub(crate) growth_kib: u64,
}

impl Run {
    pub(crate) fn value(&self, name: &str) -> f64 {
        self.result.get(name).copied().unwrap_or(f64::NAN)
    }

    /// Server CPU per client and second, µs.
    pub(crate) fn cost_us(&self) -> f64 {
        self.cpu.total().as_secs_f64() * 1e6 / (self.clients as f64 * self.seconds)
    }

    fn kernel_share(&self) -> f64 {
        self.cpu.kernel.as_secs_f64() / self.cpu.total().as_secs_f64()
    }

    pub(crate) fn message_bytes(&self) -> f64 {
        self.value("bytes") / self.value("messages")
    }

    /// A count per client and second.
    pub(crate) fn per_client_s(&self, key: &str) -> f64 {
        self.value(key) / (self.clients as f64 * self.seconds)
    }

    /// Ended connections, unreadable updates, unsent frames: unless this is 0, the run does not count.
    pub(crate) fn bad(&self) -> f64 {
        ["ended", "bad", "blocked", "skipped"].map(|key| self.value(key)).iter().sum()
    }

    pub(crate) fn row(&self, name: &str) {
        println!(
            "{name:<10} {:>6.1} {:>7.0}% {:>8.1} {:>9.2} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>6.0} {:>7.2}",
            self.cost_us(),
            self.kernel_share() * 100.0,
            self.message_bytes(),
            self.per_client_s("messages"),
            self.per_client_s("sent"),
            self.value("gap_p50_ms"),
            self.value("gap_p99_ms"),
            self.value("gap_max_ms"),
            self.bad(),
            self.joined_s,
        );
    }
}

pub(crate) const HEAD: &str =
    "server     us/cl-s  kernel  B/msg   out/cl-s  in/cl-s  gap p50  p99 ms   max ms   bad   joined s";

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
        let work = Work::busy(arguments, arguments.clients);
        let run = measure(arguments, Target::Tickwire, &work)?;
        run.row("tickwire");
        let bytes = run.message_bytes().round() as usize;
        tickwire.push(run.cost_us());
        let run = measure(arguments, Target::Bare { bytes }, &work)?;
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

impl Work {
    /// Random controls in every tick.
    pub(crate) fn busy(arguments: &Arguments, clients: usize) -> Self {
        Self { clients, rate_hz: arguments.rate_hz, options: Vec::new(), server_options: Vec::new() }
    }
}

pub(crate) fn measure(arguments: &Arguments, target: Target, work: &Work) -> io::Result<Run> {
    let (server, address) = start(arguments, target, work)?;
    let mut load = generator(arguments, target, &address, work)?;
    let joined_s = load.line("joined")?.parse().unwrap_or(f64::NAN);
    load.line("steady")?;
    let before = server.cpu_time()?;
    let (done, growth_kib) = server.growth_kib_while(|| load.line("done"))?;
    done?;
    let cpu = server.cpu_time()?.since(before);
    let stalls = work.options.iter().any(|option| option.starts_with("--stalled"));
    let stalled = if stalls { values(&load.line("stalled")?) } else { HashMap::new() };
    let result = values(&load.line("result")?);
    let seconds = result.get("seconds").copied().unwrap_or(f64::NAN);
    Ok(Run { cpu, clients: work.clients, seconds, joined_s, result, stalled, growth_kib })
}

/// The pairs `key=number` of a line.
fn values(line: &str) -> HashMap<String, f64> {
    let pairs = line.split_whitespace().filter_map(|pair| pair.split_once('='));
    pairs.filter_map(|(key, value)| Some((key.to_owned(), value.parse().ok()?))).collect()
}

/// Starts the server under test, and returns its address too.
fn start(arguments: &Arguments, target: Target, work: &Work) -> io::Result<(Process, String)> {
    let mut command;
    let clients = work.clients;
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
            command.args(["--listen", "127.0.0.1:0", "--admin", "off"]).args(&work.server_options);
            // A log line per session is of no interest here.
            command.stderr(if arguments.verbose { Stdio::inherit() } else { Stdio::null() });
            "listening on ws://"
        }
    };
    let mut server = Process::start(&mut command, SERVER_CORE, LOAD_CORE)?;
    let address = server.line(ready)?;
    let address = address.split('/').next().unwrap_or_default().to_owned();
    Ok((server, address))
}

fn generator(arguments: &Arguments, target: Target, address: &str, work: &Work) -> io::Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["load", "--address", address, "--clients", &work.clients.to_string()]);
    command.args(["--settle", SETTLE_S, "--seconds", &arguments.seconds.to_string()]);
    command.args(["--room", &arguments.room.to_string(), "--rate-hz", &work.rate_hz.to_string()]);
    command.args(&work.options);
    if target == Target::Tickwire {
        command.arg("--tickwire");
    }
    Process::start(&mut command, LOAD_CORE, LOAD_CORE)
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values {
        [] => f64::NAN,
        values if values.len() % 2 == 1 => values[middle],
        values => f64::midpoint(values[middle - 1], values[middle]),
    }
}
