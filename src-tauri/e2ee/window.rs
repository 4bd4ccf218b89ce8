//! Which of the last 128 numbers were taken, as in RFC 4303 section 3.4.3.

/// Looked at before a frame is opened, moved only after it proved authentic.
#[derive(Default)]
pub(crate) struct Window {
    highest: Option<u64>,
    /// Bit i: `highest - i` was taken.
    taken: u128,
}

impl Window {
    /// True for a number that was not taken and is not too old to tell.
    pub(crate) fn is_new(&self, n: u64) -> bool {
        match self.highest {
            Some(highest) if n <= highest => u32::try_from(highest - n)
                .ok()
                .and_then(|age| 1u128.checked_shl(age))
                .is_some_and(|bit| self.taken & bit == 0),
            _ => true,
        }
    }

    /// Takes a number that is new.
    pub(crate) fn take(&mut self, n: u64) {
        match self.highest {
            Some(highest) if n <= highest => self.taken |= 1 << (highest - n),
            Some(highest) => {
                let moved = u32::try_from(n - highest).ok().and_then(|by| self.taken.checked_shl(by));
                (self.highest, self.taken) = (Some(n), moved.unwrap_or_default() | 1);
            }
            None => (self.highest, self.taken) = (Some(n), 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Miri takes half a second for each.
    const MOST: usize = if cfg!(miri) { 30 } else { 300 };

    proptest! {
        #[test]
        fn a_number_is_taken_once_and_not_when_128_behind(
            numbers in proptest::collection::vec(prop_oneof![0u64..400, Just(u64::MAX), any::<u64>()], 1..MOST),
        ) {
            let mut window = Window::default();
            let mut seen = BTreeSet::new();
            for n in numbers {
                let too_old = seen.last().is_some_and(|last: &u64| last.saturating_sub(n) >= 128);
                prop_assert_eq!(window.is_new(n), !seen.contains(&n) && !too_old);
                if window.is_new(n) {
                    window.take(n);
                    seen.insert(n);
                }
            }
        }
    }
}
