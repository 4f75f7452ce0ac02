//! Tests of the client against hand-written server messages.

use super::testing::{DotSettings, Dots};
use super::*;
use crate::entity::Entity as _;
use crate::entity::TableError;
use crate::id::{ResumeSecret, StreamId};
use crate::limits::OUTBOUND_BYTES_MAX;
use crate::snapshot::Snapshot;
use crate::wire::control::{
    Credential, GameInfo, GameName, Joined, Name, ServerControl, SessionLimits, Target, Welcome,
};
use crate::wire::{Advice, CloseCode};

fn config(role: Role) -> ClientConfig {
    ClientConfig { role, ..ClientConfig::new(GameName::cut("dots"), Name::cut("ada")) }
}

fn schema_of_dots() -> u64 {
    crate::room::game_schema_hash::<Dots>()
}

fn welcome(schema_hash: u64) -> Vec<u8> {
    let limits =
        SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 30_000 };
    let game = GameInfo { name: GameName::cut("dots"), schema_hash, tick_rate: TickRate::DEFAULT };
    let games = vec![game].try_into().unwrap();
    ServerControl::Welcome(Welcome { session: SessionId(7), limits, games }).encode().unwrap()
}

fn joined(settings: &DotSettings) -> Joined {
    Joined {
        room: RoomId::from_bits(1),
        resumed: false,
        player: Some((PlayerId(1), EntityId(1))),
        tick_rate: TickRate::DEFAULT,
        tick: Tick(100),
        secret: Some(ResumeSecret { room: RoomId::from_bits(1), key: [1; 16] }),
        commands_received: 0,
        events_start: 0,
        profile: crate::entity::PacketProfile::Plain,
        table: None,
        settings: codec::encode(settings).unwrap().try_into().unwrap(),
        roster: Vec::new().try_into().unwrap(),
        schema: None,
    }
}

fn playing() -> Client<Dots> {
    playing_as(joined(&DotSettings::default()))
}

fn playing_as(joined: Joined) -> Client<Dots> {
    let mut client = Client::<Dots>::new(config(Role::Player));
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    let joined = ServerControl::Joined(joined).encode().unwrap();
    client.receive(Duration::ZERO, &joined).unwrap();
    while client.poll_transmit().is_some() {}
    client
}

/// The first update after `Joined`.
fn first_update(client: &mut Client<Dots>, tick: u32) {
    use crate::wire::update::{Private, UpdateWriter};
    let private = Private { tick: Tick(tick), ..Private::default() };
    client.receive(Duration::ZERO, &UpdateWriter::new(&private).finish()).unwrap();
}

#[test]
fn a_client_says_hello_joins_and_plays() {
    let mut client = Client::<Dots>::new(config(Role::Player));
    let hello = ClientControl::decode(&client.poll_transmit().unwrap()).unwrap();
    assert!(matches!(hello, ClientControl::Hello(hello) if &*hello.name == "ada"));
    assert_eq!(client.poll_transmit(), None);
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    let join = ClientControl::decode(&client.poll_transmit().unwrap()).unwrap();
    assert!(matches!(join, ClientControl::Join(join) if join.schema_hash == schema_of_dots()));
    let message = ServerControl::Joined(joined(&DotSettings::default())).encode().unwrap();
    client.receive(Duration::ZERO, &message).unwrap();
    assert!(client.is_playing() && client.poll_event().is_none(), "it has no state yet");
    first_update(&mut client, 101);
    assert!(matches!(client.poll_event(), Some(ClientEvent::Joined)));
    assert_eq!(client.player(), Some(PlayerId(1)));
}

#[test]
fn another_schema_is_refused_with_both_hashes() {
    let mut client = Client::<Dots>::new(config(Role::Player));
    let ours = schema_of_dots();
    let error = client.receive(Duration::ZERO, &welcome(ours ^ 1)).unwrap_err();
    assert_eq!(error, ClientError::Schema { ours, theirs: ours ^ 1 });
    assert!(matches!(client.state(), State::Closed(close) if close.code == CloseCode::Mismatch));
}

#[test]
fn a_game_that_is_not_hosted_is_not_to_be_asked_for_again() {
    let asked = GameName::new("elsewhere").unwrap();
    let mut client = Client::<Dots>::new(ClientConfig { game: asked.clone(), ..config(Role::Player) });
    let error = client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap_err();
    assert_eq!(error, ClientError::NoSuchGame(asked));
    let State::Closed(close) = client.state() else { panic!("it is closed") };
    assert_eq!((close.code, close.advice), (CloseCode::Mismatch, Advice::Stop));
    let other = ClientError::Schema { ours: 1, theirs: 2 }.close();
    assert_eq!((other.code, other.advice), (CloseCode::Mismatch, Advice::Upgrade));
}

