//! Sealing what one talker says to one listener: key and counter in one value that cannot be copied.

use bytes::{Bytes, BytesMut};

use crate::aead::TAG;
use crate::header::{FrameId, LONGEST, encode};
use crate::sframe::{BaseKey, FrameKey};
use crate::{Exhausted, MediaKey};

/// Frames that one step may have. At 100 a second, 497 days.
const MOST_FRAMES: u64 = 1 << 32;
/// Frames are cut from pieces of memory of this size, so that not each one asks for its own.
const CHUNK: usize = 16 * 1024;

/// A frame that only its listener can open. `SealKey` alone makes one, so whatever takes this type never takes voice
/// that is not sealed.
pub struct SealedFrame(Bytes);

impl SealedFrame {
    /// The bytes to be sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to be sent.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// Seals one generation of one direction of one pair. Begins at step 0.
pub struct SealKey {
    generation: u32,
    step: u8,
    base: BaseKey,
    key: FrameKey,
    counter: u64,
    memory: BytesMut,
}

impl SealKey {
    /// A key for a generation, which must be another one for each media key.
    pub fn new(key: MediaKey, generation: u32) -> Self {
        let base = BaseKey::Fresh(key);
        let key = base.frame_key(FrameId::kid(generation, 0));
        Self { generation, step: 0, base, key, counter: 0, memory: BytesMut::new() }
    }

    /// At every press of the button: another key, from which there is no way back to this one, and frames are counted
    /// from 0 again.
    ///
    /// # Errors
    /// After 255 steps; nothing has changed then, and a new generation is due.
    pub fn next_spurt(&mut self) -> Result<(), Exhausted> {
        let step = self.step.checked_add(1).ok_or(Exhausted)?;
        let base = self.base.next();
        self.key = base.frame_key(FrameId::kid(self.generation, step));
        (self.base, self.step, self.counter) = (base, step, 0);
        Ok(())
    }

    /// Seals one frame; what it adds is 16 bytes and a header of at most 11.
    ///
    /// # Errors
    /// After 2^32 frames of one step.
    pub fn seal(&mut self, plaintext: &[u8]) -> Result<SealedFrame, Exhausted> {
        if self.counter >= MOST_FRAMES {
            return Err(Exhausted);
        }
        let mut header = [0; LONGEST];
        let length = encode(FrameId::kid(self.generation, self.step), self.counter, &mut header);
        let header = &header[..length];

        let whole = header.len() + plaintext.len() + TAG;
        if self.memory.capacity() < whole {
            // Uses the old piece again when all frames that were cut from it are gone.
            self.memory.reserve(whole.max(CHUNK));
        }
        self.memory.extend_from_slice(header);
        self.memory.extend_from_slice(plaintext);
        let tag = self.key.seal(self.counter, header, &mut self.memory[length..]);
        self.memory.extend_from_slice(&tag);
        self.counter += 1;
        Ok(SealedFrame(self.memory.split().freeze()))
    }

    /// The generation.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The step: 0, then one more at each press.
    pub fn step(&self) -> u8 {
        self.step
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pushtalk_protocol::SecretBytes;

    use super::*;
    use crate::sframe::tests::opens_no_earlier_frame;

    fn key(generation: u32) -> SealKey {
        SealKey::new(SecretBytes::new([4; 32]).into(), generation)
    }

    #[test]
    fn no_key_and_number_are_used_twice() {
        let mut key = key(7);
        let mut seen = BTreeSet::new();
        for step in 0..=255 {
            for counter in 0..10 {
                let id = FrameId::read(key.seal(b"voice").unwrap().as_bytes()).unwrap();
                assert_eq!(id, FrameId { generation: 7, step, counter });
                assert!(seen.insert((id.step, id.counter)));
            }
            assert_eq!(key.next_spurt().is_ok(), step < 255);
        }
        // The refusal did not turn the counter back.
        assert_eq!(FrameId::read(key.seal(b"voice").unwrap().as_bytes()).unwrap().counter, 10);
    }

    #[test]
    fn a_key_that_is_used_up_seals_nothing() {
        let mut key = key(0);
        key.counter = MOST_FRAMES - 1;
        let last = key.seal(b"voice").unwrap();
        assert_eq!(FrameId::read(last.as_bytes()).unwrap().counter, MOST_FRAMES - 1);
        assert_eq!(key.seal(b"voice").err(), Some(Exhausted));
        key.next_spurt().unwrap();
        assert_eq!(FrameId::read(key.seal(b"voice").unwrap().as_bytes()).unwrap().counter, 0);
    }

    #[test]
    fn a_passed_spurts_key_cannot_be_told_from_the_next() {
        let mut key = key(0);
        let first = key.seal(&[0; 80]).unwrap().into_bytes();
        key.next_spurt().unwrap();
        let second = key.seal(&[0; 80]).unwrap().into_bytes();
        assert_ne!(first[first.len() - 96..], second[second.len() - 96..]);
    }

    #[test]
    fn frames_stay_as_they_are_while_later_ones_are_sealed() {
        let mut key = key(1);
        let plaintext = [5; 200];
        let kept: Vec<_> = (0..300).map(|_| key.seal(&plaintext).unwrap().into_bytes()).collect();
        let copies: Vec<_> = kept.iter().map(|frame| frame.to_vec()).collect();
        for _ in 0..300 {
            key.seal(&plaintext).unwrap();
        }
        assert_eq!(kept, copies);
        // Longer than a piece of memory.
        assert_eq!(key.seal(&vec![0; 3 * CHUNK]).unwrap().as_bytes().len(), 3 * CHUNK + TAG + 5);
    }

    #[test]
    fn a_look_into_the_memory_of_a_talker_opens_no_earlier_spurt() {
        let mut key = key(1);
        let mut earlier = Vec::new();
        for _ in 0..4 {
            earlier.push(key.seal(b"first").unwrap().as_bytes().to_vec());
            earlier.push(key.seal(b"second").unwrap().as_bytes().to_vec());
            key.next_spurt().unwrap();
            // Base and key of the step are all that is held; both are taken apart here.
            opens_no_earlier_frame(&key.base, &key.key, &earlier);
        }
    }

    #[test]
    fn another_implementation_opens_what_is_sealed_here() {
        use sframe::{CipherSuite, frame::EncryptedFrameView, key::DecryptionKey};
        let mut key = key(3);
        for counter in [0, 7, 8, 255, 256, MOST_FRAMES - 1] {
            key.counter = counter;
            let kid = FrameId::kid(3, 0);
            let theirs = DecryptionKey::derive_from(CipherSuite::AesGcm256Sha512, kid, [4; 32]).unwrap();
            let frame = key.seal(b"a word").unwrap().into_bytes();
            let opened = EncryptedFrameView::try_new(&frame).unwrap().decrypt(&theirs).unwrap();
            assert_eq!(opened.payload(), b"a word");
            assert_eq!(opened.counter(), counter);
        }
    }
}
