//! Who waits for the floor, and how the host need not.

use std::collections::VecDeque;

use proptest::prelude::*;
use pushtalk_protocol::{FloorMessage, RevokedReason};

use crate::table::{LIMIT, Table, ms, pid};
use crate::{Input, Microphone, RevokedWhy, Situation};

/// Members 1, 2, … whose presses wait; 1 is the host.
fn patient(count: u8) -> Table {
    let mut table = Table::of(count, Some(1));
    for of in 1..=count {
        table.give(of, Input::Queueing(true));
    }
    table
}

fn place(table: &Table, of: u8) -> Option<u16> {
    match table.button(of) {
        Situation::Queued { place } => Some(place),
        _ => None,
    }
}

fn stop(table: &mut Table, of: u8) {
    table.give(of, Input::Release);
    table.spoken(of);
}

#[test]
fn who_presses_while_another_talks_waits_and_talks_in_its_turn_while_the_button_is_held() {
    let mut table = patient(4);
    table.give(2, Input::Press);
    for (of, its) in [(3, 1), (1, 2), (4, 3)] {
        table.give(of, Input::Press);
        assert_eq!(place(&table, of), Some(its));
    }
    assert_eq!((table.kept.clone(), table.dropped.clone()), (vec![2, 3, 1, 4], vec![3, 1, 4]));
    table.wait(ms(9_000));
    assert_eq!([3, 1, 4].map(|of| place(&table, of)), [Some(1), Some(2), Some(3)], "for as long as it takes");
    stop(&mut table, 2);
    assert_eq!(table.live(), [3]);
    let (since, until) = (table.now, table.now + LIMIT);
    assert_eq!(table.button(3), Situation::Talking { since, until, near: false });
    assert_eq!(table.kept, [2, 3, 1, 4, 3], "what is said from here on is not lost");
    assert_eq!([1, 4].map(|of| place(&table, of)), [Some(1), Some(2)], "told again");
    for of in 1..=4 {
        assert_eq!(table.talker(of), Some(3));
    }
    stop(&mut table, 3);
    assert_eq!((table.live(), place(&table, 4)), (vec![1], Some(1)));
    stop(&mut table, 1);
    assert_eq!((table.live(), place(&table, 4)), (vec![4], None));
    stop(&mut table, 4);
    for of in 1..=4 {
        assert_eq!((table.talker(of), table.button(of)), (None, Situation::Idle));
    }
}

#[test]
fn who_stops_waiting_is_gone_from_the_queue_and_those_behind_move_up() {
    let ends = [
        (3, Input::Release),
        (3, Input::Microphone(Microphone::Off)),
        (3, Input::Leave),
        (1, Input::Gone(pid(3))),
        (1, Input::Down(pid(3))),
        (1, Input::Mismatch(pid(3))),
    ];
    for (to, end) in ends {
        let mut table = patient(4);
        for of in [2, 3, 4] {
            table.give(of, Input::Press);
        }
        let drops = table.dropped.len();
        table.give(to, end.clone());
        assert_eq!(place(&table, 4), Some(1), "{end:?}");
        assert_eq!(table.dropped.len(), drops, "{end:?}: nothing was kept");
        if !matches!(end, Input::Mismatch(_)) {
            stop(&mut table, 2);
            assert_eq!(table.live(), [4], "{end:?}");
        }
    }
}

#[test]
fn a_press_that_is_over_before_it_could_wait_does_not_wait() {
    let mut table = patient(3);
    table.give(3, Input::Press);
    table.hold = true;
    table.give(2, Input::Press);
    table.give(2, Input::Release);
    table.hold = false;
    table.flow();
    assert_eq!((table.dropped.clone(), table.button(2)), (vec![2], Situation::Receiving { who: pid(3) }));
    stop(&mut table, 3);
    assert!(table.live().is_empty());
    assert_eq!(table.talker(2), None);
}

#[test]
fn who_does_not_want_to_wait_is_told_who_talks() {
    for of in [1, 3] {
        let mut table = patient(3);
        table.give(of, Input::Queueing(false));
        table.give(2, Input::Press);
        table.give(of, Input::Press);
        assert_eq!(table.button(of), Situation::Busy { who: pid(2) });
        stop(&mut table, 2);
        assert!(table.live().is_empty());
    }
}

