//! Step 3: the server inside a program of your own. The program has its own `main` and its own work beside
//! the rooms: it keeps a guest book. The rooms tell it who comes and goes, over a channel that they get as
//! their context. Ctrl-C ends both, and then the program reads out the book.
//!
//!     cargo run --release -p tickwire-examples --example 03-embedded
//!
//! Such a program needs neither the command line nor the pages: depend on `tickwire-server` with
//! `default-features = false`.
#![allow(missing_docs)]

use core::time::Duration;
use std::error::Error;
use tickwire_server::{GameOptions, Server, StopSignals};
use tickwire_shared::prelude::*;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::interval;

/// How much news may wait for the book. Beyond that news is lost: a book may miss a guest, but a room must
/// not wait.
const NEWS_MAX: usize = 256;

pub type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    let signals = StopSignals::listen()?;
    println!("rooms at http://{}/, Ctrl-C stops", listener.local_addr()?);
    let stop = async {
        signals.wait().await;
    };
    let book = run(listener, stop).await?;
    println!("{} guests came: {}", book.came.len(), book.came.join(", "));
    Ok(())
}

/// Hosts the lounge until `stop` ends, and keeps its guest book.
///
/// # Errors
/// The server does not start.
pub async fn run(listener: TcpListener, stop: impl Future<Output = ()>) -> Result<GuestBook, Failure> {
    let (tell, news) = mpsc::channel(NEWS_MAX);
    let server = Server::builder()
        .game_with_context::<Lounge>("lounge", GameOptions::default(), Some(tell))
        .build()?;
    // The server drops the last sender when it has stopped, and that ends the book.
    let (stopped, book) = tokio::join!(Box::pin(server.run(listener, stop)), keep_book(news));
    stopped?;
    Ok(book)
}

/// What the program itself does. A real one would write to a database here.
async fn keep_book(mut news: Receiver<News>) -> GuestBook {
    let mut book = GuestBook::default();
    let mut minute = interval(Duration::from_secs(60));
    loop {
        tokio::select! {
            heard = news.recv() => match heard {
                Some(News::Came { name }) => book.came.push(name),
                Some(News::Went) => book.went += 1,
                None => return book,
            },
            _ = minute.tick() => println!("{} guests came, {} went", book.came.len(), book.went),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct GuestBook {
    pub came: Vec<String>,
    pub went: usize,
}

/// What a room tells the program.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    Came { name: String },
    Went,
}

/// Guests who can wave.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Guest {
    pub waves: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Pad {
    pub wave: Button,
}

pub struct Lounge {
    /// `None` in a test of the game alone.
    book: Option<Sender<News>>,
}

impl Lounge {
    /// A room ticks on a thread that it shares with others, so it never waits: `try_send`, never `send`.
    fn tell(&self, news: News) {
        if let Some(book) = &self.book {
            book.try_send(news).ok();
        }
    }
}

impl Game for Lounge {
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Guest;
    type State = ();
    type Context = Option<Sender<News>>;
    type Event = ();
    type Command = ();

    fn scene(_: &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { book: setup.context.clone() }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let guest = stage.world.spawn(Guest { waves: false })?;
        self.tell(News::Came { name: joining.account.name.to_string() });
        Ok(guest)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        stage.world.controlled(player).and_then(|guest| stage.world.despawn(guest));
        self.tell(News::Went);
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(guest) = stage.world.get_mut(player.entity) {
                Self::apply_input(guest, &player.input, &turn.step());
            }
        }
    }

    fn apply_input(own: &mut Guest, input: &Pad, _: &Step<'_, Self>) {
        own.waves = input.wave.active();
    }
}
