//! The way to a voice thread, which sleeps until something comes.

use std::thread::Thread;

use crossbeam_channel::{Receiver, Sender, TrySendError};

/// Puts things into a thread's channel and wakes it.
pub(crate) struct Post<T> {
    to: Sender<T>,
    /// The other end, to make room.
    oldest: Receiver<T>,
    thread: Thread,
}

impl<T> Post<T> {
    pub(crate) fn new(to: Sender<T>, oldest: Receiver<T>, thread: Thread) -> Self {
        Self { to, oldest, thread }
    }

    /// The thread takes orders faster than they are given; if it hangs, waiting would not help.
    pub(crate) fn send(&self, order: T) {
        drop(self.to.try_send(order));
        self.thread.unpark();
    }

    /// What is newest counts: when there is no room, the oldest is lost.
    pub(crate) fn send_dropping_oldest(&self, thing: T) {
        let mut thing = thing;
        while let Err(TrySendError::Full(back)) = self.to.try_send(thing) {
            drop(self.oldest.try_recv());
            thing = back;
        }
        self.thread.unpark();
    }
}
