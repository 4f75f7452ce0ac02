//! The options of the benchmark.

use crate::bare::BarePlan;
use crate::load::LoadPlan;

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
    pub(crate) clients_large: usize,
    /// Rounds of the parts that alternate; in each round, all programs (or both cases) run once.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Rooms in the small part.
    #[arg(long, default_value_t = 1500)]
    pub(crate) rooms_small: usize,
    /// The measured time of each run, seconds.
    #[arg(long, default_value_t = 8.0)]
    pub(crate) seconds: f64,
    /// Clients per room.
    #[arg(long, default_value_t = 32)]
    pub(crate) room: usize,
    /// Messages per client and second, in both directions.
    #[arg(long, default_value_t = 30)]
    pub(crate) rate_hz: u32,
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "cpu,memory,large")]
    pub(crate) parts: Vec<Part>,
    /// Use another server program than the one just built.
    #[arg(long)]
    pub(crate) server: Option<String>,
    /// Show the server's log.
    #[arg(long)]
    pub(crate) verbose: bool,
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
    /// Many rooms of one client.
    Small,
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
