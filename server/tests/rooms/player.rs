//! An honest player over the in-memory transport.

use crate::game::{Dots, Stick};
use core::time::Duration;
use tickwire_server::{MemoryConnection, ServerHandle};
use tickwire_shared::client::{Client, ClientConfig, ClientEvent, State};
use tickwire_shared::id::RoomId;
use tickwire_shared::prelude::*;
use tickwire_shared::wire::Close;
use tickwire_shared::wire::control::{ClientControl, GameName, Name, Role, Target};
use tokio::time::{Instant, sleep_until, timeout};

pub(crate) struct Player {
    pub(crate) client: Client<Dots>,
    pub(crate) events: Vec<u32>,
    /// How many idle warnings it got.
    pub(crate) warnings: u32,
    /// The longest time between two updates.
    pub(crate) gap_max: Duration,
    link: Option<MemoryConnection>,
    start: Instant,
    last_update: Option<Instant>,
}

pub(crate) fn config(role: Role, target: Target) -> ClientConfig {
    let mut config = ClientConfig::new(GameName::cut("dots"), Name::cut("tester"));
    (config.role, config.target) = (role, target);
    config
}

impl Player {
    pub(crate) fn connect(server: &ServerHandle, target: Target) -> Self {
        Self::connect_as(server, Role::Player, target)
    }

    pub(crate) fn connect_as(server: &ServerHandle, role: Role, target: Target) -> Self {
        Self {
            client: Client::new(config(role, target)),
            events: Vec::new(),
            warnings: 0,
            gap_max: Duration::ZERO,
            link: Some(server.connect_memory()),
            start: Instant::now(),
            last_update: None,
        }
    }

    /// Connects and plays until the first state has arrived.
    pub(crate) async fn join(server: &ServerHandle, target: Target) -> Self {
        let mut player = Self::connect(server, target);
        player.play_until(|client| client.latest().is_some()).await;
        player
    }

    pub(crate) fn room(&self) -> RoomId {
        self.client.room().expect("the player is in a room")
    }

    /// Plays until `done`, which must happen within 10 s.
    pub(crate) async fn play_until(&mut self, mut done: impl FnMut(&Client<Dots>) -> bool) {
        let playing = async {
            while !done(&self.client) && !matches!(self.client.state(), State::Closed(_)) {
                self.turn().await;
            }
            assert!(done(&self.client), "{:?}", self.client.state());
        };
        timeout(Duration::from_secs(10), playing).await.expect("it happens within 10 s");
    }

    /// Plays for `time`.
    pub(crate) async fn play_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && !matches!(self.client.state(), State::Closed(_)) {
            let _ = tokio::time::timeout_at(end, self.turn()).await;
        }
    }

    /// Plays until the server closes.
    pub(crate) async fn close_message(&mut self) -> Close {
        self.play_until(|client| matches!(client.state(), State::Closed(_))).await;
        match self.client.state() {
            State::Closed(close) => close.clone(),
            _ => unreachable!(),
        }
    }

    /// Breaks the connection.
    pub(crate) fn cut(&mut self) {
        self.link = None;
    }

    /// Breaks the connection and comes back with the resume secret.
    pub(crate) fn reconnect(&mut self, server: &ServerHandle) {
        self.link = None;
        assert!(self.client.reconnect(self.start.elapsed()));
        self.link = Some(server.connect_memory());
        self.last_update = None;
    }

    /// Sends a message that its client does not know about.
    pub(crate) async fn send(&mut self, message: &ClientControl) {
        let _ = self.link.as_mut().unwrap().send(message.encode().unwrap()).await;
    }

    /// Sends what is due for `time` and reads nothing.
    pub(crate) async fn speak_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.client.advance(self.start.elapsed());
            let link = self.link.as_mut().unwrap();
            while let Some(message) = self.client.poll_transmit() {
                let _ = link.send(message).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Reads what has arrived, without waiting for more.
    pub(crate) async fn read_waiting(&mut self) {
        loop {
            let link = self.link.as_mut().unwrap();
            match timeout(Duration::ZERO, link.recv()).await {
                Ok(Some(message)) => self.take(&message),
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// The code of the connection's end, after reading everything before it.
    pub(crate) async fn ending(&mut self) -> Option<u16> {
        let reading = async {
            while let Some(message) = self.link.as_mut().unwrap().recv().await {
                self.take(&message);
            }
        };
        timeout(Duration::from_secs(10), reading).await.expect("an end within 10 s");
        self.link.as_ref().unwrap().close_code()
    }

    async fn turn(&mut self) {
        let now = self.start.elapsed();
        self.client.set_input(Stick { push: 3, stop: Button::default() });
        self.client.advance(now);
        let link = self.link.as_mut().unwrap();
        while let Some(message) = self.client.poll_transmit() {
            let _ = link.send(message).await;
        }
        let wake = self.client.next_input_at().unwrap_or(now + Duration::from_millis(20));
        let start = self.start;
        tokio::select! {
            message = link.recv() => match message {
                Some(message) => self.take(&message),
                None => panic!("the connection is cut: {:?}", self.client.state()),
            },
            () = sleep_until(start + wake) => (),
        }
        while let Some(event) = self.client.poll_event() {
            match event {
                ClientEvent::Game(number) => self.events.push(number),
                ClientEvent::IdleWarning { .. } => self.warnings += 1,
                _ => (),
            }
        }
    }

    fn take(&mut self, message: &[u8]) {
        let now = Instant::now();
        let ticks = self.client.latest().map(|snapshot| snapshot.tick);
        self.client.receive(now - self.start, message).expect("the server sends nothing wrong");
        if self.client.latest().map(|snapshot| snapshot.tick) != ticks
            && let Some(last) = self.last_update.replace(now)
        {
            self.gap_max = self.gap_max.max(now - last);
        }
    }
}