#[test]
fn a_table_for_other_kinds_is_refused_with_both_hashes() {
    let mut client = Client::<Dots>::new(config(Role::Player));
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    let kinds = super::testing::Dot::kinds();
    let table = crate::entity::Trainer::new(kinds[..1].to_vec()).table();
    let profile = crate::entity::PacketProfile::Ranged;
    let other =
        Joined { profile, table: Some(table.clone().try_into().unwrap()), ..joined(&DotSettings::default()) };
    let error = client.receive(Duration::ZERO, &ServerControl::Joined(other).encode().unwrap()).unwrap_err();
    let ClientError::Table(TableError::OtherKinds { ours, theirs }) = error else { panic!("{error}") };
    assert_eq!(theirs.to_le_bytes(), table[4..12]);
    let State::Closed(close) = client.state() else { panic!("it is closed") };
    assert_eq!(close.code, CloseCode::Mismatch);
    for hash in [ours, theirs] {
        assert!(close.text.contains(&format!("{hash:016x}")), "{close}");
    }
}

#[test]
fn an_event_behind_the_last_number_is_taken() {
    use crate::wire::{frame::Numbered, update::*};
    let start = Joined { events_start: u32::MAX, ..joined(&DotSettings::default()) };
    let mut client = playing_as(start);
    let event = codec::encode(&crate::wire::control::ReliableEvent::PlayerLeft(PlayerId(9))).unwrap();
    let events = Numbered { first: 0, items: vec![event.into()] };
    let private = Private { tick: Tick(101), events, ..Private::default() };
    client.receive(Duration::ZERO, &UpdateWriter::new(&private).finish()).unwrap();
    assert_eq!(client.stats().events, 1);
}

#[test]
fn events_that_are_lost_doubled_or_out_of_order_are_counted_apart() {
    use crate::wire::{frame::Numbered, update::*};
    let mut client = playing();
    first_update(&mut client, 101);
    while client.poll_event().is_some() {}
    for (at, number) in [1_u32, 4, 2, 2, 4, 5].into_iter().enumerate() {
        let event = crate::wire::control::ReliableEvent::PlayerLeft(PlayerId(number as u16));
        let events = Numbered { first: number, items: vec![codec::encode(&event).unwrap().into()] };
        let private = Private { tick: Tick(102 + at as u32), events, ..Private::default() };
        client.receive(Duration::ZERO, &UpdateWriter::new(&private).finish()).unwrap();
    }
    let stats = client.stats();
    assert_eq!((stats.events, stats.events_lost), (3, 1), "3 never came");
    assert_eq!((stats.events_repeated, stats.events_reordered), (2, 1));
    let heard: Vec<_> = core::iter::from_fn(|| client.poll_event()).collect();
    let left = |event: &_| matches!(event, ClientEvent::PlayerLeft(PlayerId(1 | 4 | 5)));
    assert!(heard.len() == 3 && heard.iter().all(left), "in order, each once: {heard:?}");
}

#[test]
fn joined_is_never_heard_of_a_room_that_was_not_seen() {
    let joined = |client: &mut Client<Dots>| {
        let events = core::iter::from_fn(|| client.poll_event()).collect::<Vec<_>>();
        events.iter().any(|event| matches!(event, ClientEvent::Joined))
    };
    let mut cut = playing();
    assert!(cut.reconnect(Duration::ZERO));
    assert!(!joined(&mut cut), "it does not have its seat again");
    cut.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    assert!(!joined(&mut cut));
    let back = Joined { resumed: true, ..self::joined(&DotSettings::default()) };
    cut.receive(Duration::ZERO, &ServerControl::Joined(back).encode().unwrap()).unwrap();
    assert!(!joined(&mut cut));
    first_update(&mut cut, 102);
    assert!(joined(&mut cut));

    let mut refused = playing();
    let close = ServerControl::Close(CloseCode::Kicked.into()).encode().unwrap();
    refused.receive(Duration::ZERO, &close).unwrap();
    assert!(
        matches!(refused.poll_event(), Some(ClientEvent::Closed(close)) if close.code == CloseCode::Kicked)
    );
}

