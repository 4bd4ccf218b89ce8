//! What the members say about whom they reach, compared: who cannot hear whom, and who is hidden from us.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushtalk_protocol::{Epoch, MOST_MEMBERS, Pid, Roster};

/// How the rosters of the members differ from each other and from our own list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Members who cannot hear each other, as one of the two says at least; the smaller pid first, in rising order.
    pub apart: Vec<(Pid, Pid)>,
    /// Who is listed by a member but not by us: somebody hears what is said, and we do not know of it. In rising order.
    pub hidden: Vec<Pid>,
}

/// One member's picture of who reaches whom.
///
/// Only members that we have a living session with are witnesses, and only for the epoch that we are in. What they say
/// is bounded by the number of members and by 64 pids for each of them.
pub struct Rosters {
    me: Pid,
    epoch: Option<Epoch>,
    /// Without us.
    living: BTreeSet<Pid>,
    /// All that we list, without us.
    known: BTreeSet<Pid>,
    /// The last that each one said.
    told: BTreeMap<Pid, Told>,
    /// What each one says that differs; what we see ourselves is under our own pid. Kept, for in a room of 64 each word
    /// of one would else be compared with all words of all.
    seen: BTreeMap<Pid, BTreeSet<Difference>>,
    /// All of that, once each.
    open: BTreeMap<Difference, Open>,
    /// When the first of those that do not count yet does.
    due: Option<Duration>,
}

struct Told {
    epoch: Epoch,
    pids: BTreeSet<Pid>,
}

struct Open {
    since: Duration,
    counts: bool,
    /// How many say so.
    witnesses: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    Apart(Pid, Pid),
    Hidden(Pid),
}

impl Rosters {
    /// A difference counts when it has lasted so long: who comes or goes is not listed by everybody at the same moment.
    pub const LASTING: Duration = Duration::from_millis(1_500);

    /// Nobody is there yet.
    pub fn new(me: Pid) -> Self {
        Self {
            me,
            epoch: None,
            living: BTreeSet::new(),
            known: BTreeSet::new(),
            told: BTreeMap::new(),
            seen: BTreeMap::new(),
            open: BTreeMap::new(),
            due: None,
        }
    }

    // In each of these what was due before comes first.

    /// Our own list: `living` are those we have a living session with, `known` are all that the room shows. Whether
    /// this member itself is among them makes no difference.
    pub fn own(&mut self, now: Duration, epoch: Epoch, living: &BTreeSet<Pid>, known: &BTreeSet<Pid>) {
        let others = |of: &BTreeSet<Pid>| of.iter().copied().filter(|pid| *pid != self.me).collect();
        let next: BTreeSet<Pid> = others(living);
        let known: BTreeSet<Pid> = others(known);
        // What was said in a session that is over counts no longer; in the next one it is said anew.
        let over: Vec<Pid> = self.living.difference(&next).copied().collect();
        for pid in over {
            self.told.remove(&pid);
        }
        let known = known.union(&next).copied().collect();
        self.handle_timeout(now);
        if (self.epoch, &self.known) != (Some(epoch), &known) {
            (self.epoch, self.known, self.living) = (Some(epoch), known, next);
            self.compare(now);
        } else if self.living != next {
            // Only their own words count for more or less than before, and ours.
            let mut witnesses: BTreeSet<Pid> = self.living.symmetric_difference(&next).copied().collect();
            witnesses.insert(self.me);
            self.living = next;
            self.compare_words_of(now, witnesses);
        }
    }

    /// A member has said whom it reaches.
    pub fn told(&mut self, now: Duration, from: Pid, roster: &Roster) {
        self.handle_timeout(now);
        // It may say so just before we list it; strangers cannot say anything.
        let room =
            self.told.len() < MOST_MEMBERS || self.told.contains_key(&from) || self.known.contains(&from);
        if from != self.me && room {
            let pids = roster.pids.iter().copied().take(MOST_MEMBERS).collect();
            self.told.insert(from, Told { epoch: roster.epoch, pids });
            let differences = self.seen_by(from);
            self.see(now, vec![(from, differences)]);
        }
    }

