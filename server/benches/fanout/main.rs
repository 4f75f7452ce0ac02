//! What a server pays per client: Tickwire compared with a bare program that only moves the same bytes.
//!
//! `cargo bench -p tickwire-server --bench fanout` starts, one after the other, the bare program ([`bare`])
//! and the Tickwire server on core 0, and one light load generator ([`load`]) on core 1, and reads the
//! servers' CPU time from `/proc`. `docs/benchmarks.md` has the method and the results.

#[cfg(target_os = "linux")]
mod arguments;
#[cfg(target_os = "linux")]
mod bare;
#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod driver;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod gaps;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod slow;
#[cfg(target_os = "linux")]
mod small;
#[cfg(target_os = "linux")]
mod stalls;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use clap::Parser;
    let arguments = arguments::Arguments::parse();
    let done = match &arguments.role {
        Some(arguments::Role::Bare(plan)) => bare::run(plan),
        Some(arguments::Role::Load(plan)) => load::run(plan),
        None => driver::run(&arguments),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fanout: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("skipped: this benchmark reads /proc and pins processes to cores, so it runs on Linux only");
}
