//! Two meters: what the microphone gives and what is heard.

use std::sync::atomic::{AtomicU8, Ordering};

/// Written by the voice threads, read a few times a second for the window. 0 is silence, 255 full scale.
#[derive(Default)]
pub(crate) struct Levels {
    own: AtomicU8,
    heard: AtomicU8,
}

impl Levels {
    pub(crate) fn set_own(&self, level: u8) {
        self.own.store(level, Ordering::Relaxed);
    }

    pub(crate) fn set_heard(&self, level: u8) {
        self.heard.store(level, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> [u8; 2] {
        [self.own.load(Ordering::Relaxed), self.heard.load(Ordering::Relaxed)]
    }
}
