//! Who has begun to hear what we say: "heard by 5 of 6".

use std::collections::{BTreeMap, BTreeSet};

use pushtalk_protocol::Pid;

use crate::face::HeardBy;

/// Our last spurt: what each listener's frames are sealed with, and who has begun to play them.
#[derive(Default)]
pub(crate) struct Spurt {
    keys: BTreeMap<Pid, (u32, u8)>,
    by: BTreeSet<Pid>,
}

impl Spurt {
    /// A spurt has begun: generation and step of each listener's key.
    pub(crate) fn begun(keys: Vec<(Pid, u32, u8)>) -> Self {
        let keys = keys.into_iter().map(|(pid, generation, step)| (pid, (generation, step))).collect();
        Self { keys, by: BTreeSet::new() }
    }

    /// A listener has begun to play something of ours.
    pub(crate) fn heard(&mut self, by: Pid, generation: u32, step: u8) {
        if self.keys.get(&by) == Some(&(generation, step)) {
            self.by.insert(by);
        }
    }

    /// Nothing before the first spurt.
    pub(crate) fn shown(&self) -> Option<HeardBy> {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (!self.keys.is_empty()).then(|| HeardBy { by: count(self.by.len()), of: count(self.keys.len()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_spurt_counts_and_everybody_once() {
        let [ana, ben, eve] = [1, 2, 3].map(|n| Pid::new([n; 16]));
        assert_eq!(Spurt::default().shown(), None);
        let mut spurt = Spurt::begun(vec![(ana, 1, 5), (ben, 2, 9)]);
        for (by, generation, step) in [(ana, 1, 4), (ben, 1, 9), (eve, 1, 5), (ana, 1, 5), (ana, 1, 5)] {
            spurt.heard(by, generation, step);
        }
        assert_eq!(spurt.shown(), Some(HeardBy { by: 1, of: 2 }));
    }
}
