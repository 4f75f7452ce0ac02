//! The bounds of a game's input, and of its schema for a client that was not built with the game.

use super::schemas::{bits, kind};
use std::panic::catch_unwind;
use tickwire_shared::coding::bits::{BitCode, BitWriter};
use tickwire_shared::coding::codec;
use tickwire_shared::entity::derived::check_input;
use tickwire_shared::entity::{GameSchema, Grid, Input, InputSchema, Kind, OnGrid, Predictor};
use tickwire_shared::limits::{INPUT_BITS_MAX, INPUT_FIELDS_MAX, INPUTS_PER_FRAME_MAX, SCHEMA_BYTES_MAX};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::DecodeError;
use tickwire_shared::wire::control::List;
use tickwire_shared::wire::frame::ClientFrame;

/// The widest input with the most fields.
#[derive(Clone, Debug, Default, PartialEq)]
struct Board([i32; 32]);

impl Input for Board {
    const GRIDS: &'static [Grid] = &[Grid::integers(-128, 127); 32];

    fn schema() -> InputSchema {
        InputSchema { fields: kind(Self::GRIDS, false, Predictor::Hold).fields }
    }

    fn write_row(&self, row: &mut Vec<i32>) {
        row.extend(self.0);
    }

    fn read_row(row: &[i32]) -> Option<Self> {
        Some(Self(row.try_into().ok()?))
    }

    fn held(&self) -> Self {
        self.clone()
    }

    fn fold(&mut self, _: &Self) {}
}

/// How a client decodes a schema with this input.
fn schema_with_input(grids: &[Grid]) -> Result<GameSchema, DecodeError> {
    let kinds = vec![kind(&[bits(8)], false, Predictor::Hold)];
    let input = InputSchema { fields: kind(grids, false, Predictor::Hold).fields };
    GameSchema::decode(&codec::encode(&(1_u32, kinds, input)).unwrap())
}

#[test]
fn input_bits_max() {
    check_input(Board::GRIDS);
    assert_eq!(schema_with_input(Board::GRIDS).unwrap().input.bits(), INPUT_BITS_MAX);
    let wider = [[bits(8); 31].as_slice(), &[bits(9)]].concat();
    assert_eq!(schema_with_input(&wider), Err(DecodeError::OutOfRange));
    assert!(catch_unwind(|| check_input(&wider)).is_err(), "the derive refuses it as well");
    // As many of the widest inputs as a frame can contain.
    let inputs = (1..).map(Tick).zip(vec![OnGrid::new(&Board([-128; 32])); INPUTS_PER_FRAME_MAX]).collect();
    let frame = ClientFrame { inputs, ..ClientFrame::default() };
    assert_eq!(ClientFrame::decode(&frame.encode()), Ok(frame));
}

#[test]
fn input_fields_max() {
    let most = vec![bits(8); INPUT_FIELDS_MAX];
    check_input(&most);
    assert_eq!(schema_with_input(&most).unwrap().input.fields.len(), INPUT_FIELDS_MAX);
    let mut bits_written = BitWriter::new();
    OnGrid::new(&Board([127; 32])).write(&mut bits_written);
    assert_eq!(bits_written.len_bits(), INPUT_BITS_MAX as usize);
    let more = vec![bits(1); INPUT_FIELDS_MAX + 1];
    assert_eq!(schema_with_input(&more), Err(DecodeError::OutOfRange));
    assert!(catch_unwind(|| check_input(&more)).is_err(), "the derive refuses it as well");
}

#[test]
fn schema_bytes_max() {
    let of = |bytes: usize| {
        let named = |name: usize| {
            let kinds = vec![Kind { name: "n".repeat(name), ..kind(&[bits(8)], false, Predictor::Hold) }];
            GameSchema { version: 1, kinds, state_kinds: 0, input: Board::schema() }
        };
        let rest = named(bytes / 2).encode().unwrap().len() - bytes / 2;
        named(bytes - rest)
    };
    let longest = of(SCHEMA_BYTES_MAX);
    let sent = longest.encode().unwrap();
    assert_eq!(sent.len(), SCHEMA_BYTES_MAX);
    assert_eq!(GameSchema::decode(&sent), Ok(longest));
    let longer = of(SCHEMA_BYTES_MAX + 1);
    assert_eq!(longer.encode(), Err(DecodeError::TooMany));
    let bytes = codec::encode(&(longer.version, &longer.kinds, &longer.input)).unwrap();
    assert_eq!(GameSchema::decode(&bytes), Err(DecodeError::TooMany));
    assert!(List::<u8, SCHEMA_BYTES_MAX>::try_from(vec![0; SCHEMA_BYTES_MAX + 1]).is_err());
}
