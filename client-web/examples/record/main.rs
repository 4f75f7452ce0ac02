//! Plays an arena match with native clients and records one of them call by call, so that `tests/parity.mjs`
//! can make the same calls to the WebAssembly modules and compare every answer.
//!
//!     cargo run --release -p tickwire-client-web --example record -- FOLDER [TICKS [BOTS]]
//!
//! writes `FOLDER/arena.bin` (built with the game), `FOLDER/generic.bin` (by the schema), and
//! `FOLDER/own.bin` (see `own.rs`). The first two are a sequence of calls, each a byte and its data. Numbers
//! are little-endian; a 32-bit length precedes bytes:
//!
//! ```text
//! 1 start      bytes of the configuration
//! 2 receive    now f64, bytes of the message; then 1 if it was accepted, the state hash u32
//! 3 advance    now f64; then the time of the next call f64
//! 4 input      now f64, bytes of the row
//! 5 transmit   ; then bytes of the message, empty if there is none
//! 6 event      ; then bytes of the event, empty if there is none
//! 7 view       now f64; then the numbers u32 and FNV-1a (32 bits) over their bytes u32
//! 8 command    bytes; then the result u32
//! 9 reconnect  now f64; then 1 if there is a seat
//! 10 statistics   now f64; then FNV-1a (32 bits) over their bytes u32
//! ```

mod own;

use core::time::Duration;
use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use tickwire_arena::{Arena, ArenaInput};
use tickwire_client_web::page_game::{Json, PageGame};
use tickwire_client_web::session::Session;
use tickwire_shared::Rng;
use tickwire_shared::client::generic::AnyGame;
use tickwire_shared::client::{Client, ClientConfig};
use tickwire_shared::coding::codec;
use tickwire_shared::entity::{Button, Input as _};
use tickwire_shared::game::Account;
use tickwire_shared::id::{MemberId, ResumeSecret, RoomId, SessionId};
use tickwire_shared::limits::TICKET_BYTES_MAX;
use tickwire_shared::room::{Hold, JoinRequest, MemberEvent, Outbox, Room, RoomConfig, game_schema_hash};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::Close;
use tickwire_shared::wire::control::*;
use tickwire_shared::wire::terms::JoinTerms;

type Result<T> = core::result::Result<T, Box<dyn Error>>;

const RATE: TickRate = TickRate::DEFAULT;
/// The shortest and the longest delay between client and server.
const DELAY_MS: core::ops::Range<u32> = 20..55;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder to write to")?;
    let ticks = arguments.next().map_or(Ok(10_000), |ticks| ticks.parse())?;
    let bots = arguments.next().map_or(Ok(7), |bots| bots.parse())?;
    std::fs::create_dir_all(&folder)?;
    let write = |name: &str, bytes: &[u8]| std::fs::write(Path::new(&folder).join(name), bytes);
    write("arena.bin", &Match::<Json<Arena>>::new(bots)?.play(ticks)?)?;
    write("generic.bin", &Match::<AnyGame>::new(bots)?.play(ticks)?)?;
    write("own.bin", &own::record()?)?;
    Ok(())
}

/// The messages of the room, with their member.
#[derive(Default)]
struct Mail(Vec<(MemberId, Vec<u8>)>);

impl Outbox for Mail {
    fn ready(&self, _: MemberId) -> bool {
        true
    }
    fn control(&mut self, member: MemberId, message: bytes::Bytes) {
        self.0.push((member, message.to_vec()));
    }
    fn update(&mut self, member: MemberId, message: &[u8]) {
        self.0.push((member, message.to_vec()));
    }
    fn close(&mut self, _: MemberId, _: Close) {}
}

/// A room with bots in it, and the client that is recorded.
struct Match<P: PageGame> {
    room: Room<Arena>,
    mail: Mail,
    bots: Vec<(MemberId, Client<Arena>)>,
    session: Session<P>,
    /// The recorded client's member; `None` while it is not connected.
    member: Option<MemberId>,
    members: u64,
    up: VecDeque<(Duration, Vec<u8>)>,
    down: VecDeque<(Duration, Vec<u8>)>,
    now: Duration,
    rng: Rng,
    log: Vec<u8>,
}

