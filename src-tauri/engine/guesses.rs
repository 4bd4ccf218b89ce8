//! Counting wrong guesses at the door: five among all members, and the password is dead.
//!
//! A server could bring a guesser to each member in turn; so members tell each other what they have turned away.

use std::collections::BTreeMap;

use pushtalk_protocol::Pid;

/// The fifth wrong guess ends a password that can be guessed.
pub(crate) const MOST: u8 = 5;

/// Wrong guesses of one epoch.
#[derive(Default)]
pub(crate) struct Guesses {
    own: u8,
    /// What each member has told, at most.
    told: BTreeMap<Pid, u8>,
}

impl Guesses {
    /// One more that we have turned away; gives our own count.
    pub(crate) fn count(&mut self) -> u8 {
        self.own = self.own.saturating_add(1);
        self.own
    }

    /// Our own count.
    pub(crate) fn own(&self) -> u8 {
        self.own
    }

    /// A member has turned away so many. Less than it said before is not believed.
    pub(crate) fn told(&mut self, by: Pid, count: u8) {
        let known = self.told.entry(by).or_default();
        *known = (*known).max(count);
    }

    /// Guesses that are left, among all members.
    pub(crate) fn left(&self) -> u8 {
        self.told.values().fold(MOST.saturating_sub(self.own), |left, count| left.saturating_sub(*count))
    }

    /// True when the password is dead in this epoch.
    pub(crate) fn are_over(&self) -> bool {
        self.left() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_guesses_among_all_members_are_the_end() {
        let (ana, ben) = (Pid::new([1; 16]), Pid::new([2; 16]));
        let mut guesses = Guesses::default();
        assert_eq!((guesses.count(), guesses.left()), (1, 4));
        guesses.told(ana, 2);
        guesses.told(ana, 1);
        assert_eq!((guesses.left(), guesses.are_over()), (2, false));
        guesses.told(ben, 2);
        assert!(guesses.are_over());
        guesses.told(ben, 255);
        assert_eq!((0..300).map(|_| guesses.count()).max(), Some(255));
        assert!(guesses.are_over());
    }
}
