//! How bots show who they are: with tickets that they sign themselves, or that a command prints.

use core::fmt;
use core::time::Duration;
use std::process::Stdio;
use std::sync::Arc;
use std::time::SystemTime;
use tickwire_shared::wire::control::Credential;
use tickwire_tickets::{Keys, Ticket};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Commands that run at one time.
const COMMANDS_MAX: usize = 16;
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a bot's own ticket is good.
const LIFETIME: Duration = Duration::from_secs(60);
/// The variable that tells the command which bot asks.
const BOT_VARIABLE: &str = "TICKWIRE_BOT";

/// Where a fleet's tickets come from. Bot 7 plays as the account `bot-7`, unless a command says otherwise.
#[derive(Clone, Default)]
pub struct TicketSource(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    Guests,
    Keys(Keys),
    Command(String, Arc<Semaphore>),
}

/// A bot got no ticket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no ticket: {0}")]
pub(crate) struct NoTicket(String);

impl TicketSource {
    /// Signed with the first of these keys.
    #[must_use]
    pub const fn keys(keys: Keys) -> Self {
        Self(Source::Keys(keys))
    }

    /// Printed by this command of the shell, which runs for each join with the bot's number in the variable
    /// `TICKWIRE_BOT`. It has 10 s; 16 run at one time.
    #[must_use]
    pub fn command(command: &str) -> Self {
        Self(Source::Command(command.to_owned(), Arc::new(Semaphore::new(COMMANDS_MAX))))
    }

    /// What a bot shows when it joins.
    pub(crate) async fn credential(&self, bot: u32, name: &str) -> Result<Credential, NoTicket> {
        let text = match &self.0 {
            Source::Guests => return Ok(Credential::Guest),
            Source::Keys(keys) => {
                let ticket = Ticket::new(&format!("bot-{bot}"), name, SystemTime::now() + LIFETIME);
                ticket.and_then(|ticket| keys.sign(&ticket)).map_err(|error| NoTicket(error.to_string()))?
            }
            Source::Command(command, permits) => {
                let _permit = permits.acquire().await.map_err(|error| NoTicket(error.to_string()))?;
                printed(command, bot).await?
            }
        };
        let ticket = text.into_bytes().try_into();
        ticket.map(Credential::Ticket).map_err(|_| NoTicket("it is too long for a Hello".to_owned()))
    }
}

/// What the command prints, without the line's end.
async fn printed(command: &str, bot: u32) -> Result<String, NoTicket> {
    let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
    shell.args([if cfg!(windows) { "/C" } else { "-c" }, command]).env(BOT_VARIABLE, bot.to_string());
    let output = shell.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(COMMAND_TIMEOUT, output).await;
    let output = output.map_err(|_| NoTicket(format!("the command took more than {COMMAND_TIMEOUT:?}")))?;
    let output = output.map_err(|error| NoTicket(format!("the command does not start: {error}")))?;
    let text = String::from_utf8(output.stdout).unwrap_or_default().trim().to_owned();
    if !output.status.success() || text.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no error text");
        return Err(NoTicket(format!("the command printed none ({}): {last}", output.status)));
    }
    Ok(text)
}

/// Without keys, and without the command, which may have a password in it.
impl fmt::Debug for TicketSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Source::Guests => "guests",
            Source::Keys(_) => "keys",
            Source::Command(..) => "a command",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bot_signs_its_own_ticket() {
        let keys: Keys = format!("k {}", Keys::new_secret().unwrap()).parse().unwrap();
        let source = TicketSource::keys(keys.clone());
        let Ok(Credential::Ticket(text)) = source.credential(7, "bot 7").await else { panic!("no ticket") };
        let ticket = keys.verify(&text, SystemTime::now()).unwrap();
        assert_eq!((ticket.account.as_str(), ticket.name.as_deref()), ("bot-7", Some("bot 7")));
        assert_eq!(TicketSource::default().credential(7, "x").await, Ok(Credential::Guest));
        assert_eq!(format!("{source:?}"), "keys");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_prints_a_ticket_or_the_bot_has_none() {
        let of = async |command: &str| TicketSource::command(command).credential(3, "bot 3").await;
        let ticket = Credential::Ticket(b"ticket of 3".to_vec().try_into().unwrap());
        assert_eq!(of("echo ticket of $TICKWIRE_BOT").await, Ok(ticket));
        for (command, part) in
            [("echo 401 >&2; exit 3", "3): 401"), ("true", "printed none"), ("printf %03000d 1", "too long")]
        {
            let error = of(command).await.unwrap_err().to_string();
            assert!(error.contains(part), "{command}: {error}");
        }
    }
}
