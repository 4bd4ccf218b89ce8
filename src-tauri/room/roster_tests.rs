//! What is told when members do not list each other, and what is not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use pushtalk_protocol::{Epoch, Pid, Roster};

use crate::table::{ms, pid};
use crate::{Differences, Rosters};

const ME: u8 = 3;

fn set(of: &[u8]) -> BTreeSet<Pid> {
    of.iter().map(|of| pid(*of)).collect()
}

fn roster(epoch: u32, of: &[u8]) -> Roster {
    Roster { epoch: Epoch(epoch), pids: set(of).into_iter().collect() }
}

/// Member 3 of the four members 1 to 4, in epoch 0, where everybody reaches everybody.
fn four() -> Rosters {
    let mut rosters = Rosters::new(pid(ME));
    let all = set(&[1, 2, 3, 4]);
    rosters.own(ms(0), Epoch(0), &all, &all);
    for from in [1, 2, 4] {
        rosters.told(ms(0), pid(from), &roster(0, &[1, 2, 3, 4]));
    }
    rosters
}

fn at(rosters: &mut Rosters, now: Duration) -> Differences {
    rosters.handle_timeout(now);
    rosters.differences()
}

fn apart(a: u8, b: u8) -> Differences {
    Differences { apart: vec![(pid(a), pid(b))], hidden: vec![] }
}

#[test]
fn members_who_all_list_each_other_differ_in_nothing() {
    let mut rosters = four();
    assert_eq!(rosters.poll_timeout(), None);
    assert_eq!(at(&mut rosters, ms(60_000)), Differences::default());
}

#[test]
fn two_of_whom_only_one_does_not_list_the_other_are_apart_after_a_second_and_a_half() {
    for (from, lists, a, b) in [(4, [1, 3, 4], 2, 4), (2, [2, 3, 4], 1, 2), (1, [1, 2, 4], 1, 3)] {
        let mut rosters = four();
        rosters.told(ms(100), pid(from), &roster(0, &lists));
        assert_eq!(rosters.poll_timeout(), Some(ms(1_600)));
        assert_eq!(at(&mut rosters, ms(1_599)), Differences::default());
        assert_eq!(at(&mut rosters, ms(1_600)), apart(a, b));
        assert_eq!(rosters.poll_timeout(), None);
        rosters.told(ms(1_700), pid(from), &roster(0, &[1, 2, 3, 4]));
        assert_eq!(rosters.differences(), Differences::default(), "withdrawn at once");
    }
}

#[test]
fn a_difference_that_comes_and_goes_within_a_second_and_a_half_is_never_told() {
    let mut rosters = four();
    for round in 0..20 {
        rosters.told(ms(round * 2_000), pid(4), &roster(0, &[1, 3, 4]));
        rosters.told(ms(round * 2_000 + 1_499), pid(4), &roster(0, &[1, 2, 3, 4]));
        assert_eq!(at(&mut rosters, ms(round * 2_000 + 1_999)), Differences::default());
    }
}

#[test]
fn who_is_listed_by_a_member_and_unknown_to_us_is_hidden() {
    let mut rosters = four();
    rosters.told(ms(0), pid(1), &roster(0, &[1, 2, 3, 4, 9]));
    assert_eq!(
        at(&mut rosters, ms(1_500)),
        Differences { apart: vec![], hidden: vec![pid(9)] },
        "two that we do not both know are not apart"
    );
    // As soon as it is shown, it is a member that we do not reach.
    rosters.own(ms(2_000), Epoch(0), &set(&[1, 2, 3, 4]), &set(&[1, 2, 3, 4, 9]));
    assert_eq!(rosters.differences(), Differences::default());
    let all = |pids: Differences| pids.apart;
    assert_eq!(
        all(at(&mut rosters, ms(3_500))),
        [(pid(2), pid(9)), (pid(3), pid(9)), (pid(4), pid(9))],
        "1 reaches it"
    );
}