impl<P: PageGame> Match<P> {
    fn new(bots: u32) -> Result<Self> {
        let mut config = RoomConfig::new(RoomId::from_bits(0x7_1c3));
        config.tick_rate = RATE;
        let (name, game) = (Name::cut("recorded"), GameName::cut("arena"));
        let (target, ticket) = (Target::Match(Options::none()), None::<List<u8, TICKET_BYTES_MAX>>);
        let start = codec::encode(&(name, game, Role::Player, target, ticket, JoinTerms::default()))?;
        let mut new = Self {
            room: Room::new(config, Default::default(), 4)?,
            mail: Mail::default(),
            bots: Vec::new(),
            session: Session::start(&start)?,
            member: None,
            members: 0,
            up: VecDeque::new(),
            down: VecDeque::new(),
            now: Duration::ZERO,
            rng: Rng::new(9),
            log: Vec::new(),
        };
        new.call(1, None, Some(&start));
        for bot in 0..bots {
            new.add_bot(bot)?;
        }
        Ok(new)
    }

    fn call(&mut self, number: u8, now: Option<Duration>, bytes: Option<&[u8]>) {
        self.log.push(number);
        if let Some(now) = now {
            self.log.extend((now.as_micros() as f64 / 1e3).to_le_bytes());
        }
        if let Some(bytes) = bytes {
            self.log.extend((bytes.len() as u32).to_le_bytes());
            self.log.extend(bytes);
        }
    }

    fn next_member(&mut self) -> MemberId {
        self.members += 1;
        MemberId(self.members)
    }

    fn secret(&mut self) -> ResumeSecret {
        let mut key = [0; 16];
        key.fill_with(|| self.rng.below(256) as u8);
        ResumeSecret { room: self.room.config().id, key }
    }

    fn add_bot(&mut self, number: u32) -> Result<()> {
        let name = Name::cut(&format!("bot {number}"));
        let mut client = Client::new(ClientConfig::new(GameName::cut("arena"), name));
        client.receive(self.now, &welcome()?)?;
        while client.poll_transmit().is_some() {}
        let (member, secret) = (self.next_member(), self.secret());
        let name = client.config().name.clone();
        let request = JoinRequest::new(Account::guest(name).into(), Role::Player, secret);
        self.room.handle(self.now, member, request.into(), &mut self.mail);
        self.bots.push((member, client));
        Ok(())
    }

    /// Plays `ticks` ticks and returns the recording.
    fn play(mut self, ticks: u32) -> Result<Vec<u8>> {
        for tick in 0..ticks {
            for part in 0..3 {
                let now = RATE.period() * tick + RATE.period() * part / 3;
                // Times pass the exports in whole microseconds.
                self.now = Duration::from_micros(now.as_micros() as u64);
                self.arrive_up()?;
                self.arrive_down();
                if part == 1 && self.rng.chance(4) {
                    self.steer();
                }
                if part == 1 && tick % 400 == 399 {
                    self.command();
                }
                self.advance();
                self.look();
            }
            self.step_room()?;
            if tick % 3_000 == 2_000 {
                self.cut();
            }
        }
        Ok(self.log)
    }

    fn arrive_up(&mut self) -> Result<()> {
        while let Some(message) = arrived(&mut self.up, self.now) {
            match self.member {
                Some(member) => {
                    let event = MemberEvent::decode(&message).map_err(|close| close.to_string())?;
                    self.room.handle(self.now, member, event, &mut self.mail);
                }
                None => self.shake_hands(ClientControl::decode(&message)?)?,
            }
        }
        Ok(())
    }

    fn shake_hands(&mut self, message: ClientControl) -> Result<()> {
        let secret = self.secret();
        let event = match message {
            ClientControl::Hello(hello) => {
                self.send_down(welcome()?);
                let Credential::Resume { secret: shown, events_received } = hello.credential else {
                    return Ok(());
                };
                MemberEvent::Resume { shown, events_received, next: secret }
            }
            ClientControl::Join(join) => {
                let account = Account::guest(Name::cut("recorded")).into();
                let mut request = JoinRequest::new(account, join.role, secret);
                request.wants_schema = join.schema_hash == 0;
                request.into()
            }
            _ => return Err("out of order".into()),
        };
        let member = self.next_member();
        self.member = Some(member);
        self.room.handle(self.now, member, event, &mut self.mail);
        Ok(())
    }

    fn delayed(&mut self, before: Option<Duration>) -> Duration {
        let delay_ms = DELAY_MS.start + self.rng.below(DELAY_MS.end - DELAY_MS.start);
        (self.now + Duration::from_millis(delay_ms.into())).max(before.unwrap_or_default())
    }

    fn send_down(&mut self, message: Vec<u8>) {
        let due = self.delayed(self.down.back().map(|(due, _)| *due));
        self.down.push_back((due, message));
    }

