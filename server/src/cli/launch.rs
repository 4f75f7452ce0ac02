//! From the command line to the end of the program.

use super::command_line::{self, CommandLine};
use super::identity::Identity;
use super::service::{self, State};
use super::{ready, reload, ticket};
use crate::args::Args;
use crate::config::{AdminListen, Config, ConfigError, Exposure, OwnSection, PostureLine};
use crate::control::ControlThread;
use crate::logging::{self, FLUSH_TIMEOUT, Lines, Log, Lost};
use crate::server::{Server, ServerBuilder};
use crate::shutdown::StopSignals;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::oneshot;
use tokio::time::sleep;

/// A server has stopped this long after the deadline for its clients, unless something blocks it.
const DEADLINE_MARGIN: Duration = Duration::from_secs(1);

/// What the function for [`Program::run`](super::Program::run) returns: the server, or why the program does
/// not start.
pub trait IntoBuilder {
    /// The server.
    ///
    /// # Errors
    /// Why the program does not start: it prints this line, and its status is 2.
    fn into_builder(self) -> Result<ServerBuilder, ConfigError>;
}

impl IntoBuilder for ServerBuilder {
    fn into_builder(self) -> Result<ServerBuilder, ConfigError> {
        Ok(self)
    }
}

impl IntoBuilder for Result<ServerBuilder, ConfigError> {
    fn into_builder(self) -> Result<ServerBuilder, ConfigError> {
        self
    }
}

/// Reads the command line, adds games and serves to the end.
pub(super) fn launch<F, S, R>(
    identity: Identity,
    args: Option<Vec<OsString>>,
    section: Option<&'static str>,
    add_games: impl FnOnce(ServerBuilder, F, S) -> R,
) -> ExitCode
where
    F: clap::Args,
    S: Serialize + DeserializeOwned + Default,
    R: IntoBuilder,
{
    let given = args.unwrap_or_else(|| std::env::args_os().collect());
    match given.get(1) {
        Some(word) if word == ticket::WORD => return ticket::run(given.into_iter().skip(1)),
        Some(word) if word == ready::WORD => return ready::run(given.into_iter().skip(1)),
        _ => (),
    }
    let ended =
        command_line::read(&identity, &given).map_err(StartError::from).and_then(|asked| match asked {
            CommandLine::Start(args, flags) => {
                let located = |error: ConfigError| match &args.config {
                    Some(path) => error.located(path),
                    None => error,
                };
                let (config, values, section) = configure(&args, section, located)?;
                let runtime = start_runtime()?;
                // What the host makes for its games may need the runtime, such as a pool of connections.
                let within = runtime.enter();
                let server = Server::builder().program(identity.name, identity.version).config(config);
                let server = add_games(server, flags, values).into_builder().map_err(located);
                let server = server.and_then(|server| server.build().map_err(located));
                let ended = server
                    .map_err(StartError::from)
                    .and_then(|server| start(&identity, &args, server, section, &runtime));
                drop(within);
                // Tasks that still run are not waited for.
                runtime.shutdown_background();
                ended
            }
            CommandLine::Text(text) => Ok(writeln!(io::stdout(), "{}", text.trim_end())?),
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            match error {
                StartError::Config(_) => ExitCode::from(2),
                StartError::Other(_) => ExitCode::FAILURE,
            }
        }
    }
}

/// The server's configuration, and the values of the program's own section and what is to be shown of it.
fn configure<S: Serialize + DeserializeOwned + Default>(
    args: &Args,
    section: Option<&'static str>,
    located: impl Fn(ConfigError) -> ConfigError,
) -> Result<(Config, S, Option<OwnSection>), ConfigError> {
    let Some(name) = section else { return Ok((with_dev_tls(args, args.config()?)?, S::default(), None)) };
    OwnSection::check_name(name)?;
    let (config, given) = args.config_with(Some(name))?;
    let (values, section) = OwnSection::resolve(name, &given).map_err(located)?;
    Ok((with_dev_tls(args, config)?, values, Some(section)))
}

/// With a certificate of one's own, if that is asked for.
fn with_dev_tls(args: &Args, config: Config) -> Result<Config, ConfigError> {
    #[cfg(feature = "tls")]
    if let Some(folder) = &args.dev_tls {
        let mut config = config;
        // Before there is a log.
        let _ = writeln!(io::stderr(), "{}", super::dev_tls::prepare(folder, &mut config)?);
        return Ok(config);
    }
    let _ = args;
    Ok(config)
}

/// Reports why the program ends. If stderr is not read, the program ends without the report.
fn complain(error: &StartError) {
    if let Ok(stderr) = Lines::start(io::stderr(), Lost::default(), || {}) {
        stderr.push(format!("error: {error}\n").as_bytes());
        stderr.flush(FLUSH_TIMEOUT);
    }
}

