//! Runs a server and the generator once, and reads what the server took.

use crate::arguments::Arguments;
use crate::bare::Reading;
use crate::process::{CpuTime, Process};
use std::collections::HashMap;
use std::io;
use std::process::{Command, Stdio};

const SERVER_CORE: usize = 0;
pub(crate) const LOAD_CORE: usize = 1;
/// The time before the measurement, seconds: longer than the 64 ticks of a room's history.
const SETTLE_S: &str = "3";

/// The server under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Bare { bytes: usize, reading: Reading },
    Tickwire,
}

impl Target {
    /// The bare program that reads when bytes arrive.
    pub(crate) fn bare(bytes: usize) -> Self {
        Self::Bare { bytes, reading: Reading::OnArrival }
    }
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
pub(crate) fn start(arguments: &Arguments, target: Target, work: &Work) -> io::Result<(Process, String)> {
    let mut command;
    let clients = work.clients;
    let ready = match target {
        Target::Bare { bytes, reading } => {
            command = Command::new(std::env::current_exe()?);
            command.args(["bare", "--clients", &clients.to_string(), "--bytes", &bytes.to_string()]);
            command.args(["--room", &arguments.room.to_string()]);
            command.args(["--rate-hz", &arguments.rate_hz.to_string()]);
            if reading == Reading::OnTick {
                command.arg("--on-tick");
            }
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

pub(crate) fn generator(
    arguments: &Arguments,
    target: Target,
    address: &str,
    work: &Work,
) -> io::Result<Process> {
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

/// What Tickwire and the two bare programs cost under the same load, µs per client-second and run.
pub(crate) struct Costs {
    tickwire: Vec<f64>,
    bare: Vec<f64>,
    bare_on_tick: Vec<f64>,
}

impl Costs {
    /// Runs the three in turn. The bare programs send messages of the mean size that Tickwire just sent.
    pub(crate) fn measure(arguments: &Arguments, work: &Work) -> io::Result<Self> {
        println!("{HEAD}");
        let mut costs = Self { tickwire: Vec::new(), bare: Vec::new(), bare_on_tick: Vec::new() };
        for _ in 0..arguments.rounds {
            let run = measure(arguments, Target::Tickwire, work)?;
            run.row("tickwire");
            let bytes = run.message_bytes().round() as usize;
            costs.tickwire.push(run.cost_us());
            let run = measure(arguments, Target::bare(bytes), work)?;
            run.row("bare");
            costs.bare.push(run.cost_us());
            let run = measure(arguments, Target::Bare { bytes, reading: Reading::OnTick }, work)?;
            run.row("on tick");
            costs.bare_on_tick.push(run.cost_us());
        }
        Ok(costs)
    }

    /// Prints the medians, each as `convert` expresses it, and their ratios.
    pub(crate) fn print(mut self, unit: &str, convert: impl Fn(f64) -> f64) {
        let tickwire = median(&mut self.tickwire);
        for (name, mut bare) in [("bare", self.bare), ("bare on tick", self.bare_on_tick)] {
            let bare = median(&mut bare);
            println!(
                "median: {name} {:.1}, tickwire {:.1} {unit}; ratio {:.3}",
                convert(bare),
                convert(tickwire),
                tickwire / bare
            );
        }
    }
}
