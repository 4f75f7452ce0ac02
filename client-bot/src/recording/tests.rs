use super::*;
use crate::connect::{ChannelLink, Connect, ConnectError, Link};
use std::sync::{Arc, Mutex};
use tickwire_arena::{Arena, ArenaEntity, ArenaInput, Settings};
use tickwire_shared::entity::Trainer;
use tickwire_shared::harness::{ClientIndex, Harness};
use tickwire_shared::wire::Text;

/// A file in memory that a test can read.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The messages that one player of a match receives.
fn messages() -> Vec<bytes::Bytes> {
    let mut harness = Harness::<Arena>::new(Settings::default(), 9);
    for _ in 0..4 {
        let client = harness.join("ada");
        harness.drive(client, |_, rng| ArenaInput {
            move_x: rng.range(-127, 127) as i8,
            ..ArenaInput::default()
        });
    }
    harness.record(ClientIndex(0));
    harness.run_ticks(200);
    harness.take_recorded()
}

/// Hands every message to bots 0 and 1.
struct Playback(Vec<bytes::Bytes>);

impl Connect for Playback {
    type Link = ChannelLink;

    async fn connect(&self, _: u32) -> Result<ChannelLink, ConnectError> {
        let (to_bot, from) = tokio::sync::mpsc::channel(self.0.len().max(1));
        for message in &self.0 {
            to_bot.try_send(message.clone()).unwrap();
        }
        let (to, _) = tokio::sync::mpsc::channel(1);
        Ok(ChannelLink::new(to, from))
    }
}

/// The recording of two bots of three, and how many messages did not fit.
async fn record(messages: Vec<bytes::Bytes>, bytes_max: u64) -> (Vec<u8>, u64) {
    let file = Shared::default();
    let config = RecorderConfig { bots: 2, bytes_max };
    let header = Header::of::<Arena>(&Text::cut("arena"));
    let recorder = Arc::new(Recorder::new(Box::new(file.clone()), &header, config).unwrap());
    let connect = RecordConnect::new(Playback(messages), Some(recorder.clone()));
    for bot in 0..3 {
        let mut link = connect.connect(bot).await.unwrap();
        while core::future::poll_fn(|cx| link.poll_recv(cx)).await.is_ok() {}
    }
    (file.bytes(), recorder.finish().unwrap())
}

#[tokio::test]
async fn what_two_bots_received_is_read_again_to_the_last_byte() {
    let messages = messages();
    let (bytes, left_out) = record(messages.clone(), u64::MAX).await;
    assert_eq!(left_out, 0);
    let digest = Recording::open(&bytes[..]).unwrap().digest().unwrap();
    assert_eq!((digest.game.as_str(), digest.connections, digest.cut_short), ("arena", 2, false));
    let payload: usize = messages.iter().map(|message| message.len()).sum();
    let report = &digest.profile;
    assert_eq!(report.messages, 2 * messages.len() as u64);
    assert!(report.bytes > 2 * payload as u64, "the heads of frames count");
    let whole: f64 = report.parts.iter().map(|part| part.bytes).sum();
    assert!((whole - report.bytes as f64).abs() < 1e-3, "{whole} of {}", report.bytes);
    assert_eq!(report.streams.len(), 1);
    let table = crate::profile_table::ProfileTable(&digest).to_string();
    for part in ["private.timing", "ship", "  pos.x", "packet.end", "2 connections"] {
        assert!(table.contains(part), "{part} is missing in\n{table}");
    }
    let json = serde_json::to_value(&digest).unwrap();
    assert_eq!(json["profile"]["kinds"][0]["kind"], "ship");
}

#[tokio::test]
async fn a_recording_holds_no_secret() {
    use tickwire_shared::wire::control::ServerControl;
    let messages = messages();
    let key = messages.iter().find_map(|message| match ServerControl::decode(message) {
        Ok(ServerControl::Joined(joined)) => joined.secret.map(|secret| secret.key),
        _ => None,
    });
    let key = key.expect("a Joined with a secret");
    let (bytes, _) = record(messages, u64::MAX).await;
    assert!(!bytes.windows(key.len()).any(|window| window == key));
}

#[tokio::test]
async fn a_full_recording_ends_with_a_whole_record_and_says_what_is_missing() {
    let messages = messages();
    let (whole, _) = record(messages.clone(), u64::MAX).await;
    let (half, left_out) = record(messages.clone(), whole.len() as u64 / 2).await;
    assert!(half.len() <= whole.len() / 2 && left_out > 0);
    let digest = Recording::open(&half[..]).unwrap().digest().unwrap();
    assert!(!digest.cut_short);
    assert_eq!(digest.profile.messages + left_out, 2 * messages.len() as u64);
}

#[tokio::test]
async fn a_recording_that_was_cut_is_read_as_far_as_it_goes_and_damage_is_named() {
    let (bytes, _) = record(messages(), u64::MAX).await;
    let cut = Recording::open(&bytes[..bytes.len() - 3]).unwrap().digest().unwrap();
    assert!(cut.cut_short);
    let start = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut long = bytes.clone();
    long[start + 11] = 0xff;
    assert!(matches!(Recording::open(&long[..]).unwrap().digest(), Err(BadRecording::TooLong(_))));
    let mut wrong = bytes.clone();
    wrong[start + RECORD_HEAD_BYTES] = 77;
    assert!(matches!(Recording::open(&wrong[..]).unwrap().digest(), Err(BadRecording::Message { .. })));
    assert!(matches!(Recording::open(&b"hello\n"[..]), Err(BadRecording::NoRecording)));
    let other = String::from_utf8_lossy(&bytes[..start]).replace("\"version\":1", "\"version\":2");
    assert!(matches!(Recording::open(other.as_bytes()), Err(BadRecording::OtherVersion(2))));
}

#[tokio::test]
async fn a_table_is_trained_on_a_recording() {
    let (bytes, _) = record(messages(), u64::MAX).await;
    let kinds = <ArenaEntity as tickwire_shared::entity::Entity>::kinds();
    let (mut trainer, untaught) = (Trainer::new(kinds.clone()), Trainer::new(kinds));
    Recording::open(&bytes[..]).unwrap().train(&mut trainer).unwrap();
    assert_ne!(trainer.table(), untaught.table());
}
