//! A profile with names, for people and programs.

use super::{ByteProfile, Part, StreamBytes};
use crate::entity::Kind;
use crate::snapshot::PacketPart;
use crate::wire::update::PrivatePart;
use serde::Serialize;

/// A profile with the names of a game's kinds and fields. All bytes are of the messages that were metered; parts of bits are
/// fractions of bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProfileReport {
    /// Messages that were metered.
    pub messages: u64,
    /// Their bytes, with the heads of their WebSocket frames.
    pub bytes: u64,
    /// The parts of a message, in its order; those of entities are in `kinds` one by one. Together they are `bytes`.
    pub parts: Vec<PartBytes>,
    /// The kinds of entities.
    pub kinds: Vec<KindBytes>,
    /// The streams in the order of their numbers; the last one, without a number, stands for all further ones.
    pub streams: Vec<StreamReport>,
}

/// A part of messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartBytes {
    /// Its name.
    pub part: &'static str,
    /// Its bytes.
    pub bytes: f64,
    /// Its share in all bytes, from 0 to 1.
    pub share: f64,
}

/// A kind of entity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KindBytes {
    /// Its name.
    pub kind: String,
    /// Its bytes: rows and fields.
    pub bytes: f64,
    /// Its share in all bytes.
    pub share: f64,
    /// Which of its rows were not as predicted, and which are gone.
    pub rows_bytes: f64,
    /// Its fields in the order of the row. What only an owner gets is in the part `private.own`.
    pub fields: Vec<FieldBytes>,
}

/// A field of a kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldBytes {
    /// Its name.
    pub field: String,
    /// In rows that were not as predicted.
    pub changed_bytes: f64,
    /// In new rows, keyframes among them.
    pub new_bytes: f64,
    /// Both, as a share in all bytes.
    pub share: f64,
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamReport {
    /// Its number; none for those beyond the first ones.
    pub stream: Option<u16>,
    /// Packets.
    pub packets: u64,
    /// Keyframes among them.
    pub keyframes: u64,
    /// Bytes, heads of packets among them.
    pub bytes: u64,
}

/// The parts of a message in its order.
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
        // Not a sum: that of nothing is -0.
        bits.fold(0.0, |all, bits| all + bits) / 8.0
    }
}
