//! The bare program: what moving the bytes costs without any server around it.
//!
//! One thread on `mio`. Sockets are put into rooms of 32 in the order of their arrival. Every room is written
//! to 30 times a second, the rooms' phases spread over the period, with one write per socket and tick, always
//! of the same size. Incoming bytes are read and discarded, when they arrive or at the room's turn
//! ([`Reading`]). No handshake, no room, no game.

use crate::frames;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};
use tickwire_shared::id::StreamId;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::update::{Private, UpdateWriter, encode_packet};

const LISTENER: Token = Token(usize::MAX);

/// The options of the bare program.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct BarePlan {
    /// Clients to expect.
    #[arg(long)]
    clients: usize,
    /// Bytes of a message, without the WebSocket head.
    #[arg(long)]
    bytes: usize,
    /// Clients per room.
    #[arg(long)]
    room: usize,
    /// Messages per client and second.
    #[arg(long)]
    rate_hz: u32,
    /// Read a room's sockets when it is its turn to be written to, instead of when bytes arrive.
    #[arg(long)]
    on_tick: bool,
}

/// When the bare program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// When `epoll` says that bytes have arrived.
    OnArrival,
    /// At the tick: all sockets of a room, and then it writes to them. No socket is watched.
    OnTick,
}

struct Bare {
    poll: Poll,
    listener: TcpListener,
    sockets: Vec<Option<TcpStream>>,
    open: usize,
    scratch: [u8; 4096],
    frame: Vec<u8>,
    reading: Reading,
    /// Where the tick is in `frame`.
    tick_at: usize,
}

/// Serves until the last client has left.
pub(crate) fn run(plan: &BarePlan) -> io::Result<()> {
    let poll = Poll::new()?;
    let mut listener = TcpListener::bind("127.0.0.1:0".parse().map_err(io::Error::other)?)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on {}", listener.local_addr()?);
    let (frame, tick_at) = message(plan.bytes);
    let reading = if plan.on_tick { Reading::OnTick } else { Reading::OnArrival };
    let (sockets, scratch) = (Vec::new(), [0; 4096]);
    let mut bare = Bare { poll, listener, sockets, open: 0, scratch, frame, reading, tick_at };

    let rooms = plan.clients.div_ceil(plan.room).max(1);
    let period = Duration::from_secs(1) / plan.rate_hz;
    let start = Instant::now();
    // Turn k belongs to room k mod rooms: this spreads the rooms evenly over the period.
    let due = |turn: usize| start + period.mul_f64(turn as f64 / rooms as f64);
    let mut turn = 0;
    let mut events = Events::with_capacity(1024);
    loop {
        let now = Instant::now();
        while due(turn) <= now {
            let room = turn % rooms;
            if reading == Reading::OnTick && !bare.read_room(room, plan.room) {
                return Ok(());
            }
            bare.write_room(room, plan.room, (turn / rooms) as u32);
            turn += 1;
        }
        bare.poll.poll(&mut events, Some(due(turn).saturating_duration_since(now)))?;
        for event in &events {
            if event.token() == LISTENER {
                bare.accept()?;
            } else if !bare.read(event.token().0) && bare.open == 0 {
                return Ok(());
            }
        }
    }
}

impl Bare {
    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut socket, _)) => {
                    socket.set_nodelay(true)?;
                    if self.reading == Reading::OnArrival {
                        let token = Token(self.sockets.len());
                        self.poll.registry().register(&mut socket, token, Interest::READABLE)?;
                    }
                    self.sockets.push(Some(socket));
                    self.open += 1;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads what is available; `false` at the end of the stream.
    fn read(&mut self, at: usize) -> bool {
        let bytes = &mut self.scratch;
        let Some(place) = self.sockets.get_mut(at) else { return true };
        let Some(socket) = place else { return true };
        loop {
            match socket.read(bytes) {
                // A short read emptied the socket: the next byte raises an event again.
                Ok(read) if read > 0 && read < bytes.len() => return true,
                Ok(read) if read > 0 => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Ok(_) | Err(_) => {
                    *place = None;
                    self.open -= 1;
                    return false;
                }
            }
        }
    }

    /// Reads what is available for a room; `false` once the last client has left.
    fn read_room(&mut self, room: usize, size: usize) -> bool {
        let before = self.open;
        for at in room * size..(room + 1) * size {
            self.read(at);
        }
        before == self.open || self.open > 0
    }

    fn write_room(&mut self, room: usize, size: usize, tick: u32) {
        if let Some(bytes) = self.frame.get_mut(self.tick_at..self.tick_at + 4) {
            bytes.copy_from_slice(&tick.to_le_bytes());
        }
        for socket in self.sockets.iter_mut().skip(room * size).take(size).flatten() {
            // A full or dead socket misses the message; its end is noticed when it is read.
            let _ = socket.write(&self.frame);
        }
    }
}

/// A valid update of `bytes` bytes in a WebSocket frame, and where its tick is.
fn message(bytes: usize) -> (Vec<u8>, usize) {
    let update = |filler: usize| {
        let private = Private { tick: Tick(0), ..Private::default() };
        let mut writer = UpdateWriter::new(&private);
        writer.packet(&encode_packet(StreamId::ROOM, 0, 1, &vec![0x5a; filler]));
        writer.finish()
    };
    let least = update(0).len();
    let mut filler = bytes.saturating_sub(least);
    while filler > 0 && update(filler).len() > bytes {
        filler -= 1;
    }
    let payload = update(filler);
    let frame = frames::from_server(&payload);
    let tick_at = frame.len() - payload.len() + 1;
    (frame, tick_at)
}
