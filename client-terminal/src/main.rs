//! Watches an arena in a terminal: a socket, a clock and a screen around `Client`. An example of a native
//! client, explained in `docs/writing-a-client.md`.

mod draw;
#[cfg(test)]
mod tests;

use clap::Parser;
use draw::Screen;
use futures_util::{SinkExt, StreamExt};
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::pin::pin;
use std::time::{Duration, Instant};
use tickwire_arena::Arena;
use tickwire_client_bot::connect::{Sources, TlsRoots, Url, WebSocketConnect};
use tickwire_shared::client::{Backoff, Client, ClientConfig, ClientEvent};
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{Credential, GameName, Name, Options, Role, Target};
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::time::{interval, sleep};
use tokio_tungstenite::tungstenite::Message;

/// The time from one rendered frame to the next.
const FRAME: Duration = Duration::from_millis(33);

/// Watches an arena in a terminal. q or Ctrl-C ends it.
#[derive(Parser)]
struct Args {
    /// The server: ws://HOST:PORT or wss://HOST:PORT; without a path, /play is used.
    #[arg(long, default_value = "ws://127.0.0.1:8080")]
    url: Url,
    /// Certificates to trust with wss instead of the system's, as PEM.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// The room's id in the server's list; by default the fullest room.
    #[arg(long)]
    room: Option<RoomId>,
    /// Ends after this many frames, drawn in 80 columns on stdout, which need not be a terminal.
    #[arg(long)]
    frames: Option<u32>,
}

/// Makes one connection after the other, as long as the server's advice permits.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let roots = TlsRoots::for_url(&args.url, args.ca.as_deref())?;
    let mut screen = Screen::open(args.frames)?;
    let start = Instant::now();
    let config = ClientConfig {
        name: Name::cut("terminal"),
        credential: Credential::Guest,
        game: GameName::cut("arena"),
        role: Role::Spectator,
        target: args.room.map_or(Target::Match(Options::none()), Target::Room),
    };
    let mut client = Client::<Arena>::new(config.clone());
    let mut backoff = Backoff::new(RandomState::new().hash_one(start));
    loop {
        let heard = client.stats().messages;
        let (why, wait_ms) = match visit(&args.url, &roots, &mut client, start, &mut screen).await {
            Ok(None) => return Ok(()),
            Ok(Some(close)) if args.room.is_some() && close.code == CloseCode::NoSuchRoom => {
                Err(close.to_string())?
            }
            Ok(Some(close)) => match close.advice {
                Advice::Resume => (close.to_string(), 0),
                Advice::RetryAfter(ms) => (close.to_string(), ms),
                Advice::Stop | Advice::Reauthenticate | Advice::Upgrade => Err(close.to_string())?,
            },
            Err(error) => (error.to_string(), 0),
        };
        if client.stats().messages > heard {
            backoff.reset();
        }
        let until = start.elapsed() + backoff.pause(Duration::from_millis(wait_ms.max(1_000).into()));
        while start.elapsed() < until {
            if !screen.draw(&client, start.elapsed(), &why)? {
                return Ok(());
            }
            sleep(FRAME).await;
        }
        // With the same client a player takes its seat again, and a spectator sees the same room.
        if !client.reconnect(start.elapsed()) {
            client = Client::new(config.clone());
        }
    }
}

/// Why a connection has ended; `None` if the viewer quit.
type Ended = Result<Option<Close>, Box<dyn Error>>;

/// One connection.
async fn visit(
    url: &Url,
    roots: &Option<TlsRoots>,
    client: &mut Client<Arena>,
    start: Instant,
    screen: &mut Screen,
) -> Ended {
    let mut connecting = pin!(async {
        let addresses = url.resolve().await?;
        WebSocketConnect::new(url.clone(), addresses, Sources::default(), roots.clone())?.socket(0).await
    });
    let mut frames = interval(FRAME);
    let mut socket = loop {
        tokio::select! {
            connected = &mut connecting => break connected?,
            _ = frames.tick() => {
                if !screen.draw(client, start.elapsed(), "connecting")? {
                    return Ok(None);
                }
            }
        }
    };
    let (mut news, mut watches, mut fault) = (String::new(), true, None);
    loop {
        tokio::select! {
            message = socket.next() => match message.transpose()? {
                Some(Message::Binary(bytes)) => fault = client.receive(start.elapsed(), &bytes).err(),
                Some(Message::Close(Some(frame))) => Err(format!("closed: {frame}"))?,
                Some(_) => {}
                None => Err("the connection ended without a close reason")?,
            },
            _ = frames.tick() => watches = screen.draw(client, start.elapsed(), &news)?,
        }
        if !watches {
            client.leave();
        }
        // A player calls `set_input` here, and runs this at `next_input_at` at the latest.
        client.advance(start.elapsed());
        while let Some(message) = client.poll_transmit() {
            socket.send(Message::Binary(message.into())).await?;
        }
        if let Some(error) = fault {
            return Ok(Some(error.close()));
        }
        while let Some(event) = client.poll_event() {
            match event {
                ClientEvent::Closed(close) => return Ok(Some(close)),
                ClientEvent::IdleWarning { closes_in } => {
                    news = format!("the server closes in {} s: nothing is done here", closes_in.as_secs());
                }
                ClientEvent::PlayerJoined(entry) => news = format!("{} came in", &*entry.name),
                _ => {}
            }
        }
        if !watches {
            return Ok(None);
        }
    }
}
