//! A separate thread for what must respond whatever games and players do: the operator's listener and
//! signals.

use std::future::Future;
use std::io;
use std::thread;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread that runs its own tasks. Dropping this ends the thread and the tasks.
#[derive(Debug)]
pub(crate) struct ControlThread {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl ControlThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread or no file descriptors for it.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            let _ = runtime.block_on(stopped);
            // A task that reads a file is not waited for.
            runtime.shutdown_background();
        };
        thread::Builder::new().name("control".to_owned()).spawn(run)?;
        Ok(Self { handle, _stop: stop })
    }

    /// Runs a task there.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    /// The thread's runtime, to create what belongs to it.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}
