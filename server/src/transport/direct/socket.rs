//! A TCP socket that either wakes the task that waits for bytes, or is polled on ticks.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What is read from.
pub(super) trait Source {
    /// Reads what is available.
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize>;

    /// Reads what is available, and returns when the last of it arrived: time since the Unix epoch, if known.
    /// `control` is working memory.
    fn read_timed(
        &mut self,
        bytes: &mut [u8],
        control: &mut Vec<u8>,
    ) -> io::Result<(usize, Option<Duration>)>;
}

/// A non-blocking socket.
#[derive(Debug)]
pub(super) enum Socket {
    /// The runtime wakes a task when bytes arrive and when there is room for more.
    OnWake(TcpStream),
    /// Arriving bytes wake no task. That saves a wakeup per frame where the socket is read at each tick
    /// anyway.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    OnTick(on_tick::Fd),
    /// The runtime could not register it.
    Lost,
}

fn lost() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl Socket {
    /// Reads what is available. Registers no waker while polled on ticks.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::OnWake(socket) => Pin::new(socket).poll_read(cx, buffer),
            #[cfg(any(target_os = "android", target_os = "linux"))]
            Self::OnTick(socket) => socket.poll_read(buffer),
            Self::Lost => Poll::Ready(Err(lost())),
        }
    }

    /// Writes as much as there is room for.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::OnWake(socket) => Pin::new(socket).poll_write_vectored(cx, parts),
            #[cfg(any(target_os = "android", target_os = "linux"))]
            Self::OnTick(socket) => socket.poll_write(cx, parts),
            Self::Lost => Poll::Ready(Err(lost())),
        }
    }

    /// Writes as much as there is room for, and registers no waker.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::OnWake(socket) => socket.try_write(bytes),
            #[cfg(any(target_os = "android", target_os = "linux"))]
            Self::OnTick(socket) => socket.try_write(bytes),
            Self::Lost => Err(lost()),
        }
    }

    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::OnWake(socket) => Pin::new(socket).poll_shutdown(cx),
            #[cfg(any(target_os = "android", target_os = "linux"))]
            Self::OnTick(socket) => Poll::Ready(socket.shutdown()),
            Self::Lost => Poll::Ready(Err(lost())),
        }
    }

    /// Switches to polling on ticks where the system can tell when bytes arrived. Returns whether it did.
    pub(super) fn poll_on_tick(&mut self) -> io::Result<bool> {
        #[cfg(any(target_os = "android", target_os = "linux"))]
        if let Self::OnWake(socket) = std::mem::replace(self, Self::Lost) {
            *self = Self::OnTick(on_tick::Fd::new(socket)?);
        }
        Ok(self.is_on_tick())
    }

    /// Switches back: the waiting task is woken again.
    pub(super) fn poll_on_wake(&mut self) -> io::Result<()> {
        #[cfg(any(target_os = "android", target_os = "linux"))]
        if self.is_on_tick()
            && let Self::OnTick(socket) = std::mem::replace(self, Self::Lost)
        {
            *self = Self::OnWake(socket.into_stream()?);
        }
        Ok(())
    }

    pub(super) fn is_on_tick(&self) -> bool {
        !matches!(self, Self::OnWake(_) | Self::Lost)
    }
}

/// Reads from a socket that is polled on ticks. Any other socket yields nothing this way.
impl Source for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(any(target_os = "android", target_os = "linux"))]
            Self::OnTick(socket) => socket.read(bytes),
            _ => {
                let _ = bytes;
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }

    fn read_timed(
        &mut self,
        bytes: &mut [u8],
        control: &mut Vec<u8>,
    ) -> io::Result<(usize, Option<Duration>)> {
        match self {
            #[cfg(any(target_os = "android", target_os = "linux"))]
            Self::OnTick(socket) => socket.read_timed(bytes, control),
            _ => {
                let _ = (bytes, control);
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }
}

#[cfg(any(target_os = "android", target_os = "linux"))]
mod on_tick {
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SetSockOpt, recvmsg, sockopt::ReceiveTimestampns};
    use nix::sys::time::TimeSpec;
    use std::io::{self, IoSlice, IoSliceMut, Read, Write};
    use std::net::{Shutdown, TcpStream};
    use std::os::fd::AsRawFd;
    use std::task::{Context, Poll, ready};
    use std::time::Duration;
    use tokio::io::unix::AsyncFd;
    use tokio::io::{Interest, ReadBuf};

    /// A socket of which the runtime watches only the sending half.
    #[derive(Debug)]
    pub(in super::super) struct Fd(AsyncFd<TcpStream>);

    impl Fd {
        #[expect(
            deprecated,
            reason = "its successor is unsafe; a TcpStream keeps its descriptor, as that one asks"
        )]
        pub(super) fn new(socket: tokio::net::TcpStream) -> io::Result<Self> {
            let socket = socket.into_std()?;
            ReceiveTimestampns.set(&socket, &true)?;
            AsyncFd::with_interest(socket, Interest::WRITABLE).map(Self)
        }

        pub(super) fn into_stream(self) -> io::Result<tokio::net::TcpStream> {
            tokio::net::TcpStream::from_std(self.0.into_inner())
        }

        pub(super) fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
            self.0.get_ref().read(bytes)
        }

        pub(super) fn poll_read(&self, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            loop {
                match self.read(buffer.initialize_unfilled()) {
                    Ok(bytes) => {
                        buffer.advance(bytes);
                        return Poll::Ready(Ok(()));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        }

        pub(super) fn poll_write(
            &self,
            cx: &mut Context<'_>,
            parts: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            loop {
                let mut guard = ready!(self.0.poll_write_ready(cx))?;
                match guard.try_io(|fd| fd.get_ref().write_vectored(parts)) {
                    Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(written) => return Poll::Ready(written),
                    Err(_would_block) => {}
                }
            }
        }

        pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
            // Ignores the runtime's record of whether there is room: a session that waits for room asks the
            // socket again.
            self.0.get_ref().write(bytes)
        }

        pub(super) fn shutdown(&self) -> io::Result<()> {
            self.0.get_ref().shutdown(Shutdown::Write)
        }

        pub(super) fn read_timed(
            &self,
            bytes: &mut [u8],
            control: &mut Vec<u8>,
        ) -> io::Result<(usize, Option<Duration>)> {
            if control.is_empty() {
                *control = nix::cmsg_space!(TimeSpec);
            }
            let mut parts = [IoSliceMut::new(bytes)];
            let fd = self.0.get_ref().as_raw_fd();
            let message = recvmsg::<()>(fd, &mut parts, Some(control), MsgFlags::MSG_DONTWAIT)?;
            let stamp = message.cmsgs()?.find_map(|part| match part {
                ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
                _ => None,
            });
            Ok((message.bytes, stamp))
        }
    }
}
