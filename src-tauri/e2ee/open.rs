//! Opening what one talker says to one listener: inspect, open, and only then record.

use std::time::Duration;

use crate::aead::TAG;
use crate::header::FrameId;
use crate::sframe::{BaseKey, FrameKey};
use crate::window::Window;
use crate::{FrameError, MediaKey};

/// How far a frame may be ahead of the last step that was heard.
const MOST_STEPS: u8 = 63;
/// How long the key of a passed step is kept for frames that are late.
const GRACE: Duration = Duration::from_secs(2);

/// A frame that was opened.
pub struct Opened {
    /// The talker's step: its spurt within the generation.
    pub step: u8,
    /// Number of the frame within its spurt, from 0.
    pub counter: u64,
    /// What was sealed.
    pub plaintext: Vec<u8>,
}

/// Opens one generation of one direction of one pair.
pub struct OpenKey {
    generation: u32,
    /// Of the current step.
    base: BaseKey,
    current: Step,
    passed: Option<(Step, Duration)>,
}

struct Step {
    number: u8,
    key: FrameKey,
    window: Window,
}

impl OpenKey {
    /// A key that was sent for this generation. Begins at step 0, but may hear any of the first 63 first.
    pub fn new(key: MediaKey, generation: u32) -> Self {
        let base = BaseKey::Fresh(key);
        let current = Step::new(&base, generation, 0);
        Self { generation, base, current, passed: None }
    }

    /// Opens a frame that came at `now`, on any clock that does not go back.
    ///
    /// # Errors
    /// Why not. Nothing has changed then, but that a passed key whose time is over is wiped.
    pub fn open(&mut self, now: Duration, frame: &[u8]) -> Result<Opened, FrameError> {
        let mut plaintext = vec![0; frame.len()];
        let (FrameId { step, counter, .. }, length) = self.open_into(now, frame, &mut plaintext)?;
        plaintext.truncate(length);
        Ok(Opened { step, counter, plaintext })
    }

    /// As `open`, without asking for memory within a spurt: puts the plaintext to the beginning of `out`, gives its
    /// length.
    ///
    /// # Errors
    /// As `open`, and `TooLong` when `out` is shorter than the plaintext. What is in `out` then is of no use.
    pub fn open_into(
        &mut self,
        now: Duration,
        frame: &[u8],
        out: &mut [u8],
    ) -> Result<(FrameId, usize), FrameError> {
        self.expire(now);
        let (id, length) = FrameId::split(frame)?;
        if id.generation != self.generation {
            return Err(FrameError::Generation);
        }
        let (header, sealed) = frame.split_at(length);
        let frame = Sealed::new(id.counter, header, sealed)?;
        let ahead = id.step.checked_sub(self.current.number);
        match ahead {
            Some(0) => self.current.open(&frame, out)?,
            Some(steps) if steps > MOST_STEPS => return Err(FrameError::TooFar),
            Some(steps) => {
                let base = (1..steps).fold(self.base.next(), |base, _| base.next());
                let mut next = Step::new(&base, self.generation, id.step);
                next.open(&frame, out)?;
                let passed = std::mem::replace(&mut self.current, next);
                (self.base, self.passed) = (base, Some((passed, now.saturating_add(GRACE))));
            }
            None => match &mut self.passed {
                Some((passed, _)) if passed.number == id.step => passed.open(&frame, out)?,
                _ => return Err(FrameError::Passed),
            },
        }
        Ok((id, frame.body.len()))
    }

    /// Wipes the key of a passed step when its time is over. `open` does so too; a timer that calls this does it when no
    /// frame comes any more.
    pub fn expire(&mut self, now: Duration) {
        if self.expires_at().is_some_and(|at| at <= now) {
            self.passed = None;
        }
    }

    /// When `expire` has something to do next.
    pub fn expires_at(&self) -> Option<Duration> {
        self.passed.as_ref().map(|(_, at)| *at)
    }

    /// The generation.
    pub fn generation(&self) -> u32 {
        self.generation
    }
}

/// A frame, taken apart.
struct Sealed<'a> {
    counter: u64,
    header: &'a [u8],
    body: &'a [u8],
    tag: &'a [u8; TAG],
}

impl<'a> Sealed<'a> {
    fn new(counter: u64, header: &'a [u8], sealed: &'a [u8]) -> Result<Self, FrameError> {
        let (body, tag) = sealed.split_last_chunk().ok_or(FrameError::Malformed)?;
        Ok(Self { counter, header, body, tag })
    }
}

impl Step {
    fn new(base: &BaseKey, generation: u32, number: u8) -> Self {
        let key = base.frame_key(FrameId::kid(generation, number));
        Self { number, key, window: Window::default() }
    }

