//! A client without the game's types, next to one that is built with them.

use crate::fixtures::table::{Table, client, welcome};
use core::time::Duration;
use tickwire_arena::{Arena, ArenaInput, Command};
use tickwire_shared::client::generic::{AnyGame, Opaque};
use tickwire_shared::client::{ClientError, ClientEvent};
use tickwire_shared::coding::codec;
use tickwire_shared::entity::{Field, GameSchema, Grid, Input as _, InputSchema, Kind, Predictor};
use tickwire_shared::id::RoomId;
use tickwire_shared::prelude::*;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::*;

fn controls(tick: usize) -> ArenaInput {
    let fire = Button { down: tick % 20 < 3, pressed: tick.is_multiple_of(20) };
    ArenaInput { move_x: if tick % 60 < 30 { 127 } else { -127 }, move_y: -40, aim: tick as u16 % 256, fire }
}

#[test]
fn a_client_without_the_games_types_sees_and_does_the_same_as_one_that_has_them() {
    let mut typed = Table::<Arena, Arena>::new(Role::Player, 11);
    let mut generic = Table::<AnyGame, Arena>::new(Role::Player, 11);
    typed.deliver();
    generic.deliver();
    let neutral = generic.client.neutral_input();
    generic.client.set_input(neutral.clone());
    let mut bytes = 0;
    for tick in 0..400 {
        let mut row = Vec::new();
        controls(tick).write_row(&mut row);
        typed.client.set_input(controls(tick));
        generic.client.set_input(neutral.with_values(&row));
        if tick % 100 == 50 {
            typed.client.command(Command::Emote(3)).unwrap();
            generic.client.command(Opaque(vec![0, 3])).unwrap();
        }
        let told: Vec<Vec<u8>> = typed.tick().iter().filter_map(event_bytes).collect();
        let heard: Vec<Vec<u8>> = generic.tick().iter().filter_map(opaque_bytes).collect();
        assert_eq!(told, heard, "tick {tick}");
        bytes += heard.iter().map(Vec::len).sum::<usize>();
        assert_eq!(typed.client.latest().unwrap(), generic.client.latest().unwrap(), "tick {tick}");
    }
    assert!(bytes > 0, "no event arrived");
    assert_eq!(typed.room.world().iter().count(), generic.room.world().iter().count());
    assert_eq!(generic.client.stats().hash_mismatches, 0);
    assert!(generic.client.stats().hash_checks >= 10);
    assert!(!generic.client.view(generic.now).is_empty());
    let state = generic.client.room_state_row().unwrap();
    assert_eq!((state, state.kind), (typed.client.room_state_row().unwrap(), 3));
    let is_state = |id: &EntityId| *id == EntityId::STATE;
    assert!(!generic.client.view(generic.now).iter().any(|(id, _)| is_state(id)), "it is no entity");
    let sent = generic.client.stats().inputs.folded + generic.client.stats().inputs.refused;
    assert_eq!(sent, 0, "the inputs differ from what the server expects");
}

fn event_bytes(event: &ClientEvent<Arena>) -> Option<Vec<u8>> {
    let ClientEvent::Game(event) = event else { return None };
    Some(codec::encode(event).unwrap())
}

fn opaque_bytes(event: &ClientEvent<AnyGame>) -> Option<Vec<u8>> {
    let ClientEvent::Game(Opaque(bytes)) = event else { return None };
    Some(bytes.clone())
}

/// A server that sends `schema` and announces its hash.
fn client_of(schema: &GameSchema, announced: Option<u64>) -> Result<(), ClientError> {
    let mut client = client::<AnyGame>(Role::Spectator);
    let bytes = schema.encode().unwrap();
    let hash = announced.unwrap_or_else(|| GameSchema::hash_of(&bytes));
    client.receive(Duration::ZERO, &welcome(hash))?;
    let joined = Joined {
        room: RoomId::from_bits(1),
        resumed: false,
        player: None,
        tick_rate: TickRate::DEFAULT,
        tick: Default::default(),
        secret: None,
        commands_received: 0,
        events_start: 0,
        profile: Default::default(),
        table: None,
        settings: Default::default(),
        roster: Default::default(),
        schema: Some(List::try_from(bytes).unwrap()),
    };
    client.receive(Duration::ZERO, &ServerControl::Joined(joined).encode().unwrap())
}

fn schema_with(predictor: Predictor) -> GameSchema {
    let field = Field {
        name: "pos".into(),
        grid: Grid::integers(0, 9),
        predictor,
        own: false,
        interpolate: true,
        meaning: Default::default(),
    };
    let kinds = vec![Kind { name: "thing".into(), fields: vec![field] }];
    GameSchema { version: 1, kinds, state_kinds: 0, input: InputSchema { fields: Vec::new() } }
}

#[test]
fn a_schema_that_needs_the_games_own_step_is_refused_clearly() {
    assert_eq!(client_of(&schema_with(Predictor::Hold), None), Ok(()));
    let error = client_of(&schema_with(Predictor::Custom), None).unwrap_err();
    assert_eq!(error.close().code, CloseCode::Mismatch);
    assert!(error.to_string().contains("`custom`"), "{error}");
}

#[test]
fn a_schema_other_than_announced_or_unsound_is_refused() {
    let other = client_of(&schema_with(Predictor::Hold), Some(5)).unwrap_err();
    assert_eq!(other, ClientError::NoSchema(GameName::cut("table")));
    let bad = client_of(&schema_with(Predictor::Linear { velocity: 9 }), None).unwrap_err();
    assert!(matches!(bad, ClientError::OwnSchema(_)), "{bad}");
}
