//! One session over one link: reads, keeps the client's time, writes.

use crate::limits::{JOIN_TIMEOUT, LEAVE_TIMEOUT, SILENCE_MAX};
use crate::shared::Shared;
use crate::transport::Link;
use crate::{Cause, End};
use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use tickwire_shared::client::{ClientGame, State};

/// The limits are compared with the clock at least this often.
const TURN_MAX: Duration = Duration::from_millis(100);
/// A timer in the past would starve reading.
const TURN_MIN: Duration = Duration::from_millis(1);

/// Runs the session of the client over `link`. Returns whether it was in a room, and how it ended.
pub(crate) async fn run<G: ClientGame, L: Link>(shared: &Shared<G>, link: L) -> (bool, Result<End, Cause>) {
    let now = shared.now();
    let mut session = Session { shared, link, began: now, heard_at: now, joined: false, left_at: None };
    let cause = loop {
        match session.turn().await {
            Ok(()) => {}
            Err(cause) => break cause,
        }
    };
    // Whatever happened meanwhile, the program wanted to leave.
    let left = session.left_at.is_some();
    (session.joined, if left { Ok(End::Left) } else { Err(cause) })
}

struct Session<'a, G: ClientGame, L> {
    shared: &'a Shared<G>,
    link: L,
    began: Duration,
    heard_at: Duration,
    joined: bool,
    left_at: Option<Duration>,
}

impl<G: ClientGame, L: Link> Session<'_, G, L> {
    /// Does what is due, then waits for a message, the client's next input, or the program.
    async fn turn(&mut self) -> Result<(), Cause> {
        let shared = self.shared;
        let due = self.keep_time(shared.now())?;
        let timer = tokio::time::sleep_until(shared.start + due);
        tokio::select! {
            received = poll_fn(|cx| self.poll_link(cx)) => received,
            () = timer => Ok(()),
            () = shared.wake.notified() => Ok(()),
        }
    }

    /// Does what is due at `now`. Returns when to do it again.
    fn keep_time(&mut self, now: Duration) -> Result<Duration, Cause> {
        let mut state = self.shared.lock();
        if state.leaving && self.left_at.is_none() {
            self.left_at = Some(now);
            state.client.leave();
        }
        if let State::Closed(close) = state.client.state() {
            return Err(Cause::Closed(close.clone()));
        }
        let limits = [
            (self.left_at.map(|at| at + LEAVE_TIMEOUT), Cause::Silent),
            ((!self.joined).then_some(self.began + JOIN_TIMEOUT), Cause::JoinTimeout),
            (Some(self.heard_at + SILENCE_MAX), Cause::Silent),
        ];
        if let Some((_, cause)) = limits.into_iter().find(|(at, _)| at.is_some_and(|at| now >= at)) {
            return Err(cause);
        }
        state.client.advance(now);
        let next = state.client.next_input_at().unwrap_or(now + TURN_MAX);
        Ok(next.clamp(now + TURN_MIN, now + TURN_MAX))
    }

    /// Writes what waits. Ready after a message, or at the link's end.
    fn poll_link(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.write(cx)?;
        let message = ready!(self.link.poll_recv(cx))?;
        let received = self.receive(&message);
        if received.is_err() {
            // A client that ends the session by itself still has to send that it leaves.
            let _ = self.write(cx);
        }
        Poll::Ready(received)
    }

    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Cause> {
        loop {
            // While the link is full, messages wait in the client, within its limits.
            let Poll::Ready(flushed) = self.link.poll_flush(cx) else { return Ok(()) };
            flushed?;
            let Some(message) = self.shared.lock().client.poll_transmit() else { return Ok(()) };
            self.link.send(message)?;
        }
    }

    fn receive(&mut self, message: &[u8]) -> Result<(), Cause> {
        let now = self.shared.now();
        self.heard_at = now;
        let mut state = self.shared.lock();
        let received = state.client.receive(now, message);
        self.joined |= state.client.is_playing();
        let taken = state.take_events();
        if taken.is_err() {
            state.client.leave();
        }
        drop(state);
        if taken? {
            self.shared.tell();
        }
        received.map_err(|error| Cause::Closed(error.close()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::transport::LinkEnd;
    use bytes::Bytes;
    use std::sync::{Arc, Mutex};
    use tickwire_arena::Arena;
    use tickwire_shared::wire::CloseCode;
    use tokio::time::Instant;

    /// Delivers what it contains, and then nothing; keeps what is sent.
    #[derive(Default)]
    struct Scripted {
        messages: Vec<Result<Bytes, LinkEnd>>,
        is_full: bool,
        sent: Arc<Mutex<Vec<Vec<u8>>>>,
    }

    impl Link for Scripted {
        fn poll_recv(&mut self, _: &mut Context<'_>) -> Poll<Result<Bytes, LinkEnd>> {
            self.messages.pop().map_or(Poll::Pending, Poll::Ready)
        }

        fn send(&mut self, message: Vec<u8>) -> Result<(), LinkEnd> {
            self.sent.lock().unwrap().push(message);
            Ok(())
        }

        fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LinkEnd>> {
            if self.is_full { Poll::Pending } else { Poll::Ready(Ok(())) }
        }
    }

    fn shared() -> Shared<Arena> {
        Shared::new(Config::player("arena", "ada").client, None)
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_answers_nothing_has_10_s() {
        let (shared, start) = (shared(), Instant::now());
        let link = Scripted::default();
        let sent = Arc::clone(&link.sent);
        assert_eq!(run(&shared, link).await, (false, Err(Cause::JoinTimeout)));
        assert_eq!(start.elapsed().as_secs(), JOIN_TIMEOUT.as_secs());
        assert_eq!(sent.lock().unwrap().len(), 1, "the Hello");
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_link_is_full_nothing_is_sent() {
        let link = Scripted { is_full: true, ..Scripted::default() };
        let sent = Arc::clone(&link.sent);
        assert_eq!(run(&shared(), link).await, (false, Err(Cause::JoinTimeout)));
        assert!(sent.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_link_that_breaks_or_talks_nonsense_ends_the_session() {
        let broken = LinkEnd::Broken("reset".into());
        let link = Scripted { messages: vec![Err(broken.clone())], ..Scripted::default() };
        assert_eq!(run(&shared(), link).await, (false, Err(Cause::Link(broken))));
        let link = Scripted { messages: vec![Ok(Bytes::from_static(&[9, 9]))], ..Scripted::default() };
        let (_, ended) = run(&shared(), link).await;
        assert!(matches!(&ended, Err(Cause::Closed(close)) if close.code == CloseCode::UnknownMessage));
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_leaves_before_it_has_a_seat_need_not_wait() {
        let (shared, start) = (shared(), Instant::now());
        let link = Scripted { is_full: true, ..Scripted::default() };
        shared.leave();
        assert_eq!(run(&shared, link).await, (false, Ok(End::Left)));
        assert!(start.elapsed() < LEAVE_TIMEOUT);
    }
}
