//! The server as a library: built from a configuration and games, run on a listener until it is asked to
//! stop.

use crate::accept;
use crate::admin;
use crate::admin_token::AdminToken;
use crate::admission::Admission;
use crate::assets::Assets;
use crate::authenticator::{Authenticator, BoundedAuthenticator};
use crate::bans::Bans;
use crate::config::{
    Config, ConfigError, GameOptions, GameSection, PostureFacts, PostureLine, posture, resolve,
};
use crate::control::ControlThread;
use crate::descriptors::Descriptors;
use crate::directory::{BoundedDirectory, Directory, NodeName};
use crate::http::HttpContext;
use crate::http::board::Board;
use crate::http::forwarded::ProxyAdvice;
use crate::http::web::Site;
use crate::hub::{Hub, Seams};
use crate::metrics::{Gauge, Metrics};
use crate::origin::Origins;
use crate::reload::Reloader;
use crate::room_threads::RoomThreads;
use crate::server_handle::ServerHandle;
use crate::services::{OwnServices, ServiceQueue, Services};
use crate::tls::{self, Handshakes, Tls};
use crate::watched_file::WatchedFile;
use crate::webhooks::Webhooks;
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::game::Game;
use tickwire_shared::limits::GAMES_MAX;
use tickwire_shared::room::RoomError;
use tickwire_shared::wire::control::GameName;
use tickwire_shared::wire::{Close, CloseCode};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{info, warn};

/// How long a server that has stopped waits until its services have the last events.
const SERVICES_DEADLINE: Duration = Duration::from_secs(5);

type AddGame = Box<dyn FnOnce(&mut Hub, &GameName, &mut Config, &Assets) -> Result<(), ConfigError> + Send>;

/// Collects what a server is made of.
#[derive(Default)]
#[must_use]
pub struct ServerBuilder {
    config: Config,
    program: Option<(String, String)>,
    games: Vec<(String, AddGame)>,
    front_page: Option<String>,
    room_threads: Option<NonZeroUsize>,
    rooms_in_runtime: bool,
    authenticator: Option<BoundedAuthenticator>,
    directory: Option<BoundedDirectory>,
    node: Option<NodeName>,
    services: Option<OwnServices>,
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.games.iter().map(|(name, _)| name).collect();
        f.debug_struct("ServerBuilder").field("config", &self.config).field("games", &names).finish()
    }
}

impl ServerBuilder {
    /// Replaces the configuration; without this call it is the default.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Names the host's program and its version: in the metric `program_info`, and in the title of `/rooms`.
    pub fn program(mut self, name: &str, version: &str) -> Self {
        self.program = Some((name.to_owned(), version.to_owned()));
        self
    }

    /// Shows this file of the web folder at `/`, such as `play.html`: from the operator's folder of assets,
    /// or built in. Without this call, `/` shows which games and rooms there are. In both cases a file
    /// `web/index.html` of the operator takes precedence.
    pub fn front_page(mut self, name: &str) -> Self {
        self.front_page = Some(name.to_owned());
        self
    }

    /// Hosts `G` under `name`, set up with `options`; the configuration's section `[games.NAME]` overrides
    /// them.
    pub fn game<G: Game>(self, name: &str, options: GameOptions<G::Settings>) -> Self
    where
        G::Context: Default,
    {
        self.game_with_context::<G>(name, options, G::Context::default())
    }

    /// As [`ServerBuilder::game`]; each room of `G` gets a clone of `context`
    /// ([`Setup::context`](tickwire_shared::game::Setup::context)): a database handle or a channel, for
    /// example. When the server starts, one more room is made and dropped, to check the settings.
    pub fn game_with_context<G: Game>(
        mut self,
        name: &str,
        options: GameOptions<G::Settings>,
        context: G::Context,
    ) -> Self {
        let add: AddGame = Box::new(move |hub, name, config, assets| {
            add_game::<G>(hub, name, options, context, config, assets)
        });
        self.games.push((name.to_owned(), add));
        self
    }

    /// The folder whose files override the ones built into the program, if the configuration names none and
    /// this one exists: for a program that is started from its own repository. Call it after
    /// [`ServerBuilder::config`].
    pub fn default_assets(mut self, folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        if self.config.assets.is_none() && folder.is_dir() {
            self.config.assets = Some(folder);
        }
        self
    }