#[test]
fn a_client_holds_no_more_rows_than_it_may_however_small_the_messages_are() {
    use crate::wire::update::{Private, UpdateWriter, encode_packet};
    let mut state = Snapshot::new(Tick(101));
    (1..=crate::limits::ENTITIES_MAX as u32).for_each(|id| state.push(EntityId(id), 0, &[0, 0, 0]));
    let mut client = playing();
    let payload = crate::snapshot::encode_delta(client.schema().unwrap(), None, &state);
    let mut told = |tick: u32, stream| {
        let mut writer = UpdateWriter::new(&Private { tick: Tick(tick), ..Private::default() });
        writer.packet(&encode_packet(StreamId(stream), 0, 0, &payload));
        client.receive(Duration::ZERO, &writer.finish())
    };
    for stream in 0..4 {
        assert_eq!(told(101 + u32::from(stream), stream), Ok(()));
    }
    assert_eq!(told(105, 3), Ok(()), "the same stream again");
    assert_eq!(told(106, 4), Err(ClientError::Decode(DecodeError::TooMany)));
}

#[test]
fn settings_without_a_scene_are_an_error_not_a_panic() {
    let mut client = Client::<Dots>::new(config(Role::Player));
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    let settings = DotSettings { no_scene: true, ..DotSettings::default() };
    let message = ServerControl::Joined(joined(&settings)).encode().unwrap();
    let error = client.receive(Duration::ZERO, &message).unwrap_err();
    assert!(matches!(error, ClientError::Scene(_)));
}

#[test]
fn a_joined_that_fits_not_the_role_is_unexpected() {
    let mut client = Client::<Dots>::new(config(Role::Spectator));
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    let message = ServerControl::Joined(joined(&DotSettings::default())).encode().unwrap();
    assert_eq!(client.receive(Duration::ZERO, &message), Err(ClientError::Unexpected));
}

#[test]
fn hostile_bytes_end_the_session_and_never_panic() {
    let good = joined(&DotSettings::default());
    let messages = [
        welcome(schema_of_dots()),
        ServerControl::Joined(good).encode().unwrap(),
        crate::wire::update::UpdateWriter::new(&Default::default()).finish(),
    ];
    for message in &messages {
        for end in 0..message.len() {
            let _ = playing().receive(Duration::ZERO, &message[..end]);
            let _ = Client::<Dots>::new(config(Role::Player)).receive(Duration::ZERO, &message[..end]);
        }
        for bit in 0..message.len() * 8 {
            let mut flipped = message.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut client = playing();
            if client.receive(Duration::from_millis(5), &flipped).is_err() {
                assert!(matches!(client.state(), State::Closed(_)));
            }
            client.advance(Duration::from_secs(1));
            let _ = client.view(Duration::from_secs(2));
        }
    }
    let mut client = playing();
    assert!(client.receive(Duration::ZERO, &vec![1; OUTBOUND_BYTES_MAX + 1]).is_err());
    assert_eq!(client.stats().decode_errors, 1);
}

#[test]
fn a_client_that_cannot_read_its_server_leaves_and_comes_back_to_nothing() {
    let said = |client: &mut Client<Dots>| -> Vec<_> {
        core::iter::from_fn(|| client.poll_transmit())
            .map(|bytes| ClientControl::decode(&bytes).unwrap())
            .collect()
    };
    let mut client = playing();
    client.advance(Duration::from_secs(1));
    assert!(client.receive(Duration::from_secs(1), &[9, 9]).is_err());
    assert_eq!(said(&mut client), [ClientControl::Leave], "only a `Leave` is sent, and no frame");
    assert!(!client.reconnect(Duration::from_secs(1)));
    // The server has a seat for it already, though it cannot read which.
    let mut client = Client::<Dots>::new(config(Role::Player));
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    assert_eq!(said(&mut client).len(), 2, "hello and join");
    assert!(client.receive(Duration::ZERO, &[0, 1, 0]).is_err());
    assert_eq!(said(&mut client), [ClientControl::Leave]);
    // It was in no room: not even the messages queued before go out.
    let mut client = Client::<Dots>::new(config(Role::Player));
    assert!(client.receive(Duration::ZERO, &[9, 9]).is_err());
    assert_eq!(said(&mut client), []);
    let mut client = Client::<Dots>::new(config(Role::Player));
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    assert!(client.receive(Duration::ZERO, &[9, 9]).is_err());
    assert_eq!(said(&mut client), []);
    // A `Leave` that was not sent yet is not lost, and a seat that is being resumed is given up.
    let mut client = playing();
    client.leave();
    assert!(client.receive(Duration::ZERO, &[9, 9]).is_err());
    assert_eq!(said(&mut client), [ClientControl::Leave]);
    let mut client = playing();
    assert!(client.reconnect(Duration::ZERO));
    assert_eq!(said(&mut client).len(), 1, "hello");
    assert!(client.receive(Duration::ZERO, &[9, 9]).is_err());
    assert_eq!(said(&mut client), [ClientControl::Leave]);
}

