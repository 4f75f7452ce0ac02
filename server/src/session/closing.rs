//! The end of a session: the closing as a message, the transport's own closing, and a moment for the peer to go.

use super::{Ending, Session};
use crate::transport::Link;
use bytes::Bytes;
use std::future::poll_fn;
use std::time::Duration;
use tickwire_shared::wire::control::ServerControl;

/// How long the closing may take to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the peer has to close its end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// Tells the peer why, then lets the connection go. Never takes longer than the two time limits together.
pub(super) async fn run<L: Link>(session: &mut Session, link: &mut L, ending: &Ending) {
    match ending {
        Ending::Cut => return,
        Ending::ByPeer(_) => (),
        Ending::Closed(close) => {
            if let Ok(message) = ServerControl::Close(close.clone()).encode() {
                session.traffic.sent_control(message.len());
                let flushed = async {
                    // An unfinished message stands before this one in the link's own buffer.
                    poll_fn(|cx| link.poll_flush(cx)).await?;
                    link.start_send(Bytes::from(message))?;
                    poll_fn(|cx| link.poll_flush(cx)).await
                };
                let _ = tokio::time::timeout(WRITE_TIMEOUT, flushed).await;
            }
            link.start_close(close);
        }
    }
    let finished = async {
        let _ = poll_fn(|cx| link.poll_flush(cx)).await;
        poll_fn(|cx| link.poll_finish(cx)).await;
    };
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, finished).await;
}
