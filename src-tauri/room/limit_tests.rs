//! How long one may talk, and what ends it.

use std::time::Duration;

use pushtalk_protocol::{DeniedReason, FloorMessage, Mode};

use crate::table::{LIMIT, Table, ms, pid};
use crate::{Floor, Input, RevokedWhy, Situation};

#[test]
fn nobody_talks_longer_than_the_limit_and_pressing_again_does_not_restart_it() {
    for talker in [1, 2] {
        let mut table = Table::of(2, Some(1));
        table.give(talker, Input::Press);
        table.wait(LIMIT - ms(1));
        assert_eq!(table.live(), [talker]);
        table.wait(ms(1));
        assert!(table.live().is_empty());
        assert_eq!(table.button(talker), Situation::Revoked { why: RevokedWhy::Limit });
        assert_eq!(table.floor(3 - talker), Floor::Idle);
        table.give(talker, Input::Release);
        table.wait(ms(2_900));
        table.give(talker, Input::Press);
        assert_eq!(table.button(talker), Situation::Revoked { why: RevokedWhy::Limit });
        assert_eq!(table.kept, [talker], "nothing is kept in vain");
        table.give(talker, Input::Release);
        table.wait(ms(100));
        table.give(talker, Input::Press);
        assert_eq!(table.live(), [talker]);
    }
}

#[test]
fn asking_twice_does_not_restart_the_limit() {
    let mut table = Table::of(2, Some(1));
    table.give(2, Input::Press);
    table.wait(ms(10_000));
    table.said.clear();
    table.give(1, Input::Floor { from: pid(2), message: FloorMessage::Request { spurt: 1, queue: false } });
    assert!(matches!(table.said[0], (1, 2, FloorMessage::Granted { spurt: 1, limit_ms: 20_000, .. })));
    table.wait(ms(20_000));
    assert!(table.live().is_empty());
}

#[test]
fn the_arbiter_refuses_who_was_stopped_by_the_limit_for_three_seconds() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    table.cut.push(2);
    // Only the arbiter counts: nothing reaches the talker.
    let until = table.now + LIMIT;
    while table.now < until {
        table.now = (table.now + ms(500)).min(until);
        table.give(1, Input::Voice(pid(2)));
    }
    table.cut.clear();
    table.said.clear();
    table.give(1, Input::Floor { from: pid(2), message: FloorMessage::Request { spurt: 2, queue: false } });
    assert!(matches!(
        table.said[0],
        (1, 2, FloorMessage::Denied { spurt: 2, reason: DeniedReason::TooSoon, .. })
    ));
}

#[test]
fn nobody_else_is_let_in_before_a_revoked_talker_has_stopped() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    table.wait(LIMIT - ms(1));
    table.hold = true;
    table.wait(ms(1));
    table.give(3, Input::Press);
    // The request overtakes what is between the arbiter and the talker.
    let request = table.held.iter().position(|(from, ..)| *from == 3).unwrap();
    let (_, _, message) = table.held.remove(request).unwrap();
    table.give(1, Input::Floor { from: pid(3), message });
    assert!(!table.live().contains(&3));
    table.hold = false;
    table.flow();
    assert_eq!(table.button(3), Situation::Busy { who: pid(2) });
    table.give(3, Input::Release);
    table.give(3, Input::Press);
    assert_eq!(table.live(), [3]);
}

#[test]
fn a_revoked_talker_that_does_not_answer_keeps_the_floor_one_second_at_most() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    table.wait(LIMIT - ms(1));
    table.cut.push(2);
    table.wait_in_silence(ms(1));
    assert_eq!(table.talker(3), Some(2));
    table.wait_in_silence(ms(1_000));
    assert_eq!(table.talker(3), None);
}

#[test]
fn the_limit_is_brought_into_ten_to_three_hundred_seconds_and_counts_from_the_next_turn_on() {
    for (told, counts) in [(1, 10), (10, 10), (60, 60), (300, 300), (4_000, 300)] {
        let mut table = Table::of(2, Some(1));
        table.give(2, Input::Press);
        let was = table.button(2);
        table.give(1, Input::TalkLimit(Duration::from_secs(told)));
        table.wait(ms(1_000));
        assert_eq!(table.button(2), was);
        table.give(2, Input::Release);
        table.spoken(2);
        table.give(2, Input::Press);
        assert_eq!(table.turn(2).until() - table.now, Duration::from_secs(counts));
    }
}

#[test]
fn a_talker_of_whom_nothing_is_heard_for_four_seconds_loses_the_floor() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    table.wait_in_silence(ms(3_900));
    table.give(1, Input::Voice(pid(2)));
    table.wait_in_silence(ms(3_999));
    assert_eq!(table.live(), [2]);
    table.wait_in_silence(ms(1));
    assert!(table.live().is_empty());
    assert_eq!(table.button(2), Situation::Revoked { why: RevokedWhy::Silence });
    assert_eq!(table.floor(3), Floor::Idle);
}

#[test]
fn a_turn_that_nobody_drops_after_the_release_ends_by_itself() {
    let mut table = Table::of(2, Some(1));
    table.give(2, Input::Press);
    table.give(2, Input::Release);
    table.wait(ms(1_999));
    assert_eq!(table.live(), [2]);
    table.wait(ms(1));
    assert_eq!((table.live(), table.dropped.clone()), (vec![], vec![2]));
    assert_eq!(table.floor(1), Floor::Idle);
}

#[test]
fn the_last_three_seconds_of_a_turn_are_said_to_be_the_last() {
    for mode in [Mode::Radio, Mode::Open] {
        let mut table = Table::of(2, Some(1));
        for of in [1, 2] {
            table.give(of, Input::Mode(mode));
        }
        table.give(2, Input::Press);
        let talking = |near| Situation::Talking { since: ms(0), until: LIMIT, near };
        table.wait(LIMIT - ms(3_001));
        assert_eq!(table.button(2), talking(false), "{mode:?}");
        table.wait(ms(1));
        assert_eq!(table.button(2), talking(true), "{mode:?}");
        table.wait(ms(2_999));
        assert_eq!(table.button(2), talking(true), "{mode:?}");
        table.wait(ms(1));
        assert_eq!(table.button(2), Situation::Revoked { why: RevokedWhy::Limit }, "{mode:?}");
    }
}
