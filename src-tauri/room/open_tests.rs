//! Rooms in which anybody may talk, and the change between them and radio rooms.

use pushtalk_protocol::{DeniedReason, FloorMessage, Mode};

use crate::table::{LIMIT, Table, ms, pid};
use crate::{Floor, Input, Microphone, RevokedWhy, Situation, Talker};

fn open(count: u8) -> Table {
    let mut table = Table::of(count, Some(1));
    change(&mut table, count, Mode::Open);
    table.said.clear();
    table
}

fn change(table: &mut Table, count: u8, mode: Mode) {
    for of in 1..=count {
        table.give(of, Input::Mode(mode));
    }
}

#[test]
fn in_an_open_room_anybody_talks_at_once_and_nobody_is_asked() {
    let mut table = open(3);
    table.hold = true;
    for of in [2, 1, 3] {
        table.give(of, Input::Press);
        assert_eq!(
            table.button(of),
            Situation::Talking { since: table.now, until: table.now + LIMIT, near: false }
        );
        table.now += ms(100);
    }
    assert_eq!((table.live(), table.kept.clone()), (vec![2, 1, 3], vec![2, 1, 3]));
    table.give(2, Input::Release);
    table.spoken(2);
    assert_eq!(table.button(2), Situation::Idle);
    for end in [Input::Microphone(Microphone::Off), Input::Leave] {
        table.give(1, end);
        assert_eq!(table.live(), [3]);
    }
    assert_eq!(table.said, []);
    table.give(2, Input::Press);
    assert_eq!(table.turn(2).spurt(), 2);
}

#[test]
fn in_an_open_room_all_who_are_heard_are_shown_until_they_are_quiet_for_a_while() {
    let mut table = open(4);
    let talkers = |table: &Table| {
        let talkers = table.room(4).view().talkers;
        talkers.iter().map(|talker: &Talker| (talker.pid.as_bytes()[0], talker.since)).collect::<Vec<_>>()
    };
    table.give(4, Input::Voice(pid(3)));
    table.now = ms(300);
    table.give(4, Input::Voice(pid(2)));
    assert_eq!(talkers(&table), [(3, ms(0)), (2, ms(300))]);
    assert_eq!(table.button(4), Situation::Receiving { who: pid(3) });
    assert_eq!(table.floor(4), Floor::Idle);
    table.give(4, Input::Press);
    assert_eq!(talkers(&table), [(3, ms(0)), (2, ms(300)), (4, ms(300))]);
    assert_eq!((table.floor(4), table.room(4).poll_timeout()), (Floor::Idle, Some(ms(600))));
    table.now = ms(500);
    table.give(4, Input::Voice(pid(3)));
    table.wait_in_silence(ms(399));
    assert_eq!(talkers(&table).len(), 3);
    table.wait_in_silence(ms(1));
    assert_eq!(talkers(&table), [(3, ms(0)), (4, ms(300))]);
    table.give(4, Input::Down(pid(3)));
    table.give(4, Input::Voice(pid(3)));
    assert_eq!(talkers(&table), [(4, ms(300))], "who is not connected is not heard");
}

#[test]
fn the_limit_and_the_pause_after_it_hold_in_an_open_room_too() {
    let mut table = open(2);
    table.give(2, Input::Press);
    table.wait(LIMIT);
    assert_eq!(table.button(2), Situation::Revoked { why: RevokedWhy::Limit });
    table.give(2, Input::Release);
    table.wait(ms(2_999));
    table.give(2, Input::Press);
    assert!(table.live().is_empty());
    table.give(2, Input::Release);
    table.wait(ms(1));
    table.give(2, Input::Press);
    assert_eq!(table.live(), [2]);
}

#[test]
fn when_a_radio_room_becomes_open_the_talker_goes_on_and_those_who_wait_talk_too() {
    for order in [[1, 2, 3, 4], [4, 3, 2, 1], [2, 4, 1, 3]] {
        let mut table = Table::of(4, Some(1));
        table.give(3, Input::Queueing(true));
        table.give(2, Input::Press);
        table.give(3, Input::Press);
        table.wait(ms(1_000));
        table.cut.push(4);
        table.give(4, Input::Press);
        assert_eq!(table.button(4), Situation::Requesting);
        table.cut.clear();
        for of in order {
            table.give(of, Input::Mode(Mode::Open));
        }
        let (since, until) = (ms(0), LIMIT);
        assert_eq!(table.button(2), Situation::Talking { since, until, near: false });
        assert_eq!((table.live().len(), table.dropped.clone()), (3, vec![3]));
        table.wait(ms(10_000));
        assert_eq!(table.live().len(), 3);
        for of in 2..=4 {
            table.give(of, Input::Release);
            table.spoken(of);
        }
        change(&mut table, 4, Mode::Radio);
        for of in 1..=4 {
            assert_eq!((table.talker(of), table.button(of)), (None, Situation::Idle), "{order:?}");
        }
    }
}