#[test]
fn who_is_gone_here_but_still_listed_by_a_member_is_hidden() {
    let mut rosters = four();
    rosters.gone(ms(0), pid(4));
    rosters.told(ms(0), pid(1), &roster(0, &[1, 2, 3]));
    assert_eq!(at(&mut rosters, ms(1_500)), Differences { apart: vec![], hidden: vec![pid(4)] });
    rosters.told(ms(1_600), pid(2), &roster(0, &[1, 2, 3]));
    assert_eq!(rosters.differences(), Differences::default());
}

#[test]
fn a_member_that_we_do_not_reach_ourselves_is_apart_from_us_and_no_witness() {
    let mut rosters = four();
    rosters.told(ms(0), pid(4), &roster(0, &[1, 3, 4, 9]));
    rosters.own(ms(0), Epoch(0), &set(&[1, 2, 3]), &set(&[1, 2, 3, 4]));
    assert_eq!(at(&mut rosters, ms(1_500)), apart(3, 4));
    // Its words of before do not count in its next session.
    let all = set(&[1, 2, 3, 4]);
    rosters.own(ms(2_000), Epoch(0), &all, &all);
    assert_eq!(at(&mut rosters, ms(9_000)), Differences::default());
}

#[test]
fn what_is_said_in_another_epoch_counts_as_soon_as_we_are_in_it() {
    let mut rosters = four();
    let all = set(&[1, 2, 3, 4]);
    rosters.told(ms(0), pid(2), &roster(1, &[2, 3, 4]));
    assert_eq!(at(&mut rosters, ms(5_000)), Differences::default());
    rosters.own(ms(5_000), Epoch(1), &all, &all);
    assert_eq!(at(&mut rosters, ms(6_500)), apart(1, 2));
    rosters.own(ms(7_000), Epoch(2), &all, &all);
    assert_eq!(at(&mut rosters, ms(60_000)), Differences::default());
}

#[test]
fn a_roster_that_comes_before_its_sender_is_listed_is_not_lost() {
    let mut rosters = four();
    rosters.told(ms(0), pid(5), &roster(0, &[1, 2, 3, 5]));
    assert_eq!(at(&mut rosters, ms(9_000)), Differences::default(), "no witness yet");
    let all = set(&[1, 2, 3, 4, 5]);
    rosters.own(ms(9_000), Epoch(0), &all, &all);
    for from in [1, 2, 4] {
        rosters.told(ms(9_000), pid(from), &roster(0, &[1, 2, 3, 4, 5]));
    }
    assert_eq!(at(&mut rosters, ms(10_500)), apart(4, 5));
}

#[test]
fn however_many_strangers_speak_and_however_much_they_list_little_is_kept() {
    let mut rosters = four();
    for of in 0..1_000_u32 {
        let bytes = |of: u32| {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&of.to_be_bytes());
            Pid::new(bytes)
        };
        let pids = (of * 100..of * 100 + 200).map(bytes).collect();
        rosters.told(ms(0), bytes(of), &Roster { epoch: Epoch(0), pids });
    }
    assert!(rosters.kept() <= 64 * 65);
    let many = (0..=255).filter(|of| *of < 250).collect::<Vec<u8>>();
    rosters.told(ms(0), pid(1), &roster(0, &many));
    assert!(at(&mut rosters, ms(1_500)).hidden.len() <= 64);
    rosters.told(ms(1_500), pid(2), &roster(0, &[1, 2, 3]));
    assert!(at(&mut rosters, ms(3_000)).apart.contains(&(pid(2), pid(4))), "members are still listened to");
}

/// What may happen to the lists.
#[derive(Clone, Debug)]
enum Step {
    Own { epoch: u32, living: BTreeSet<u8>, known: BTreeSet<u8> },
    Told { from: u8, epoch: u32, lists: BTreeSet<u8> },
    Gone(u8),
    Timeout,
}

fn step() -> impl Strategy<Value = Step> {
    let some = || proptest::collection::btree_set(1..7_u8, 0..6);
    let most = || proptest::collection::btree_set(1..7_u8, 4..7);
    prop_oneof![
        2 => (0..2_u32, some(), most()).prop_map(|(epoch, living, known)| Step::Own { epoch, living, known }),
        4 => (1..7_u8, 0..2_u32, most()).prop_map(|(from, epoch, lists)| Step::Told { from, epoch, lists }),
        1 => (1..7_u8).prop_map(Step::Gone),
        4 => Just(Step::Timeout),
    ]
}

