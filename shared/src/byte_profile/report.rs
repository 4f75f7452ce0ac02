//! A byte profile with names, for people and programs.

use super::{ByteProfile, Part, StreamBytes};
use crate::entity::Kind;
use crate::snapshot::PacketPart;
use crate::wire::update::PrivatePart;
use serde::Serialize;

/// A byte profile with the names of a game's kinds and fields. All bytes are those of the measured messages;
/// parts of a byte are fractions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProfileReport {
    /// The messages measured.
    pub messages: u64,
    /// Their bytes, including the headers of their WebSocket frames.
    pub bytes: u64,
    /// The parts of a message, in their order in it; `kinds` breaks down those of entities. Together they are
    /// `bytes`.
    pub parts: Vec<PartBytes>,
    /// The kinds of entities.
    pub kinds: Vec<KindBytes>,
    /// The streams, sorted by number; the last one, without a number, combines all further ones.
    pub streams: Vec<StreamReport>,
}

/// A part of the messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartBytes {
    /// Its name.
    pub part: &'static str,
    /// Its bytes.
    pub bytes: f64,
    /// Its share of all bytes, from 0 to 1.
    pub share: f64,
}

/// A kind of entity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KindBytes {
    /// Its name.
    pub kind: String,
    /// Its bytes: rows and fields.
    pub bytes: f64,
    /// Its share of all bytes.
    pub share: f64,
    /// The bytes that say which of its rows were not as predicted, and which no longer exist.
    pub rows_bytes: f64,
    /// Its fields in the order of the row. Owner-only fields are in the part `private.own`.
    pub fields: Vec<FieldBytes>,
}

/// A field of a kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldBytes {
    /// Its name.
    pub field: String,
    /// Bytes in rows that were not as predicted.
    pub changed_bytes: f64,
    /// Bytes in new rows, including those of keyframes.
    pub new_bytes: f64,
    /// Both, as a share of all bytes.
    pub share: f64,
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamReport {
    /// Its number; none for the streams beyond the limit.
    pub stream: Option<u16>,
    /// Packets.
    pub packets: u64,
    /// The number of keyframes in them.
    pub keyframes: u64,
    /// Bytes, including packet headers.
    pub bytes: u64,
}

/// The parts of a message, in their order in it.
const NAMES: [&str; 23] = [
    "websocket_head",
    "control",
    "message_head",
    "private.tick",
    "private.quiet",
    "private.rate_step",
    "private.timing",
    "private.input_applied",
    "private.input_counts",
    "private.command_ack",
    "private.events",
    "private.dropped",
    "private.waiting",
    "private.own",
    "private.fill",
    "packet_head",
    "packet.groups",
    "packet.rows",
    "packet.changed_fields",
    "packet.new_rows",
    "packet.new_fields",
    "packet.hash",
    "packet.end",
];

fn name(part: Part) -> &'static str {
    match part {
        Part::WebSocketHead => "websocket_head",
        Part::Control => "control",
        Part::MessageHead => "message_head",
        Part::Private(part) => match part {
            PrivatePart::Tick => "private.tick",
            PrivatePart::Quiet => "private.quiet",
            PrivatePart::RateStep => "private.rate_step",
            PrivatePart::Timing => "private.timing",
            PrivatePart::InputApplied => "private.input_applied",
            PrivatePart::InputCounts => "private.input_counts",
            PrivatePart::CommandAck => "private.command_ack",
            PrivatePart::Events => "private.events",
            PrivatePart::Dropped => "private.dropped",
            PrivatePart::Waiting => "private.waiting",
            PrivatePart::Own => "private.own",
        },
        Part::PrivateFill => "private.fill",
        Part::PacketHead => "packet_head",
        Part::Packet(part) => match part {
            PacketPart::Groups => "packet.groups",
            PacketPart::Rows { .. } => "packet.rows",
            PacketPart::Changed { .. } => "packet.changed_fields",
            PacketPart::NewCount | PacketPart::NewIds | PacketPart::NewKinds => "packet.new_rows",
            PacketPart::New { .. } => "packet.new_fields",
            PacketPart::Hash => "packet.hash",
        },
        Part::PacketEnd => "packet.end",
    }
}

impl ByteProfile {
    /// The profile with the names of `kinds`.
    #[must_use]
    pub fn report(&self, kinds: &[Kind]) -> ProfileReport {
        let share = |bytes: f64| if self.bytes == 0 { 0.0 } else { bytes / self.bytes as f64 };
        let part = |part| {
            let bytes = self.bytes_where(|other| name(other) == part);
            PartBytes { part, bytes, share: share(bytes) }
        };
        let kind = |(number, kind): (u8, &Kind)| {
            let packet = |wanted: PacketPart| self.bytes_where(|part| part == Part::Packet(wanted));
            let field = |(at, field): (u16, &crate::entity::Field)| {
                let changed_bytes = packet(PacketPart::Changed { kind: number, field: at });
                let new_bytes = packet(PacketPart::New { kind: number, field: at });
                let share = share(changed_bytes + new_bytes);
                FieldBytes { field: field.name.clone(), changed_bytes, new_bytes, share }
            };
            let fields: Vec<_> = (0..).zip(&kind.fields).map(field).collect();
            let rows_bytes = packet(PacketPart::Rows { kind: number });
            let bytes =
                rows_bytes + fields.iter().map(|field| field.changed_bytes + field.new_bytes).sum::<f64>();
            KindBytes { kind: kind.name.clone(), bytes, share: share(bytes), rows_bytes, fields }
        };
        let stream = |stream, bytes: StreamBytes| StreamReport {
            stream,
            packets: bytes.packets,
            keyframes: bytes.keyframes,
            bytes: bytes.bytes,
        };
        let others = (self.other_streams.packets > 0).then(|| stream(None, self.other_streams));
        ProfileReport {
            messages: self.messages,
            bytes: self.bytes,
            parts: NAMES.into_iter().map(part).collect(),
            kinds: (0..).zip(kinds).map(kind).collect(),
            streams: self.streams().map(|(id, bytes)| stream(Some(id.0), bytes)).chain(others).collect(),
        }
    }

    fn bytes_where(&self, wanted: impl Fn(Part) -> bool) -> f64 {
        let bits = self.parts().filter(|(part, _)| wanted(*part)).map(|(_, bits)| bits);
        // Not `sum`: the sum of no numbers is -0.
        bits.fold(0.0, |all, bits| all + bits) / 8.0
    }
}