    fn arrive_down(&mut self) {
        while let Some(message) = arrived(&mut self.down, self.now) {
            self.call(2, Some(self.now), Some(&message));
            let taken = self.session.receive(self.now, &message);
            self.log.push(u8::from(taken));
            self.log.extend(self.session.state_hash().to_le_bytes());
        }
    }

    fn steer(&mut self) {
        let mut row = Vec::new();
        controls(&mut self.rng).write_row(&mut row);
        if self.session.input(self.now, &row) {
            let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.call(4, Some(self.now), Some(&bytes));
        }
    }

    fn command(&mut self) {
        // `Command::Emote(3)` as JSON, and in the codec.
        let command: &[u8] = if P::JSON { br#"{"Emote":3}"# } else { &[0, 3] };
        self.call(8, None, Some(command));
        self.log.extend(u32::from(self.session.command(command).is_err()).to_le_bytes());
    }

    fn advance(&mut self) {
        self.call(3, Some(self.now), None);
        let next = self.session.advance(self.now).map_or(-1.0, |at| at.as_secs_f64() * 1e3);
        self.log.extend(next.to_le_bytes());
        loop {
            let message = self.session.next_message();
            self.call(5, None, Some(message.as_deref().unwrap_or_default()));
            let Some(message) = message else { break };
            let due = self.delayed(self.up.back().map(|(due, _)| *due));
            self.up.push_back((due, message));
        }
        loop {
            let event = self.session.next_event();
            self.call(6, None, Some(event.as_deref().unwrap_or_default()));
            if event.is_none() {
                break;
            }
        }
    }

    fn look(&mut self) {
        let mut numbers = Vec::new();
        self.session.view(self.now, &mut numbers);
        self.call(7, Some(self.now), None);
        self.log.extend((numbers.len() as u32).to_le_bytes());
        self.log.extend(fnv1a_32(numbers.iter().flat_map(|number: &f64| number.to_le_bytes())).to_le_bytes());
        self.call(10, Some(self.now), None);
        let statistics = self.session.statistics(self.now);
        self.log
            .extend(fnv1a_32(statistics.iter().flat_map(|statistic| statistic.to_le_bytes())).to_le_bytes());
    }

    fn step_room(&mut self) -> Result<()> {
        self.room.step(self.now, &mut self.mail);
        for (to, message) in core::mem::take(&mut self.mail.0) {
            if Some(to) == self.member {
                self.send_down(message);
            } else if let Some((_, bot)) = self.bots.iter_mut().find(|(member, _)| *member == to) {
                bot.receive(self.now, &message)?;
            }
        }
        for (member, bot) in &mut self.bots {
            while bot.poll_event().is_some() {}
            if self.rng.chance(5) {
                bot.set_input(controls(&mut self.rng));
            }
            bot.advance(self.now);
            while let Some(message) = bot.poll_transmit() {
                let event = MemberEvent::decode(&message).map_err(|close| close.to_string())?;
                self.room.handle(self.now, *member, event, &mut self.mail);
            }
        }
        Ok(())
    }

    /// The connection breaks, and the client starts to reconnect.
    fn cut(&mut self) {
        self.up.clear();
        self.down.clear();
        if let Some(member) = self.member.take() {
            self.room.handle(self.now, member, MemberEvent::Cut(Hold::Firm), &mut self.mail);
        }
        self.call(9, Some(self.now), None);
        self.log.push(u8::from(self.session.reconnect(self.now)));
    }
}

/// The next message that has arrived by `now`.
fn arrived(link: &mut VecDeque<(Duration, Vec<u8>)>, now: Duration) -> Option<Vec<u8>> {
    let is_there = link.front().is_some_and(|(due, _)| *due <= now);
    if is_there { link.pop_front().map(|(_, message)| message) } else { None }
}

fn welcome() -> Result<Vec<u8>> {
    let limits =
        SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 30_000 };
    let schema_hash = game_schema_hash::<Arena>();
    let games = vec![GameInfo { name: GameName::cut("arena"), schema_hash, tick_rate: RATE }].try_into()?;
    Ok(ServerControl::Welcome(Welcome { session: SessionId(1), limits, games }).encode()?)
}

fn controls(rng: &mut Rng) -> ArenaInput {
    let down = rng.chance(2);
    ArenaInput {
        move_x: rng.range(-127, 127) as i8,
        move_y: rng.range(-127, 127) as i8,
        aim: rng.below(256) as u16,
        fire: Button { down, pressed: down && rng.chance(2) },
    }
}

fn fnv1a_32(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
