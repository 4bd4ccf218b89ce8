//! Views that are held back: a whole room that comes in the same second is thousands of steps, and each view costs.

/// So many waiting steps are more than a room that is at rest ever has at once.
const BEHIND: usize = 8;
/// Steps after which the view is shown all the same.
const MOST: u32 = 64;

/// Steps that were not shown.
#[derive(Default)]
pub(crate) struct HeldBack(u32);

impl HeldBack {
    /// One more step was done, and so many wait. True when the view is to be shown now.
    pub(crate) fn is_due(&mut self, waiting: usize) -> bool {
        self.0 += 1;
        let due = waiting < BEHIND || self.0 >= MOST;
        if due {
            self.0 = 0;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_shown_until_much_waits_and_the_last_one_always() {
        let mut held = HeldBack::default();
        assert!((0..20).all(|_| held.is_due(7)));
        let shown = (0..1_000).rev().filter(|waiting| held.is_due(*waiting)).count();
        assert_eq!(shown, 992 / 64 + 8);
        assert!(held.is_due(0));
    }
}
