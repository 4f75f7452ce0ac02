//! The game's messages as bytes. What attacks knows of a game is this alone; nothing else needs its types.

use bytes::Bytes;
use tickwire_shared::coding::codec;
use tickwire_shared::entity::{Input, OnGrid};
use tickwire_shared::game::Game;
use tickwire_shared::limits::{PROTOCOL_VERSION, RELIABLE_BYTES_MAX};
use tickwire_shared::room::game_schema_hash;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::{
    ClientControl, Credential, GameName, Hello, Join, Name, Options, Role, Target as RoomTarget,
};
use tickwire_shared::wire::frame::{ClientFrame, Numbered};
use tickwire_shared::wire::terms::JoinTerms;

/// What a frame says.
#[derive(Clone, Debug, Default)]
pub(super) struct FrameContent {
    /// The newest tick that arrived.
    pub(super) ack: Option<Tick>,
    /// For which ticks it has inputs, in ascending order.
    pub(super) inputs: Vec<Tick>,
    /// Commands.
    pub(super) commands: Numbered,
}

/// How the messages of one game are written.
#[derive(Clone, Debug)]
pub(super) struct GameWire {
    game: GameName,
    schema_hash: u64,
    /// The options of rooms.
    options: Options,
    /// What everybody says when it joins.
    terms: JoinTerms,
    frame: fn(&FrameContent) -> Vec<u8>,
    /// A command that the game can read, if one of zeros is.
    pub(super) command: Option<Bytes>,
}

impl GameWire {
    /// The messages of `G`, which the server hosts as `game`, for rooms with these options.
    pub(super) fn of<G: Game>(game: GameName, options: Options, terms: JoinTerms) -> Self {
        let zeros = |bytes| Some(vec![0; bytes]).filter(|zeros| codec::decode::<G::Command>(zeros).is_ok());
        let command = (0..=RELIABLE_BYTES_MAX).find_map(zeros).map(Bytes::from);
        Self { game, schema_hash: game_schema_hash::<G>(), options, terms, frame: frame::<G::Input>, command }
    }

    /// A new room.
    pub(super) fn new_room(&self) -> RoomTarget {
        RoomTarget::Create(self.options.clone())
    }

    /// An open room, or a new one.
    pub(super) fn open_room(&self) -> RoomTarget {
        RoomTarget::Match(self.options.clone())
    }

    /// A frame.
    pub(super) fn frame(&self, content: &FrameContent) -> Vec<u8> {
        (self.frame)(content)
    }

    /// The request for a seat.
    pub(super) fn join(&self, target: RoomTarget) -> Vec<u8> {
        let (game, schema_hash) = (self.game.clone(), self.schema_hash);
        let mut join = Join::new(game, schema_hash, Role::Player, target);
        join.terms = self.terms.clone();
        control(&ClientControl::Join(join))
    }
}

/// The first message of a session.
pub(super) fn hello(name: &str, credential: Credential) -> Vec<u8> {
    let name = Name::cut(name);
    control(&ClientControl::Hello(Hello { version: PROTOCOL_VERSION, name, credential }))
}

/// A control message. None is longer than the codec's limit; an empty one would be a decode error.
pub(super) fn control(message: &ClientControl) -> Vec<u8> {
    message.encode().unwrap_or_default()
}

/// All controls at the ends of their ranges, so that a player moves if it can.
fn full<I: Input>() -> OnGrid<I> {
    let ends: Vec<i32> = I::GRIDS.iter().map(|grid| grid.max).collect();
    OnGrid::new(&I::read_row(&ends).unwrap_or_default())
}

fn frame<I: Input>(content: &FrameContent) -> Vec<u8> {
    let inputs = content.inputs.iter().map(|tick| (*tick, full())).collect();
    let commands = content.commands.clone();
    ClientFrame::<I> { snapshot_ack: content.ack, commands, inputs, ..ClientFrame::default() }.encode()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_arena::Arena;

    #[test]
    fn a_frame_is_what_the_games_own_types_read() {
        let wire = GameWire::of::<Arena>(GameName::cut("arena"), Options::none(), JoinTerms::default());
        let inputs = vec![Tick(3), Tick(4), Tick(9)];
        let content = FrameContent { ack: Some(Tick(2)), inputs, ..FrameContent::default() };
        let bytes = wire.frame(&content);
        let read = ClientFrame::<<Arena as Game>::Input>::decode(&bytes).unwrap();
        assert_eq!((read.snapshot_ack, read.inputs.len()), (Some(Tick(2)), 3));
    }

    #[test]
    fn a_join_says_what_the_game_wants_to_hear() {
        let mut terms = JoinTerms::default();
        terms.parameters = "{\"team\":\"red\"}".parse().unwrap();
        let wire = GameWire::of::<Arena>(GameName::cut("arena"), Options::none(), terms.clone());
        match ClientControl::decode(&wire.join(wire.open_room())).unwrap() {
            ClientControl::Join(join) => assert_eq!(join.terms, terms),
            other => panic!("{other:?}"),
        }
    }
}