    /// How many threads rooms tick on; without this call there are as many as the machine has cores. They
    /// start with the first room and are not part of the host's runtime. So a game that hangs does not block
    /// that runtime, and blocks other rooms only briefly.
    pub fn room_threads(mut self, count: NonZeroUsize) -> Self {
        self.room_threads = Some(count);
        self
    }

    /// Decides who may connect, and as whom; without this call `auth` in the configuration does.
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Some(BoundedAuthenticator::new(authenticator));
        self
    }

    /// Enters this server's rooms in a directory, which it may share with other servers; without this call
    /// only this server knows them.
    pub fn directory(mut self, directory: impl Directory) -> Self {
        self.directory = Some(BoundedDirectory::new(directory));
        self
    }

    /// Tells the host's own systems what happens in rooms, and asks them who may join; without this call
    /// `webhook_url` in the configuration says who is told.
    pub fn services(mut self, services: impl Services) -> Self {
        self.services = Some(OwnServices::new(services));
        self
    }

    /// This server's name in the directory, which no other server there may have; without this call it is a
    /// random one.
    pub fn node(mut self, name: NodeName) -> Self {
        self.node = Some(name);
        self
    }

    /// Lets rooms tick as tasks of the host's runtime instead of on threads of their own. For tests in which
    /// tokio's clock is paused: a room then follows that clock. A game that hangs blocks the runtime.
    pub fn rooms_in_runtime(mut self) -> Self {
        self.rooms_in_runtime = true;
        self
    }

    /// Checks everything that can be checked without a socket: settings, maps, certificates.
    ///
    /// # Errors
    /// The first error, in one line.
    pub fn build(self) -> Result<Server, ConfigError> {
        let Self {
            mut config,
            program,
            games,
            front_page,
            room_threads,
            rooms_in_runtime,
            authenticator,
            directory,
            node,
            services,
        } = self;
        config.check()?;
        check_names(&config, &games)?;
        let site = Site::new(config.assets.clone(), front_page)?;
        let tls = tls_of(&config)?;
        let (metrics, expiry) = metrics_of(&config, program.as_ref());
        let room_threads = if rooms_in_runtime {
            RoomThreads::InRuntime
        } else {
            RoomThreads::apart(room_threads.map(NonZeroUsize::get), Arc::clone(&metrics))
        };
        let exempt = [&config.exempt_addresses[..], &config.trusted_proxies].concat();
        let authenticator = BoundedAuthenticator::configured(authenticator, &config, &metrics.host_calls)?;
        let headers_read = authenticator.headers()?;
        let (queue, webhook_secrets) = queue_of(services.as_ref(), &config, &metrics)?;
        let (bans, admin_token, mut files) = of_operators(&config)?;
        files.extend(authenticator.file().into_iter().chain(webhook_secrets));
        let reloader = Reloader::new(&config, tls.as_ref(), expiry, files);
        let node = node.map_or_else(random_node, Ok)?;
        let seams = Seams { authenticator, headers_read, directory, node, services, bans, queue };
        let mut hub = Hub::new(config.limits, exempt, Arc::clone(&metrics), room_threads, seams);
        let assets = Assets::new(config.assets.clone());
        for (name, add) in games {
            let name =
                GameName::new(name).map_err(|error| ConfigError::new(format!("a game's name: {error}")))?;
            add(&mut hub, &name, &mut config, &assets)?;
        }
        let admission = admission_of(&config, Arc::clone(&metrics));
        let (drain, draining) = watch::channel(false);
        let board = || Board::new(Arc::clone(&metrics));
        let front = Arc::new(HttpContext {
            board: board(),
            operators_board: board(),
            hub: Arc::new(hub),
            metrics,
            admission: Arc::new(admission),
            proxy_protocol: config.proxy_protocol,
            proxy_advice: ProxyAdvice::default(),
            allowed_origins: Origins::new(&config.allowed_origins),
            attack_consent: config.attack_consent.clone(),
            admin_hosts: config.admin_hosts.clone(),
            admin_token,
            site,
            program: program.map(|(name, _)| name),
            draining,
            reloader,
        });
        Ok(Server { config, tls, front, drain, admin: None })
    }
}

