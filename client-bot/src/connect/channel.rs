//! A link over two bounded channels, for a server in the same process or a test.

use super::{Link, LinkEnd};
use bytes::Bytes;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{OwnedPermit, Receiver, Sender};

type Reserving = Pin<Box<dyn Future<Output = Option<OwnedPermit<Vec<u8>>>> + Send>>;

/// A link whose messages go through channels in this process.
pub struct ChannelLink {
    to: Sender<Vec<u8>>,
    from: Receiver<Bytes>,
    /// A message that the channel had no room for, and the wait for room.
    waiting: Option<(Vec<u8>, Reserving)>,
}

impl core::fmt::Debug for ChannelLink {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ChannelLink").field("waiting", &self.waiting.is_some()).finish_non_exhaustive()
    }
}

impl ChannelLink {
    /// A link that sends into `to` and receives from `from`.
    #[must_use]
    pub fn new(to: Sender<Vec<u8>>, from: Receiver<Bytes>) -> Self {
        Self { to, from, waiting: None }
    }
}

const CLOSED: LinkEnd = LinkEnd::Closed { code: None, text: String::new() };

impl Link for ChannelLink {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkEnd>> {
        self.from.poll_recv(cx).map(|message| message.ok_or(CLOSED))
    }

    fn send(&mut self, message: Vec<u8>) -> Result<(), LinkEnd> {
        match self.to.try_send(message) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(CLOSED),
            Err(TrySendError::Full(message)) => {
                let to = self.to.clone();
                self.waiting = Some((message, Box::pin(async move { to.reserve_owned().await.ok() })));
                Ok(())
            }
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkEnd>> {
        let Some((_, place)) = &mut self.waiting else { return Poll::Ready(Ok(())) };
        let place = core::task::ready!(place.as_mut().poll(cx));
        match (place, self.waiting.take()) {
            (Some(place), Some((message, _))) => {
                place.send(message);
                Poll::Ready(Ok(()))
            }
            _ => Poll::Ready(Err(CLOSED)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::future::poll_fn;
    use tokio::sync::mpsc::channel;

    #[tokio::test]
    async fn a_message_waits_for_a_place_and_none_is_lost() {
        let (to, mut server) = channel(1);
        let (_to_bot, from) = channel(1);
        let mut link = ChannelLink::new(to, from);
        link.send(vec![1]).unwrap();
        link.send(vec![2]).unwrap();
        let flushed = tokio::spawn(async move {
            poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
            link
        });
        assert_eq!(server.recv().await, Some(vec![1]));
        assert_eq!(server.recv().await, Some(vec![2]));
        let mut link = flushed.await.unwrap();
        drop(server);
        assert_eq!(link.send(vec![3]), Err(CLOSED));
    }
}
