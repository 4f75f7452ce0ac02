//! Client messages: how long they may be, and how many of each item one may contain.

use super::raw::{ADA, Raw};
use super::yard::{Order, Pad, Plan, Yard};
use bytes::Bytes;
use tickwire_shared::coding::bits::{BitCode, BitWriter};
use tickwire_shared::coding::codec;
use tickwire_shared::entity::OnGrid;
use tickwire_shared::limits::{
    INBOUND_BYTES_MAX, INPUTS_PER_FRAME_MAX, RELIABLE_BYTES_MAX, RELIABLE_PER_MESSAGE_MAX,
};
use tickwire_shared::room::MemberEvent;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::frame::{ClientFrame, Numbered, TAG_FRAME};

/// A frame without commands, with `rest` after everything else.
fn frame_of(rest: impl FnOnce(&mut BitWriter)) -> Vec<u8> {
    let mut to = BitWriter::append_to(vec![TAG_FRAME]);
    to.raw(0, 16);
    (0..4).for_each(|_| to.bit(false));
    rest(&mut to);
    to.finish()
}

/// A frame with commands of these sizes, bytes.
pub(crate) fn commands(sizes: &[usize]) -> Vec<u8> {
    let note = |bytes: usize| codec::encode(&Order::Note(vec![1; bytes - 4])).unwrap();
    let items = sizes.iter().map(|bytes| Bytes::from(note(*bytes))).collect();
    let frame = ClientFrame::<Pad> { commands: Numbered { first: 1, items }, ..ClientFrame::default() };
    frame.encode()
}

/// A room session's answer to a message, as the close code.
pub(crate) fn refusal(message: &[u8]) -> Option<CloseCode> {
    MemberEvent::<Yard>::decode(message).err().map(|close| close.code)
}

#[test]
fn inbound_bytes_max() {
    let of = |bytes: usize| {
        let sizes = |last| [[RELIABLE_BYTES_MAX; 7].as_slice(), &[last]].concat();
        (300..RELIABLE_BYTES_MAX).map(|last| commands(&sizes(last))).find(|message| message.len() == bytes)
    };
    let longest = of(INBOUND_BYTES_MAX).unwrap();
    assert_eq!(refusal(&longest), None);
    assert_eq!(refusal(&of(INBOUND_BYTES_MAX + 1).unwrap()), Some(CloseCode::TooBig));
    for first in [0, 1, 2] {
        let noise = [vec![first], vec![0; INBOUND_BYTES_MAX]].concat();
        assert_eq!(refusal(&noise), Some(CloseCode::TooBig), "whatever it is: {first}");
    }
}

#[test]
fn inputs_per_frame_max() {
    let inputs = |count: u32| {
        frame_of(|to| {
            to.exp_golomb(0, 0);
            to.exp_golomb(count, 0);
            to.raw(10, 32);
            for at in 0..count {
                (at > 0).then(|| to.exp_golomb(0, 0));
                OnGrid::new(&Pad { x: 1 }).write(to);
            }
        })
    };
    let most = ClientFrame::<Pad>::decode(&inputs(INPUTS_PER_FRAME_MAX as u32)).unwrap();
    assert_eq!(most.inputs.len(), INPUTS_PER_FRAME_MAX);
    assert_eq!(most.inputs.last().unwrap().0, Tick(10 + INPUTS_PER_FRAME_MAX as u32 - 1));
    assert_eq!(most.encode(), inputs(INPUTS_PER_FRAME_MAX as u32));
    for count in [INPUTS_PER_FRAME_MAX as u32 + 1, 1_000, 5_000] {
        assert_eq!(refusal(&inputs(count)), Some(CloseCode::DecodeError), "{count} inputs");
    }
}

#[test]
fn reliable_per_message_max() {
    let count = RELIABLE_PER_MESSAGE_MAX;
    let few = |count| commands(&vec![5; count]);
    assert_eq!(refusal(&few(count)), None);
    assert_eq!(refusal(&few(count + 1)), Some(CloseCode::DecodeError));
    // The first message contains this many of one step's events, the next one the others, in order.
    let mut raw = Raw::new(Plan::default());
    raw.order(vec![Order::Say { count: count as u16 + 1, bytes: 20, droppable: false }]);
    let mut sent = Vec::new();
    for _ in 0..3 {
        for message in raw.step() {
            let events = super::raw::read(&message).private.events;
            sent.push((events.first, events.items.len()));
        }
    }
    assert_eq!(sent[..2], [(1, count), (count as u32 + 1, 1)], "{sent:?}");
    assert_eq!(raw.out.updates.iter().filter(|(member, _)| *member != ADA).count(), 0);
}