#[test]
fn who_asks_twice_keeps_its_place_and_who_presses_anew_goes_to_the_end() {
    let mut table = patient(4);
    for of in [2, 3, 4] {
        table.give(of, Input::Press);
    }
    table.said.clear();
    let ask = |spurt| Input::Floor { from: pid(3), message: FloorMessage::Request { spurt, queue: true } };
    table.give(1, ask(1));
    assert!(matches!(table.said[..], [(1, 3, FloorMessage::Queued { spurt: 1, place: 1, .. })]));
    table.give(1, ask(2));
    assert_eq!(table.room(1).queue.pids(), [pid(4), pid(3)]);
}

#[test]
fn those_who_wait_ask_the_next_arbiter_and_have_their_turns() {
    for order in [[2, 3, 4], [4, 3, 2], [3, 2, 4]] {
        for talker in [2, 3] {
            let mut table = patient(4);
            table.give(talker, Input::Press);
            for of in (2..=4).filter(|of| *of != talker) {
                table.give(of, Input::Press);
            }
            table.cut.push(1);
            for of in order {
                table.give(of, Input::Gone(pid(1)));
            }
            table.wait(ms(500));
            assert_eq!(table.live(), [talker], "{order:?}");
            let mut talked = vec![talker];
            while let [talker] = table.live()[..] {
                stop(&mut table, talker);
                talked.extend(table.live());
            }
            talked.sort_unstable();
            assert_eq!(talked, [2, 3, 4], "{order:?}");
        }
    }
}

#[test]
fn when_a_new_arbiter_is_told_that_the_floor_was_free_the_first_who_waits_has_it() {
    let mut table = patient(4);
    table.give(3, Input::Press);
    table.cut.extend([1, 3]);
    for of in [2, 4] {
        table.give(of, Input::Gone(pid(1)));
    }
    table.give(4, Input::Press);
    assert_eq!(place(&table, 4), Some(1));
    table.said.clear();
    table.give(2, Input::Floor { from: pid(4), message: FloorMessage::Idle { n: 50 } });
    assert!(matches!(table.said[0], (2, 4, FloorMessage::Granted { .. })), "nobody may come in between");
    assert!(table.live().contains(&4));
}

#[test]
fn who_does_not_begin_within_a_second_and_a_half_makes_room_for_the_next() {
    let mut table = patient(4);
    for of in [2, 3, 4] {
        table.give(of, Input::Press);
    }
    table.cut.push(3);
    stop(&mut table, 2);
    table.wait_in_silence(ms(1_499));
    assert_eq!(place(&table, 4), Some(1));
    table.wait_in_silence(ms(1));
    assert_eq!(table.live(), [4]);
}

#[test]
fn who_was_forgotten_by_the_arbiter_asks_again() {
    let mut table = patient(4);
    for of in [2, 3, 4] {
        table.give(of, Input::Press);
    }
    table.give(1, Input::Down(pid(3)));
    assert_eq!(place(&table, 4), Some(1));
    table.up(1, 3, false);
    assert_eq!((place(&table, 4), place(&table, 3)), (Some(1), Some(2)));
}

#[test]
fn a_place_that_no_arbiter_confirms_is_given_up_after_five_seconds() {
    let mut table = patient(4);
    for of in [4, 3] {
        table.give(of, Input::Press);
    }
    // Only this one has lost the host; the next in line has not, and does not decide.
    table.give(3, Input::Down(pid(1)));
    table.wait(ms(4_999));
    assert_eq!(place(&table, 3), Some(1));
    table.wait(ms(1));
    assert_eq!(table.button(3), Situation::Revoked { why: RevokedWhy::ArbiterLost });
}

#[test]
fn the_host_takes_the_floor_from_the_talker_and_those_who_wait_go_on_waiting() {
    let mut table = patient(3);
    table.give(2, Input::Press);
    table.give(3, Input::Press);
    table.give(1, Input::Preempt);
    assert_eq!(table.live(), [1]);
    assert_eq!(table.button(2), Situation::Revoked { why: RevokedWhy::Preempted });
    assert_eq!(place(&table, 3), Some(1));
    assert_eq!(table.dropped, [3, 2], "what the host has said since its press is sent");
    stop(&mut table, 1);
    assert_eq!(table.live(), [3]);
}

#[test]
fn the_host_waits_one_second_at_most_for_a_talker_that_does_not_stop() {
    let mut table = patient(3);
    table.wait(ms(3_000));
    table.give(2, Input::Press);
    table.cut.push(2);
    table.give(1, Input::Preempt);
    table.wait(ms(999));
    assert_eq!((table.button(1), table.live()), (Situation::Requesting, vec![2]));
    table.wait(ms(1));
    assert_eq!(table.talker(3), Some(1));
    // It says that it goes on: now it can be told.
    table.cut.clear();
    table.give(1, Input::Floor { from: pid(2), message: FloorMessage::Continue { spurt: 1, n: 1 } });
    assert_eq!(table.live(), [1]);
}

