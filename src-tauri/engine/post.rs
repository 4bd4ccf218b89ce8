//! The way to a voice thread, which sleeps until something comes.

use std::thread::Thread;

use crossbeam_channel::{Receiver, Sender, TrySendError};

/// Puts things into a thread's channel and wakes it.
pub(crate) struct Post<T> {
    to: Sender<T>,
    thread: Thread,
}

impl<T> Post<T> {
    pub(crate) fn new(to: Sender<T>, thread: &Thread) -> Self {
        Self { to, thread: thread.clone() }
    }

    /// The thread takes orders faster than they are given; if it hangs, waiting would not help.
    pub(crate) fn send(&self, order: T) {
        drop(self.to.try_send(order));
        self.thread.unpark();
    }

    /// What is newest counts: when there is no room, what comes out at the other end first is lost.
    pub(crate) fn send_dropping(&self, thing: T, oldest: &Receiver<T>) {
        let mut thing = thing;
        while let Err(TrySendError::Full(back)) = self.to.try_send(thing) {
            drop(oldest.try_recv());
            thing = back;
        }
        self.thread.unpark();
    }
}
