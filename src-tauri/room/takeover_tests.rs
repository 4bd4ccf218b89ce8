//! What happens to the floor when the arbiter changes.

use pushtalk_protocol::{DeniedReason, FloorMessage, RevokedReason};

use crate::table::{LIMIT, Table, ms, pid};
use crate::{Input, RevokedWhy, Situation};

/// Everybody but `gone` learns that `gone` is gone, in this order.
fn goes(table: &mut Table, gone: u8, noticed_by: &[u8]) {
    table.cut.push(gone);
    for of in noticed_by {
        table.give(*of, Input::Gone(pid(gone)));
    }
}

#[test]
fn a_talker_goes_on_when_the_host_goes_whoever_notices_first() {
    for order in [[2, 3, 4], [3, 2, 4], [4, 3, 2], [4, 2, 3]] {
        for talker in [2, 3, 4] {
            let mut table = Table::of(4, Some(1));
            table.give(talker, Input::Press);
            goes(&mut table, 1, &order);
            table.wait(ms(500));
            assert_eq!(table.live(), [talker], "{order:?}");
            let presser = if talker == 4 { 3 } else { 4 };
            table.give(presser, Input::Press);
            assert_eq!(table.button(presser), Situation::Busy { who: pid(talker) }, "{order:?}");
            for of in 2..=4 {
                assert_eq!(table.talker(of), Some(talker), "{order:?}");
            }
            table.give(talker, Input::Release);
            table.spoken(talker);
            table.give(presser, Input::Release);
            table.give(presser, Input::Press);
            assert_eq!(table.live(), [presser], "{order:?}");
        }
    }
}

#[test]
fn the_limit_of_a_talker_is_not_restarted_by_a_new_arbiter() {
    for talker in [2, 3] {
        let mut table = Table::of(4, Some(1));
        table.give(talker, Input::Press);
        table.wait(ms(20_000));
        goes(&mut table, 1, &[2, 3, 4]);
        table.wait(ms(9_999));
        assert_eq!(table.live(), [talker]);
        table.wait(ms(1));
        assert!(table.live().is_empty());
        assert_eq!(table.button(talker), Situation::Revoked { why: RevokedWhy::Limit });
    }
}

#[test]
fn a_talker_that_was_granted_unnoticed_keeps_the_floor_against_a_later_one() {
    let mut table = Table::of(4, Some(1));
    table.give(3, Input::Press);
    // The others did not get to know it before the host died.
    for of in [2, 4] {
        table.give(of, Input::Floor { from: pid(1), message: FloorMessage::Idle { n: 10 } });
    }
    goes(&mut table, 1, &[2, 4]);
    table.give(4, Input::Press);
    assert_eq!(table.live(), [3, 4], "until the first one notices");
    table.give(3, Input::Gone(pid(1)));
    assert_eq!(table.live(), [3], "the lower number");
    assert_eq!(table.button(4), Situation::Revoked { why: RevokedWhy::Collision });
    assert_eq!(table.button(2), Situation::Receiving { who: pid(3) });
}

#[test]
fn a_talker_who_comes_back_to_a_floor_that_is_taken_is_stopped() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    // Only the arbiter loses sight of the talker, and grants anew.
    table.give(1, Input::Down(pid(2)));
    table.cut.push(2);
    table.give(3, Input::Press);
    assert_eq!(table.live(), [2, 3]);
    table.cut.clear();
    table.up(1, 2, false);
    assert_eq!(table.live(), [3]);
    assert_eq!(table.button(2), Situation::Revoked { why: RevokedWhy::Collision });
}

#[test]
fn a_talker_of_whom_the_arbiter_lost_sight_says_so_and_goes_on() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    table.give(1, Input::Down(pid(2)));
    assert_eq!(table.talker(3), None);
    table.up(1, 2, false);
    assert_eq!((table.live(), table.talker(3), table.talker(1)), (vec![2], Some(2), Some(2)));
}

#[test]
fn who_never_was_the_arbiters_talker_cannot_push_another_one_aside() {
    let mut table = Table::of(3, Some(1));
    table.wait(ms(2_000));
    table.give(2, Input::Press);
    table.said.clear();
    table.give(1, Input::Floor { from: pid(3), message: FloorMessage::Continue { spurt: 1, n: 0 } });
    assert_eq!(table.live(), [2]);
    let answer = table.said[0];
    assert!(matches!(
        answer,
        (1, 3, FloorMessage::Revoked { spurt: 1, reason: RevokedReason::Collision, .. })
    ));
}