#[test]
fn a_talker_that_was_told_to_stop_and_says_that_it_goes_on_is_told_again() {
    for from in [2, 3] {
        let mut table = patient(3);
        table.give(2, Input::Press);
        table.cut.push(2);
        table.give(1, Input::Preempt);
        table.said.clear();
        table.give(1, Input::Floor { from: pid(from), message: FloorMessage::Continue { spurt: 1, n: 0 } });
        let told = FloorMessage::Revoked { n: table.room(1).n, spurt: 1, reason: RevokedReason::Preempted };
        assert_eq!(table.said, [(1, from, told)]);
    }
}

#[test]
fn the_host_may_stop_waiting_and_take_the_floor() {
    for queueing in [true, false] {
        let mut table = patient(3);
        table.give(1, Input::Queueing(queueing));
        table.give(2, Input::Press);
        table.give(1, Input::Press);
        assert_eq!(table.live(), [2]);
        table.give(1, Input::Preempt);
        assert_eq!(table.live(), [1], "{queueing}");
        stop(&mut table, 1);
        assert!(table.live().is_empty() && table.room(1).queue.pids().is_empty());
    }
}

#[test]
fn the_hosts_press_that_is_over_before_the_talker_stopped_is_still_said() {
    let mut table = patient(3);
    table.give(2, Input::Press);
    table.hold = true;
    table.give(1, Input::Preempt);
    table.give(1, Input::Release);
    table.hold = false;
    table.flow();
    assert_eq!((table.live(), table.finished.clone()), (vec![1], vec![1]));
    table.spoken(1);
    assert_eq!((table.talker(1), table.talker(3)), (None, None));
}

#[test]
fn the_hosts_press_that_is_given_up_before_the_talker_stopped_takes_nothing() {
    let mut table = patient(3);
    table.give(2, Input::Press);
    table.give(3, Input::Press);
    table.cut.push(2);
    table.give(1, Input::Preempt);
    table.give(1, Input::Microphone(Microphone::Off));
    assert_eq!((table.room(1).preempting, table.dropped.clone()), (None, vec![3, 1]));
    table.cut.clear();
    table.wait(ms(1_000));
    assert_eq!((table.live().last(), table.talker(1)), (Some(&3), Some(3)));
}

#[test]
fn who_turns_out_to_have_been_first_does_not_wait_as_well() {
    let mut table = patient(4);
    for of in [2, 3, 4] {
        table.give(of, Input::Press);
    }
    // Another arbiter has granted it earlier.
    table.give(1, Input::Floor { from: pid(3), message: FloorMessage::Continue { spurt: 1, n: 0 } });
    assert_eq!((table.talker(1), table.room(1).queue.pids()), (Some(3), vec![pid(4)]));
    assert_eq!(place(&table, 4), Some(1));
}

#[test]
fn taking_the_floor_is_for_others_and_on_a_free_floor_a_press() {
    let mut table = patient(3);
    table.give(3, Input::Preempt);
    assert_eq!(table.live(), [3]);
    table.give(2, Input::Preempt);
    assert_eq!((table.live(), place(&table, 2)), (vec![3], Some(1)));
    table.give(2, Input::Release);
    stop(&mut table, 3);
    table.give(1, Input::Preempt);
    assert_eq!(table.live(), [1]);
    table.give(1, Input::Preempt);
    assert_eq!(table.kept, [3, 2, 1], "key repeat");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn who_comes_first_is_served_first(steps in proptest::collection::vec((1..7_u8, any::<bool>()), 1..80)) {
        let mut table = patient(6);
        // The first one talks.
        let mut line: VecDeque<u8> = VecDeque::new();
        for (of, down) in steps {
            if down && !line.contains(&of) {
                table.give(of, Input::Press);
                line.push_back(of);
            } else if !down && line.contains(&of) {
                let talks = line.front() == Some(&of);
                table.give(of, Input::Release);
                if talks {
                    table.spoken(of);
                }
                line.retain(|one| *one != of);
            }
            table.wait(ms(100));
            prop_assert_eq!(table.live(), line.iter().take(1).copied().collect::<Vec<_>>());
            for of in 1..7 {
                let waits = line.iter().zip(0..).find(|(one, _)| **one == of).map(|(_, place)| place);
                prop_assert_eq!(place(&table, of), waits.filter(|place| *place > 0));
            }
        }
    }
}
