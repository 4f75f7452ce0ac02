//! The end of a session: sends the Close message and the transport's own close, then waits briefly for the
//! peer to leave.

use super::{Ending, Session};
use crate::transport::Link;
use bytes::Bytes;
use std::future::poll_fn;
use std::time::Duration;
use tickwire_shared::wire::control::ServerControl;

/// How long writing the close may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the peer has to close its end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// Tells the peer the close reason, then drops the connection. Never takes longer than the two time limits
/// together.
pub(super) async fn run<L: Link>(session: &mut Session, link: &mut L, ending: &Ending) {
    match ending {
        Ending::Cut => return,
        Ending::ByPeer(_) => (),
        Ending::Closed(close) => {
            if let Ok(message) = ServerControl::Close(close.clone()).encode() {
                session.traffic.sent_control(message.len());
                let flushed = async {
                    // An unfinished message precedes this one in the link's own buffer.
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
