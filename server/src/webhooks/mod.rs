//! Tells a service of the host's what happens in rooms, as signed webhooks
//! (<https://www.standardwebhooks.com>): each at least once, from a folder that survives a crash.
//!
//! ```text
//! room -> queue -> writer -> file in the outbox -> sender -> the service
//! ```

mod outbox;
mod sender;
mod writer;

use crate::config::{Config, ConfigError};
use crate::metrics::Metrics;
use crate::services::{Queued, ServiceQueue};
use crate::watched_file::{PutInUse, WatchedFile};
use crate::web_client::{SigningSecret, WebClient};
use outbox::Outbox;
use sender::{Sender, Service};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

/// Webhooks as the configuration asks for them.
pub(crate) struct Webhooks {
    service: Service,
    secret_file: PathBuf,
    /// The types of events that are sent; empty: all.
    events: Vec<String>,
    folder: PathBuf,
}

/// The secrets that sign each message: several while one is exchanged.
#[derive(Clone)]
struct Secrets(Arc<RwLock<Vec<SigningSecret>>>);

impl Secrets {
    fn get(&self) -> Vec<SigningSecret> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, secrets: Vec<SigningSecret>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = secrets;
    }
}

/// The types of events that there are.
const EVENTS: [&str; 6] =
    ["room.opened", "player.joined", "player.left", "room.reported", "room.ended", "room.closed"];

const UNUSED: &str = "this has no effect without `webhook_url`: set it, or leave this out";

impl Webhooks {
    /// What the configuration asks for, if it does.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub(crate) fn configured(config: &Config) -> Result<Option<Self>, ConfigError> {
        let Some(address) = &config.webhook_url else { return no_webhooks(config).map(|()| None) };
        let missing = |text: &str| ConfigError::about(&["webhook_url"], text);
        let file = config.webhook_secret.clone().ok_or_else(|| {
            missing(
                "webhooks are signed: name a file with a secret with `webhook_secret` (`--webhook-secret \
                 FILE`); `echo whsec_$(openssl rand -base64 32)` prints one",
            )
        })?;
        let state = config.state.as_ref().ok_or_else(|| {
            missing(
                "webhooks wait in a folder until they are delivered: name one with `state` (`--state \
                 FOLDER`)",
            )
        })?;
        if let Some(unknown) = config.webhook_events.iter().find(|name| !EVENTS.contains(&name.as_str())) {
            let text = format!("there is no event `{unknown}`; there are {}", EVENTS.join(", "));
            return Err(ConfigError::about(&["webhook_events"], text));
        }
        let secrets = Secrets(Arc::new(RwLock::new(read_secrets(&file)?)));
        let service = Service { client: WebClient::new(address)?, address: address.clone(), secrets };
        let (events, folder) = (config.webhook_events.clone(), state.join("webhooks"));
        Ok(Some(Self { service, secret_file: file, events, folder }))
    }

    /// The file with the secrets, for when it changes.
    pub(crate) fn secret_file(&self) -> WatchedFile {
        let secrets = self.service.secrets.clone();
        WatchedFile::new(self.secret_file.clone(), "the secrets of webhooks", move |file| {
            let (new, secrets) = (read_secrets(file)?, secrets.clone());
            Ok(Box::new(move || secrets.replace(new)) as PutInUse)
        })
    }

    /// The queue that is emptied into the folder, which is opened when it starts.
    pub(crate) fn queue(self, metrics: Arc<Metrics>) -> ServiceQueue {
        let counted = metrics.clone();
        ServiceQueue::new(1, metrics, Box::new(move |receivers| self.start(receivers, &counted)))
    }

    fn start(self, receivers: Vec<Receiver<Queued>>, metrics: &Arc<Metrics>) -> io::Result<JoinSet<()>> {
        let in_folder = |error: io::Error| {
            io::Error::new(error.kind(), format!("state: {}: {error}", self.folder.display()))
        };
        let (outbox, waiting) = Outbox::open(&self.folder).map_err(in_folder)?;
        if !waiting.is_empty() {
            tracing::info!(files = waiting.len(), "webhooks of before are sent now");
        }
        let sender = Arc::new(Sender::new(self.service, outbox, waiting, metrics.clone()));
        let mut tasks = JoinSet::new();
        for receiver in receivers {
            tasks.spawn(writer::run(receiver, sender.clone(), self.events.clone(), metrics.clone()));
        }
        tasks.spawn(sender.run());
        Ok(tasks)
    }
}

/// Settings of webhooks without webhooks would be silently without effect.
fn no_webhooks(config: &Config) -> Result<(), ConfigError> {
    let settings = [
        ("webhook_secret", config.webhook_secret.is_some()),
        ("webhook_events", !config.webhook_events.is_empty()),
    ];
    match settings.into_iter().find(|(_, is_set)| *is_set) {
        Some((key, _)) => Err(ConfigError::about(&[key], UNUSED)),
        None => Ok(()),
    }
}

/// The secrets in a file, one in each line; `#` begins a comment.
fn read_secrets(file: &Path) -> Result<Vec<SigningSecret>, ConfigError> {
    let wrong = |error: &dyn fmt::Display| {
        ConfigError::about(&["webhook_secret"], format!("{}: {error}", file.display()))
    };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let secrets = lines.map(str::parse).collect::<Result<Vec<SigningSecret>, _>>();
    let secrets = secrets.map_err(|error| wrong(&error))?;
    if secrets.is_empty() { Err(wrong(&"there is no secret in it")) } else { Ok(secrets) }
}