#[test]
fn a_request_to_an_arbiter_that_is_gone_is_given_to_the_next() {
    for order in [[2, 3], [3, 2]] {
        let mut table = Table::of(3, Some(1));
        table.cut.push(1);
        table.give(3, Input::Press);
        assert_eq!(table.button(3), Situation::Requesting);
        goes(&mut table, 1, &order);
        // Who was asked before it knew says no, and is asked again.
        table.wait(ms(250));
        assert_eq!(table.live(), [3], "{order:?}");
        assert_eq!(table.kept, [3]);
    }
}

#[test]
fn a_request_that_nobody_answers_is_given_up_after_five_seconds() {
    let mut table = Table::of(3, Some(1));
    table.cut.push(1);
    table.give(3, Input::Press);
    table.wait(ms(4_999));
    assert_eq!(table.button(3), Situation::Requesting);
    table.wait(ms(1));
    assert_eq!(table.button(3), Situation::Revoked { why: RevokedWhy::ArbiterLost });
    assert_eq!(table.dropped, [3]);
    table.give(3, Input::Release);
    assert_eq!(table.button(3), Situation::Idle);
}

#[test]
fn a_talker_whom_no_arbiter_confirms_stops_after_five_seconds() {
    // Only the talker has lost the host; the next one in line still has it, and does not decide.
    let mut table = Table::of(3, Some(1));
    table.give(3, Input::Press);
    table.give(3, Input::Down(pid(1)));
    table.wait(ms(4_999));
    assert_eq!(table.live(), [3]);
    table.wait(ms(1));
    assert!(table.live().is_empty());
    assert_eq!(table.button(3), Situation::Revoked { why: RevokedWhy::ArbiterLost });
}

#[test]
fn what_a_new_arbiter_knows_from_hearsay_holds_two_seconds_without_a_frame() {
    let mut table = Table::of(4, Some(1));
    table.give(3, Input::Press);
    table.give(3, Input::Release);
    // It ends, but the host does not hear it any more.
    table.cut.push(1);
    table.cut.push(3);
    table.spoken(3);
    goes(&mut table, 1, &[2, 4]);
    assert_eq!(table.talker(4), Some(3));
    table.wait(ms(2_000));
    assert_eq!((table.talker(2), table.talker(4)), (None, None));
    table.give(4, Input::Press);
    assert_eq!(table.live(), [4]);
}

#[test]
fn who_has_finished_corrects_a_new_arbiter_that_thinks_otherwise() {
    let mut table = Table::of(4, Some(1));
    table.give(3, Input::Press);
    table.give(3, Input::Release);
    table.cut.push(1);
    table.spoken(3);
    goes(&mut table, 1, &[3, 2, 4]);
    for of in 2..=4 {
        assert_eq!(table.talker(of), None);
    }
}

#[test]
fn the_host_takes_over_again_when_it_comes_back_and_the_talker_goes_on() {
    let mut table = Table::of(4, Some(4));
    for of in 1..=3 {
        table.give(of, Input::Down(pid(4)));
        table.give(4, Input::Down(pid(of)));
    }
    table.give(2, Input::Press);
    assert_eq!(table.live(), [2]);
    table.now = ms(3_000);
    for of in [3, 1, 2] {
        table.give(1, Input::Voice(pid(2)));
        table.up(of, 4, true);
        table.up(4, of, false);
    }
    assert_eq!(table.live(), [2]);
    for of in [1, 3, 4] {
        assert_eq!(table.talker(of), Some(2));
    }
    table.give(3, Input::Press);
    assert_eq!(table.button(3), Situation::Busy { who: pid(2) });
}

#[test]
fn a_newcomer_with_the_smallest_pid_takes_the_floor_over_as_it_is() {
    for (order, first) in [([4, 3, 2], true), ([4, 3, 2], false), ([2, 3, 4], true), ([2, 3, 4], false)] {
        let mut table = Table::empty();
        for of in [2, 3, 4] {
            table.sit(of, false);
        }
        for a in 2..=4 {
            for b in (2..=4).filter(|b| *b != a) {
                table.up(a, b, false);
            }
        }
        table.give(3, Input::Press);
        assert_eq!(table.live(), [3]);
        table.sit(1, false);
        for of in order {
            table.give(1, Input::Known(pid(of)));
        }
        for of in order {
            let (a, b) = if first { (1, of) } else { (of, 1) };
            table.up(a, b, false);
            table.up(b, a, false);
        }
        assert_eq!(table.live(), [3]);
        for of in 1..=4 {
            assert_eq!(table.talker(of), Some(3), "{of} {order:?} {first}");
        }
        table.wait(ms(500));
        table.give(4, Input::Press);
        assert_eq!(table.button(4), Situation::Busy { who: pid(3) });
        table.give(3, Input::Release);
        table.spoken(3);
        table.give(4, Input::Release);
        table.give(1, Input::Press);
        assert_eq!(table.live(), [1]);
    }
}