    /// A member has left, or was removed. Who still lists it after a while has a session with somebody whom we do not
    /// know.
    pub fn gone(&mut self, now: Duration, pid: Pid) {
        self.handle_timeout(now);
        self.told.remove(&pid);
        self.living.remove(&pid);
        self.known.remove(&pid);
        self.compare(now);
    }

    /// When `handle_timeout` is wanted next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.due
    }

    /// A difference may have lasted long enough.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        for open in self.open.values_mut() {
            open.counts |= now >= open.since + Rosters::LASTING;
        }
        self.due = self.next_due();
    }

    /// Those that have lasted a while, and still do.
    pub fn differences(&self) -> Differences {
        let mut differences = Differences::default();
        for (difference, _) in self.open.iter().filter(|(_, open)| open.counts) {
            match *difference {
                Difference::Apart(a, b) => differences.apart.push((a, b)),
                Difference::Hidden(pid) => differences.hidden.push(pid),
            }
        }
        differences
    }

    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        self.told.values().map(|told| 1 + told.pids.len()).sum()
    }

    /// All of them anew.
    fn compare(&mut self, now: Duration) {
        let mut witnesses: BTreeSet<Pid> = self.seen.keys().chain(self.told.keys()).copied().collect();
        witnesses.insert(self.me);
        self.compare_words_of(now, witnesses);
    }

    fn compare_words_of(&mut self, now: Duration, witnesses: BTreeSet<Pid>) {
        self.see(now, witnesses.into_iter().map(|witness| (witness, self.seen_by(witness))).collect());
    }

    /// These say so now, instead of what they said before.
    fn see(&mut self, now: Duration, all: Vec<(Pid, BTreeSet<Difference>)>) {
        // Added before any is taken away: what another one says from now on goes on.
        for difference in all.iter().flat_map(|(_, differences)| differences) {
            let open = self.open.entry(*difference).or_insert_with(|| {
                self.due.get_or_insert(now + Rosters::LASTING);
                Open { since: now, counts: false, witnesses: 0 }
            });
            open.witnesses += 1;
        }
        let mut first_is_over = false;
        for (witness, differences) in all {
            let over = if differences.is_empty() {
                self.seen.remove(&witness)
            } else {
                self.seen.insert(witness, differences)
            };
            for difference in over.into_iter().flatten() {
                if let Some(open) = self.open.get_mut(&difference) {
                    open.witnesses -= 1;
                    if open.witnesses == 0 {
                        first_is_over |= !open.counts && Some(open.since + Rosters::LASTING) == self.due;
                        self.open.remove(&difference);
                    }
                }
            }
        }
        if first_is_over {
            self.due = self.next_due();
        }
    }

    fn next_due(&self) -> Option<Duration> {
        self.open.values().filter(|open| !open.counts).map(|open| open.since + Rosters::LASTING).min()
    }

    /// What differs at this moment by the words of one, or by our own list.
    fn seen_by(&self, witness: Pid) -> BTreeSet<Difference> {
        let apart = |a: Pid, b: Pid| Difference::Apart(a.min(b), a.max(b));
        if witness == self.me {
            return self.known.difference(&self.living).map(|pid| apart(witness, *pid)).collect();
        }
        let told = self.told.get(&witness).filter(|told| Some(told.epoch) == self.epoch);
        let Some(told) = told.filter(|_| self.living.contains(&witness)) else { return BTreeSet::new() };
        let missing = self.known.iter().chain([&self.me]);
        let missing = missing.filter(|pid| **pid != witness && !told.pids.contains(pid));
        let listed = told.pids.iter().filter(|pid| **pid != self.me && **pid != witness);
        let hidden = listed.filter(|pid| !self.known.contains(pid));
        missing.map(|pid| apart(witness, *pid)).chain(hidden.map(|pid| Difference::Hidden(*pid))).collect()
    }
}
