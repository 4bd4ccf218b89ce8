//! What should be known and is not yet read.

use crate::face::{ErrorCode, Notice};

/// A few notices, oldest first; the same one is told once.
#[derive(Default)]
pub(crate) struct Notices {
    all: Vec<Notice>,
    next: u32,
}

const MOST: usize = 6;

impl Notices {
    pub(crate) fn tell(&mut self, code: ErrorCode, about: Option<String>) {
        self.tell_with(code, about, None);
    }

    /// A device is not there, and another one is used.
    pub(crate) fn tell_replaced(&mut self, code: ErrorCode, about: String, instead: String) {
        self.tell_with(code, Some(about), Some(instead));
    }

    fn tell_with(&mut self, code: ErrorCode, about: Option<String>, instead: Option<String>) {
        tracing::info!(?code, "notice");
        self.all.retain(|n| n.code != code || n.about != about);
        if self.all.len() == MOST {
            self.all.remove(0);
        }
        self.next += 1;
        self.all.push(Notice { id: self.next, code, about, instead });
    }

    pub(crate) fn dismiss(&mut self, id: u32) {
        self.all.retain(|n| n.id != id);
    }

    /// Overtaken: what was told no longer holds.
    pub(crate) fn withdraw(&mut self, code: ErrorCode) {
        self.all.retain(|n| n.code != code);
    }

    pub(crate) fn clear(&mut self) {
        self.all.clear();
    }

    pub(crate) fn list(&self) -> &[Notice] {
        &self.all
    }
}