/// Metrics that show what does not change while the server runs.
fn metrics_of(config: &Config, program: Option<&(String, String)>) -> (Arc<Metrics>, Option<Gauge>) {
    let mut metrics = Metrics::new();
    metrics.show_limits(&config.limits);
    let expiry = config.tls_cert.as_deref().and_then(tls::expiry_of);
    let expiry = expiry.map(|expiry| metrics.show_tls_expiry(expiry));
    if let Some((name, version)) = program {
        metrics.show_program(name, version);
    }
    (Arc::new(metrics), expiry)
}

fn tls_of(config: &Config) -> Result<Option<Tls>, ConfigError> {
    match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Tls::from_files(cert, key).map(Some),
        _ => Ok(None),
    }
}

/// What operators decide in files: who may not play, and what they show themselves.
fn of_operators(config: &Config) -> Result<(Bans, Option<AdminToken>, Vec<WatchedFile>), ConfigError> {
    let bans = config.bans.as_deref().map(Bans::of_file).transpose()?;
    let token = config.admin_token.as_deref().map(AdminToken::of_file).transpose()?;
    let ((bans, ban_file), (token, token_file)) = (bans.unzip(), token.unzip());
    Ok((bans.unwrap_or_default(), token, ban_file.into_iter().chain(token_file).collect()))
}

/// Where rooms leave what happened, and the file with the secrets of webhooks.
fn queue_of(
    services: Option<&OwnServices>,
    config: &Config,
    metrics: &Arc<Metrics>,
) -> Result<(Option<ServiceQueue>, Option<WatchedFile>), ConfigError> {
    match (services, Webhooks::configured(config)?) {
        (Some(_), Some(_)) => {
            let text = "this program has services of its own, which hear everything; leave `webhook_url` out";
            Err(ConfigError::about(&["webhook_url"], text))
        }
        (Some(own), None) => Ok((Some(own.queue(metrics.clone())), None)),
        (None, Some(webhooks)) => {
            let file = webhooks.secret_file();
            Ok((Some(webhooks.queue(metrics.clone())), Some(file)))
        }
        (None, None) => Ok((None, None)),
    }
}

fn admission_of(config: &Config, metrics: Arc<Metrics>) -> Admission {
    let (exempt, proxies) = (config.exempt_addresses.clone(), config.trusted_proxies.clone());
    Admission::new(&config.limits, exempt, proxies, metrics)
}

fn random_node() -> Result<NodeName, ConfigError> {
    let bits = getrandom::u64().map_err(|error| ConfigError::new(format!("no randomness: {error}")))?;
    Ok(NodeName::cut(&format!("{bits:016x}")))
}

fn add_game<G: Game>(
    hub: &mut Hub,
    name: &GameName,
    options: GameOptions<G::Settings>,
    context: G::Context,
    config: &mut Config,
    assets: &Assets,
) -> Result<(), ConfigError> {
    let section = config.games.get(&**name).cloned().unwrap_or_default();
    let assets = assets.with_built_in(options.files);
    let options = resolve(name, options, &section, &assets)?;
    config.games.insert(name.to_string(), GameSection::showing(&options));
    hub.add_game::<G>(name.clone(), options, context).map_err(|error| match error {
        RoomError::Settings(_) => ConfigError::about(&["games", name, "settings"], error),
        // Of the game's types, which no setting changes.
        _ => ConfigError::about(&["games", name], error),
    })
}

fn check_names(config: &Config, games: &[(String, AddGame)]) -> Result<(), ConfigError> {
    let names: Vec<&str> = games.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() || names.len() > GAMES_MAX {
        return Err(ConfigError::new(format!(
            "a server hosts 1 to {GAMES_MAX} games, this one {}",
            names.len()
        )));
    }
    for (at, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            return Err(ConfigError::new("a game needs a name"));
        }
        if names.iter().take(at).any(|other| other == name) {
            return Err(ConfigError::new(format!("the name `{name}` was given to two games")));
        }
    }
    match config.games.keys().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(ConfigError::about(
            &["games", key],
            format!("this server hosts no such game; it hosts {}", names.join(", ")),
        )),
        None => Ok(()),
    }
}