#[test]
fn after_a_cut_it_is_told_who_left_and_who_joined_meanwhile() {
    let entry = |player| RosterEntry {
        player: PlayerId(player),
        entity: EntityId(player.into()),
        name: Name::cut("bob"),
    };
    let welcomed = |resumed, players: &[u16]| {
        let roster = players.iter().copied().map(entry).collect::<Vec<_>>().try_into().unwrap();
        let joined = Joined { resumed, roster, ..joined(&DotSettings::default()) };
        ServerControl::Joined(joined).encode().unwrap()
    };
    let mut client = Client::<Dots>::new(config(Role::Player));
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    client.receive(Duration::ZERO, &welcomed(false, &[1, 2, 3])).unwrap();
    first_update(&mut client, 101);
    assert!(matches!(client.poll_event(), Some(ClientEvent::Joined)));
    assert!(client.poll_event().is_none(), "the players that it finds there did not join now");
    assert!(client.reconnect(Duration::ZERO));
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    client.receive(Duration::ZERO, &welcomed(true, &[1, 3, 4])).unwrap();
    first_update(&mut client, 102);
    let happened: Vec<_> =
        core::iter::from_fn(|| client.poll_event()).map(|event| format!("{event:?}")).collect();
    let [back, left, joined] = &happened[..] else { panic!("{happened:?}") };
    assert_eq!((back.as_str(), left.as_str()), ("Joined", "PlayerLeft(PlayerId(2))"));
    assert!(joined.starts_with("PlayerJoined") && joined.contains("PlayerId(4)"), "{joined}");
}

#[test]
fn a_driver_that_takes_nothing_makes_no_pile() {
    let mut client = playing();
    for ms in 0..60_000 {
        client.advance(Duration::from_millis(ms));
    }
    let mut bytes = 0;
    while let Some(message) = client.poll_transmit() {
        bytes += message.len();
    }
    assert!(bytes < 200, "{bytes}");
    assert!(client.stats().inputs_dropped > 1_500);
}

#[test]
fn a_cut_before_joined_leaves_nothing_to_resume() {
    let mut client = Client::<Dots>::new(config(Role::Player));
    assert!(!client.reconnect(Duration::ZERO));
    let mut client = playing();
    assert!(client.reconnect(Duration::ZERO));
    let hello = ClientControl::decode(&client.poll_transmit().unwrap()).unwrap();
    let ClientControl::Hello(hello) = hello else { panic!("{hello:?}") };
    assert!(matches!(hello.credential, Credential::Resume { events_received: 0, .. }));
    let close = ServerControl::Close(CloseCode::BadResume.into()).encode().unwrap();
    client.receive(Duration::ZERO, &close).unwrap();
    assert!(!client.reconnect(Duration::ZERO), "the seat no longer exists");
}

#[test]
fn a_spectator_comes_back_to_the_room_that_it_saw() {
    let mut client = Client::<Dots>::new(config(Role::Spectator));
    assert!(!client.reconnect(Duration::ZERO), "it was in no room yet");
    let seen = Joined { player: None, secret: None, ..joined(&DotSettings::default()) };
    let seen = ServerControl::Joined(seen).encode().unwrap();
    for message in [&welcome(schema_of_dots()), &seen] {
        client.receive(Duration::ZERO, message).unwrap();
    }
    while client.poll_transmit().is_some() {}
    assert!(client.reconnect(Duration::ZERO));
    client.receive(Duration::ZERO, &welcome(schema_of_dots())).unwrap();
    let said: Vec<_> = core::iter::from_fn(|| client.poll_transmit())
        .map(|bytes| ClientControl::decode(&bytes).unwrap())
        .collect();
    let [ClientControl::Hello(hello), ClientControl::Join(join)] = &said[..] else { panic!("{said:?}") };
    assert_eq!((&hello.credential, join.role), (&Credential::Guest, Role::Spectator));
    assert_eq!(join.target, Target::Room(RoomId::from_bits(1)));
    let close = ServerControl::Close(CloseCode::Kicked.into()).encode().unwrap();
    client.receive(Duration::ZERO, &close).unwrap();
    assert!(!client.reconnect(Duration::ZERO), "it was kicked");
}
