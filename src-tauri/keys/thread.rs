//! A thread that listens until nobody wants it any more.

use std::os::fd::OwnedFd;
use std::thread::JoinHandle;

use crate::KeysError;

/// Dropped, it has ended.
pub(crate) struct Thread {
    /// Closed, it ends the thread.
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Thread {
    /// What it is given can be read from as soon as it has to end.
    pub(crate) fn start(listen: impl FnOnce(OwnedFd) + Send + 'static) -> Result<Self, KeysError> {
        let (stopped, stop) = rustix::pipe::pipe().map_err(|_| KeysError::Refused)?;
        let thread = std::thread::Builder::new().name("talk-keys".into()).spawn(move || listen(stopped));
        Ok(Self { stop: Some(stop), thread: Some(thread.map_err(|_| KeysError::Refused)?) })
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