/// A server that is ready to run.
#[derive(Debug)]
pub struct Server {
    config: Config,
    tls: Option<Tls>,
    front: Arc<HttpContext>,
    drain: watch::Sender<bool>,
    admin: Option<TcpListener>,
}

impl Server {
    /// Starts with the default configuration and no game.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The configuration in use, with every game's settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether players connect with TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// What the configuration leaves open, limits and risks.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "the program reports it"))]
    pub(crate) fn posture(&self) -> Vec<PostureLine> {
        let facts = PostureFacts {
            own_accounts: self.config.auth.is_empty() && self.front.hub.has_authenticator(),
            reads_cookies: self.front.hub.headers_read().iter().any(|name| name == "cookie"),
            shown_secret: self.front.reloader.shown_secret(),
            certificate_days_left: self.front.reloader.certificate_days_left(),
        };
        posture(&self.config, facts)
    }

    /// Serves operators on `listener`, in a separate thread that responds whatever the host's runtime does.
    /// Without this call there is no operator's listener: [`Server::run`] binds nothing by itself.
    #[must_use]
    pub fn with_admin(mut self, listener: TcpListener) -> Self {
        self.admin = Some(listener);
        self
    }

    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "for the program's log"))]
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.front.metrics
    }

    #[cfg(test)]
    pub(crate) fn front(&self) -> Arc<HttpContext> {
        Arc::clone(&self.front)
    }

    /// A view of the server from outside, which stays valid while the server runs and after.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(Arc::clone(&self.front))
    }

    /// Accepts connections from `listener` until `shutdown` ends. Then it accepts no more, closes every
    /// client, waits until they have left or the deadline has passed, and cuts the rest.
    ///
    /// # Errors
    /// A listener is unusable from the start, or the system has no thread for the operator's listener or for
    /// TLS.
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let address = listener.local_addr()?;
        self.front.hub.context().services.start()?;
        info!(%address, secure = self.is_secure(), "accepting players");
        if let Some(missing) = self.front.site.missing_front_page().await {
            warn!(
                "the front page {missing} is neither in the folder of assets nor built in: / lists the rooms"
            );
        }
        self.front.hub.start_authenticator();
        let _admin = self.admin.map(|listener| serve_operators(listener, &self.front)).transpose()?;
        let handshakes = match self.tls {
            Some(tls) => {
                let at_once_max = self.config.limits.tls_handshakes_max;
                Some(Arc::new(Handshakes::start(tls, at_once_max)?))
            }
            None => None,
        };
        // Last, so that everything that stays open is already open.
        let (descriptors, too_few) = Descriptors::share_out(self.config.limits.connections_max);
        if let Some(too_few) = too_few {
            warn!("{too_few}");
        }
        self.front.admission.set_connections_max(descriptors.connections);
        let front = Arc::clone(&self.front);
        let mut tasks = accept::run(listener, handshakes, front, descriptors.refusals, shutdown).await;
        info!(connections = tasks.len(), "stopping: no more connections are accepted");
        self.drain.send_replace(true);
        self.front.hub.begin_shutdown(Close::new(CloseCode::GoingAway, "the server is stopping"));
        let gone = async {
            while tasks.join_next().await.is_some() {}
            self.front.hub.drained().await;
        };
        if timeout(self.config.shutdown_deadline(), gone).await.is_err() {
            warn!(connections = tasks.len(), "the deadline has passed; cutting the remaining connections");
        }
        tasks.shutdown().await;
        let services = &self.front.hub.context().services;
        if timeout(SERVICES_DEADLINE, services.taken()).await.is_err() {
            warn!("the host's services have not taken all events: those are lost");
        }
        services.stop().await;
        info!("stopped");
        Ok(())
    }
}

/// The listener moves to the runtime of that thread.
fn serve_operators(listener: TcpListener, front: &Arc<HttpContext>) -> io::Result<ControlThread> {
    let (listener, front) = (listener.into_std()?, Arc::clone(front));
    let control = ControlThread::start()?;
    let within = control.handle().enter();
    let listener = TcpListener::from_std(listener)?;
    drop(within);
    control.spawn(admin::run(listener, front));
    Ok(control)
}
