//! All that a listener has of one talker: the key of its newest generation, and those before until their time is over.

use std::time::Duration;

use crate::{FrameError, FrameId, OpenKey};

/// How long a generation is kept when a newer one was heard.
const GRACE: Duration = Duration::from_secs(2);
/// How long a generation is kept when a newer key has come, and is not heard.
const LONGEST: Duration = Duration::from_secs(10);
/// Most generations before the newest. Two, because a talker on air moves at the latest 5 s after a key was sent, and
/// keys may follow each other faster, as when two people are sent away.
const MOST: usize = 2;

/// Opens what one talker says to one listener, across its generations. The key is chosen by what the header says.
pub struct OpenKeys {
    newest: OpenKey,
    /// The later one first.
    before: [Option<Before>; MOST],
}

/// A generation that is over.
struct Before {
    key: OpenKey,
    until: Duration,
}

impl OpenKeys {
    /// The first key that came.
    pub fn new(key: OpenKey) -> Self {
        Self { newest: key, before: Default::default() }
    }

    /// A later key came at `now`: those before are wiped 10 s from now at the latest.
    ///
    /// # Errors
    /// `Generation` when it is not above all that came before. Nothing has changed then, and the key is wiped.
    pub fn add(&mut self, now: Duration, key: OpenKey) -> Result<(), FrameError> {
        self.expire(now);
        if key.generation() <= self.newest.generation() {
            return Err(FrameError::Generation);
        }
        let key = std::mem::replace(&mut self.newest, key);
        self.before.rotate_right(1);
        self.before[0] = Some(Before { key, until: now.saturating_add(LONGEST) });
        Ok(())
    }

    /// Opens a frame that came at `now`, on any clock that does not go back: puts the plaintext to the beginning of
    /// `out`, gives its length. Asks for no memory within a spurt.
    ///
    /// # Errors
    /// As `OpenKey::open_into`; `Generation` when its key is wiped or has not come.
    pub fn open_into(
        &mut self,
        now: Duration,
        frame: &[u8],
        out: &mut [u8],
    ) -> Result<(FrameId, usize), FrameError> {
        self.expire(now);
        let generation = FrameId::read(frame)?.generation;
        let key = std::iter::once(&mut self.newest)
            .chain(self.before.iter_mut().flatten().map(|before| &mut before.key))
            .find(|key| key.generation() == generation)
            .ok_or(FrameError::Generation)?;
        let opened = key.open_into(now, frame, out)?;
        for before in self.before.iter_mut().flatten().filter(|b| b.key.generation() < generation) {
            before.until = before.until.min(now.saturating_add(GRACE));
        }
        Ok(opened)
    }

    /// Wipes the keys whose time is over. `open_into` and `add` do so too; a timer that calls this does it when no frame
    /// comes any more.
    pub fn expire(&mut self, now: Duration) {
        self.newest.expire(now);
        for slot in &mut self.before {
            *slot = slot.take().filter(|before| now < before.until);
            if let Some(before) = slot {
                before.key.expire(now);
            }
        }
    }

    /// When `expire` has something to do next.
    pub fn expires_at(&self) -> Option<Duration> {
        let before = self.before.iter().flatten();
        before
            .flat_map(|before| [Some(before.until), before.key.expires_at()])
            .chain([self.newest.expires_at()])
            .flatten()
            .min()
    }

    /// The newest generation.
    pub fn generation(&self) -> u32 {
        self.newest.generation()
    }
}
