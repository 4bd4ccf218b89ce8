//! When voice is made faster or slower: seldom, and only when the delay is far off.

use crate::stretch::{LEAST_LAG, MOST_LAG};

/// Stretching begins when the delay is this far off, in samples: half of what it should be, from 10 …
const LEAST_OFF: i64 = 480;
/// … to 20 ms, and no sooner than that when it is too short.
const MOST_OFF: i64 = 960;

/// It ends when the delay is no further off than this: 5 ms.
const NEAR: i64 = 240;

/// Blocks from one change to the next, so that speech stays speech: at most half as fast again.
const REST: u32 = 2;

/// With this much delay too many, 200 ms, there is less rest.
const MUCH: i64 = 9_600;

/// How alike the parts that fade into one another should be.
const LIKENESS: f32 = 0.6;

/// After this many refusals in a row it no longer matters.
const PATIENCE: u32 = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Course {
    Steady,
    Faster,
    Slower,
}

/// One change to make.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Change {
    /// Samples are to be left out; else put in.
    pub(crate) faster: bool,
    /// How many at most.
    pub(crate) most: usize,
    /// How alike the parts must be.
    pub(crate) likeness: f32,
}

/// Decides over the changes of one spurt.
pub(crate) struct Pace {
    course: Course,
    rest: u32,
    refused: u32,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { course: Course::Steady, rest: REST, refused: 0 }
    }

    /// Called once a block with how many samples the delay is above what it should be, what that is, and how many can be
    /// left out without running dry.
    pub(crate) fn change(&mut self, excess: i64, target: i64, spare: i64) -> Option<Change> {
        self.course = match self.course {
            _ if excess > (target / 2).clamp(LEAST_OFF, MOST_OFF) => Course::Faster,
            _ if excess < -MOST_OFF => Course::Slower,
            Course::Faster if excess > NEAR => Course::Faster,
            Course::Slower if excess < -NEAR => Course::Slower,
            _ => Course::Steady,
        };
        if self.rest > 0 {
            self.rest -= 1;
            return None;
        }
        if self.course == Course::Steady {
            return None;
        }
        let faster = self.course == Course::Faster;
        if faster && spare < LEAST_LAG as i64 {
            return None;
        }
        // Near the end of the way a short period will do; a third of the longest still holds any voice.
        let most = usize::try_from(excess.unsigned_abs()).unwrap_or(MOST_LAG).clamp(MOST_LAG / 3, MOST_LAG);
        let most = if faster { most.min(usize::try_from(spare).unwrap_or(MOST_LAG)) } else { most };
        let likeness = if self.refused < PATIENCE { LIKENESS } else { -1.0 };
        Some(Change { faster, most, likeness })
    }

    /// The change was made, or refused because nothing was alike.
    pub(crate) fn done(&mut self, made: bool, excess: i64) {
        if !made {
            self.refused += 1;
            return;
        }
        self.refused = 0;
        self.rest = if excess > MUCH { REST - 1 } else { REST };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes asked for over some blocks at one excess, when all are made.
    fn changes(pace: &mut Pace, excess: i64, blocks: usize) -> usize {
        (0..blocks)
            .filter(|_| {
                let change = pace.change(excess, 4_800, 9_600);
                if change.is_some() {
                    pace.done(true, excess);
                }
                change.is_some()
            })
            .count()
    }

    #[test]
    fn a_delay_that_is_nearly_right_is_left_alone() {
        let mut pace = Pace::new();
        assert_eq!(changes(&mut pace, 900, 100) + changes(&mut pace, -900, 100), 0);
    }

    #[test]
    fn where_little_delay_is_wanted_less_too_much_is_worked_off() {
        let mut pace = Pace::new();
        let begun = (0..10).filter(|_| pace.change(600, 240, 600).is_some());
        assert!(begun.count() > 0);
    }

    #[test]
    fn nothing_is_left_out_that_would_be_missing_later() {
        let mut pace = Pace::new();
        assert!((0..10).all(|_| pace.change(2000, 240, 100).is_none()));
        assert_eq!(pace.change(2000, 240, 300).map(|change| change.most), Some(300));
    }

    #[test]
    fn what_was_begun_is_brought_to_its_end() {
        let mut pace = Pace::new();
        assert!(changes(&mut pace, 1000, 10) > 0);
        assert!(changes(&mut pace, 300, 10) > 0);
        assert_eq!(changes(&mut pace, 200, 10), 0);
        assert_eq!(changes(&mut pace, 900, 10), 0);
    }

    #[test]
    fn speech_is_changed_every_third_block_and_every_second_when_very_late() {
        assert_eq!(changes(&mut Pace::new(), 2000, 32), 10);
        assert_eq!(changes(&mut Pace::new(), 20_000, 32), 15);
    }

    #[test]
    fn too_little_delay_makes_it_slower() {
        let mut pace = Pace::new();
        changes(&mut pace, 0, 3);
        assert_eq!(pace.change(-2000, 4_800, 0).map(|change| change.faster), Some(false));
    }

    #[test]
    fn what_never_resembles_itself_is_changed_in_the_end() {
        let mut pace = Pace::new();
        changes(&mut pace, 0, 3);
        let tries = (0..20).take_while(|_| {
            let change = pace.change(2000, 4_800, 9_600).unwrap();
            pace.done(false, 2000);
            change.likeness > 0.0
        });
        assert_eq!(tries.count(), 8);
    }
}