    fn open(&mut self, frame: &Sealed<'_>, out: &mut [u8]) -> Result<(), FrameError> {
        if !self.window.is_new(frame.counter) {
            return Err(FrameError::Replayed);
        }
        let out = out.get_mut(..frame.body.len()).ok_or(FrameError::TooLong)?;
        out.copy_from_slice(frame.body);
        self.key.open(frame.counter, frame.header, out, frame.tag)?;
        self.window.take(frame.counter);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pushtalk_protocol::SecretBytes;

    use super::*;
    use crate::SealKey;
    use crate::sframe::tests::opens_no_earlier_frame;

    const NOW: Duration = Duration::from_secs(100);

    fn keys() -> (SealKey, OpenKey) {
        let key = || SecretBytes::new([6; 32]).into();
        (SealKey::new(key(), 5), OpenKey::new(key(), 5))
    }

    fn seal(key: &mut SealKey, word: &[u8]) -> Vec<u8> {
        key.seal(word).unwrap().as_bytes().to_vec()
    }

    fn advance(key: &mut SealKey, steps: u8) {
        (0..steps).for_each(|_| key.next_spurt().unwrap());
    }

    #[test]
    fn what_is_sealed_is_opened_once() {
        let (mut talk, mut listen) = keys();
        for spurt in 0..5 {
            for n in 0..20 {
                let frame = seal(&mut talk, b"word");
                let opened = listen.open(NOW, &frame).ok().unwrap();
                assert_eq!((opened.step, opened.counter, &opened.plaintext[..]), (spurt, n, &b"word"[..]));
                assert_eq!(listen.open(NOW, &frame).err(), Some(FrameError::Replayed));
            }
            talk.next_spurt().unwrap();
        }
    }

    #[test]
    fn frames_may_come_in_any_order_within_128() {
        let (mut talk, mut listen) = keys();
        let frames: Vec<_> = (0..200).map(|_| seal(&mut talk, b"word")).collect();
        assert!(listen.open(NOW, &frames[199]).is_ok());
        for (i, frame) in frames[..199].iter().enumerate().rev() {
            let expected = if i >= 72 { None } else { Some(FrameError::Replayed) };
            assert_eq!(listen.open(NOW, frame).err(), expected, "{i}");
        }
    }

    #[test]
    fn a_forged_frame_moves_neither_window_nor_step() {
        let (mut talk, mut listen) = keys();
        let first = seal(&mut talk, b"first");
        let mut far = SealKey::new(SecretBytes::new([9; 32]).into(), 5);
        (0..1000).for_each(|_| drop(far.seal(b"").unwrap()));
        assert_eq!(listen.open(NOW, &seal(&mut far, b"x")).err(), Some(FrameError::Refused));
        advance(&mut far, 40);
        assert_eq!(listen.open(NOW, &seal(&mut far, b"x")).err(), Some(FrameError::Refused));
        assert_eq!(listen.expires_at(), None);
        assert!(listen.open(NOW, &first).is_ok());
    }

    #[test]
    fn a_listener_follows_63_spurts_ahead_and_no_more() {
        let (mut talk, mut listen) = keys();
        advance(&mut talk, 64);
        assert_eq!(listen.open(NOW, &seal(&mut talk, b"word")).err(), Some(FrameError::TooFar));
        let (mut talk, mut listen_again) = keys();
        for _ in 0..4 {
            advance(&mut talk, 63);
            assert!(listen_again.open(NOW, &seal(&mut talk, b"word")).is_ok());
        }
        advance(&mut talk, 3);
        assert_eq!(listen_again.open(NOW, &seal(&mut talk, b"word")).ok().unwrap().step, 255);
        assert!(listen.passed.is_none());
    }

    #[test]
    fn a_passed_spurt_is_heard_for_two_seconds_more() {
        let (mut talk, mut listen) = keys();
        assert!(listen.open(NOW, &seal(&mut talk, b"word")).is_ok());
        let late: Vec<_> = (0..3).map(|_| seal(&mut talk, b"late")).collect();
        talk.next_spurt().unwrap();
        assert!(listen.open(NOW, &seal(&mut talk, b"next")).is_ok());
        assert_eq!(listen.expires_at(), Some(NOW + GRACE));
        assert!(listen.open(NOW, &late[0]).is_ok());
        let just_before = NOW + GRACE - Duration::from_millis(1);
        assert_eq!(listen.open(just_before, &late[0]).err(), Some(FrameError::Replayed));
        assert!(listen.open(just_before, &late[1]).is_ok());
        assert_eq!(listen.open(NOW + GRACE, &late[2]).err(), Some(FrameError::Passed));
        assert!(listen.passed.is_none());
    }

    #[test]
    fn a_passed_spurts_key_is_wiped_by_time_alone() {
        let (mut talk, mut listen) = keys();
        advance(&mut talk, 1);
        assert!(listen.open(NOW, &seal(&mut talk, b"word")).is_ok());
        listen.expire(NOW + GRACE - Duration::from_nanos(1));
        assert!(listen.passed.is_some());
        listen.expire(NOW + GRACE);
        assert!(listen.passed.is_none());
    }

    #[test]
    fn a_spurt_that_was_skipped_is_not_opened() {
        let (mut talk, mut listen) = keys();
        advance(&mut talk, 1);
        let skipped = seal(&mut talk, b"skipped");
        advance(&mut talk, 1);
        assert!(listen.open(NOW, &seal(&mut talk, b"word")).is_ok());
        assert_eq!(listen.open(NOW, &skipped).err(), Some(FrameError::Passed));
    }

    #[test]
    fn another_generation_is_told_from_the_header() {
        let (_, mut listen) = keys();
        let mut other = SealKey::new(SecretBytes::new([6; 32]).into(), 6);
        let frame = seal(&mut other, b"word");
        assert_eq!(FrameId::read(&frame).map(|id| id.generation), Ok(6));
        assert_eq!(listen.open(NOW, &frame).err(), Some(FrameError::Generation));
    }

    #[test]
    fn a_plaintext_that_does_not_fit_is_refused_and_can_be_opened_later() {
        let (mut talk, mut listen) = keys();
        let frame = seal(&mut talk, b"word");
        let mut out = [0; 4];
        assert_eq!(listen.open_into(NOW, &frame, &mut out[..3]), Err(FrameError::TooLong));
        assert_eq!(listen.open_into(NOW, &frame, &mut out).map(|(_, length)| length), Ok(4));
        assert_eq!(&out, b"word");
    }

    #[test]
    fn a_look_into_the_memory_of_a_listener_opens_no_spurt_that_is_over() {
        let (mut talk, mut listen) = keys();
        let mut earlier = Vec::new();
        for spurt in 1..5u32 {
            let now = NOW + GRACE * 2 * spurt;
            let frames = [seal(&mut talk, b"first"), seal(&mut talk, b"lost")];
            assert!(listen.open(now, &frames[0]).is_ok());
            earlier.extend(frames);
            talk.next_spurt().unwrap();
            assert!(listen.open(now, &seal(&mut talk, b"next")).is_ok());
            // In the time of grace the last spurt can be opened, and no earlier one.
            let passed = &listen.passed.as_ref().unwrap().0;
            opens_no_earlier_frame(&listen.base, &passed.key, &earlier[..earlier.len() - 2]);
            listen.expire(now + GRACE);
            assert!(listen.passed.is_none());
            opens_no_earlier_frame(&listen.base, &listen.current.key, &earlier);
        }
    }

    #[test]
    fn what_another_implementation_seals_is_opened_here() {
        use sframe::{CipherSuite, frame::MediaFrame, frame::MonotonicCounter, key::EncryptionKey};
        let (_, mut listen) = keys();
        let kid = FrameId::kid(5, 0);
        let theirs = EncryptionKey::derive_from(CipherSuite::AesGcm256Sha512, kid, [6; 32]).unwrap();
        let mut counter = MonotonicCounter::default();
        for n in 0..300u64 {
            let frame = MediaFrame::try_new(&mut counter, "a word").unwrap().encrypt(&theirs).unwrap();
            let opened = listen.open(NOW, frame.as_ref()).ok().unwrap();
            assert_eq!((opened.counter, &opened.plaintext[..]), (n, &b"a word"[..]));
        }
    }

    proptest! {
        #[test]
        fn a_changed_or_cut_frame_changes_nothing(
            word in proptest::collection::vec(any::<u8>(), 0..120),
            (before, steps) in (0usize..300, 0u8..60),
            at in any::<prop::sample::Index>(),
            flip in 1u8..,
        ) {
            let (mut talk, mut listen) = keys();
            (0..before).for_each(|_| drop(talk.seal(b"").unwrap()));
            advance(&mut talk, steps);
            let frame = seal(&mut talk, &word);
            let mut flipped = frame.clone();
            flipped[at.index(frame.len())] ^= flip;
            prop_assert!(listen.open(NOW, &flipped).is_err());
            prop_assert!(listen.open(NOW, &frame[..at.index(frame.len())]).is_err());
            prop_assert!(listen.open(NOW, &[&frame[..], &[flip]].concat()).is_err());
            prop_assert_eq!(listen.current.number, 0);
            let opened = listen.open(NOW, &frame).ok().unwrap();
            prop_assert_eq!(opened.plaintext, word);
            prop_assert_eq!(opened.step, steps);
        }

        #[test]
        fn a_key_of_another_pair_opens_nothing(a: [u8; 32], b: [u8; 32], generation: u32) {
            prop_assume!(a != b);
            let mut talk = SealKey::new(SecretBytes::new(a).into(), generation);
            let mut other = OpenKey::new(SecretBytes::new(b).into(), generation);
            prop_assert_eq!(other.open(NOW, &seal(&mut talk, b"word")).err(), Some(FrameError::Refused));
        }

        #[test]
        fn any_bytes_end_in_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let (_, mut listen) = keys();
            prop_assert!(listen.open(NOW, &bytes).is_err());
            let mut framed = FrameId::kid(5, 0).to_be_bytes()[6..].to_vec();
            framed.insert(0, 0x90);
            framed.extend_from_slice(&bytes);
            prop_assert!(listen.open(NOW, &framed).is_err());
        }
    }
}
