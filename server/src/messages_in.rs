//! Counts of the messages that a client sent.

use tickwire_shared::wire::frame::TAG_FRAME;

/// Messages of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MessagesIn {
    pub(crate) frames: u64,
    pub(crate) frame_bytes: u64,
    pub(crate) control: u64,
    pub(crate) control_bytes: u64,
}

impl MessagesIn {
    pub(crate) fn count(&mut self, message: &[u8]) {
        if message.first() == Some(&TAG_FRAME) {
            self.frames += 1;
            self.frame_bytes += message.len() as u64;
        } else {
            self.control += 1;
            self.control_bytes += message.len() as u64;
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.frames += other.frames;
        self.frame_bytes += other.frame_bytes;
        self.control += other.control;
        self.control_bytes += other.control_bytes;
    }

    pub(crate) fn total(self) -> u64 {
        self.frames + self.control
    }
}