#[test]
fn a_newcomer_believes_what_it_was_told_before_it_was_the_arbiter() {
    let mut table = Table::empty();
    table.sit(1, false);
    for of in [2, 3] {
        table.give(1, Input::Known(pid(of)));
    }
    table.up(1, 2, false);
    table.give(1, Input::Floor { from: pid(2), message: FloorMessage::Taken { n: 40, talker: pid(3) } });
    table.up(1, 3, false);
    assert_eq!(table.talker(1), Some(3));
    table.give(1, Input::Press);
    assert_eq!(table.button(1), Situation::Busy { who: pid(3) });
}

#[test]
fn a_talker_who_is_lost_together_with_the_arbiter_does_not_keep_the_floor() {
    let mut table = Table::of(4, Some(1));
    table.give(3, Input::Press);
    table.cut.push(3);
    table.give(2, Input::Down(pid(3)));
    goes(&mut table, 1, &[2, 4]);
    assert_eq!((table.talker(2), table.talker(4)), (None, None));
    table.give(4, Input::Press);
    assert_eq!(table.button(4), Situation::Talking { since: ms(0), until: LIMIT, near: false });
}

#[test]
fn what_an_arbiter_said_in_an_earlier_reign_is_forgotten() {
    let mut table = Table::of(4, Some(4));
    for of in 1..=3 {
        table.give(of, Input::Down(pid(4)));
        table.give(4, Input::Down(pid(of)));
    }
    table.give(2, Input::Press);
    assert_eq!(table.talker(3), Some(2));
    for of in 1..=3 {
        table.up(4, of, false);
        table.up(of, 4, true);
    }
    table.give(2, Input::Release);
    table.spoken(2);
    assert_eq!(table.talker(3), None);
    // 3 follows 1 again, which does not know it yet.
    table.give(3, Input::Gone(pid(4)));
    assert_eq!(table.talker(3), None);
}

#[test]
fn a_grant_that_comes_when_it_is_no_longer_wanted_is_given_back() {
    let mut table = Table::of(2, Some(1));
    table.give(2, Input::Press);
    table.give(2, Input::Release);
    table.spoken(2);
    table.said.clear();
    let granted = FloorMessage::Granted { n: 50, spurt: 1, limit_ms: 30_000 };
    table.give(2, Input::Floor { from: pid(1), message: granted });
    assert!(table.live().is_empty());
    assert!(matches!(table.said[0], (2, 1, FloorMessage::Release { spurt: 1 })));
}

#[test]
fn who_enters_decides_nothing_while_the_path_to_others_is_being_found() {
    let mut table = Table::empty();
    table.sit(1, false);
    table.sit(2, false);
    table.give(1, Input::Known(pid(2)));
    table.give(1, Input::Known(pid(3)));
    table.up(1, 2, false);
    table.give(1, Input::Press);
    assert_eq!(table.button(1), Situation::Requesting, "3 may be the host");
    assert_eq!(table.kept, [1], "and no word is lost");
    table.said.clear();
    table.give(1, Input::Floor { from: pid(2), message: FloorMessage::Request { spurt: 1, queue: false } });
    let answer = table.said[0];
    assert!(matches!(answer, (1, 2, FloorMessage::Denied { reason: DeniedReason::NotArbiter, .. })));
    table.wait(ms(1_999));
    assert!(table.live().is_empty());
    table.wait(ms(1));
    assert_eq!(table.live(), [1], "but not for ever");

    let mut table = Table::empty();
    table.sit(1, false);
    table.sit(3, true);
    table.give(1, Input::Known(pid(2)));
    table.give(1, Input::Known(pid(3)));
    table.up(3, 1, false);
    table.up(1, 3, true);
    table.give(1, Input::Press);
    assert_eq!(
        table.button(1),
        Situation::Talking { since: ms(0), until: LIMIT, near: false },
        "the host is the host"
    );
}

#[test]
fn a_late_grant_of_an_arbiter_of_before_is_given_back() {
    let mut table = Table::of(3, Some(3));
    table.give(2, Input::Down(pid(3)));
    table.give(1, Input::Down(pid(3)));
    table.hold = true;
    table.give(2, Input::Press);
    table.up(2, 3, true);
    table.hold = false;
    table.flow();
    assert_eq!(table.live(), [2]);
    assert!(table.said.iter().any(|s| matches!(s, (2, 1, FloorMessage::Release { spurt: 1 }))));
    assert_eq!((table.talker(1), table.talker(3)), (None, Some(2)), "1 has not seen the host again yet");
    table.up(1, 3, true);
    table.up(3, 1, false);
    assert_eq!(table.talker(1), Some(2));
}