#[test]
fn when_an_open_room_becomes_a_radio_room_every_turn_ends_whoever_learns_of_it_first() {
    for order in [[1, 2, 3], [3, 2, 1], [2, 1, 3]] {
        let mut table = open(3);
        for of in 1..=3 {
            table.give(of, Input::Press);
        }
        for of in order {
            table.give(of, Input::Mode(Mode::Radio));
            assert!(!table.live().contains(&of));
            assert_eq!(table.button(of), Situation::Revoked { why: RevokedWhy::Mode });
        }
        for of in 1..=3 {
            table.give(of, Input::Release);
            assert_eq!(table.talker(of), None);
        }
        table.give(3, Input::Press);
        table.give(2, Input::Press);
        assert_eq!((table.live(), table.button(2)), (vec![3], Situation::Busy { who: pid(3) }));
    }
}

#[test]
fn a_talker_that_has_not_heard_of_the_open_room_goes_on_in_the_radio_room_after_it() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    for mode in [Mode::Open, Mode::Radio] {
        table.give(1, Input::Mode(mode));
        table.give(3, Input::Mode(mode));
    }
    for of in 1..=3 {
        assert_eq!((table.live(), table.talker(of)), (vec![2], Some(2)));
    }
}

#[test]
fn a_talker_that_has_not_heard_of_the_open_room_makes_room_when_another_was_first_after_it() {
    let mut table = Table::of(3, Some(1));
    table.wait(ms(3_000));
    table.give(2, Input::Press);
    for mode in [Mode::Open, Mode::Radio] {
        table.hold = true;
        table.give(1, Input::Mode(mode));
    }
    table.give(1, Input::Press);
    table.hold = false;
    table.flow();
    assert_eq!((table.live(), table.talker(3)), (vec![1], Some(1)));
    assert_eq!(table.button(2), Situation::Revoked { why: RevokedWhy::Collision });
}

#[test]
fn a_request_to_an_arbiter_whose_room_is_open_already_waits_for_the_news() {
    let mut table = Table::of(3, Some(1));
    table.give(1, Input::Mode(Mode::Open));
    table.said.clear();
    table.give(2, Input::Press);
    assert!(
        table.said.iter().any(|said| matches!(
            said,
            (1, 2, FloorMessage::Denied { reason: DeniedReason::NotArbiter, .. })
        ))
    );
    table.wait(ms(1_000));
    assert_eq!(table.button(2), Situation::Requesting);
    table.give(2, Input::Mode(Mode::Open));
    assert_eq!((table.live(), table.kept.clone(), table.dropped.clone()), (vec![2], vec![2], vec![]));
    table.give(2, Input::Release);
    table.spoken(2);
    assert!(matches!(table.said.last(), Some((2, 1, FloorMessage::Release { spurt: 1 }))));
}

#[test]
fn a_host_that_was_refused_may_talk_without_letting_go_once_the_room_is_open() {
    let mut table = Table::of(3, Some(1));
    for of in [2, 1, 3] {
        table.give(of, Input::Press);
    }
    change(&mut table, 3, Mode::Open);
    assert_eq!(table.live(), [2]);
    for of in [1, 3] {
        table.give(of, Input::Preempt);
    }
    assert_eq!((table.live(), table.button(3)), (vec![2, 1], Situation::Busy { who: pid(2) }));
}

#[test]
fn what_an_arbiter_says_that_does_not_know_of_the_open_room_stops_nobody() {
    let mut table = Table::of(3, Some(1));
    table.give(2, Input::Press);
    table.give(2, Input::Mode(Mode::Open));
    table.give(3, Input::Mode(Mode::Open));
    table.give(3, Input::Press);
    // It does not hear the talker, and says so.
    table.wait_in_silence(ms(4_000));
    assert_eq!(table.live(), [2, 3]);
    table.give(1, Input::Press);
    assert_eq!(table.live(), [2, 3, 1]);
}

#[test]
fn a_newcomer_to_an_open_room_is_told_nothing_of_a_floor() {
    let mut table = open(2);
    table.sit(3, false);
    for of in [1, 2] {
        table.up(of, 3, false);
        table.up(3, of, of == 1);
    }
    assert_eq!(table.said, []);
}

#[test]
fn the_arbiter_of_an_open_room_may_change_and_nobody_notices() {
    let mut table = open(4);
    table.give(3, Input::Press);
    table.cut.push(1);
    for of in [4, 2, 3] {
        table.give(of, Input::Gone(pid(1)));
    }
    table.wait(ms(6_000));
    assert_eq!((table.live(), table.said.clone()), (vec![3], vec![]));
    table.give(3, Input::Release);
    table.spoken(3);
    change(&mut table, 4, Mode::Radio);
    table.give(4, Input::Press);
    assert_eq!((table.live(), table.talker(2)), (vec![4], Some(4)));
}