/// The same in the simplest words.
#[derive(Default)]
struct Plain {
    epoch: Option<u32>,
    living: BTreeSet<u8>,
    known: BTreeSet<u8>,
    told: BTreeMap<u8, (u32, BTreeSet<u8>)>,
}

impl Plain {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Own { epoch, living, known } => {
                self.told.retain(|from, _| !self.living.contains(from) || living.contains(from));
                (self.epoch, self.living) = (Some(*epoch), living.clone());
                self.known = known.union(living).copied().collect();
            }
            Step::Told { from, epoch, lists } => {
                self.told.insert(*from, (*epoch, lists.clone()));
            }
            Step::Gone(of) => {
                self.told.remove(of);
                self.living.remove(of);
                self.known.remove(of);
            }
            Step::Timeout => {}
        }
    }

    /// What this member says, if it can say anything.
    fn says(&self, of: u8) -> Option<&BTreeSet<u8>> {
        if of == ME {
            return Some(&self.living);
        }
        let (epoch, lists) = self.told.get(&of)?;
        (self.living.contains(&of) && Some(*epoch) == self.epoch).then_some(lists)
    }

    fn holds(&self) -> BTreeSet<(u8, u8)> {
        let mut holds = BTreeSet::new();
        let here = |of: u8| of == ME || self.known.contains(&of);
        for a in 1..7 {
            for b in 1..7 {
                let not = |a, b| self.says(a).is_some_and(|lists| !lists.contains(&b));
                if a < b && here(a) && here(b) && (not(a, b) || not(b, a)) {
                    holds.insert((a, b));
                }
                if a != b && a != ME && !here(b) && self.says(a).is_some_and(|lists| lists.contains(&b)) {
                    holds.insert((0, b));
                }
            }
        }
        holds
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn exactly_what_has_differed_for_a_second_and_a_half_without_a_break_is_told(
        steps in proptest::collection::vec((step(), 0..900_u64), 1..60),
    ) {
        let (mut rosters, mut plain) = (Rosters::new(pid(ME)), Plain::default());
        let mut now = ms(0);
        let mut since: BTreeMap<(u8, u8), Duration> = BTreeMap::new();
        for (step, wait) in steps {
            now += ms(wait);
            match &step {
                Step::Own { epoch, living, known } => {
                    let of = |of: &BTreeSet<u8>| of.iter().map(|of| pid(*of)).collect::<BTreeSet<_>>();
                    rosters.own(now, Epoch(*epoch), &of(living), &of(known));
                }
                Step::Told { from, epoch, lists } => {
                    let lists: Vec<u8> = lists.iter().copied().collect();
                    rosters.told(now, pid(*from), &roster(*epoch, &lists));
                }
                Step::Gone(of) => rosters.gone(now, pid(*of)),
                Step::Timeout => rosters.handle_timeout(now),
            }
            plain.step(&step);
            let holds = plain.holds();
            since.retain(|difference, _| holds.contains(difference));
            for difference in holds {
                since.entry(difference).or_insert(now);
            }
            let lasting = |(a, b): &(u8, u8)| since[&(*a, *b)] + ms(1_500) <= now;
            let (hidden, apart): (Vec<_>, Vec<_>) =
                since.keys().copied().filter(lasting).partition(|(a, _)| *a == 0);
            let want = Differences {
                apart: apart.into_iter().map(|(a, b)| (pid(a), pid(b))).collect(),
                hidden: hidden.into_iter().map(|(_, b)| pid(b)).collect(),
            };
            prop_assert_eq!(rosters.differences(), want);
            let due = since.values().map(|since| *since + ms(1_500)).filter(|due| *due > now).min();
            prop_assert_eq!(rosters.poll_timeout(), due, "a timer that is due, or none where one is wanted");
        }
    }
}
