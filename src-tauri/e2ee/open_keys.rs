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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pushtalk_protocol::SecretBytes;

    use super::*;
    use crate::SealKey;

    const NOW: Duration = Duration::from_secs(100);
    const MOMENT: Duration = Duration::from_nanos(1);

    /// All generations have the same media key here: their frames differ all the same, because the key id does.
    fn talk(generation: u32) -> SealKey {
        SealKey::new(SecretBytes::new([6; 32]).into(), generation)
    }

    fn listen(generation: u32) -> OpenKey {
        OpenKey::new(SecretBytes::new([6; 32]).into(), generation)
    }

    fn say(keys: &mut OpenKeys, now: Duration, key: &mut SealKey) -> Result<FrameId, FrameError> {
        let frame = key.seal(b"word").unwrap();
        let mut out = [0; 4];
        let opened = keys.open_into(now, frame.as_bytes(), &mut out);
        assert!(opened.is_err() || &out == b"word");
        opened.map(|(id, _)| id)
    }

    #[test]
    fn the_generation_before_is_heard_until_ten_seconds_after_a_key_came() {
        let mut keys = OpenKeys::new(listen(1));
        keys.add(NOW, listen(2)).unwrap();
        assert_eq!((keys.generation(), keys.expires_at()), (2, Some(NOW + LONGEST)));
        assert!(say(&mut keys, NOW + LONGEST - MOMENT, &mut talk(1)).is_ok());
        assert_eq!(say(&mut keys, NOW + LONGEST, &mut talk(1)), Err(FrameError::Generation));
        assert_eq!(keys.expires_at(), None);
    }

    #[test]
    fn the_generation_before_is_heard_until_two_seconds_after_a_frame_of_the_next() {
        let mut keys = OpenKeys::new(listen(1));
        let (mut one, mut two) = (talk(1), talk(2));
        keys.add(NOW, listen(2)).unwrap();
        let later = NOW + Duration::from_secs(3);
        assert!(say(&mut keys, later, &mut two).is_ok());
        assert_eq!(keys.expires_at(), Some(later + GRACE));
        // Further frames do not put it off.
        assert!(say(&mut keys, later + GRACE / 2, &mut two).is_ok());
        assert!(say(&mut keys, later + GRACE - MOMENT, &mut one).is_ok());
        assert_eq!(say(&mut keys, later + GRACE, &mut one), Err(FrameError::Generation));
        assert!(keys.before.iter().all(Option::is_none));
        // A frame of the next one just before the ten seconds are over does not put it off either.
        keys.add(NOW * 2, listen(3)).unwrap();
        assert!(say(&mut keys, NOW * 2 + LONGEST - MOMENT, &mut talk(3)).is_ok());
        assert_eq!(keys.expires_at(), Some(NOW * 2 + LONGEST));
    }

    #[test]
    fn a_forged_frame_of_the_next_generation_ends_nothing() {
        let mut keys = OpenKeys::new(listen(1));
        keys.add(NOW, listen(2)).unwrap();
        let mut forged = SealKey::new(SecretBytes::new([9; 32]).into(), 2);
        assert_eq!(say(&mut keys, NOW, &mut forged), Err(FrameError::Refused));
        assert_eq!(keys.expires_at(), Some(NOW + LONGEST));
    }

    #[test]
    fn generations_rise() {
        let mut keys = OpenKeys::new(listen(5));
        for old in [0, 4, 5] {
            assert_eq!(keys.add(NOW, listen(old)), Err(FrameError::Generation));
        }
        keys.add(NOW, listen(9)).unwrap();
        assert_eq!(keys.add(NOW, listen(5)), Err(FrameError::Generation));
        assert_eq!(keys.add(NOW, listen(6)), Err(FrameError::Generation));
        assert!(say(&mut keys, NOW, &mut talk(5)).is_ok());
        assert_eq!(say(&mut keys, NOW, &mut talk(6)), Err(FrameError::Generation));
    }

    #[test]
    fn a_talker_on_air_is_heard_while_two_keys_follow_each_other() {
        let mut keys = OpenKeys::new(listen(1));
        let mut on_air = talk(1);
        assert!(say(&mut keys, NOW, &mut on_air).is_ok());
        keys.add(NOW, listen(2)).unwrap();
        keys.add(NOW + GRACE, listen(3)).unwrap();
        assert!(say(&mut keys, NOW + GRACE, &mut on_air).is_ok());
        assert!(say(&mut keys, NOW + GRACE, &mut talk(3)).is_ok());
        assert_eq!(keys.expires_at(), Some(NOW + GRACE + GRACE));
        keys.add(NOW + GRACE, listen(4)).unwrap();
        assert_eq!(say(&mut keys, NOW + GRACE, &mut on_air), Err(FrameError::Generation));
    }

    #[test]
    fn a_passed_spurt_of_a_generation_before_is_wiped_in_its_own_time() {
        let mut keys = OpenKeys::new(listen(1));
        let mut one = talk(1);
        assert!(say(&mut keys, NOW, &mut one).is_ok());
        one.next_spurt().unwrap();
        assert!(say(&mut keys, NOW, &mut one).is_ok());
        keys.add(NOW, listen(2)).unwrap();
        assert_eq!(keys.expires_at(), Some(NOW + GRACE));
        keys.expire(NOW + GRACE);
        assert_eq!(keys.expires_at(), Some(NOW + LONGEST));
    }

    #[derive(Clone, Debug)]
    enum Event {
        Wait(u64),
        /// A key comes, so many generations above the last.
        Add(u32),
        /// A frame comes, of the key that so many came before the last; at its next press or not.
        Frame(usize, bool),
        Expire,
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0u64..4000).prop_map(Event::Wait),
            (1u32..3).prop_map(Event::Add),
            (0usize..5, any::<bool>()).prop_map(|(age, press)| Event::Frame(age, press)),
            (0usize..2, any::<bool>()).prop_map(|(age, press)| Event::Frame(age, press)),
            Just(Event::Expire),
        ]
    }

    /// A generation, as the rules have it.
    struct Told {
        key: SealKey,
        /// When a later key came.
        followed: Option<Duration>,
        /// When a frame of a later one was first heard.
        passed: Option<Duration>,
    }

    impl Told {
        fn new(generation: u32) -> Self {
            Self { key: talk(generation), followed: None, passed: None }
        }

        fn is_wiped(&self, now: Duration) -> bool {
            self.followed.is_some_and(|at| now >= at + LONGEST)
                || self.passed.is_some_and(|at| now >= at + GRACE)
        }
    }

    proptest! {
        #[test]
        fn a_generation_is_opened_exactly_until_its_time_is_over(
            events in proptest::collection::vec(event(), 0..120),
        ) {
            let (mut now, mut keys, mut told) = (NOW, OpenKeys::new(listen(1)), vec![Told::new(1)]);
            for event in events {
                match event {
                    Event::Wait(milliseconds) => now += Duration::from_millis(milliseconds),
                    Event::Add(above) => {
                        let last = told.last_mut().unwrap();
                        last.followed = Some(now);
                        let generation = last.key.generation() + above;
                        keys.add(now, listen(generation)).unwrap();
                        told.push(Told::new(generation));
                    }
                    Event::Frame(age, press) => {
                        let Some(at) = told.len().checked_sub(age + 1) else { continue };
                        if press && told[at].key.step() < 60 {
                            told[at].key.next_spurt().unwrap();
                        }
                        // No more than two are kept beside the newest.
                        let wiped = age > MOST || told[at].is_wiped(now);
                        let opened = say(&mut keys, now, &mut told[at].key);
                        prop_assert_eq!(opened.err(), wiped.then_some(FrameError::Generation));
                        if !wiped {
                            for told in &mut told[..at] {
                                told.passed = told.passed.or(Some(now));
                            }
                        }
                    }
                    Event::Expire => keys.expire(now),
                }
                if keys.expires_at().is_some_and(|at| at <= now) {
                    keys.expire(now);
                }
                prop_assert!(keys.expires_at().is_none_or(|at| at > now));
                // What is held is what may be held: wiped ones are gone from memory, not only refused.
                let held: Vec<_> = keys.before.iter().flatten().map(|before| before.key.generation()).collect();
                let (_, older) = told.split_last().unwrap();
                let may: Vec<_> = older.iter().rev().take(MOST)
                    .filter(|told| !told.is_wiped(now)).map(|told| told.key.generation()).collect();
                prop_assert_eq!(held, may);
            }
        }
    }
}