/// Why the program ended: one line with cause and remedy.
#[derive(Debug)]
enum StartError {
    Config(ConfigError),
    Other(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "{error}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

fn start_runtime() -> Result<Runtime, StartError> {
    if Handle::try_current().is_ok() {
        return Err(StartError::Other(
            "this is called where a tokio runtime runs already: call it from a `fn main` that is not async, \
             or host the server in your own runtime with `Server::builder()`"
                .to_owned(),
        ));
    }
    tickwire_open_files::raise_limit();
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn start(
    identity: &Identity,
    args: &Args,
    server: Server,
    section: Option<OwnSection>,
    runtime: &Runtime,
) -> Result<(), StartError> {
    if args.print_config {
        let own = section.map_or_else(|| Ok(String::new()), |section| section.to_toml())?;
        let between = if own.is_empty() { "" } else { "\n" };
        write!(io::stdout(), "{}{between}{own}", server.config().to_toml()?)?;
        return Ok(());
    }
    if args.check_config {
        writeln!(io::stdout(), "the configuration is valid")?;
        for line in server.posture() {
            writeln!(io::stdout(), "{line}")?;
        }
        return Ok(());
    }
    let log = Arc::new(logging::start(server.config(), server.metrics())?);
    let control = ControlThread::start()?;
    let ended = runtime.block_on(serve(identity, server, &log, &control));
    log.flush();
    ended
}

async fn serve(
    identity: &Identity,
    mut server: Server,
    log: &Arc<Log>,
    control: &ControlThread,
) -> Result<(), StartError> {
    let config: &Config = server.config();
    let listener = bind("listen", "--listen ADDR", config.listen).await?;
    let mut admin_address = None;
    if let AdminListen::At(address) = config.admin {
        let admin = bind("admin", "--admin ADDR or --admin off", address).await?;
        admin_address = Some(admin.local_addr()?);
        server = server.with_admin(admin);
    }
    let stop = stop_signal(control, server.config().shutdown_deadline(), Arc::clone(log))?;
    reload::watch(control, server.handle())?;
    let tickwire = env!("CARGO_PKG_VERSION");
    tracing::info!(program = identity.name, version = identity.version, tickwire, "starting");
    report(&server.posture());
    announce(log, listener.local_addr()?, server.is_secure(), admin_address)?;
    service::tell(State::Ready);
    service::keep_watch();
    Ok(server.run(listener, stop).await?)
}

/// Logs what the configuration leaves open: what is unsafe as a warning, the rest as information.
fn report(posture: &[PostureLine]) {
    for line in posture {
        match line.exposure {
            Exposure::Unsafe => tracing::warn!("{}", line.to_string().trim_start()),
            _ => tracing::info!("{}", line.to_string().trim_start()),
        }
    }
}

/// Listens for signals on the control thread. The future ends at the first signal. If the server does not
/// stop in time after it, for whatever reason, the process ends.
fn stop_signal(
    control: &ControlThread,
    deadline: Duration,
    log: Arc<Log>,
) -> io::Result<impl Future<Output = ()> + use<>> {
    let within = control.handle().enter();
    let signals = StopSignals::listen()?;
    drop(within);
    let (tell, told) = oneshot::channel();
    control.spawn(async move {
        let signal = signals.wait().await;
        tracing::info!(signal, "stop signal received");
        service::tell(State::Stopping);
        let _ = tell.send(());
        sleep(deadline + DEADLINE_MARGIN).await;
        tracing::error!("the server does not stop: the process ends without waiting for it");
        log.flush();
        std::process::exit(0);
    });
    Ok(async {
        let _ = told.await;
    })
}

async fn bind(name: &str, remedy: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        let cause = match error.kind() {
            io::ErrorKind::AddrInUse => "the port is in use; end the other program".to_owned(),
            io::ErrorKind::PermissionDenied => "not permitted; take a port above 1023".to_owned(),
            io::ErrorKind::AddrNotAvailable => "the address is not this machine's".to_owned(),
            _ => error.to_string(),
        };
        StartError::Other(format!(
            "{name}: cannot listen on {address}: {cause}, or choose another with {remedy}"
        ))
    })
}

/// Writes the ready line, and addresses for people. The listeners are bound, so a client that reads the line
/// can connect at once.
fn announce(log: &Log, address: SocketAddr, secure: bool, admin: Option<SocketAddr>) -> io::Result<()> {
    let (ws, http) = if secure { ("wss", "https") } else { ("ws", "http") };
    // Players are served whether the line is read or not.
    let stdout = Lines::start(io::stdout(), Lost::default(), || {})?;
    stdout.push(format!("listening on {ws}://{address}/play\n").as_bytes());
    log.say(&format!("play at {http}://{address}/"));
    if let Some(admin) = admin {
        log.say(&format!("metrics at http://{admin}/metrics"));
    }
    Ok(())
}
